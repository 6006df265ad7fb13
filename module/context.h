/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where a handler runs, and what it may do there.
 *
 * On most kernels a handler stays on its CPU, with preemption off, and takes no lock that it would
 * have to wait for long. On PREEMPT_RT what allocates memory or looks at paths takes locks that
 * sleep: handlers are preempted there, and where the kernel does not let them be, they do without.
 */
#ifndef CW_CONTEXT_H
#define CW_CONTEXT_H

#include <linux/preempt.h>
#include <linux/types.h>

/**
 * cw_context_enter() - begin what handlers do, outside of a handler
 *
 * Context: process context. Preemption is off until cw_context_leave(), except on PREEMPT_RT.
 */
static inline void cw_context_enter(void)
{
	if (!IS_ENABLED(CONFIG_PREEMPT_RT))
		preempt_disable_notrace();
}

/**
 * cw_context_leave() - end it
 *
 * Context: as cw_context_enter() left it.
 */
static inline void cw_context_leave(void)
{
	if (!IS_ENABLED(CONFIG_PREEMPT_RT))
		preempt_enable_notrace();
}

/**
 * cw_context_may_lock() - may memory be allocated and paths be looked at?
 *
 * Context: process context, handler or not.
 * Return: false in a handler that the kernel calls with preemption off, on PREEMPT_RT.
 */
static inline bool cw_context_may_lock(void)
{
	return !IS_ENABLED(CONFIG_PREEMPT_RT) || preemptible();
}

#endif
