// SPDX-License-Identifier: GPL-2.0
/* A restart as one record: who asked, and what becomes of it. */
#include <linux/atomic.h>
#include <linux/cred.h>
#include <linux/kallsyms.h>
#include <linux/mm.h>
#include <linux/pid_namespace.h>
#include <linux/ptrace.h>
#include <linux/sched/task.h>
#include <linux/stacktrace.h>
#include <linux/string.h>
#include <linux/timekeeping.h>

#include "abi/text.h"
#include "block.h"
#include "draft.h"
#include "exec.h"
#include "gather.h"
#include "history.h"
#include "lastwords.h"
#include "params.h"
#include "policy.h"
#include "reboot.h"
#include "stream.h"
#include "watchdog.h"

#define FRAMES		32
#define FRAME_CHARS	96
#define WORDS_CHARS	880
#define WAIT_NS		(2 * (u64)NSEC_PER_SEC)	/* the last words on a slow console */
#define WISH_NS		(10 * (u64)NSEC_PER_SEC)	/* a worker carries it out at once */

/* One restart at a time is put together here; who holds it has preemption off. */
static struct {
	atomic_t holder;	/* number of its CPU + 1; 0: nobody */
	atomic_t said;	/* the last words were written */
	unsigned long frame[FRAMES];
	char stack[(FRAMES + 1) * FRAME_CHARS];
	u32 stack_len;
	const char *wish;	/* what a worker is going to carry out */
	u64 wish_ns;		/* when somebody asked for that */
	u32 caller;	/* in @stack: who called the function in which it was seen */
	struct cw_tree_node tree[64];
	char words[WORDS_CHARS];
	struct cw_lastwords last;
	u8 record[65536] __aligned(8);
} *room;

/* What a function on the stack gives away, the innermost one first */
static const struct known {
	const char *function;
	const char *origin;
	const char *via;
	const char *how;
	unsigned int kind;
} who[] = {
	{ "panic", .origin = "panic", .kind = CW_REBOOT_PANICS },
	{ "vpanic", .origin = "panic", .kind = CW_REBOOT_PANICS },
	{ "__handle_sysrq", .origin = "sysrq" },
	{ "softdog_fire", .origin = "interrupt", .via = "softdog", .kind = CW_REBOOT_WATCHDOG },
	{ "hibernate", .via = "hibernation", .kind = CW_REBOOT_HIBERNATES },
	{ "kernel_kexec", .how = "kexec", .kind = CW_REBOOT_KEXEC },
	{ "__do_sys_reboot", .origin = "syscall" },
};

static const char *const actions[] = {
	[CW_VERDICT_RECORDED] = "recorded",
	[CW_VERDICT_ALLOWED] = "allowed",
	[CW_VERDICT_PANIC] = "panic",
};

/* preempt_count() where it was seen: a trap counts as one of the interrupts itself */
static unsigned long count_at(const struct cw_sight *sight)
{
	return preempt_count() - (sight->trap ? NMI_OFFSET + HARDIRQ_OFFSET : 0);
}

static bool in_interrupt_now(const struct cw_sight *sight)
{
	return count_at(sight) & (NMI_MASK | HARDIRQ_MASK) || in_serving_softirq();
}

/*
 * Waits for a holder on another CPU, but not for ever: a panic may have stopped that one. A holder
 * on this CPU was interrupted, by an interrupt or by a fault of its own, and waits for us.
 */
static bool room_get(const struct cw_sight *sight)
{
	int me = smp_processor_id() + 1, holder;
	u64 end = ktime_get_mono_fast_ns() + WAIT_NS;

	while ((holder = atomic_cmpxchg_acquire(&room->holder, 0, me))) {
		if (holder == me || count_at(sight) & NMI_MASK || cw_policy_is_panicking())
			return false;
		if (ktime_get_mono_fast_ns() > end)
			return false;
		cpu_relax();
	}
	return true;
}

