// SPDX-License-Identifier: GPL-2.0
/* machine_emergency_restart() is no function of its own, it calls machine_restart(). */
#include <linux/reboot.h>

static void machine_emergency_restart(void);
