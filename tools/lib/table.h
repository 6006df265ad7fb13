/* SPDX-License-Identifier: GPL-2.0 */
/* The kernel's rhashtables in a dump. */
#ifndef CW_TABLE_H
#define CW_TABLE_H

#include "lib/dump.h"
#include "lib/layout.h"

size_t cw_table_read(struct cw_dump *dump, const struct cw_layout *layout, __u64 table,
		     __u64 **nodes);

#endif