static void room_put(void)
{
	atomic_set_release(&room->holder, 0);
}

static void learn(struct known *so_far, const char *symbol)
{
	size_t len = strcspn(symbol, "+.");
	int i;

	for (i = 0; i < ARRAY_SIZE(who); i++) {
		if (strlen(who[i].function) != len || memcmp(who[i].function, symbol, len))
			continue;
		so_far->origin = so_far->origin ?: who[i].origin;
		so_far->via = so_far->via ?: who[i].via;
		so_far->how = so_far->how ?: who[i].how;
		so_far->kind |= who[i].kind;
	}
}

static void put_frame(struct known *known, const char *symbol)
{
	learn(known, symbol);
	room->stack_len += 1 + scnprintf(room->stack + room->stack_len, FRAME_CHARS, "%s", symbol);
	if (!room->caller)
		room->caller = room->stack_len;
}

/*
 * Who called the probed function, whose frame is the @i-th. As long as that stands in a register
 * alone, or there is no frame yet for an unwinder that goes by these, it may be passed by.
 */
static unsigned long passed_by(struct pt_regs *regs, unsigned int i, unsigned int n)
{
	unsigned long caller;

	if (!regs || room->frame[i] != instruction_pointer(regs))
		return 0;
	caller = procedure_link_pointer(regs);
	return i + 1 < n && room->frame[i + 1] == caller ? 0 : caller;
}

/* Fill room->stack from the function in which it was seen outwards, and learn from it. */
static struct known take_stack(const struct cw_sight *sight)
{
	unsigned int n = stack_trace_save(room->frame, FRAMES, 0), i;
	const char *from = sight->from ?: sight->at;
	char symbol[KSYM_SYMBOL_LEN];
	size_t len;
	struct known known = {};
	unsigned long caller;

	room->stack_len = 0;
	room->caller = 0;
	for (i = 0; i < n; i++) {
		sprint_symbol(symbol, room->frame[i]);
		/* Further in lie the probe's own functions. Behind a point is a part's name. */
		len = str_has_prefix(symbol, from);
		if (len && strchr("+.", symbol[len])) {
			room->stack_len = 0;
			room->caller = 0;
		} else {
			/* Where a call that never returns ends a function, the next one follows */
			scnprintf(symbol, sizeof(symbol), "%pB", (void *)room->frame[i]);
		}
		put_frame(&known, symbol);
		caller = passed_by(sight->regs, i, n);
		if (caller) {
			scnprintf(symbol, sizeof(symbol), "%pB", (void *)caller);
			put_frame(&known, symbol);
		}
	}
	if (room->caller >= room->stack_len)
		room->caller = 0;
	if (!known.origin)
		known.origin = in_interrupt_now(sight)	   ? "interrupt" :
			       current->flags & PF_KTHREAD ? "kthread" :
							     "syscall";
	return known;
}

/* Compilers leave no trace on the stack of a function that ends with calling another. */
static void learn_via(struct known *known, const struct cw_sight *sight)
{
	u64 now = ktime_get_mono_fast_ns();

	if (sight->via) {
		room->wish = sight->via;
		room->wish_ns = now;
		known->via = sight->via;
	}
	if (known->via)
		return;
	if (!strcmp(known->origin, "sysrq"))
		known->via = "sysrq-b";	/* the one key that restarts */
	else if (!strcmp(known->origin, "kthread") && now - room->wish_ns < WISH_NS)
		known->via = room->wish;
}

/* Init itself, or a child of it that has executed nothing: what busybox sends to reboot(2). */
static bool asked_by_init(const struct cw_sight *sight)
{
	const struct task_struct *parent;
	const struct cw_task *task, *of_parent;
	bool same = false;

	if (in_interrupt_now(sight) || task_active_pid_ns(current) != &init_pid_ns)
		return false;
	if (current->tgid == 1)
		return true;
	rcu_read_lock();
	parent = rcu_dereference(current->real_parent);
	if (parent->tgid == 1) {
		task = cw_history_find(current);
		of_parent = cw_history_find(parent);
		same = task && of_parent && !cw_history_stale(task) &&
		       cw_history_exec(task) == cw_history_exec(of_parent);
	}
	rcu_read_unlock();
	return same;
}

