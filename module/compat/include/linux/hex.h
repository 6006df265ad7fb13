/* SPDX-License-Identifier: GPL-2.0 */
/* bin2hex() where the kernel has no header of its own for it */
#ifndef CW_COMPAT_LINUX_HEX_H
#define CW_COMPAT_LINUX_HEX_H

#include <linux/kernel.h>

#endif
