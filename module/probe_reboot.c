// SPDX-License-Identifier: GPL-2.0
/* Sees that the machine is being restarted, and tells who asked. */
#include <linux/atomic.h>
#include <linux/cred.h>
#include <linux/kallsyms.h>
#include <linux/mm.h>
#include <linux/sched/task.h>
#include <linux/stacktrace.h>
#include <linux/string.h>

#include "abi/text.h"
#include "draft.h"
#include "exec.h"
#include "gather.h"
#include "history.h"
#include "hook.h"
#include "params.h"
#include "probe.h"
#include "record.h"
#include "stream.h"

#define FRAMES		32
#define FRAME_CHARS	96
#define LOG_CHARS	800	/* the kernel log cuts longer lines */

/* One restart at a time is told; whoever comes meanwhile finds @telling set and passes on. */
static struct {
	atomic_t telling;
	unsigned long frame[FRAMES];
	char stack[FRAMES * FRAME_CHARS];
	u32 stack_len;
	struct cw_tree_node tree[64];
	char text[16384];
	u8 record[65536] __aligned(8);
} *room;

/* Who a function on the stack gives away, the innermost one first */
static const struct {
	const char *function;
	const char *origin;
} origins[] = {
	{ "panic", "panic" },
	{ "vpanic", "panic" },
	{ "__handle_sysrq", "sysrq" },
	{ "__do_sys_reboot", "syscall" },
};

static const char *origin_of(const char *symbol)
{
	size_t len = strcspn(symbol, "+.");
	int i;

	for (i = 0; i < ARRAY_SIZE(origins); i++)
		if (strlen(origins[i].function) == len &&
		    !memcmp(origins[i].function, symbol, len))
			return origins[i].origin;
	return NULL;
}

/* Fill room->stack from @at outwards; returns who asked. */
static const char *take_stack(const char *at)
{
	unsigned int n = stack_trace_save(room->frame, FRAMES, 0), i;
	const char *origin = NULL;
	char symbol[KSYM_SYMBOL_LEN];

	room->stack_len = 0;
	for (i = 0; i < n; i++) {
		sprint_symbol(symbol, room->frame[i]);
		/* What lies further in are the probe's own functions */
		if (str_has_prefix(symbol, at))
			room->stack_len = 0;
		if (!origin)
			origin = origin_of(symbol);
		room->stack_len += 1 + scnprintf(room->stack + room->stack_len, FRAME_CHARS, "%s",
						 symbol);
	}
	if (origin)
		return origin;
	if (in_nmi() || in_hardirq() || in_serving_softirq())
		return "interrupt";
	return current->flags & PF_KTHREAD ? "kthread" : "syscall";
}

/* In an interrupt current has nothing to do with it. */
static void put_asker(struct cw_draft *draft)
{
	static const struct cw_exec_keys keys = {
		.exe = -1,
		.file = -1,
		.argv = CW_REBOOT_argv,
		.argc = -1,
		.argv_bytes = -1,
		.argv_fault = -1,
		.cwd = -1,
		.domain = CW_REBOOT_domain,
	};
	bool cut;
	u32 levels;

	if (in_nmi() || in_hardirq() || in_serving_softirq())
		return;
	cw_draft_num(draft, CW_REBOOT_pid, current->tgid);
	cw_draft_num(draft, CW_REBOOT_uid, __kuid_val(current_uid()));
	cw_draft_auid(draft, CW_REBOOT_auid);
	cw_draft_comm(draft, CW_REBOOT_comm, current->group_leader);
	rcu_read_lock();
	cw_draft_task(draft, &keys, cw_history_find(current));
	rcu_read_unlock();
	levels = cw_gather_tree(room->tree, cw_params.tree_levels, &cut);
	cw_draft_str(draft, CW_REBOOT_tree, (const char *)room->tree,
		     levels * sizeof(*room->tree), cut);
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

/* A machine that restarts may leave nothing but its log behind. */
static void log_it(const struct cw_record *rec)
{
	struct cw_out out = { .buf = room->text, .size = sizeof(room->text) };
	size_t at, len;

	cw_text_record(&out, rec, CW_FORMAT_TEXT);
	len = min(out.len, out.size) - 1;
	for (at = 0; at < len; at += LOG_CHARS)
		pr_emerg("%s%.*s\n", at ? "... " : "reboot ",
			 (int)min_t(size_t, LOG_CHARS, len - at), room->text + at);
}

static void record_restart(const char *at)
{
	struct cw_draft draft;
	const char *origin;

	if (atomic_cmpxchg(&room->telling, 0, 1))
		return;
	origin = take_stack(at);
	cw_draft_on(&draft, room->record, sizeof(room->record), CW_REBOOT, CW_REBOOT_KEYS);
	cw_draft_text(&draft, CW_REBOOT_how, "restart");
	cw_draft_text(&draft, CW_REBOOT_at, at);
	cw_draft_text(&draft, CW_REBOOT_origin, origin);
	cw_draft_text(&draft, CW_REBOOT_scope, "host");
	cw_draft_text(&draft, CW_REBOOT_action, "recorded");
	put_asker(&draft);
	cw_draft_str(&draft, CW_REBOOT_stack, room->stack, room->stack_len, false);
	keep(draft.rec, draft.tail - (char *)draft.rec + draft.rec->tail);
	cw_ring_clock();
	log_it(draft.rec);
	atomic_set_release(&room->telling, 0);
}

/**
 * cw_probe_restart() - machine_restart() is called
 * @kp: unused
 * @regs: unused
 *
 * Context: kprobe handler; any.
 * Return: 0: it goes on.
 */
int cw_probe_restart(struct kprobe *kp, struct pt_regs *regs)
{
	cw_hook_hit(CW_HOOK_RESTART);
	record_restart("machine_restart");
	return 0;
}
NOKPROBE_SYMBOL(cw_probe_restart);

/**
 * cw_probe_emergency() - machine_emergency_restart() is called
 * @kp: unused
 * @regs: unused
 *
 * Context: kprobe handler; any, also an NMI or a panic.
 * Return: 0: it goes on.
 */
int cw_probe_emergency(struct kprobe *kp, struct pt_regs *regs)
{
	cw_hook_hit(CW_HOOK_EMERGENCY);
	record_restart("machine_emergency_restart");
	return 0;
}
NOKPROBE_SYMBOL(cw_probe_emergency);

/**
 * cw_probe_reboot_init() - set memory aside, for there may be none when it is needed
 *
 * Return: 0 or -ENOMEM.
 */
int cw_probe_reboot_init(void)
{
	room = kvzalloc(sizeof(*room), GFP_KERNEL);
	return room ? 0 : -ENOMEM;
}

/**
 * cw_probe_reboot_exit() - give it back; the hooks must be gone
 */
void cw_probe_reboot_exit(void)
{
	kvfree(room);
}
