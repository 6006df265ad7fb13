// SPDX-License-Identifier: GPL-2.0
/*
 * How a process dies: which thread tells it, and what it says.
 *
 * DOC: One record a process
 *
 * A thread that is about to die of a signal of its own is noted when the signal is delivered. It
 * tells the death at the entry of do_exit(), where its memory is still there. If no thread was
 * noted (the whole group was ended by a signal that needs no thread), the first one that gets
 * there tells it. Whatever was not told by then is told when the last thread has ended. The bit
 * CW_TASK_TOLD says whether it was told; which of several last threads came first, last[] does.
 *
 * On PREEMPT_RT the handler at do_exit() may not look at a path. There it only notes the mappings,
 * and holds their files; the thread tells when it has ended. By then it is not counted among the
 * living threads, so the last of those may come first, and tells what the other has noted.
 */
#include <linux/atomic.h>
#include <linux/cred.h>
#include <linux/hash.h>
#include <linux/ptrace.h>
#include <linux/sched/signal.h>
#include <linux/sched/task_stack.h>
#include <linux/signal.h>
#include <linux/timekeeping.h>

#include "block.h"
#include "context.h"
#include "death.h"
#include "domain.h"
#include "draft.h"
#include "exec.h"
#include "gather.h"
#include "history.h"
#include "mem.h"
#include "params.h"
#include "record.h"

static u64 sig_bit(int sig)
{
	return 1ULL << (sig - 1);
}

/* These end a process so often and on purpose that they would drown the other incidents */
#define EVERYDAY (1ULL << (SIGHUP - 1) | 1ULL << (SIGINT - 1) | 1ULL << (SIGPIPE - 1))

/* What was looked up for a record */
struct facts {
	const struct cw_exec *exec;
	/* Of the thread that died of it; NULL: none in particular, or it is still on its way */
	const struct cw_fatal *fatal;
	const struct cw_wound *wound;
	struct cw_place ip;
	struct cw_place addr;
	const char *cgroup;
	u32 cgroup_len;
	char ns[256];
	u32 ns_len;
	struct cw_tree_node *tree;
	u32 levels;
	bool tree_cut;
};

/* current's, while it has its memory */
static void examine(const struct cw_fatal *fatal, struct cw_wound *wound)
{
	cw_gather_comm(wound->comm, current->comm);
	wound->ip = instruction_pointer(task_pt_regs(current));
	if (!sig_kernel_coredump(fatal->sig))
		return;
	if (!cw_gather_maps_begin()) {
		if (current->mm)
			cw_ring_count(CW_COUNT_MAP_BUSY);
		return;
	}
	cw_gather_spot(wound->ip, &wound->ip_spot);
	if (fatal->has_addr)
		cw_gather_spot(fatal->addr, &wound->addr_spot);
	cw_gather_maps_end();
}

/* The signal a process is dying of, if a thread of its own was struck by it; else NULL */
static const struct cw_fatal *fatal_of(const struct cw_task *task)
{
	/* Pairs with cw_death_signal() */
	return task && smp_load_acquire(&task->fatal.tid) ? &task->fatal : NULL;
}

#ifdef CONFIG_PREEMPT_RT
static void note_wound(struct cw_task *task)
{
	const struct cw_fatal *fatal = fatal_of(task);

	/* An oops in do_exit() enters it once more */
	if (!fatal || fatal->tid != current->pid || task->wound_noted)
		return;
	examine(fatal, &task->wound);
	/* Pairs with noted_wound() */
	smp_store_release(&task->wound_noted, true);
}

static struct cw_wound *noted_wound(struct cw_task *task)
{
	/* Pairs with note_wound() */
	return smp_load_acquire(&task->wound_noted) ? &task->wound : NULL;
}
#else
static void note_wound(struct cw_task *task)
{
}

static struct cw_wound *noted_wound(struct cw_task *task)
{
	return NULL;
}
#endif

/* That of whichever thread died of @sig, if it is known: noted, or current's, put into @room */
static struct cw_wound *wound_of(struct cw_task *task, int sig, struct cw_wound *room)
{
	const struct cw_fatal *fatal = fatal_of(task);
	struct cw_wound *wound;

	if (!fatal || fatal->sig != sig)
		return NULL;
	wound = noted_wound(task);
	if (!wound && fatal->tid == current->pid) {
		wound = room;
		examine(fatal, wound);
	}
	return wound;
}

