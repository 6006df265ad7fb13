// SPDX-License-Identifier: GPL-2.0
/* A console may have a thread that prints. */
#include <linux/console.h>
#include <linux/rcuwait.h>
#include <linux/sched.h>

static bool __maybe_unused test(struct console *con)
{
	int cookie = console_srcu_read_lock();
	bool running = false;

	for_each_console_srcu(con)
		running |= con->kthread && rcu_dereference(con->rcuwait.task);
	console_srcu_read_unlock(cookie);
	return running;
}
