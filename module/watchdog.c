// SPDX-License-Identifier: GPL-2.0
/* Who holds the watchdog: when it fires, nobody is there to be asked. */
#include <linux/audit.h>
#include <linux/cred.h>
#include <linux/kprobes.h>
#include <linux/string.h>

#include "exec.h"
#include "history.h"
#include "watchdog.h"

/*
 * The one who opened it last. @seq is odd while it is written and changes with each holder: who
 * reads it twice and finds it the same and even has read one holder, whole.
 */
static struct {
	atomic_t seq;
	struct cw_watchdog is;
} holder;

/**
 * cw_watchdog_opened() - current opens a watchdog
 *
 * A watchdog is opened by one process at a time; should another one be opened at this very moment,
 * its holder is the one that is missed.
 *
 * Context: process context, preemption off.
 */
void cw_watchdog_opened(void)
{
	int seq = atomic_read(&holder.seq);
	const struct cw_task *task;
	struct cw_exec *old, *exec;

	if (seq & 1 || atomic_cmpxchg(&holder.seq, seq, seq + 1) != seq)
		return;
	smp_mb__after_atomic();	/* watchdog(A): odd before anything changes */
	old = holder.is.exec;
	rcu_read_lock();
	task = cw_history_find(current);
	exec = cw_history_exec(task);
	/* Another thread may execute something at this moment */
	holder.is.exec = exec && refcount_inc_not_zero(&exec->ref) ? exec : NULL;
	holder.is.stale = cw_history_stale(task);
	rcu_read_unlock();
	holder.is.pid = current->tgid;
	holder.is.uid = __kuid_val(current_uid());
	holder.is.auid = __kuid_val(audit_get_loginuid(current));
	cw_gather_comm(holder.is.comm, current->group_leader->comm);
	smp_wmb();	/* watchdog(B): all is written before it is even */
	atomic_set(&holder.seq, seq + 2);
	cw_exec_put(old);	/* readers are in RCU sections */
}
NOKPROBE_SYMBOL(cw_watchdog_opened);

/**
 * cw_watchdog_holder() - who opened a watchdog last
 * @to: where to put it; its exec is good until rcu_read_unlock()
 *
 * Context: any, in an RCU read-side section; never waits.
 * Return: true if there is one.
 */
bool cw_watchdog_holder(struct cw_watchdog *to)
{
	int seq = atomic_read(&holder.seq);

	if (!seq || seq & 1)
		return false;
	smp_rmb();	/* pairs with watchdog(B) */
	data_race(*to = holder.is);
	smp_rmb();	/* pairs with watchdog(A) */
	return atomic_read(&holder.seq) == seq;
}
NOKPROBE_SYMBOL(cw_watchdog_holder);

/**
 * cw_watchdog_exit() - forget it; the hooks must be gone, the history must still be there
 *
 * Context: process context.
 */
void cw_watchdog_exit(void)
{
	cw_exec_put(holder.is.exec);
	memset(&holder, 0, sizeof(holder));
}