/* Only the teller does this: it lets the files go */
static void look_up_wound(struct facts *facts, struct cw_scratch *scratch, struct cw_wound *wound)
{
	cw_gather_place(&wound->ip_spot, scratch->exe, sizeof(scratch->exe), true, &facts->ip);
	cw_gather_place(&wound->addr_spot, scratch->file, sizeof(scratch->file), false,
			&facts->addr);
	cw_gather_forget(&wound->ip_spot);
	cw_gather_forget(&wound->addr_spot);
}

static void look_up(struct facts *facts, struct cw_scratch *scratch)
{
	facts->cgroup = scratch->cwd;
	facts->cgroup_len = cw_gather_cgroup(scratch->cwd, sizeof(scratch->cwd));
	facts->ns_len = cw_gather_namespaces(facts->ns, sizeof(facts->ns));
	facts->tree = (struct cw_tree_node *)scratch->text;
	facts->levels = cw_gather_tree(facts->tree, READ_ONCE(cw_params.tree_levels),
				       &facts->tree_cut);
}

/* Where a type has what both types tell */
struct death_keys {
	u8 pid, vpid, tid, ppid, uid, auid, comm, thread, sig, signame, si_code, cpu, lifetime_ns;
	u8 cgroup, ns, tree;
	struct cw_exec_keys exec;
};

#define DEATH_KEYS(ID) { \
	.pid = CW_##ID##_pid, .vpid = CW_##ID##_vpid, .tid = CW_##ID##_tid, \
	.ppid = CW_##ID##_ppid, .uid = CW_##ID##_uid, .auid = CW_##ID##_auid, \
	.comm = CW_##ID##_comm, .thread = CW_##ID##_thread, .sig = CW_##ID##_sig, \
	.signame = CW_##ID##_signame, .si_code = CW_##ID##_si_code, .cpu = CW_##ID##_cpu, \
	.lifetime_ns = CW_##ID##_lifetime_ns, .cgroup = CW_##ID##_cgroup, \
	.ns = CW_##ID##_ns, .tree = CW_##ID##_tree, \
	.exec = { \
		.exe = CW_##ID##_exe, .file = CW_##ID##_file, .argv = CW_##ID##_argv, \
		.argc = CW_##ID##_argc, .argv_bytes = CW_##ID##_argv_bytes, \
		.argv_fault = CW_##ID##_argv_fault, .cwd = CW_##ID##_cwd, \
		.domain = CW_##ID##_domain, \
	}, \
}

static const struct death_keys crash_keys = DEATH_KEYS(CRASH);
static const struct death_keys killed_keys = DEATH_KEYS(KILLED);

static void put_common(struct cw_draft *draft, const struct death_keys *key,
		       const struct facts *facts, int sig)
{
	const struct task_struct *leader = current->group_leader;
	const char *thread = facts->wound ? facts->wound->comm : current->comm;

	cw_draft_num(draft, key->pid, current->tgid);
	cw_draft_num(draft, key->vpid, task_tgid_nr_ns(current, task_active_pid_ns(current)));
	cw_draft_num(draft, key->tid, facts->fatal ? facts->fatal->tid : current->pid);
	cw_draft_num(draft, key->ppid, task_tgid_nr(rcu_dereference(leader->real_parent)));
	cw_draft_num(draft, key->uid, __kuid_val(current_uid()));
	cw_draft_auid(draft, key->auid);
	cw_draft_comm(draft, key->comm, leader->comm);
	/* Either may get another name; not every kernel clears what a longer one has left behind */
	if (data_race(strncmp(thread, leader->comm, TASK_COMM_LEN)))
		cw_draft_comm(draft, key->thread, thread);
	cw_draft_num(draft, key->sig, sig);
	cw_draft_num(draft, key->signame, sig);
	if (facts->fatal)
		cw_draft_num(draft, key->si_code, facts->fatal->code);
	cw_draft_num(draft, key->cpu, raw_smp_processor_id());
	cw_draft_num(draft, key->lifetime_ns, ktime_get_mono_fast_ns() - leader->start_time);
	cw_draft_str(draft, key->cgroup, facts->cgroup, facts->cgroup_len, false);
	cw_draft_str(draft, key->ns, facts->ns, facts->ns_len, false);
	cw_draft_str(draft, key->tree, (const char *)facts->tree,
		     facts->levels * sizeof(*facts->tree), facts->tree_cut);
	cw_draft_exec(draft, &key->exec, facts->exec);
}

/* Threads of current's process that have yet to be heard of. */
static int others_live(void)
{
	/* Whoever is past the entry of do_exit() may be among the living ones no more */
	int self = !(current->flags & PF_EXITING);

	/* What a thread has noted was noted before it was counted down */
	return atomic_read_acquire(&current->signal->live) - self;
}

