// SPDX-License-Identifier: GPL-2.0
/* Where a reader of a dump finds processes and their histories, in words. */
#include <linux/cred.h>
#include <linux/init.h>
#include <linux/rhashtable.h>
#include <linux/sched/task.h>
#include <linux/string.h>

#include "domain.h"
#include "exec.h"
#include "history.h"
#include "layout.h"

#define AT(type, member) { #type "." #member, offsetof(struct type, member) }

struct word {
	const char *name;
	unsigned long value;
};

static const struct word words[] __initconst = {
	AT(task_struct, tasks),
	AT(task_struct, tgid),
	AT(task_struct, comm),
	AT(task_struct, start_time),
	AT(task_struct, real_parent),
	AT(task_struct, real_cred),
	AT(cred, uid),
	AT(rhashtable, tbl),
	AT(bucket_table, size),
	AT(bucket_table, nest),
	AT(bucket_table, future_tbl),
	AT(bucket_table, buckets),
	AT(rhash_head, next),
	AT(cw_task, node),
	AT(cw_task, key.start_ns),
	AT(cw_task, key.pid),
	AT(cw_task, exec),
	AT(cw_task, flags),
	{ "CW_TASK_STALE", CW_TASK_STALE },
	AT(cw_exec, domain),
	AT(cw_exec, root_pid),
	AT(cw_exec, argc),
	AT(cw_exec, argv_bytes),
	AT(cw_exec, bytes),
	AT(cw_exec, flags),
	AT(cw_exec, cut),
	AT(cw_exec, exe),
	AT(cw_exec, file),
	AT(cw_exec, cwd),
	AT(cw_exec, argv),
	AT(cw_exec, data),
	{ "CW_EXEC_ARGV_FAULT", CW_EXEC_ARGV_FAULT },
	{ "CW_EXEC_DOMAIN_CUT", CW_EXEC_DOMAIN_CUT },
	{ "CW_EXEC_ARGC", CW_EXEC_ARGC },
	{ "CW_EXEC_CUT_EXE", CW_EXEC_CUT_EXE },
	{ "CW_EXEC_CUT_FILE", CW_EXEC_CUT_FILE },
	{ "CW_EXEC_CUT_CWD", CW_EXEC_CUT_CWD },
	{ "CW_EXEC_CUT_ARGV", CW_EXEC_CUT_ARGV },
	AT(cw_domain, node),
	AT(cw_domain, users),
	AT(cw_domain, len),
	AT(cw_domain, text),
};

static char text[2048] __initdata;

/**
 * cw_layout_make() - say where things are
 *
 * Context: process context, while the module is initialised.
 * Return: text for struct cw_block, good until the module is initialised.
 */
const char __init *cw_layout_make(void)
{
	size_t len, i;

	len = scnprintf(text, sizeof(text), "init_task=0x%lx processes=0x%lx domains=0x%lx",
			(unsigned long)&init_task, (unsigned long)cw_history_table(),
			(unsigned long)cw_domain_table());
	for (i = 0; i < ARRAY_SIZE(words); i++)
		len += scnprintf(text + len, sizeof(text) - len, " %s=%lu", words[i].name,
				 words[i].value);
	return text;
}
