/* SPDX-License-Identifier: GPL-2.0 */
/* A record, as it lies in a ring and in a file. */
#ifndef CW_ABI_EVENT_H
#define CW_ABI_EVENT_H

#include <linux/types.h>

#define CW_COMM_LEN	16
#define CW_DOMAIN_BYTES	8192	/* longest domain text; a longer one is cut */

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

#define CW_ENTRY_PAD		1	/* fills the ring up to its end; only @len is set */

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

_Static_assert(sizeof(struct cw_entry) == 32, "the ring's head of an entry is ABI");
_Static_assert(sizeof(struct cw_record) == 24, "the head of a record is ABI");
_Static_assert(sizeof(struct cw_tree_node) == 20, "a level of a tree is ABI");
#define CW_END(id, name) \
	_Static_assert(CW_##id##_KEYS <= 64, "a bit a key");
#include "events.def"

#endif
