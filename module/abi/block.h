/* SPDX-License-Identifier: GPL-2.0 */
/* Where the records are: what a reader with nothing but memory needs to find them. */
#ifndef CW_ABI_BLOCK_H
#define CW_ABI_BLOCK_H

#include <linux/types.h>

#define CW_BLOCK_MAGIC	"crashwatch block"	/* 16 bytes, no NUL */
#define CW_CPU_MAGIC	"cw-cpu\n"		/* 8 bytes with the NUL */

/* Why something was lost or is less than it should be; kept a CPU. Append only. */
#define CW_COUNTERS(C) \
	C(DROPPED_NESTED, "dropped_nested", "records dropped: the CPU was writing one already") \
	C(DROPPED_TOO_LONG, "dropped_too_long", "records dropped: longer than half the ring") \
	C(NO_MEMORY, "no_memory", "allocations refused, by the kernel or by max_mem_kb") \
	C(ARGV_FAULT, "argv_fault", "arguments that could not all be read") \
	C(ARGV_CUT, "argv_cut", "arguments longer than argv_bytes") \
	C(PATH_CUT, "path_cut", "paths that did not fit or could not be told") \
	C(DOMAIN_CUT, "domain_cut", "execs whose history was full already") \
	C(DOMAIN_EVICTED, "domain_evicted", "idle domains given up for max_mem_kb") \
	C(NO_HISTORY, "no_history", "processes met without a history; it was begun anew") \
	C(MAP_BUSY, "map_busy", "crashes whose mappings were locked by another thread") \
	C(FILTERED, "filtered", "deaths that the parameter signals left out") \
	C(UNSEEN_EXEC, "unseen_exec", "execs that only their return showed") \
	C(DROPPED_BUSY, "dropped_busy", "records dropped: a restart was being recorded already")

/* enum cw_counter - index into struct cw_cpu::count */
enum cw_counter {
#define CW_COUNTER_ID(id, text, what) CW_COUNT_##id,
	CW_COUNTERS(CW_COUNTER_ID)
#undef CW_COUNTER_ID
	CW_COUNT_USED,
	CW_COUNT_MAX = 32
};

/* The rings of a CPU */
enum cw_ring_id {
	CW_RING_EVENTS,
	CW_RING_INCIDENTS,
	CW_RING_MAX
};

/**
 * struct cw_ring - one ring of one CPU
 * @size: bytes of data, a power of two
 * @head: bytes ever written; everything before it is whole
 * @tail: bytes ever given up; the oldest whole entry starts at @tail modulo @size
 * @head_nr: records ever written
 * @tail_nr: records overwritten
 * @page_index: first of its pages in struct cw_cpu::page
 * @pages: how many pages hold the data
 */
struct cw_ring {
	__u64 size;
	__u64 head;
	__u64 tail;
	__u64 head_nr;
	__u64 tail_nr;
	__u32 page_index;
	__u32 pages;
};

/**
 * struct cw_cpu - everything about one CPU; physically contiguous, starts a page
 * @magic: %CW_CPU_MAGIC
 * @cpu: its number
 * @gen: odd while a record is being written
 * @seq: sequence number given last
 * @dropped: records that took a sequence number and were not written
 * @lost: of these, those not yet reported by struct cw_entry::lost
 * @pages: entries of @page
 * @reserved: 0
 * @count: by enum cw_counter
 * @ring: by enum cw_ring_id
 * @page: physical addresses of the pages of both rings
 */
struct cw_cpu {
	__u8 magic[8];
	__u32 cpu;
	__u32 gen;
	__u64 seq;
	__u64 dropped;
	__u64 lost;
	__u32 pages;
	__u32 reserved;
	__u64 count[CW_COUNT_MAX];
	struct cw_ring ring[CW_RING_MAX];
	__u64 page[];
};

/**
 * struct cw_block - the root; physically contiguous, starts a page, found by its magic
 * @magic: %CW_BLOCK_MAGIC
 * @abi: %CW_ABI; a reader refuses one it does not know
 * @bytes: of the whole block
 * @phys: physical address of this block: tells it from a stray copy
 * @page_size: bytes
 * @cpus: entries of @cpu
 * @realtime_offset_ns: CLOCK_REALTIME less CLOCK_MONOTONIC when last looked at
 * @boot_id: text with its NUL; empty when it could not be told
 * @version: of the module, text with its NUL
 * @entry_bytes: sizeof(struct cw_entry)
 * @record_bytes: sizeof(struct cw_record)
 * @cpu_bytes: offset of struct cw_cpu::page
 * @fields_off: the record types and their keys, from the start of the block; a line a type:
 *	number, name, then key:kind, separated by blanks; NUL-terminated
 * @fields_len: bytes of it with the NUL
 * @counters_off: names of the counters the same way, separated by blanks
 * @counters_len: bytes of it with the NUL
 * @layout_off: where a reader of a dump finds processes and their histories, the same way:
 *	name=value, separated by blanks. An address starts with 0x; a number is an offset in bytes,
 *	or what a name in capitals stands for.
 * @layout_len: bytes of it with the NUL; it comes last, and a file has none
 * @reserved: 0
 * @cpu: physical addresses of each struct cw_cpu; 0: that CPU was never online
 */
struct cw_block {
	__u8 magic[16];
	__u32 abi;
	__u32 bytes;
	__u64 phys;
	__u32 page_size;
	__u32 cpus;
	__s64 realtime_offset_ns;
	char boot_id[40];
	char version[16];
	__u32 entry_bytes;
	__u32 record_bytes;
	__u32 cpu_bytes;
	__u32 fields_off;
	__u32 fields_len;
	__u32 counters_off;
	__u32 counters_len;
	__u32 layout_off;
	__u32 layout_len;
	__u32 reserved;
	__u64 cpu[];
};

_Static_assert(sizeof(struct cw_ring) == 48, "a ring is ABI");
_Static_assert(sizeof(struct cw_cpu) == 48 + 8 * CW_COUNT_MAX + 48 * CW_RING_MAX,
	       "a CPU's head is ABI");
_Static_assert(sizeof(struct cw_block) == 144, "the block is ABI");
_Static_assert(CW_COUNT_USED <= CW_COUNT_MAX, "room for the counters");

#endif
