/* SPDX-License-Identifier: GPL-2.0 */
/* Where consoles have no threads, or those of an older form; for console.c alone. */
#ifndef CW_COMPAT_CONSOLE_H
#define CW_COMPAT_CONSOLE_H

#include <linux/console.h>
#include <linux/rcuwait.h>
#include <linux/sched.h>

#include "compat/have.h"

#ifndef CW_HAVE_PRINTER_THREAD
/**
 * struct cw_compat_console - a console with a thread
 * @kthread: prints
 * @rcuwait: where it sleeps
 * @of: what has it
 */
struct cw_compat_console {
	struct task_struct *kthread;
	struct rcuwait rcuwait;
	struct console *of;
};

/* The next one, or NULL behind the last. There is one walk at a time, so there is one room. */
static struct cw_compat_console *cw_compat_next_console(void)
{
#ifdef CW_HAVE_CONSOLE_THREAD
	static struct cw_compat_console room;

	room.of = room.of ? room.of->next : console_drivers;
	if (room.of) {
		room.kthread = READ_ONCE(room.of->thread);
		/* All sleep in one place, so it is the thread itself that is to be asked */
		RCU_INIT_POINTER(room.rcuwait.task, room.kthread);
		return &room;
	}
#endif
	return NULL;
}

#undef for_each_console_srcu
#define console				cw_compat_console
#define console_srcu_read_lock()	0
#define console_srcu_read_unlock(cookie)	((void)(cookie))
#define for_each_console_srcu(con)	for (; ((con) = cw_compat_next_console()); )
#endif

#endif