static const struct cw_exec_keys exec_keys = {
	.exe = -1,
	.file = -1,
	.argv = CW_REBOOT_argv,
	.argc = -1,
	.argv_bytes = -1,
	.argv_fault = -1,
	.cwd = -1,
	.domain = CW_REBOOT_domain,
};

/* Whoever opened the watchdog and did not feed it; may be gone. */
static void put_watchdog(struct cw_draft *draft)
{
	struct cw_watchdog holder;

	rcu_read_lock();
	if (cw_watchdog_holder(&holder)) {
		cw_draft_num(draft, CW_REBOOT_pid, holder.pid);
		cw_draft_num(draft, CW_REBOOT_uid, holder.uid);
		if (holder.auid != (u32)-1)
			cw_draft_num(draft, CW_REBOOT_auid, holder.auid);
		cw_draft_str(draft, CW_REBOOT_comm, holder.comm,
			     strnlen(holder.comm, sizeof(holder.comm)), false);
		if (holder.stale)
			cw_draft_domain(draft, CW_REBOOT_domain, holder.exec, true);
		else
			cw_draft_exec(draft, &exec_keys, holder.exec);
	}
	rcu_read_unlock();
}

/* In an interrupt current has nothing to do with it. */
static void put_asker(struct cw_draft *draft, const struct cw_sight *sight)
{
	bool cut;
	u32 levels;

	if (in_interrupt_now(sight))
		return;
	cw_draft_num(draft, CW_REBOOT_pid, current->tgid);
	cw_draft_num(draft, CW_REBOOT_uid, __kuid_val(current_uid()));
	cw_draft_auid(draft, CW_REBOOT_auid);
	cw_draft_comm(draft, CW_REBOOT_comm, current->group_leader->comm);
	rcu_read_lock();
	cw_draft_task(draft, &exec_keys, cw_history_find(current));
	rcu_read_unlock();
	levels = cw_gather_tree(room->tree, READ_ONCE(cw_params.tree_levels), &cut);
	cw_draft_str(draft, CW_REBOOT_tree, (const char *)room->tree,
		     levels * sizeof(*room->tree), cut);
}

static void put_text(struct cw_draft *draft, unsigned int key, const char *s)
{
	if (s)
		cw_draft_text(draft, key, s);
}

static void keep(const struct cw_record *rec, u32 bytes)
{
	struct cw_slot slot;
	void *to = cw_ring_reserve(&slot, CW_RING_INCIDENTS, bytes);

	if (!to)
		return;
	memcpy(to, rec, bytes);
	cw_ring_commit(&slot, bytes);
	cw_stream_wake();
}

static void put_word(struct cw_out *out, const struct cw_record *rec, unsigned int key)
{
	if (!(rec->has >> key & 1))
		return;
	cw_text_puts(out, " ");
	cw_text_puts(out, cw_type_find(CW_REBOOT)->key[key].name);
	cw_text_puts(out, "=");
	cw_text_value(out, rec, key, CW_FORMAT_TEXT);
}

