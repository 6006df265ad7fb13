/* SPDX-License-Identifier: GPL-2.0 */
/* Where the module's block is in a machine's memory. */
#ifndef CW_FIND_H
#define CW_FIND_H

#include "lib/mem.h"

/* What VMCOREINFO has to say for the kernel log to be found; the last may be missing. */
#define CW_INFO_PRB "SYMBOL(prb)"
#define CW_INFO_TEXTS "OFFSET(printk_ringbuffer.text_data_ring)"
#define CW_INFO_BITS "OFFSET(prb_data_ring.size_bits)"
#define CW_INFO_DATA "OFFSET(prb_data_ring.data)"
#define CW_INFO_HEAD "OFFSET(prb_data_ring.head_lpos)"

bool cw_find_in_log(struct cw_mem *mem, __u64 *phys, bool *named);
bool cw_find_by_scan(struct cw_mem *mem, __u64 *phys, __u64 *pages);

#endif
