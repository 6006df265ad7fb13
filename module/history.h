/* SPDX-License-Identifier: GPL-2.0 */
/* What each living process has executed. */
#ifndef CW_HISTORY_H
#define CW_HISTORY_H

#include <linux/rcupdate.h>
#include <linux/rhashtable.h>
#include <linux/sched.h>
#include <linux/types.h>

#include "gather.h"

struct cw_exec;
struct seq_file;
struct task_struct;

/**
 * struct cw_task_key - which process; safe against pid reuse
 * @start_ns: when its first thread was forked, CLOCK_MONOTONIC
 * @pid: as the initial pid namespace numbers it
 */
struct cw_task_key {
	u64 start_ns;
	u32 pid;
} __packed __aligned(4);

/**
 * struct cw_fatal - the signal a process is dying of
 * @addr: for a fault
 * @tid: thread that got it; 0: none yet
 * @sig: its number
 * @code: si_code
 * @has_addr: @addr is known
 */
struct cw_fatal {
	u64 addr;
	u32 tid;
	s16 sig;
	bool has_addr;
	s32 code;
};

/**
 * struct cw_wound - where the fatal signal struck
 * @comm: name of the thread
 * @ip: the instruction
 * @ip_spot: where that lies, if the signal is one that dumps core
 * @addr_spot: where the address lies that the instruction could not use
 */
struct cw_wound {
	char comm[TASK_COMM_LEN];
	u64 ip;
	struct cw_spot ip_spot;
	struct cw_spot addr_spot;
};

/* Bits of struct cw_task::flags */
#define CW_TASK_TOLD	0	/* its death has a record */
#define CW_TASK_STALE	1	/* it has executed more since @exec, but there was no memory */

/**
 * struct cw_task - a process
 * @node: in the table
 * @rcu: for freeing
 * @key: which one
 * @exec: what it has executed last; replaced only by the process itself
 * @flags: CW_TASK_...
 * @fatal: written under the process's siglock, once, its tid last; an exec forgets it
 * @wound_noted: @wound is whole
 * @wound: of thread @fatal.tid, on its way through do_exit(); whoever tells lets its files go
 */
struct cw_task {
	struct rhash_head node;
	struct rcu_head rcu;
	struct cw_task_key key;
	struct cw_exec __rcu *exec;
	unsigned long flags;
	struct cw_fatal fatal;
#ifdef CONFIG_PREEMPT_RT
	bool wound_noted;
	struct cw_wound wound;
#endif
};

struct cw_task_key cw_history_key(const struct task_struct *task);
struct cw_task *cw_history_add(const struct cw_task_key *key, struct cw_exec *exec);
struct cw_task *cw_history_find(const struct task_struct *task);
struct cw_task *cw_history_get(struct task_struct *task);
struct cw_exec *cw_history_exec(const struct cw_task *task);
bool cw_history_has_gaps(void);
bool cw_history_stale(const struct cw_task *task);
struct cw_exec *cw_history_adopt(const struct task_struct *leader, bool *stale);
void cw_history_replace(struct cw_task *task, struct cw_exec *exec);
void cw_history_outdate(struct cw_task *task);
void cw_history_enter(struct cw_exec *exec, const struct cw_exec *from, bool stale,
		      const struct task_struct *leader);
void cw_history_begin(struct cw_exec *exec, const struct task_struct *leader);
void cw_history_fork(struct task_struct *parent, struct task_struct *child);
void cw_history_end(struct task_struct *task);
void cw_history_end_key(const struct cw_task_key *key);
void cw_history_scanned(bool all);
unsigned int cw_history_count(void);
const struct rhashtable *cw_history_table(void);
void cw_history_walk_enter(struct rhashtable_iter *iter);
int cw_history_init(void);
void cw_history_exit(void);

#endif
