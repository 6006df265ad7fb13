/* SPDX-License-Identifier: GPL-2.0 */
/* A copy of what the rings get, in memory that a reset leaves alone. */
#ifndef CW_PERSIST_H
#define CW_PERSIST_H

#include <linux/jump_label.h>
#include <linux/types.h>

#include "abi/crashwatch.h"

DECLARE_STATIC_KEY_FALSE(cw_persist_on);

void cw_persist_write(enum cw_ring_id id, const struct cw_entry *entry);

/**
 * cw_persist_keep() - copy an entry, if there is such memory
 * @id: the ring it is in
 * @entry: whole
 *
 * Context: any but an NMI that has interrupted the call; interrupts off.
 */
static inline void cw_persist_keep(enum cw_ring_id id, const struct cw_entry *entry)
{
	if (static_branch_unlikely(&cw_persist_on))
		cw_persist_write(id, entry);
}

bool cw_persist_previous(void);
const struct cw_entry *cw_persist_entry(u32 *at, bool incidents);
void cw_persist_describe(struct cw_block *block);
void cw_persist_clock(s64 realtime_offset_ns);
int cw_persist_init(const char *where);
void cw_persist_begin(const struct cw_block *block);
void cw_persist_exit(void);

#endif