static void put_crash(struct cw_draft *draft, const struct facts *facts, bool core)
{
	if (facts->fatal) {
		if (facts->fatal->has_addr)
			cw_draft_num(draft, CW_CRASH_addr, facts->fatal->addr);
		cw_draft_str(draft, CW_CRASH_addr_map, facts->addr.text, facts->addr.len, false);
		cw_draft_num(draft, CW_CRASH_ip, facts->wound->ip);
		cw_draft_str(draft, CW_CRASH_map, facts->ip.text, facts->ip.len, false);
		cw_draft_str(draft, CW_CRASH_build_id, facts->ip.build_id,
			     facts->ip.build_id_len, false);
	}
	/* While another thread may still be writing the core nobody knows how that will end */
	if (core || current->flags & PF_DUMPCORE || others_live() <= 0)
		cw_draft_num(draft, CW_CRASH_core, core);
}

static void write(const struct facts *facts, int status, enum cw_ring_id ring)
{
	int sig = status & 0x7f;
	bool crash = sig_kernel_coredump(sig);
	struct cw_draft draft;
	u32 tail;

	tail = cw_draft_exec_bytes(facts->exec) + 2 * TASK_COMM_LEN + facts->addr.len +
	       facts->ip.len + facts->ip.build_id_len + facts->cgroup_len + facts->ns_len +
	       facts->levels * sizeof(*facts->tree);
	if (!cw_draft_open(&draft, crash ? CW_CRASH : CW_KILLED,
			   crash ? CW_CRASH_KEYS : CW_KILLED_KEYS, ring, tail))
		return;
	put_common(&draft, crash ? &crash_keys : &killed_keys, facts, sig);
	if (crash)
		put_crash(&draft, facts, status & 0x80);
	cw_draft_close(&draft);
	cw_block_clock();
}

/* current tells of what its process died. @status is as wait(2) has it. */
static void tell(struct cw_task *task, int status)
{
	int sig = status & 0x7f;
	enum cw_ring_id ring = CW_RING_INCIDENTS;
	struct cw_scratch *scratch;
	struct cw_wound room = { 0 }, *wound;
	struct cw_exec *fresh = NULL;
	struct facts facts = { 0 };

	if (!(READ_ONCE(cw_params.signals) & sig_bit(sig))) {
		cw_ring_count(CW_COUNT_FILTERED);
		return;
	}
	if (EVERYDAY & sig_bit(sig) & ~READ_ONCE(cw_params.signals_named))
		ring = CW_RING_EVENTS;
	scratch = cw_mem_scratch_get();
	if (!scratch) {
		cw_ring_count(CW_COUNT_NO_MEMORY);
		write(&facts, status, ring);
		return;
	}
	wound = wound_of(task, sig, &room);
	facts.exec = cw_history_exec(task);
	if (!facts.exec || cw_history_stale(task)) {
		/* What it runs is still there to be looked at, but not what it ran before */
		fresh = cw_exec_new(NULL, scratch);
		if (facts.exec && facts.exec->domain) {
			fresh->domain = cw_domain_get(facts.exec->domain);
			fresh->root_pid = facts.exec->root_pid;
			fresh->flags |= CW_EXEC_DOMAIN_CUT;
		}
		facts.exec = fresh;
	}
	if (wound) {
		facts.fatal = &task->fatal;
		facts.wound = wound;
		look_up_wound(&facts, scratch, wound);
	}
	look_up(&facts, scratch);
	write(&facts, status, ring);
	cw_exec_put(fresh);
	cw_mem_scratch_put(scratch);
}

/**
 * cw_death_signal() - current gets a signal that will end its process
 * @sig: its number
 * @info: where it comes from; may be one of the kernel's special values
 *
 * Context: current holds its siglock, interrupts off.
 */
void cw_death_signal(int sig, const struct kernel_siginfo *info)
{
	struct cw_task *task;
	struct cw_fatal *fatal;

	/* The whole group is being ended: whoever caused that was noted, or nobody in particular */
	if ((unsigned long)info <= (unsigned long)SEND_SIG_PRIV)
		return;
	if (current->signal->flags & SIGNAL_UNKILLABLE && !sig_kernel_only(sig))
		return;		/* an init is spared what it has no handler for */
	rcu_read_lock();
	task = cw_history_find(current);
	if (task && !task->fatal.tid) {
		fatal = &task->fatal;
		fatal->sig = sig;
		fatal->code = info->si_code;
		switch (sig) {
		case SIGSEGV:
		case SIGBUS:
		case SIGILL:
		case SIGFPE:
		case SIGTRAP:
			/* Below SI_KERNEL the kernel says where; SI_KERNEL itself does not know */
			fatal->has_addr = info->si_code > 0 && info->si_code < SI_KERNEL;
			fatal->addr = (unsigned long)info->si_addr;
		}
		/* Pairs with fatal_of() */
		smp_store_release(&fatal->tid, current->pid);
	}
	rcu_read_unlock();
}

