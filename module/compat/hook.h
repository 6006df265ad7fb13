/* SPDX-License-Identifier: GPL-2.0 */
/* How older kernels call the probes of tracepoints, and what is no function; for hook.c alone. */
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

#ifdef CW_HAVE_INLINE_EMERGENCY
#define CW_COMPAT_EMERGENCY_IN	"machine_restart"
#else
#define CW_COMPAT_EMERGENCY_IN	NULL
#endif

#endif
