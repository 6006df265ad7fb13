/* SPDX-License-Identifier: GPL-2.0 */
/* Where the module's block is in a machine's memory. */
#ifndef CW_FIND_H
#define CW_FIND_H

#include "lib/mem.h"

bool cw_find_in_log(struct cw_mem *mem, __u64 *phys);
bool cw_find_by_scan(struct cw_mem *mem, __u64 *phys);

#endif
