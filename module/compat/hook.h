/* SPDX-License-Identifier: GPL-2.0 */
/* How older kernels call the probes of tracepoints; for hook.c alone. */
#ifndef CW_COMPAT_HOOK_H
#define CW_COMPAT_HOOK_H

#include <linux/sched/signal.h>

#include "compat/have.h"
#include "probe.h"

#ifndef CW_HAVE_EXIT_GROUP_DEAD
static void cw_compat_probe_exit(void *data, struct task_struct *task)
{
	cw_probe_exit(data, task, !atomic_read(&task->signal->live));
}

#define cw_probe_exit cw_compat_probe_exit
#endif

#endif
