/* SPDX-License-Identifier: GPL-2.0 */
/* Records that matched, kept until all were seen. */
#ifndef CW_KEEP_H
#define CW_KEEP_H

#include "crashwatch.h"
#include "lib/match.h"
#include "lib/source.h"
#include "text.h"

/**
 * struct cw_keep - the newest records that match
 * @entry: copies; each is followed by its record
 * @count: how many
 * @restart: a restart of the machine, or its panic, was there, whether it matched or not
 * @block: of the source they are from, a copy of its fixed part
 */
struct cw_keep {
	struct cw_entry **entry;
	size_t count;
	bool restart;
	struct cw_block block;
};

void cw_keep_newest(struct cw_keep *keep, struct cw_source *source, const struct cw_match *match,
		    size_t limit);
int cw_keep_asked(struct cw_keep *keep, const struct cw_options *opt, size_t limit);
int cw_keep_one(struct cw_keep *keep, const struct cw_options *opt, const struct cw_entry **entry);
void cw_keep_nothing(const struct cw_options *opt);
void cw_keep_json(struct cw_out *out, const void *entry);
const struct cw_record *cw_keep_record(const struct cw_entry *entry);
bool cw_keep_is_restart(const struct cw_record *rec);
void cw_keep_free(struct cw_keep *keep);

#endif
