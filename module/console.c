// SPDX-License-Identifier: GPL-2.0
/* What was said may have to be printed yet. */
#include <linux/atomic.h>
#include <linux/console.h>
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/irqflags.h>
#include <linux/rcuwait.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/string.h>
#include <linux/timekeeping.h>

#include "console.h"

/* The newest incidents and the restart, eight kilobytes, take 0.7 s at 115,200 baud. */
#define MOST_MS		2000

/*
 * The thread that prints, on PREEMPT_RT, to all consoles that have none of their own, or NULL. Only
 * its name tells. The caller puts it.
 */
static struct task_struct *get_common_thread(void)
{
	struct task_struct *task, *found = NULL;

	rcu_read_lock();
	for_each_process(task) {
		if (task->flags & PF_KTHREAD && !strcmp(task->comm, "pr/legacy")) {
			found = task;
			get_task_struct(found);
			break;
		}
	}
	rcu_read_unlock();
	return found;
}

/* One that waits for a lock of the console is about to print, though it sleeps. */
static bool prints(struct task_struct *thread, struct task_struct *asleep, bool wake)
{
	if (wake)
		wake_up_process(thread);
	return !asleep || task_state_to_char(asleep) != 'S';
}

/* Does a thread print, or is it about to? A console's is idle when it sleeps in its rcuwait. */
static bool threads_print(struct task_struct *common, bool wake)
{
	bool busy = common && prints(common, common, wake);
	struct task_struct *thread;
	struct console *con;
	int cookie;

	cookie = console_srcu_read_lock();
	rcu_read_lock();
	for_each_console_srcu(con) {
		thread = READ_ONCE(con->kthread);
		if (thread)
			busy |= prints(thread, rcu_dereference(con->rcuwait.task), wake);
	}
	rcu_read_unlock();
	console_srcu_read_unlock(cookie);
	return busy;
}

/**
 * cw_console_wait() - let the threads of consoles print what was said
 * @may_sleep: the caller may, so that this sleeps instead of spinning
 *
 * A restart does not wait for them. Nor is it certain that they have been woken: an interrupt
 * does that, which may be on its way, and on PREEMPT_RT a thread of this processor, which cannot
 * run. So they are woken here, with interrupts on. With interrupts off, as in a panic, that
 * would take locks of the scheduler that nobody may ever let go again. One that is kept from
 * this processor, or that prints slower than it should, is not waited for any longer than that.
 * A thread that has just been woken looks asleep for a moment: it is idle if it is found so
 * twice.
 *
 * Context: the machine is about to restart; any. Takes two seconds at most, the first time only.
 */
void cw_console_wait(bool may_sleep)
{
	u64 end = ktime_get_mono_fast_ns() + MOST_MS * NSEC_PER_MSEC;
	struct task_struct *common = NULL;
	static atomic_t waited;
	int turn, idle = 0;

	if (irqs_disabled() || (num_online_cpus() == 1 && !may_sleep) || atomic_xchg(&waited, 1))
		return;
	if (IS_ENABLED(CONFIG_PREEMPT_RT))
		common = get_common_thread();
	/* Clocks may stand still so late */
	for (turn = 0; turn < MOST_MS && ktime_get_mono_fast_ns() < end && idle < 2; turn++) {
		idle = threads_print(common, !turn) ? 0 : idle + 1;
		if (may_sleep)
			fsleep(1000);
		else
			mdelay(1);
	}
	if (common)
		put_task_struct(common);
}
