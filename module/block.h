/* SPDX-License-Identifier: GPL-2.0 */
/* The root of everything that is kept: what a reader with nothing but memory looks for. */
#ifndef CW_BLOCK_H
#define CW_BLOCK_H

#include "abi/crashwatch.h"

const struct cw_block *cw_block_get(void);
void cw_block_cpu(unsigned int cpu, __u64 phys);
void cw_block_clock(void);
void cw_block_announce(void);
int cw_block_init(const char *layout);
void cw_block_exit(void);

#endif
