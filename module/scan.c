// SPDX-License-Identifier: GPL-2.0
/* Processes older than the module: what can still be told of them. */
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/slab.h>

#include "context.h"
#include "exec.h"
#include "history.h"
#include "scan.h"

static struct {
	struct task_struct **list;
	unsigned int size;
	char *room;
} scan;

/* That of @leader's parent, and whether @leader has executed nothing since it was forked */
static struct cw_exec *parent_exec(struct task_struct *leader, bool *forked)
{
	struct cw_exec *exec = NULL;
	struct task_struct *parent;

	*forked = false;
	rcu_read_lock();
	/* Of one that was reaped nobody corrects who its parent is */
	if (data_race(pid_alive(leader))) {
		parent = cw_gather_parent(leader);
		exec = cw_history_exec(cw_history_find(parent));
		if (exec && !refcount_inc_not_zero(&exec->ref))
			exec = NULL;
		*forked = cw_exec_same_image(leader, parent);
	}
	rcu_read_unlock();
	return exec;
}

/* A process that was forked and has executed nothing shares its parent's exec. */
static struct cw_exec *older_exec(struct task_struct *leader)
{
	bool forked;
	struct cw_exec *parent = parent_exec(leader, &forked);
	struct cw_exec *exec;

	if (parent && forked)
		return parent;
	exec = cw_exec_older(leader, scan.room);
	cw_context_enter();
	if (exec && parent)
		cw_history_enter(exec, parent, false, leader);
	else if (exec)
		cw_history_begin(exec, leader);
	cw_context_leave();
	cw_exec_put(parent);
	return exec;
}

static void scan_one(struct task_struct *leader)
{
	struct cw_task_key key;
	struct cw_exec *exec;
	bool wanted;

	rcu_read_lock();
	/* One that another thread has replaced by an exec has no group of its own; that was seen */
	wanted = data_race(pid_alive(leader));
	if (wanted) {
		key = cw_history_key(leader);
		wanted = !cw_history_find(leader);
	}
	rcu_read_unlock();
	if (!wanted)
		return;
	exec = older_exec(leader);
	rcu_read_lock();
	cw_history_add(&key, exec);
	rcu_read_unlock();
	/*
	 * If it ended meanwhile nobody may have seen it: either the count of its threads is 0 here,
	 * or cw_history_end() comes after this and finds what was added.
	 */
	smp_mb();	/* pairs with the atomic_dec_and_test() of signal->live in do_exit() */
	if (!atomic_read(&leader->signal->live))
		cw_history_end_key(&key);
}

/**
 * cw_scan_init() - set memory aside for cw_scan_run(), which may not fail
 *
 * Context: process context, may sleep.
 * Return: 0 or -ENOMEM.
 */
int cw_scan_init(void)
{
	struct task_struct *task;

	scan.size = 0;
	rcu_read_lock();
	for_each_process(task)
		scan.size++;
	rcu_read_unlock();
	scan.size += scan.size / 4 + 64;	/* until forks are seen there may be more */
	scan.list = kvmalloc_array(scan.size, sizeof(*scan.list), GFP_KERNEL);
	scan.room = kvmalloc(cw_exec_older_room(), GFP_KERNEL);
	if (scan.list && scan.room)
		return 0;
	cw_scan_exit();
	return -ENOMEM;
}

/**
 * cw_scan_exit() - give it back
 *
 * Context: process context, may sleep.
 */
void cw_scan_exit(void)
{
	kvfree(scan.list);
	kvfree(scan.room);
	scan.list = NULL;
	scan.room = NULL;
}

/**
 * cw_scan_run() - learn of the processes that were there before the module
 * @forks_seen: the hooks show every fork; they must be set already
 *
 * Context: process context, may sleep; once.
 */
void cw_scan_run(bool forks_seen)
{
	struct task_struct *task;
	unsigned int n = 0, i;
	bool all = forks_seen;

	rcu_read_lock();
	for_each_process(task) {
		if (n == scan.size) {
			all = false;
			break;
		}
		get_task_struct(task);
		scan.list[n++] = task;
	}
	rcu_read_unlock();
	/* Parents come before their children in this order */
	for (i = 0; i < n; i++) {
		if (atomic_read(&scan.list[i]->signal->live))
			scan_one(scan.list[i]);
		put_task_struct(scan.list[i]);
		cond_resched();
	}
	cw_scan_exit();
	cw_history_scanned(all);
}
