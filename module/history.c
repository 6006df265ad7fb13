// SPDX-License-Identifier: GPL-2.0
/*
 * What each living process has executed.
 *
 * DOC: Who owns what
 *
 * A process (not a thread) has one struct cw_task, made when it is forked and freed when its last
 * thread has ended. It holds one reference on a struct cw_exec, which it shares with whoever it
 * was forked from until it executes something itself. That holds one user of a struct cw_domain.
 *
 * cw_task::exec is replaced by the process itself only: an exec has ended all its other threads
 * by then, and a fork runs in the process. So current may use its own without any lock; everyone
 * else needs rcu_read_lock() and may only look. Two threads may both find that they are the last:
 * that is why a struct cw_task, too, is freed after a grace period only.
 */
#include <linux/hash.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/slab.h>

#include "context.h"
#include "domain.h"
#include "exec.h"
#include "history.h"
#include "mem.h"
#include "ring.h"

static u32 key_hash(const void *data, u32 len, u32 seed)
{
	const struct cw_task_key *key = data;

	return hash_64(key->start_ns ^ (u64)key->pid << 32, 32) ^ seed;
}

static const struct rhashtable_params params = {
	.hashfn = key_hash,
	.head_offset = offsetof(struct cw_task, node),
	.key_offset = offsetof(struct cw_task, key),
	.key_len = sizeof(struct cw_task_key),
	/* A burst must not outrun the worker that makes the table grow: inserting would fail */
	.nelem_hint = 12288,
	.min_size = 16384,
	.automatic_shrinking = true,
};

static struct rhashtable table;
static bool scanned;	/* the processes older than the module are in the table */
static bool gaps;	/* but some process is not, for want of memory */

static struct cw_task_key key_of(const struct task_struct *task)
{
	const struct task_struct *leader = READ_ONCE(task->group_leader);
	/* In another process a thread may be becoming the leader: it takes over the start time */
	struct cw_task_key key = { .start_ns = data_race(leader->start_time), .pid = task->tgid };

	return key;
}

/**
 * cw_history_key() - which process a task belongs to
 * @task: any thread of it
 *
 * Context: rcu_read_lock() held since @task was known not to have been reaped.
 * Return: the key. It stays when another thread executes something and becomes the leader.
 */
struct cw_task_key cw_history_key(const struct task_struct *task)
{
	return key_of(task);
}

/**
 * cw_history_find() - the process a task belongs to
 * @task: any thread of it
 *
 * Context: rcu_read_lock() held, for as long as the result is used.
 * Return: the process, or NULL if it is not known.
 */
struct cw_task *cw_history_find(const struct task_struct *task)
{
	struct cw_task_key key = key_of(task);

	return rhashtable_lookup(&table, &key, params);
}

/**
 * cw_history_exec() - what a process has executed last
 * @task: the process, or NULL
 *
 * Context: any, rcu_read_lock() held, for as long as the result is used.
 * Return: the exec, or NULL if it is not known.
 */
struct cw_exec *cw_history_exec(const struct cw_task *task)
{
	/* current is the only one who replaces its own; others are under RCU */
	return task ? rcu_dereference_raw(task->exec) : NULL;
}

static void free_rcu(struct rcu_head *rcu)
{
	struct cw_task *task = container_of(rcu, struct cw_task, rcu);

#ifdef CONFIG_PREEMPT_RT
	/* If nobody told. Another thread may have been telling when the last one ended @task. */
	cw_gather_forget(&task->wound.ip_spot);
	cw_gather_forget(&task->wound.addr_spot);
#endif
	cw_mem_pool_put(CW_MEM_TASK, task);
}

static void discard(struct cw_task *task)
{
	cw_exec_put(rcu_dereference_raw(task->exec));
	call_rcu(&task->rcu, free_rcu);
}

/**
 * cw_history_add() - make a process known
 * @key: from cw_history_key()
 * @exec: what it has executed last, or NULL; the reference is taken over, also when it fails
 *
 * Context: rcu_read_lock() held, for as long as the result is used.
 * Return: the process, whoever has made it known, or NULL without memory.
 */
struct cw_task *cw_history_add(const struct cw_task_key *key, struct cw_exec *exec)
{
	struct cw_task *task = cw_mem_pool_get(CW_MEM_TASK);
	struct cw_task *other;

	if (unlikely(!task)) {
		WRITE_ONCE(gaps, true);
		cw_exec_put(exec);
		return NULL;
	}
	*task = (struct cw_task){ .key = *key };
	RCU_INIT_POINTER(task->exec, exec);
	other = rhashtable_lookup_get_insert_fast(&table, &task->node, params);
	if (!other)
		return task;
	cw_exec_put(exec);
	cw_mem_pool_put(CW_MEM_TASK, task);
	if (!IS_ERR(other))
		return other;
	WRITE_ONCE(gaps, true);
	cw_ring_count(CW_COUNT_NO_MEMORY);
	return NULL;
}

