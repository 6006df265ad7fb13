/* SPDX-License-Identifier: GPL-2.0 */
/* How older kernels mark a group that ends; for death.c alone. */
#ifndef CW_COMPAT_DEATH_H
#define CW_COMPAT_DEATH_H

#include <linux/sched/signal.h>

/* While it writes its core it is marked by another flag, and what it dies of is known already */
#ifdef SIGNAL_GROUP_COREDUMP
#undef SIGNAL_GROUP_EXIT
#define SIGNAL_GROUP_EXIT	(0x4 | SIGNAL_GROUP_COREDUMP)
#endif

#endif
