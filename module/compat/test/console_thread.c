// SPDX-License-Identifier: GPL-2.0
/* A console may have a thread that prints, which sleeps where all of them do. */
#include <linux/console.h>
#include <linux/sched.h>

static bool __maybe_unused test(void)
{
	return console_drivers->thread && task_state_index(console_drivers->thread);
}
