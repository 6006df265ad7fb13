// SPDX-License-Identifier: GPL-2.0
/* Records that matched, kept until all were seen. */
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "lib/keep.h"
#include "lib/key.h"
#include "lib/match.h"
#include "lib/source.h"
#include "lib/term.h"

static struct cw_entry *copy(const struct cw_entry *entry)
{
	return memcpy(cw_term_alloc(NULL, entry->len), entry, entry->len);
}

/* Put the oldest first: up to here @entry[@next] is the place of the next one. */
static void rotate(struct cw_keep *keep, size_t next)
{
	struct cw_entry **sorted = cw_term_alloc(NULL, keep->count * sizeof(*sorted));
	size_t i;

	for (i = 0; i < keep->count; i++)
		sorted[i] = keep->entry[(next + i) % keep->count];
	free(keep->entry);
	keep->entry = sorted;
}

/**
 * cw_keep_newest() - read a source to its end and keep the newest records that match
 * @keep: is initialised, oldest first; to be freed
 * @source: an open source
 * @match: what was asked for
 * @limit: how many at most
 */
void cw_keep_newest(struct cw_keep *keep, struct cw_source *source, const struct cw_match *match,
		    size_t limit)
{
	const struct cw_entry *entry;
	const struct cw_record *rec;
	size_t next = 0, room = 0;

	*keep = (struct cw_keep){ .block = *cw_source_block(source) };
	while (cw_source_next(source, &entry, &rec)) {
		keep->restart |= rec && cw_keep_is_restart(rec);
		if (rec ? !cw_match_test(match, entry, rec) : !cw_match_all(match))
			continue;
		if (keep->count == limit) {
			free(keep->entry[next]);
		} else {
			if (keep->count == room) {
				room = 2 * room + 64;
				keep->entry = cw_term_alloc(keep->entry,
							    room * sizeof(*keep->entry));
			}
			keep->count++;
		}
		keep->entry[next] = copy(entry);
		next = (next + 1) % limit;
	}
	if (keep->count)
		rotate(keep, next % keep->count);
}

/**
 * cw_keep_asked() - find what was asked for, in one go
 * @keep: is initialised, oldest first; to be freed in any case
 * @opt: what was asked for; without --type incidents only
 * @limit: how many at most; 0 for all
 *
 * Return: %CW_EXIT_FOUND or %CW_EXIT_NOTHING; after a sentence another exit status, of which
 * %CW_EXIT_LOST comes with what could be read.
 */
int cw_keep_asked(struct cw_keep *keep, const struct cw_options *opt, size_t limit)
{
	struct cw_source *source;
	struct cw_match *match;
	int status;

	*keep = (struct cw_keep){ 0 };
	if (!cw_match_parse(&match, opt))
		return CW_EXIT_USAGE;
	status = cw_source_open(&source, opt);
	if (status == CW_EXIT_FOUND) {
		cw_match_incidents(match);
		cw_match_start(match, cw_source_block(source));
		cw_keep_newest(keep, source, match, limit ? limit : (size_t)-1);
		status = keep->count ? CW_EXIT_FOUND : CW_EXIT_NOTHING;
		status = cw_source_close(source, status);
	}
	cw_match_free(match);
	return status;
}

/**
 * cw_keep_one() - find the one record that was asked for
 * @keep: is initialised; to be freed in any case
 * @opt: what was asked for; -1 or nothing is the newest
 * @entry: set to its entry; NULL if there is none
 *
 * Return: exit status; unless it is %CW_EXIT_FOUND it comes with a sentence.
 */
int cw_keep_one(struct cw_keep *keep, const struct cw_options *opt, const struct cw_entry **entry)
{
	size_t nth = opt->given & CW_OPT_NTH ? opt->nth : 1;
	int status = cw_keep_asked(keep, opt, nth);

	*entry = keep->count == nth ? keep->entry[0] : NULL;
	if (*entry || (status != CW_EXIT_FOUND && status != CW_EXIT_NOTHING))
		return status;
	if (keep->count)
		cw_term_error("not so many records matched.");
	else
		cw_keep_nothing(opt);
	return CW_EXIT_NOTHING;
}

/**
 * cw_keep_nothing() - say that there is nothing of what was asked for
 * @opt: what was asked for
 */
void cw_keep_nothing(const struct cw_options *opt)
{
	bool chosen = *opt->match || opt->given & (CW_OPT_SINCE | CW_OPT_UNTIL);
	bool any_type = opt->given & CW_OPT_TYPE;
	char *const *match;

	for (match = opt->match; *match; match++)
		any_type |= **match == '#';
	if (any_type)
		cw_term_error("nothing matched.");
	else
		cw_term_error("%s; --type chooses other records.",
			      chosen ? "no crash, kill or restart matched" :
				       "there is no crash, kill or restart");
}

/**
 * cw_keep_json() - append an entry as a line of JSON
 * @out: where to
 * @entry: struct cw_entry with a valid record; cw_term_print() calls this
 */
void cw_keep_json(struct cw_out *out, const void *entry)
{
	cw_text_entry(out, entry, cw_keep_record(entry), CW_FORMAT_JSON);
}

/**
 * cw_keep_record() - the record in an entry
 * @entry: an entry with a valid record
 *
 * Return: the record.
 */
const struct cw_record *cw_keep_record(const struct cw_entry *entry)
{
	return (const struct cw_record *)(entry + 1);
}

/**
 * cw_keep_is_restart() - is a record about the end of the whole machine?
 * @rec: a valid record
 *
 * Return: false if it is about a container's, or about anything else.
 */
bool cw_keep_is_restart(const struct cw_record *rec)
{
	return rec->type == CW_REBOOT && !cw_key_is(rec, "scope", "container");
}

/**
 * cw_keep_free() - free what was kept
 * @keep: it
 */
void cw_keep_free(struct cw_keep *keep)
{
	while (keep->count)
		free(keep->entry[--keep->count]);
	free(keep->entry);
}
