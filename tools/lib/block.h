/* SPDX-License-Identifier: GPL-2.0 */
/* The block that records come with; trusts nothing in it. */
#ifndef CW_LIB_BLOCK_H
#define CW_LIB_BLOCK_H

#include <stdbool.h>
#include <stddef.h>

#include "crashwatch.h"

#define CW_BLOCK_BYTES_MAX	(512 * 1024)

bool cw_block_good(const struct cw_block *block, char *problem, size_t size);
void cw_block_tame(struct cw_block *block);

#endif
