/* SPDX-License-Identifier: GPL-2.0 */
/* Which records were asked for. */
#ifndef CW_MATCH_H
#define CW_MATCH_H

#include "crashwatch.h"
#include "lib/options.h"

struct cw_match;

bool cw_match_parse(struct cw_match **match, const struct cw_options *opt);
void cw_match_incidents(struct cw_match *match);
void cw_match_start(struct cw_match *match, const struct cw_block *block);
bool cw_match_all(const struct cw_match *match);
bool cw_match_test(const struct cw_match *match, const struct cw_entry *entry,
		   const struct cw_record *rec);
void cw_match_free(struct cw_match *match);

#endif