/**
 * cw_history_has_gaps() - may a living process be missing?
 *
 * Context: any.
 * Return: true until those older than the module are known, and once there was no memory for one;
 *	always if forks are not seen.
 */
bool cw_history_has_gaps(void)
{
	return unlikely(!READ_ONCE(scanned) || READ_ONCE(gaps));
}

/**
 * cw_history_stale() - has a process executed more than its exec tells?
 * @task: the process, or NULL
 *
 * Context: any, rcu_read_lock() held.
 * Return: true if there was no memory to remember what it executed last.
 */
bool cw_history_stale(const struct cw_task *task)
{
	return task && test_bit(CW_TASK_STALE, &task->flags);
}

/* A history that begins here: all that is known of the process is its name. */
static struct cw_domain *root_domain(const struct task_struct *leader)
{
	char comm[TASK_COMM_LEN];

	cw_gather_comm(comm, leader->comm);
	return cw_domain_enter(NULL, comm, strnlen(comm, sizeof(comm)));
}

/**
 * cw_history_enter() - let a new exec go on with a history
 * @exec: not published yet
 * @from: what was executed before it, or NULL if that is not known: then the history begins here
 * @stale: something was executed between the two
 * @leader: the process
 *
 * Context: handler in process context.
 */
void cw_history_enter(struct cw_exec *exec, const struct cw_exec *from, bool stale,
		      const struct task_struct *leader)
{
	const char *file = exec->data + exec->file.off;
	struct cw_domain *domain;

	if (from && from->domain) {
		exec->root_pid = from->root_pid;
		exec->flags |= from->flags & CW_EXEC_DOMAIN_CUT;
		if (unlikely(stale))
			exec->flags |= CW_EXEC_DOMAIN_CUT;
		domain = from->domain;
	} else {
		exec->root_pid = leader->tgid;
		domain = root_domain(leader);
		if (!domain)
			return;
	}
	if (!(exec->flags & CW_EXEC_DOMAIN_CUT) && exec->file.len)
		exec->domain = cw_domain_enter(domain, file, exec->file.len);
	if (unlikely(!exec->domain)) {
		exec->domain = cw_domain_get(domain);
		exec->flags |= CW_EXEC_DOMAIN_CUT;
		cw_ring_count(CW_COUNT_DOMAIN_CUT);
	}
	if (!from || domain != from->domain)
		cw_domain_put(domain);
}

/**
 * cw_history_begin() - let a history begin with a process
 * @exec: not published yet
 * @leader: the process; its program is not entered, its name stands for it
 *
 * Context: handler in process context.
 */
void cw_history_begin(struct cw_exec *exec, const struct task_struct *leader)
{
	exec->root_pid = leader->tgid;
	exec->domain = root_domain(leader);
}

/* What can be told of a live process now, as the next step of its parent's history. */
static struct cw_exec *live_exec(struct task_struct *leader, struct cw_exec *from, bool stale)
{
	struct cw_exec *exec;

	if (from && cw_exec_same_image(leader, cw_gather_parent(leader)))
		return from;
	exec = cw_exec_live(leader);
	if (exec && from)
		cw_history_enter(exec, from, stale, leader);
	else if (exec)
		cw_history_begin(exec, leader);
	cw_exec_put(from);
	return exec;
}

#define ADOPT_LEVELS	32

/**
 * cw_history_adopt() - the history of a process that has none
 * @leader: the process
 * @stale: set if something is known to be missing at its end
 *
 * That of its nearest live ancestor which has one, and from there on what the programs of those in
 * between are now. @leader itself is left out if it is executing something.
 *
 * Context: handler, rcu_read_lock() held.
 * Return: the exec, with a reference for the caller; NULL if there is no memory.
 */
struct cw_exec *cw_history_adopt(const struct task_struct *leader, bool *stale)
{
	struct task_struct *way[ADOPT_LEVELS], *up;
	const struct cw_task *known = NULL;
	struct cw_exec *exec = NULL;
	int n = 0;

	*stale = false;
	cw_ring_count(CW_COUNT_NO_HISTORY);
	if (unlikely(!cw_context_may_lock()))
		return NULL;
	up = current->in_execve ? cw_gather_parent(leader) : (struct task_struct *)leader;
	for (; up->pid && n < ADOPT_LEVELS; up = cw_gather_parent(up)) {
		known = cw_history_find(up);
		exec = cw_history_exec(known);
		if (exec && refcount_inc_not_zero(&exec->ref)) {
			*stale = cw_history_stale(known);
			break;
		}
		exec = NULL;
		way[n++] = up;
	}
	while (n) {
		exec = live_exec(way[--n], exec, *stale);
		*stale = false;
		if (!exec)
			break;
	}
	return exec;
}

/**
 * cw_history_get() - the process a task belongs to, made known if it was not
 * @task: current
 *
 * Context: handler, rcu_read_lock() held.
 * Return: the process, or NULL without memory or in a trap.
 */
