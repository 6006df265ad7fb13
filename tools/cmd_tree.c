// SPDX-License-Identifier: GPL-2.0
/* crashwatch tree: the live process tree of one record. */
#include "cmd.h"
#include "lib/keep.h"
#include "lib/key.h"
#include "lib/tell.h"
#include "lib/term.h"
#include "text.h"

static void render(struct cw_out *out, const void *arg)
{
	cw_tell_tree(out, arg, 0);
}

/**
 * cw_cmd_tree() - draw the process tree of one record
 * @opt: what was asked for
 *
 * Return: exit status.
 */
int cw_cmd_tree(const struct cw_options *opt)
{
	struct cw_keep keep;
	const struct cw_entry *entry;
	int status = cw_keep_one(&keep, opt, &entry);

	if (entry && opt->given & CW_OPT_JSON) {
		cw_term_print(cw_keep_json, entry);
	} else if (entry && cw_key_find(cw_keep_record(entry), "tree") >= 0) {
		cw_term_print(render, cw_keep_record(entry));
	} else if (entry) {
		cw_term_error("record #%u.%llu has no tree.", entry->cpu, entry->seq);
		status = CW_EXIT_NOTHING;
	}
	cw_keep_free(&keep);
	return status;
}
