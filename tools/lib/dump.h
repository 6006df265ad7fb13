/* SPDX-License-Identifier: GPL-2.0 */
/* What the module left in the memory of a machine that crashed; trusts nothing in it. */
#ifndef CW_DUMP_H
#define CW_DUMP_H

#include "crashwatch.h"
#include "lib/mem.h"

/**
 * struct cw_lane - one ring of one CPU
 * @ring: its head, checked
 * @pages_at: physical address of its list of pages
 * @page_nr: page of the ring whose address is known; ~0: none
 * @page: that address
 * @pos: where the next entry starts
 * @head: that entry's, if @ready
 * @given: records handed out
 * @last_seq: of the record handed out last
 * @cpu_seq: sequence the CPU gave last
 * @cpu: its number
 * @id: which of its rings
 * @ready: @head is known and whole
 * @hurt: something of it could not be read
 */
struct cw_lane {
	struct cw_ring ring;
	__u64 pages_at;
	__u64 page_nr;
	__u64 page;
	__u64 pos;
	struct cw_entry head;
	__u64 given;
	__u64 last_seq;
	__u64 cpu_seq;
	__u32 cpu;
	int id;
	bool ready;
	bool hurt;
};

/**
 * struct cw_dump - the module's data in a dump
 * @mem: where they are
 * @block: what they say about themselves, as a file has it, allocated
 * @phys: where the block is
 * @named: the kernel log says that there is one, or was
 * @pages: that were searched for it
 * @failed: of these could not be read
 * @cpus: entries of @cpu
 * @cpu: physical addresses of each struct cw_cpu, allocated
 * @layout: where a reader finds processes, allocated, "" if it is not there
 * @lanes: entries of @lane
 * @lane: all rings, allocated by cw_dump_rewind()
 * @buf: the entry handed out last, allocated
 * @room: bytes of @buf
 * @unknown: entries with no record of a known form
 * @faults: places that could not be read
 * @problem: the first of them, or ""
 */
struct cw_dump {
	struct cw_mem *mem;
	struct cw_block *block;
	__u64 phys;
	bool named;
	__u64 pages;
	__u64 failed;
	__u32 cpus;
	__u64 *cpu;
	char *layout;
	size_t lanes;
	struct cw_lane *lane;
	char *buf;
	size_t room;
	__u64 unknown;
	__u64 faults;
	char problem[200];
};

/**
 * enum cw_dump_state - what came of looking for the module's data
 * @CW_DUMP_FOUND: they are there
 * @CW_DUMP_ABSENT: there is no block
 * @CW_DUMP_BAD: there is one, which cannot be understood; @problem says why
 */
enum cw_dump_state {
	CW_DUMP_FOUND,
	CW_DUMP_ABSENT,
	CW_DUMP_BAD,
};

enum cw_dump_state cw_dump_open(struct cw_dump *dump, struct cw_mem *mem, bool scan);
void cw_dump_rewind(struct cw_dump *dump, unsigned int rings);
bool cw_dump_next(struct cw_dump *dump, const struct cw_entry **entry,
		  const struct cw_record **rec);
__u64 cw_dump_missing(const struct cw_dump *dump);
bool cw_dump_cpu(struct cw_dump *dump, __u32 nr, struct cw_cpu *cpu);
void cw_dump_fault(struct cw_dump *dump, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void cw_dump_close(struct cw_dump *dump);

#endif