#define LAST_BITS	8

/* The processes that ended last, each at the place it hashes to */
static atomic64_t last[1 << LAST_BITS];

/*
 * Is it for current to tell how its process has ended? Several threads may find that they are the
 * last, for the kernel counts them down before they come here. The first may have ended @task by
 * the time the second comes; and for some process there may never have been memory for one. So
 * last[] has who was first, and only he asks @task whether a thread has told it before.
 */
static bool is_teller(struct cw_task *task)
{
	u64 process = current->group_leader->start_time ^ (u64)current->tgid << 40;
	bool gaps = cw_history_has_gaps();

	if (!gaps && !task)
		return false;
	/*
	 * Ordered before cw_history_end(): who finds no @task any more finds this. If a thread that
	 * is just being reaped still counts, the look at last[] is for nothing.
	 */
	if ((gaps || data_race(get_nr_threads(current)) != 1) &&
	    atomic64_xchg(&last[hash_64(process, LAST_BITS)], process) == process)
		return false;
	return !task || !test_and_set_bit(CW_TASK_TOLD, &task->flags);
}

/* The signal current's process dies of, as wait(2) has it, or 0 */
static int fatal_status(void)
{
	struct signal_struct *signal = current->signal;
	int status;

	if (!(READ_ONCE(signal->flags) & SIGNAL_GROUP_EXIT))
		return 0;
	status = READ_ONCE(signal->group_exit_code);
	return status & 0x7f ? status : 0;
}

static void thread_tells(struct cw_task *task, int status)
{
	const struct cw_fatal *fatal = fatal_of(task);

	/* Another thread has more to say, and will come here, unless it has been here already */
	if (fatal && fatal->tid != current->pid && fatal->sig == (status & 0x7f) &&
	    others_live() > 0)
		return;
	if (task && !test_and_set_bit(CW_TASK_TOLD, &task->flags))
		tell(task, status);
}

/**
 * cw_death_thread() - current enters do_exit()
 *
 * Context: current, its memory still there, preemption off.
 */
void cw_death_thread(void)
{
	int status;

	if (unlikely(cw_history_has_gaps()) && cw_context_may_lock()) {
		/* While a thread is left it can be made known, for the last one to tell */
		rcu_read_lock();
		cw_history_get(current);
		rcu_read_unlock();
	}
	status = fatal_status();
	if (likely(!status))
		return;
	rcu_read_lock();
	if (IS_ENABLED(CONFIG_PREEMPT_RT))
		note_wound(cw_history_find(current));
	else
		thread_tells(cw_history_get(current), status);
	rcu_read_unlock();
}

/**
 * cw_death_thread_ended() - current is through the greater part of do_exit()
 *
 * On PREEMPT_RT it tells here what others tell at the entry.
 *
 * Context: handler of current; its memory may be gone.
 */
void cw_death_thread_ended(void)
{
	int status;

	if (!IS_ENABLED(CONFIG_PREEMPT_RT))
		return;
	status = fatal_status();
	if (likely(!status))
		return;
	rcu_read_lock();
	thread_tells(cw_history_find(current), status);
	rcu_read_unlock();
}

/**
 * cw_death_process() - the last thread of current's process has ended
 *
 * Context: handler of that thread; its memory may be gone.
 */
void cw_death_process(void)
{
	struct signal_struct *signal = current->signal;
	struct cw_task *task;
	int status;

	if (current->flags & PF_KTHREAD)
		goto end;
	status = READ_ONCE(signal->flags) & SIGNAL_GROUP_EXIT ? signal->group_exit_code :
								current->group_leader->exit_code;
	rcu_read_lock();
	/* Not cw_history_get(): another last thread may have told it and ended it already */
	task = cw_history_find(current);
	if (is_teller(task)) {
		if (status & 0x7f)
			tell(task, status);
		else if (READ_ONCE(cw_params.log_exit))
			cw_record_exit(task, status >> 8 & 0xff);
	}
	rcu_read_unlock();
end:
	cw_history_end(current);
}