struct cw_task *cw_history_get(struct task_struct *task)
{
	struct cw_task *known = cw_history_find(task);
	struct cw_task_key key;
	struct cw_exec *exec;
	bool stale;

	if (likely(known))
		return known;
	/* A probe that is a trap: the table's locks may let softirqs run, which it may not. */
	if (unlikely(in_nmi()))
		return NULL;
	exec = cw_history_adopt(task->group_leader, &stale);
	key = key_of(task);
	known = cw_history_add(&key, exec);
	if (known && stale)
		set_bit(CW_TASK_STALE, &known->flags);
	return known;
}

/* A leader may get a fatal signal and yet survive: if another thread executes something then. */
static void forget_signal(struct cw_task *task)
{
	if (likely(!task->fatal.tid))
		return;
	task->fatal = (struct cw_fatal){ 0 };
#ifdef CONFIG_PREEMPT_RT
	cw_gather_forget(&task->wound.ip_spot);
	cw_gather_forget(&task->wound.addr_spot);
	task->wound_noted = false;
#endif
}

/**
 * cw_history_replace() - current has executed something
 * @task: its process
 * @exec: what; the reference is taken over
 *
 * Context: handler of current, rcu_read_lock() held.
 */
void cw_history_replace(struct cw_task *task, struct cw_exec *exec)
{
	struct cw_exec *old = cw_history_exec(task);

	rcu_assign_pointer(task->exec, exec);
	clear_bit(CW_TASK_STALE, &task->flags);
	forget_signal(task);
	cw_exec_put(old);
}

/**
 * cw_history_outdate() - current has executed something, of which there is no memory to keep what
 * @task: its process
 *
 * Context: handler of current, rcu_read_lock() held.
 */
void cw_history_outdate(struct cw_task *task)
{
	set_bit(CW_TASK_STALE, &task->flags);
	forget_signal(task);
}

/**
 * cw_history_fork() - a process was forked
 * @parent: current
 * @child: does not run yet
 *
 * Context: handler in process context.
 */
void cw_history_fork(struct task_struct *parent, struct task_struct *child)
{
	struct cw_task_key key = key_of(child);
	struct cw_task *from, *made;
	struct cw_exec *exec;

	rcu_read_lock();
	from = cw_history_get(parent);
	exec = cw_history_exec(from);
	made = cw_history_add(&key, exec ? cw_exec_get(exec) : NULL);
	if (made && unlikely(cw_history_stale(from)))
		set_bit(CW_TASK_STALE, &made->flags);
	rcu_read_unlock();
}

static void end(struct cw_task *known)
{
	if (known && !rhashtable_remove_fast(&table, &known->node, params))
		discard(known);
}

/**
 * cw_history_end() - the last thread of a process has ended
 * @task: that thread
 *
 * May be called more than once for a process.
 *
 * Context: handler in process context.
 */
void cw_history_end(struct task_struct *task)
{
	rcu_read_lock();
	end(cw_history_find(task));
	rcu_read_unlock();
}

/**
 * cw_history_end_key() - the same, of one that may have been reaped
 * @key: from cw_history_key()
 *
 * Context: process context.
 */
void cw_history_end_key(const struct cw_task_key *key)
{
	rcu_read_lock();
	end(rhashtable_lookup(&table, key, params));
	rcu_read_unlock();
}

/**
 * cw_history_count() - how many processes are known
 *
 * Context: any.
 * Return: their number.
 */
unsigned int cw_history_count(void)
{
	return atomic_read(&table.nelems);
}

/**
 * cw_history_table() - where a reader of a dump finds the processes
 *
 * Context: any.
 * Return: the table.
 */
const struct rhashtable *cw_history_table(void)
{
	return &table;
}

/**
 * cw_history_scanned() - the processes older than the module are known
 * @all: all of them, and none was forked unseen meanwhile
 *
 * Context: any.
 */
void cw_history_scanned(bool all)
{
	WRITE_ONCE(scanned, all);
}

/**
 * cw_history_walk_enter() - begin to walk over all processes
 * @iter: for rhashtable_walk_start() and so on
 *
 * Context: process context.
 */
void cw_history_walk_enter(struct rhashtable_iter *iter)
{
	rhashtable_walk_enter(&table, iter);
}

/**
 * cw_history_init() - an empty table
 *
 * Context: process context, may sleep.
 * Return: 0 or an error of rhashtable_init().
 */
int cw_history_init(void)
{
	return rhashtable_init(&table, &params);
}

static void free_one(void *ptr, void *unused)
{
	discard(ptr);
}

/**
 * cw_history_exit() - forget everything; no hook may run any more
 *
 * Context: process context, may sleep.
 */
void cw_history_exit(void)
{
	rhashtable_free_and_destroy(&table, free_one, NULL);
	rcu_barrier();	/* free_rcu(), here and of the execs */
}
