// SPDX-License-Identifier: GPL-2.0
/* What was said may have to be printed yet. */
#include <linux/console.h>
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/preempt.h>
#include <linux/rcuwait.h>
#include <linux/sched.h>

#include "console.h"

/* The newest incidents and the restart, eight kilobytes, take 0.7 s at 115,200 baud. */
#define MOST_MS		2000

/* Does a thread of a console print? All are woken if @wake. Who is idle is in its rcuwait. */
static bool threads_print(bool wake)
{
	struct task_struct *waiter;
	bool running = false;
	struct console *con;
	int cookie;

	cookie = console_srcu_read_lock();
	rcu_read_lock();
	for_each_console_srcu(con) {
		if (!READ_ONCE(con->kthread))
			continue;
		if (wake)
			rcuwait_wake_up(&con->rcuwait);
		waiter = rcu_dereference(con->rcuwait.task);
		running |= !waiter || task_is_running(waiter);
	}
	rcu_read_unlock();
	console_srcu_read_unlock(cookie);
	return running;
}

/**
 * cw_console_wait() - let the threads of consoles print what was said
 *
 * From some kernel on consoles have threads of their own, and an emergency restart does not wait
 * for these. A panic prints by itself; there, and on a machine of one processor, none would run.
 *
 * Context: the machine is about to restart; any. Takes two seconds at most.
 */
void cw_console_wait(void)
{
	int ms;

	if (in_nmi() || num_online_cpus() == 1 || !threads_print(true))
		return;
	for (ms = 0; ms < MOST_MS && threads_print(false); ms++)
		mdelay(1);
}
