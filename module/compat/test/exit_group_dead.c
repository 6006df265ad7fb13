// SPDX-License-Identifier: GPL-2.0
/* sched_process_exit tells its probes whether the whole process ends. */
#include <trace/events/sched.h>

static void probe(void *data, struct task_struct *task, bool group_dead)
{
}

static void __maybe_unused test(void)
{
	check_trace_callback_type_sched_process_exit(probe);
}
