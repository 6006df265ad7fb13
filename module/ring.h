/* SPDX-License-Identifier: GPL-2.0 */
/* The rings: opaque records kept a CPU, oldest given up first. */
#ifndef CW_RING_H
#define CW_RING_H

#include <linux/types.h>

#include "abi/crashwatch.h"

/**
 * struct cw_slot - a record being written; only for the ring's own use
 * @cpu: the CPU's head
 * @ring: one of its rings
 * @entry: where it goes
 * @start: position of @entry, behind any padding
 * @irqflags: as they were
 */
struct cw_slot {
	struct cw_cpu *cpu;
	struct cw_ring *ring;
	struct cw_entry *entry;
	u64 start;
	unsigned long irqflags;
};

/**
 * struct cw_cursor - a reader's place in one ring
 * @pos: position of the next entry
 * @nr: records before it
 */
struct cw_cursor {
	u64 pos;
	u64 nr;
};

void *cw_ring_reserve(struct cw_slot *slot, enum cw_ring_id id, u32 bytes);
void cw_ring_commit(struct cw_slot *slot, u32 bytes);
void cw_ring_count(enum cw_counter counter);
void cw_ring_drop(enum cw_counter reason);

u64 cw_ring_head(unsigned int cpu, enum cw_ring_id id);
bool cw_ring_state(unsigned int cpu, struct cw_cpu *state);
int cw_ring_read(unsigned int cpu, enum cw_ring_id id, struct cw_cursor *cursor, u64 end,
		 void *buf, u32 bytes, u64 *lost);
u32 cw_ring_peek(unsigned int cpu, enum cw_ring_id id, u64 *pos, void *buf, u32 bytes);
u32 cw_ring_entry_max(void);
u64 cw_ring_homeless(void);

int cw_ring_prepare_cpu(unsigned int cpu);
void cw_ring_exit(void);

#endif
