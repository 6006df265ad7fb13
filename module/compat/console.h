/* SPDX-License-Identifier: GPL-2.0 */
/* Where consoles have no threads there is none to wait for; for console.c alone. */
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
 */
struct cw_compat_console {
	struct task_struct *kthread;
	struct rcuwait rcuwait;
};

#undef for_each_console_srcu
#define console				cw_compat_console
#define console_srcu_read_lock()	0
#define console_srcu_read_unlock(cookie)	((void)(cookie))
#define for_each_console_srcu(con)	for ((con) = NULL; false;)
#endif

#endif
