/* SPDX-License-Identifier: GPL-2.0 */
/* The subcommands, and what all of them have in common. */
#ifndef CW_CMD_H
#define CW_CMD_H

#include "lib/options.h"

/* Exit status; see crashwatch(8). */
enum cw_exit {
	CW_EXIT_FOUND,
	CW_EXIT_NOTHING,
	CW_EXIT_USAGE,
	CW_EXIT_NOT_PERMITTED,
	CW_EXIT_NOT_LOADED,
	CW_EXIT_LOST,
};

int cw_cmd_log(const struct cw_options *opt);
int cw_cmd_list(const struct cw_options *opt);
int cw_cmd_info(const struct cw_options *opt);
int cw_cmd_tree(const struct cw_options *opt);
int cw_cmd_vmcore(const struct cw_options *opt);
int cw_cmd_boots(const struct cw_options *opt);
int cw_cmd_status(const struct cw_options *opt);
int cw_cmd_check(const struct cw_options *opt);

struct cw_block;
struct cw_entry;
struct cw_keep;

void cw_list_print(const struct cw_options *opt, const struct cw_keep *keep);
void cw_info_print(const struct cw_options *opt, const struct cw_block *block,
		   const struct cw_entry *entry);

#endif
