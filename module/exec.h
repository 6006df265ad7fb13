/* SPDX-License-Identifier: GPL-2.0 */
/* One successful exec, kept once and shared by all processes that were forked since. */
#ifndef CW_EXEC_H
#define CW_EXEC_H

#include <linux/rcupdate.h>
#include <linux/refcount.h>
#include <linux/types.h>

#include "abi/crashwatch.h"

struct cw_domain;
struct cw_scratch;
struct linux_binprm;
struct pid;
struct task_struct;

/* What struct cw_exec::flags says */
#define CW_EXEC_ARGV_FAULT	1	/* part of the arguments could not be read */
#define CW_EXEC_DOMAIN_CUT	2	/* the history goes on after @domain without room */
#define CW_EXEC_SPARE		4	/* lies in a CPU's scratch room: for one record only */
#define CW_EXEC_ARGC		8	/* @argc is known */

/* What struct cw_exec::cut says: these did not fit */
#define CW_EXEC_CUT_EXE		1
#define CW_EXEC_CUT_FILE	2
#define CW_EXEC_CUT_CWD		4
#define CW_EXEC_CUT_ARGV	8

/**
 * struct cw_exec - what was executed; does not change once it is published
 * @ref: holders: struct cw_task, and who is reading it
 * @rcu: for freeing
 * @domain: history up to and with this exec; holds a user of it; NULL if there is none
 * @root_pid: process the history starts with
 * @argc: number of arguments
 * @argv_bytes: bytes of all arguments, also of those that were cut
 * @bytes: of @data
 * @taken: bytes of memory asked for
 * @flags: CW_EXEC_...
 * @cut: CW_EXEC_CUT_...
 * @exe: place of the program's path in @data; length 0: unknown; so for all of these
 * @file: of the executed file's path; may be the same place
 * @cwd: of the working directory's path
 * @argv: of the arguments, each ended by a NUL
 * @data: all strings
 */
struct cw_exec {
	refcount_t ref;
	struct rcu_head rcu;
	struct cw_domain *domain;
	u32 root_pid;
	u32 argc;
	u64 argv_bytes;
	u32 bytes;
	u32 taken;
	u16 flags;
	u16 cut;
	struct cw_str exe;
	struct cw_str file;
	struct cw_str cwd;
	struct cw_str argv;
	char data[];
};

struct cw_exec *cw_exec_new(const struct linux_binprm *bprm, struct cw_scratch *scratch);
struct cw_exec *cw_exec_failed(const struct cw_exec *was, struct cw_scratch *scratch, int dirfd,
			       unsigned long name, unsigned long argv);
struct cw_exec *cw_exec_live(struct task_struct *leader);
bool cw_exec_same_image(struct task_struct *a, struct task_struct *b);
struct cw_exec *cw_exec_older(struct task_struct *leader, char *room);
struct cw_exec *cw_exec_bare(void);
struct cw_exec *cw_exec_get(struct cw_exec *exec);
void cw_exec_put(struct cw_exec *exec);
size_t cw_exec_spare_bytes(void);
size_t cw_exec_older_room(void);

#endif