/* What a panic says instead: the requester in one line */
static void put_words(const struct cw_record *rec, const struct known *known, const char *reason)
{
	struct cw_out out = { .buf = room->words, .size = sizeof(room->words) - 1 };
	size_t len;
	const char *comm = cw_record_str(rec, CW_REBOOT_comm, &len);

	/* A worker carries out what somebody else wished */
	if (known->via && !strcmp(known->origin, "kthread"))
		comm = NULL;
	if (strcmp(reason, cw_policy_modes[CW_POLICY_ALWAYS]))
		cw_text_puts(&out, "unexpected ");
	cw_text_puts(&out, "restart requested by ");
	if (known->via || !comm)
		cw_text_puts(&out, known->via ?: room->stack + room->caller);
	if (comm) {
		cw_text_puts(&out, known->via ? " of " : "");
		cw_text_name(&out, comm, len);
		cw_text_puts(&out, "(");
		cw_text_num(&out, cw_record_slot(rec, CW_REBOOT_pid), 0, 0);
		cw_text_puts(&out, ")");
		put_word(&out, rec, CW_REBOOT_uid);
		put_word(&out, rec, CW_REBOOT_auid);
		put_word(&out, rec, CW_REBOOT_domain);
	}
	room->words[min(out.len, out.size)] = 0;
	cw_policy_words(room->words);
}

static enum cw_verdict record(const struct cw_sight *sight)
{
	struct known known = take_stack(sight);
	unsigned int kind = sight->kind | known.kind;
	enum cw_verdict verdict;
	struct cw_draft draft;
	const char *reason;

	learn_via(&known, sight);
	if (asked_by_init(sight))
		kind |= CW_REBOOT_BY_INIT;
	verdict = cw_policy_decide(kind, &reason);
	cw_draft_on(&draft, room->record, sizeof(room->record), CW_REBOOT, CW_REBOOT_KEYS);
	cw_draft_text(&draft, CW_REBOOT_how, known.how ?: sight->how);
	cw_draft_text(&draft, CW_REBOOT_at, sight->at);
	cw_draft_text(&draft, CW_REBOOT_origin, known.origin);
	cw_draft_text(&draft, CW_REBOOT_scope, kind & CW_REBOOT_CONTAINER ? "container" : "host");
	cw_draft_text(&draft, CW_REBOOT_action, actions[verdict]);
	if (kind & CW_REBOOT_WATCHDOG)
		put_watchdog(&draft);
	else
		put_asker(&draft, sight);
	cw_draft_str(&draft, CW_REBOOT_stack, room->stack, room->stack_len, false);
	put_text(&draft, CW_REBOOT_command, sight->command);
	put_text(&draft, CW_REBOOT_via, known.via);
	put_text(&draft, CW_REBOOT_reason, reason);
	keep(draft.rec, draft.tail - (char *)draft.rec + draft.rec->tail);
	cw_block_clock();
	if (verdict == CW_VERDICT_PANIC)
		put_words(draft.rec, &known, reason);
	if (!(kind & (CW_REBOOT_CONTAINER | CW_REBOOT_ASKED)) && !atomic_xchg(&room->said, 1))
		cw_lastwords_say(&room->last, draft.rec);
	return verdict;
}

/**
 * cw_reboot_seen() - a restart was asked for, or happens
 * @sight: where it was seen
 *
 * Makes a record, decides, and says the last words.
 *
 * Context: any.
 * Return: true if the caller has to see to a panic.
 */
bool cw_reboot_seen(const struct cw_sight *sight)
{
	enum cw_verdict verdict = CW_VERDICT_RECORDED;

	preempt_disable();
	/* First of all: recording may fault, and the restart after that must pass */
	if (sight->kind & CW_REBOOT_IS_PANIC)
		cw_policy_panicking();
	if (room_get(sight)) {
		verdict = record(sight);
		room_put();
	} else {
		cw_ring_drop(CW_COUNT_DROPPED_BUSY);
	}
	preempt_enable();
	return verdict == CW_VERDICT_PANIC;
}

/**
 * cw_reboot_init() - set memory aside, for there may be none when it is needed
 *
 * Context: process context, may sleep.
 * Return: 0 or -ENOMEM.
 */
int cw_reboot_init(void)
{
	room = kvzalloc(sizeof(*room), GFP_KERNEL);
	return room ? 0 : -ENOMEM;
}

/**
 * cw_reboot_exit() - give it back; the hooks must be gone
 *
 * Context: process context, may sleep.
 */
void cw_reboot_exit(void)
{
	kvfree(room);
}
