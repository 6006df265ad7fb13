/* SPDX-License-Identifier: GPL-2.0 */
/* Where a reader of a dump finds processes and their histories, in words. */
#ifndef CW_LAYOUT_H
#define CW_LAYOUT_H

#include <linux/types.h>

const char *cw_layout_make(void);

#endif
