// SPDX-License-Identifier: GPL-2.0
/* A console may have a thread that prints. */
#include <linux/console.h>
#include <linux/sched.h>

static bool __maybe_unused test(struct console *con)
{
	int cookie = console_srcu_read_lock();
	bool running = false;

	for_each_console_srcu(con)
		running |= task_is_running(con->kthread);
	console_srcu_read_unlock(cookie);
	return running;
}
