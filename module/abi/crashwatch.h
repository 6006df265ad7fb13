/* SPDX-License-Identifier: GPL-2.0 */
/* What the module keeps in memory and hands out, as every reader finds it. */
#ifndef CW_ABI_CRASHWATCH_H
#define CW_ABI_CRASHWATCH_H

#include <linux/types.h>

#define CW_VERSION		"0.1.0"
#define CW_ABI			1	/* layout of everything in this file */
#define CW_COMM_LEN		16
#define CW_DOMAIN_BYTES		8192	/* longest domain text; a longer one is cut */
#define CW_BLOCK_MAGIC		"crashwatch block"	/* 16 bytes, no NUL */
#define CW_CPU_MAGIC		"cw-cpu\n"		/* 8 bytes with the NUL */

/**
 * struct cw_str - a place in a record's tail
 * @off: bytes from the start of the tail
 * @len: bytes, without a terminating NUL
 */
struct cw_str {
	__u32 off;
	__u32 len;
};

/**
 * struct cw_tree_node - one level of a live process tree
 * @pid: process, as the initial pid namespace numbers it
 * @comm: its short name, NUL-padded; 16 bytes may be used without a NUL
 */
struct cw_tree_node {
	__u32 pid;
	char comm[CW_COMM_LEN];
};

/**
 * struct cw_domain_tail - an exec history inside a record
 * @root_pid: pid of the process the history starts with; 0 if unknown
 * @text: canonical text: the root's name, then a path an exec, separated by blanks; a blank or
 *	a backslash inside a name or path stands as \040 or \134
 */
struct cw_domain_tail {
	__u32 root_pid;
	char text[];
};

/**
 * struct cw_entry - what the ring puts before each record
 * @len: bytes of the whole entry, a multiple of 8
 * @cpu: CPU that wrote it
 * @flags: %CW_ENTRY_PAD or 0
 * @lost: records of this CPU that were dropped since the one before this
 * @reserved: 0
 * @seq: counts the records of this CPU from 1; a dropped one takes a number too
 * @time_ns: nanoseconds of CLOCK_MONOTONIC
 */
struct cw_entry {
	__u32 len;
	__u16 cpu;
	__u16 flags;
	__u32 lost;
	__u32 reserved;
	__u64 seq;
	__u64 time_ns;
};

#define CW_ENTRY_PAD		1	/* nothing: fills the ring up to its end; only @len is set */

/**
 * struct cw_record - head of every record, after its struct cw_entry
 * @type: enum cw_type
 * @fields: 8-byte slots that follow this head; the tail starts behind them
 * @tail: bytes of the tail
 * @has: bit N set: the type's Nth key is known
 * @cut: bit N set: the type's Nth key did not fit and was cut
 */
struct cw_record {
	__u16 type;
	__u16 fields;
	__u32 tail;
	__u64 has;
	__u64 cut;
};

/* enum cw_type: CW_EXEC, CW_EXEC_FAILED, ... */
enum cw_type {
#define CW_EVENT(id, number, name, text, ring, when) CW_##id = (number),
#include "events.def"
};

/* enum cw_key_of_exec: CW_EXEC_pid, ... CW_EXEC_KEYS; the same for every type */
#define CW_EVENT(id, number, name, text, ring, when) enum cw_key_of_##name {
#define CW_FIELD(id, kind, key, what) CW_##id##_##key,
#define CW_END(id, name) CW_##id##_KEYS };
#include "events.def"

#define CW_SLOT_NUM	__u64
#define CW_SLOT_INT	__s64
#define CW_SLOT_HEX	__u64
#define CW_SLOT_SIGNAME	__u64
#define CW_SLOT_ERRNAME	__u64
#define CW_SLOT_STR	struct cw_str
#define CW_SLOT_LIST	struct cw_str
#define CW_SLOT_DOMAIN	struct cw_str
#define CW_SLOT_TREE	struct cw_str

/* struct cw_rec_exec { struct cw_record head; __u64 pid; ... }; the same for every type */
#define CW_EVENT(id, number, name, text, ring, when) struct cw_rec_##name { struct cw_record head;
#define CW_FIELD(id, kind, key, what) CW_SLOT_##kind key;
#define CW_END(id, name) };
#include "events.def"

/* Why something was lost or is less than it should be; kept a CPU. Append only. */
#define CW_COUNTERS(C) \
	C(DROPPED_NESTED, "dropped_nested", "records dropped: the CPU was writing one already") \
	C(DROPPED_TOO_LONG, "dropped_too_long", "records dropped: longer than half the ring") \
	C(NO_MEMORY, "no_memory", "allocations refused in a handler, by the kernel or by max_mem_kb") \
	C(ARGV_FAULT, "argv_fault", "arguments that could not all be read") \
	C(ARGV_CUT, "argv_cut", "arguments longer than argv_bytes") \
	C(PATH_CUT, "path_cut", "paths that did not fit or could not be told") \
	C(DOMAIN_CUT, "domain_cut", "execs whose history was full already") \
	C(DOMAIN_EVICTED, "domain_evicted", "idle domains given up for max_mem_kb") \
	C(NO_HISTORY, "no_history", "processes met without a history; it was begun anew") \
	C(MAP_BUSY, "map_busy", "crashes whose mappings were locked by another thread") \
	C(FILTERED, "filtered", "deaths that the parameter signals left out") \
	C(UNSEEN_EXEC, "unseen_exec", "execs that only their return showed")

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
	__u32 reserved;
	__u64 cpu[];
};

_Static_assert(sizeof(struct cw_entry) == 32, "the ring's head of an entry is ABI");
_Static_assert(sizeof(struct cw_record) == 24, "the head of a record is ABI");
_Static_assert(sizeof(struct cw_tree_node) == 20, "a level of a tree is ABI");
_Static_assert(sizeof(struct cw_ring) == 48, "a ring is ABI");
_Static_assert(sizeof(struct cw_cpu) == 48 + 8 * CW_COUNT_MAX + 48 * CW_RING_MAX,
	       "a CPU's head is ABI");
_Static_assert(sizeof(struct cw_block) == 136, "the block is ABI");
_Static_assert(CW_COUNT_USED <= CW_COUNT_MAX, "room for the counters");
#define CW_END(id, name) \
	_Static_assert(sizeof(struct cw_rec_##name) == 24 + 8 * CW_##id##_KEYS, "8 bytes a key"); \
	_Static_assert(CW_##id##_KEYS <= 64, "a bit a key");
#include "events.def"

/* D/events_raw starts with a struct cw_block and what @bytes says follows it, @phys 0 and every
 * @cpu 0; then come entries, as they stand in the ring, without padding ones.
 */

#endif
