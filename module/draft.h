/* SPDX-License-Identifier: GPL-2.0 */
/* Puts a record together, key by key, in a ring or in plain memory. */
#ifndef CW_DRAFT_H
#define CW_DRAFT_H

#include <linux/types.h>

#include "abi/crashwatch.h"
#include "ring.h"

struct cw_exec;
struct cw_task;
struct task_struct;

/**
 * struct cw_draft - a record that is being put together
 * @slot: its place in the ring
 * @rec: the record
 * @tail: where the record's tail starts
 * @room: bytes of the tail
 */
struct cw_draft {
	struct cw_slot slot;
	struct cw_record *rec;
	char *tail;
	u32 room;
};

/**
 * struct cw_exec_keys - where a type has what an exec tells
 * @exe: index of that key; so for all of these
 * @file: of that one
 * @argv: of that one
 * @argc: of that one
 * @argv_bytes: of that one, or -1 if the type has none
 * @argv_fault: of that one
 * @cwd: of that one
 * @domain: of that one
 */
struct cw_exec_keys {
	s8 exe;
	s8 file;
	s8 argv;
	s8 argc;
	s8 argv_bytes;
	s8 argv_fault;
	s8 cwd;
	s8 domain;
};

bool cw_draft_open(struct cw_draft *draft, enum cw_type type, unsigned int keys,
		   enum cw_ring_id ring, u32 tail);
bool cw_draft_on(struct cw_draft *draft, void *buf, size_t size, enum cw_type type,
		 unsigned int keys);
void cw_draft_close(struct cw_draft *draft);
void cw_draft_num(struct cw_draft *draft, unsigned int key, u64 value);
void cw_draft_str(struct cw_draft *draft, unsigned int key, const char *s, u32 bytes, bool cut);
void cw_draft_text(struct cw_draft *draft, unsigned int key, const char *s);
void cw_draft_comm(struct cw_draft *draft, unsigned int key, const char *comm);
void cw_draft_auid(struct cw_draft *draft, unsigned int key);
void cw_draft_domain(struct cw_draft *draft, unsigned int key, const struct cw_exec *exec,
		     bool cut);
void cw_draft_exec(struct cw_draft *draft, const struct cw_exec_keys *keys,
		   const struct cw_exec *exec);
void cw_draft_task(struct cw_draft *draft, const struct cw_exec_keys *keys,
		   const struct cw_task *task);
u32 cw_draft_exec_bytes(const struct cw_exec *exec);
u32 cw_draft_domain_bytes(const struct cw_exec *exec);

#endif
