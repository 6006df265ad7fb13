/* SPDX-License-Identifier: GPL-2.0 */
/* Where things are in the kernel's and the module's structures, as a dump says itself. */
#ifndef CW_LIB_LAYOUT_H
#define CW_LIB_LAYOUT_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

/* W(identifier, "word of struct cw_block's layout") */
#define CW_LAYOUT_WORDS(W) \
	W(INIT_TASK, "init_task") \
	W(PROCESSES, "processes") \
	W(DOMAINS, "domains") \
	W(TASK_TASKS, "task_struct.tasks") \
	W(TASK_TGID, "task_struct.tgid") \
	W(TASK_COMM, "task_struct.comm") \
	W(TASK_START, "task_struct.start_time") \
	W(TASK_PARENT, "task_struct.real_parent") \
	W(TASK_CRED, "task_struct.real_cred") \
	W(CRED_UID, "cred.uid") \
	W(TABLE_TBL, "rhashtable.tbl") \
	W(BUCKETS_SIZE, "bucket_table.size") \
	W(BUCKETS_NEST, "bucket_table.nest") \
	W(BUCKETS_FUTURE, "bucket_table.future_tbl") \
	W(BUCKETS, "bucket_table.buckets") \
	W(HEAD_NEXT, "rhash_head.next") \
	W(KNOWN_NODE, "cw_task.node") \
	W(KNOWN_START, "cw_task.key.start_ns") \
	W(KNOWN_PID, "cw_task.key.pid") \
	W(KNOWN_EXEC, "cw_task.exec") \
	W(KNOWN_FLAGS, "cw_task.flags") \
	W(STALE, "CW_TASK_STALE") \
	W(EXEC_DOMAIN, "cw_exec.domain") \
	W(EXEC_ROOT, "cw_exec.root_pid") \
	W(EXEC_BYTES, "cw_exec.bytes") \
	W(EXEC_FLAGS, "cw_exec.flags") \
	W(EXEC_CUT, "cw_exec.cut") \
	W(EXEC_EXE, "cw_exec.exe") \
	W(EXEC_FILE, "cw_exec.file") \
	W(EXEC_ARGV, "cw_exec.argv") \
	W(EXEC_DATA, "cw_exec.data") \
	W(DOMAIN_IS_CUT, "CW_EXEC_DOMAIN_CUT") \
	W(CUT_EXE, "CW_EXEC_CUT_EXE") \
	W(CUT_FILE, "CW_EXEC_CUT_FILE") \
	W(CUT_ARGV, "CW_EXEC_CUT_ARGV") \
	W(DOMAIN_NODE, "cw_domain.node") \
	W(DOMAIN_USERS, "cw_domain.users") \
	W(DOMAIN_LEN, "cw_domain.len") \
	W(DOMAIN_TEXT, "cw_domain.text")

/* enum cw_layout_word - index into struct cw_layout::at */
enum cw_layout_word {
#define CW_LAYOUT_ID(id, text) CW_AT_##id,
	CW_LAYOUT_WORDS(CW_LAYOUT_ID)
#undef CW_LAYOUT_ID
	CW_LAYOUT_COUNT
};

/**
 * struct cw_layout - all words
 * @at: addresses, offsets in bytes, or what a name in capitals stands for
 */
struct cw_layout {
	__u64 at[CW_LAYOUT_COUNT];
};

bool cw_layout_read(struct cw_layout *layout, const char *text, const char **missing);

#endif
