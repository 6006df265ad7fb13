// SPDX-License-Identifier: GPL-2.0
/* What was said may have to be printed yet. */
#include <linux/atomic.h>
#include <linux/console.h>
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/irqflags.h>
#include <linux/rcuwait.h>
#include <linux/sched.h>

#include "console.h"

/* The newest incidents and the restart, eight kilobytes, take 0.7 s at 115,200 baud. */
#define MOST_MS		2000

/* Does a thread of a console print, or is it about to? Who is idle sleeps in its rcuwait. */
static bool threads_print(bool wake)
{
	struct task_struct *thread, *waiter;
	bool busy = false;
	struct console *con;
	int cookie;

	cookie = console_srcu_read_lock();
	rcu_read_lock();
	for_each_console_srcu(con) {
		thread = READ_ONCE(con->kthread);
		if (!thread)
			continue;
		if (wake)
			wake_up_process(thread);
		waiter = rcu_dereference(con->rcuwait.task);
		busy |= !waiter || !task_state_index(waiter);
	}
	rcu_read_unlock();
	console_srcu_read_unlock(cookie);
	return busy;
}

/**
 * cw_console_wait() - let the threads of consoles print what was said
 *
 * A restart does not wait for them. With interrupts on, the kernel has woken them by now; with
 * interrupts off, as in an interrupt or a panic, it has not, and to do that here would take locks
 * of the scheduler that nobody may ever let go again. One that is kept from this processor, or
 * that prints slower than it should, is not waited for any longer than that.
 *
 * Context: the machine is about to restart; any. Takes two seconds at most, the first time only.
 */
void cw_console_wait(void)
{
	/* There the interrupt leaves it to a thread of this processor, which cannot run now. */
	bool wake = IS_ENABLED(CONFIG_PREEMPT_RT);
	static atomic_t waited;
	int ms = 0;

	if (irqs_disabled() || num_online_cpus() == 1 || atomic_xchg(&waited, 1))
		return;
	/* The interrupt that wakes them may be on its way */
	do
		mdelay(1);
	while (++ms < MOST_MS && threads_print(wake && ms == 1));
}
