/* SPDX-License-Identifier: GPL-2.0 */
/* How a process dies: which thread tells it, and what it says. */
#ifndef CW_DEATH_H
#define CW_DEATH_H

#include <linux/types.h>

struct kernel_siginfo;

void cw_death_signal(int sig, const struct kernel_siginfo *info);
void cw_death_thread(void);
void cw_death_thread_ended(void);
void cw_death_process(void);

#endif
