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
	const struct task_struct *leader = task->group_leader;
	struct cw_task_key key = { .start_ns = leader->start_time, .pid = task->tgid };

	return key;
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
 * @task: current's, or any under rcu_read_lock()
 *
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

/* Takes over the caller's reference on @exec, also when it fails. */
static struct cw_task *add(const struct task_struct *of, struct cw_exec *exec)
{
	struct cw_task *task = cw_mem_pool_get(CW_MEM_TASK);
	struct cw_task *other;

	if (unlikely(!task)) {
		WRITE_ONCE(gaps, true);
		cw_exec_put(exec);
		return NULL;
	}
	*task = (struct cw_task){ .key = key_of(of) };
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

	memcpy(comm, leader->comm, sizeof(comm));
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

/* Let a history begin with @leader; its program is not entered, its name stands for it. */
static void begin(struct cw_exec *exec, const struct task_struct *leader)
{
	exec->root_pid = leader->tgid;
	exec->domain = root_domain(leader);
}

/* What can be told of a live process now, as the next step of its parent's history. */
static struct cw_exec *live_exec(struct task_struct *leader, struct cw_exec *from, bool stale)
{
	struct cw_exec *exec;

	if (from && cw_exec_same_image(leader, rcu_dereference(leader->real_parent)->group_leader))
		return from;
	exec = cw_exec_live(leader);
	if (exec && from)
		cw_history_enter(exec, from, stale, leader);
	else if (exec)
		begin(exec, leader);
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
	up = current->in_execve ? rcu_dereference(leader->real_parent)->group_leader :
				  (struct task_struct *)leader;
	for (; up->pid && n < ADOPT_LEVELS; up = rcu_dereference(up->real_parent)->group_leader) {
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
 * Return: the process, or NULL without memory.
 */
struct cw_task *cw_history_get(struct task_struct *task)
{
	struct cw_task *known = cw_history_find(task);
	struct cw_exec *exec;
	bool stale;

	if (likely(known))
		return known;
	exec = cw_history_adopt(task->group_leader, &stale);
	known = add(task, exec);
	if (known && stale)
		set_bit(CW_TASK_STALE, &known->flags);
	return known;
}

/**
 * cw_history_replace() - current has executed something
 * @task: its process
 * @exec: what; the reference is taken over
 */
void cw_history_replace(struct cw_task *task, struct cw_exec *exec)
{
	struct cw_exec *old = cw_history_exec(task);

	rcu_assign_pointer(task->exec, exec);
	clear_bit(CW_TASK_STALE, &task->flags);
	cw_exec_put(old);
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
	struct cw_task *from, *made;
	struct cw_exec *exec;

	rcu_read_lock();
	from = cw_history_get(parent);
	exec = cw_history_exec(from);
	made = add(child, exec ? cw_exec_get(exec) : NULL);
	if (made && unlikely(cw_history_stale(from)))
		set_bit(CW_TASK_STALE, &made->flags);
	rcu_read_unlock();
}

/**
 * cw_history_end() - the last thread of a process has ended
 * @task: that thread
 *
 * May be called more than once for a process.
 */
void cw_history_end(struct task_struct *task)
{
	struct cw_task *known;

	rcu_read_lock();
	known = cw_history_find(task);
	if (known && !rhashtable_remove_fast(&table, &known->node, params))
		discard(known);
	rcu_read_unlock();
}

/* === Processes older than the module === */

static struct cw_exec *parent_exec(struct task_struct *leader)
{
	struct cw_exec *exec;

	rcu_read_lock();
	exec = cw_history_exec(cw_history_find(rcu_dereference(leader->real_parent)));
	if (exec && !refcount_inc_not_zero(&exec->ref))
		exec = NULL;
	rcu_read_unlock();
	return exec;
}

/* A process that was forked and has executed nothing shares its parent's exec. */
static struct cw_exec *older_exec(struct task_struct *leader, char *room)
{
	struct cw_exec *parent = parent_exec(leader);
	struct cw_exec *exec;
	bool forked;

	rcu_read_lock();
	forked = cw_exec_same_image(leader, rcu_dereference(leader->real_parent)->group_leader);
	rcu_read_unlock();
	if (parent && forked)
		return parent;
	exec = cw_exec_older(leader, room);
	cw_context_enter();
	if (exec && parent)
		cw_history_enter(exec, parent, false, leader);
	else if (exec)
		begin(exec, leader);
	cw_context_leave();
	cw_exec_put(parent);
	return exec;
}

static void scan_one(struct task_struct *leader, char *room)
{
	struct cw_exec *exec;

	rcu_read_lock();
	if (cw_history_find(leader)) {
		rcu_read_unlock();
		return;
	}
	rcu_read_unlock();
	exec = older_exec(leader, room);
	rcu_read_lock();
	add(leader, exec);
	rcu_read_unlock();
	/*
	 * If it ended meanwhile nobody may have seen it: either the count of its threads is 0 here,
	 * or cw_history_end() comes after this and finds what was added.
	 */
	smp_mb();	/* pairs with the atomic_dec_and_test() of signal->live in do_exit() */
	if (!atomic_read(&leader->signal->live))
		cw_history_end(leader);
}

/**
 * cw_history_scan() - learn of the processes that were there before the module
 * @forks_seen: the hooks show every fork; they must be set already
 *
 * Context: process context, may sleep.
 * Return: 0 or -ENOMEM.
 */
int cw_history_scan(bool forks_seen)
{
	struct task_struct **list, *task;
	unsigned int n = 0, room_for = 0, i;
	char *room;

	rcu_read_lock();
	for_each_process(task)
		room_for++;
	rcu_read_unlock();
	room_for += room_for / 4 + 64;	/* what is forked from now on has a history anyway */
	list = kvmalloc_array(room_for, sizeof(*list), GFP_KERNEL);
	room = kvmalloc(cw_exec_older_room(), GFP_KERNEL);
	if (!list || !room) {
		kvfree(list);
		kvfree(room);
		return -ENOMEM;
	}
	rcu_read_lock();
	for_each_process(task) {
		if (n == room_for)
			break;
		get_task_struct(task);
		list[n++] = task;
	}
	rcu_read_unlock();
	/* Parents come before their children in this order */
	for (i = 0; i < n; i++) {
		if (atomic_read(&list[i]->signal->live))
			scan_one(list[i], room);
		put_task_struct(list[i]);
		cond_resched();
	}
	kvfree(list);
	kvfree(room);
	WRITE_ONCE(scanned, forks_seen);
	return 0;
}

/**
 * cw_history_count() - how many processes are known
 *
 * Return: their number.
 */
unsigned int cw_history_count(void)
{
	return atomic_read(&table.nelems);
}

/**
 * cw_history_table() - where a reader of a dump finds the processes
 *
 * Return: the table.
 */
const struct rhashtable *cw_history_table(void)
{
	return &table;
}

/**
 * cw_history_walk_enter() - begin to walk over all processes
 * @iter: for rhashtable_walk_start() and so on
 */
void cw_history_walk_enter(struct rhashtable_iter *iter)
{
	rhashtable_walk_enter(&table, iter);
}

/**
 * cw_history_init() - an empty table
 *
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
 */
void cw_history_exit(void)
{
	rhashtable_free_and_destroy(&table, free_one, NULL);
	rcu_barrier();	/* free_rcu(), here and of the execs */
}
