// SPDX-License-Identifier: GPL-2.0
/* crashwatch info: everything about one record. */
#include <string.h>

#include "cmd.h"
#include "lib/keep.h"
#include "lib/key.h"
#include "lib/tell.h"
#include "lib/term.h"
#include "text.h"

#define LABEL 13 /* width of the names on the left */

struct report {
	const struct cw_options *opt;
	const struct cw_block *block;
	const struct cw_entry *entry;
};

static void put_label(struct cw_out *out, const char *label)
{
	cw_term_label(out, label, LABEL);
}

static void next_line(struct cw_out *out)
{
	cw_text_puts(out, "\n               ");
}

static void put_list(struct cw_out *out, const struct cw_record *rec, unsigned int key)
{
	size_t len, item, n = 0;
	const char *s = cw_record_str(rec, key, &len);
	const char *this = s;
	bool cut = rec->cut >> key & 1;

	for (; cw_key_next_item(&s, &len, &item); this = s) {
		if (n++)
			next_line(out);
		cw_text_quote(out, this, item, cut && !len, CW_FORMAT_TEXT);
	}
	cw_text_puts(out, n ? "\n" : cut ? "\u2026\n" :
					   "none\n");
}

static void put_number_note(struct cw_out *out, const struct cw_record *rec, const char *key,
			    __u64 n)
{
	const char *note = NULL;
	__u64 sig = 0;

	if (!strcmp(key, "lifetime_ns")) {
		cw_text_puts(out, " (");
		cw_time_put_duration(out, n);
		cw_text_puts(out, ")");
	} else if (!strcmp(key, "si_code")) {
		cw_key_num(rec, "sig", &sig);
		note = cw_tell_si_code(sig, n);
	} else if (!strcmp(key, "uid") || !strcmp(key, "auid")) {
		note = cw_tell_user(n);
	} else if (!strcmp(key, "core")) {
		note = n ? "a core was written or piped" : "no core was written";
	}
	if (!note)
		return;
	cw_text_puts(out, " (");
	cw_key_put_bare(out, note, strlen(note), false);
	cw_text_puts(out, ")");
}

static void put_value(struct cw_out *out, const struct cw_record *rec, unsigned int key)
{
	const struct cw_key *info = &cw_type_find(rec->type)->key[key];

	put_label(out, info->name);
	switch (info->kind) {
	case CW_KIND_LIST:
		put_list(out, rec, key);
		return;
	case CW_KIND_DOMAIN:
		cw_tell_domain(out, rec, key, LABEL + 2);
		return;
	case CW_KIND_TREE:
		cw_tell_tree(out, rec, LABEL + 2);
		return;
	case CW_KIND_NUM:
	case CW_KIND_INT:
		cw_text_value(out, rec, key, CW_FORMAT_TEXT);
		put_number_note(out, rec, info->name, cw_record_slot(rec, key));
		break;
	case CW_KIND_ERRNAME:
		cw_key_put(out, rec, info->name);
		cw_tell_error(out, cw_record_slot(rec, key));
		break;
	default:
		cw_key_put(out, rec, info->name);
	}
	cw_text_puts(out, "\n");
}

/* An absent key is an unknown one, unless events.def says what its absence means. */
static bool put_absent(struct cw_out *out, const char *key)
{
	static const char *const optional[] = { "argv_bytes", "argv_fault", "thread", "addr",
						"addr_map", "command", "via", "reason" };
	size_t i;

	if (!strcmp(key, "auid")) {
		put_label(out, key);
		cw_text_puts(out, "none: the process belongs to no login\n");
		return true;
	}
	for (i = 0; i < sizeof(optional) / sizeof(optional[0]); i++)
		if (!strcmp(key, optional[i]))
			return true;
	return false;
}

/* Names of the keys whose bit is set. */
static void put_keys(struct cw_out *out, const struct cw_record *rec, const char *label, __u64 bits)
{
	const struct cw_type_info *info = cw_type_find(rec->type);
	const char *between = "";
	unsigned int i;

	if (!bits)
		return;
	put_label(out, label);
	for (i = 0; i < info->keys; i++) {
		if (!(bits >> i & 1))
			continue;
		cw_text_puts(out, between);
		cw_text_puts(out, info->key[i].name);
		between = ", ";
	}
	cw_text_puts(out, "\n");
}

static void put_times(struct cw_out *out, const struct report *report)
{
	__u64 ns = report->entry->time_ns;
	__s64 real = cw_time_real(report->block, ns);

	if (!(report->opt->given & CW_OPT_UTC)) {
		put_label(out, "time");
		cw_time_put(out, real, false, CW_TIME_FULL);
		cw_text_puts(out, "\n");
	}
	put_label(out, "utc");
	cw_time_put(out, real, true, CW_TIME_FULL);
	cw_text_puts(out, "\n");
	put_label(out, "boot");
	cw_text_num(out, ns / 1000000000, 0, 0);
	cw_text_puts(out, ".");
	cw_text_num(out, ns % 1000000000, 9, '0');
	cw_text_puts(out, " s");
	if (ns >= 60 * 1000000000ULL) {
		cw_text_puts(out, " (");
		cw_time_put_duration(out, ns);
		cw_text_puts(out, ")");
	}
	cw_text_puts(out, " after boot");
	if (report->block->boot_id[0]) {
		cw_text_puts(out, " ");
		cw_text_puts(out, report->block->boot_id);
	}
	cw_text_puts(out, "\n");
}

static void put_id(struct cw_out *out, const struct cw_entry *entry)
{
	put_label(out, "id");
	cw_text_puts(out, "#");
	cw_text_num(out, entry->cpu, 0, 0);
	cw_text_puts(out, ".");
	cw_text_num(out, entry->seq, 0, 0);
	cw_text_puts(out, " ");
	cw_text_puts(out, cw_type_find(cw_keep_record(entry)->type)->name);
	cw_text_puts(out, "\n");
}

static void render(struct cw_out *out, const void *arg)
{
	const struct report *report = arg;
	const struct cw_entry *entry = report->entry;
	const struct cw_record *rec = cw_keep_record(entry);
	const struct cw_type_info *info = cw_type_find(rec->type);
	__u64 unknown = 0;
	unsigned int i;

	cw_term_color(out, info->incident ? CW_COLOR_BAD : CW_COLOR_HEAD);
	cw_tell_sentence(out, rec);
	cw_term_color(out, CW_COLOR_NONE);
	cw_text_puts(out, "\n\n");
	put_id(out, entry);
	put_times(out, report);
	for (i = 0; i < info->keys; i++) {
		if (rec->has >> i & 1)
			put_value(out, rec, i);
		else if (!put_absent(out, info->key[i].name))
			unknown |= 1ULL << i;
	}
	put_keys(out, rec, "cut short", rec->cut & rec->has);
	put_keys(out, rec, "not known", unknown);
	if (entry->lost) {
		put_label(out, "lost before");
		cw_text_num(out, entry->lost, 0, 0);
		cw_text_puts(out, " records of this CPU could not be kept\n");
	}
}

/**
 * cw_info_print() - print everything about one record
 * @opt: how
 * @block: where it comes from
 * @entry: its entry
 */
void cw_info_print(const struct cw_options *opt, const struct cw_block *block,
		   const struct cw_entry *entry)
{
	struct report report = { opt, block, entry };

	if (opt->given & CW_OPT_JSON)
		cw_term_print(cw_keep_json, entry);
	else
		cw_term_print(render, &report);
}

/**
 * cw_cmd_info() - tell everything about one record
 * @opt: what was asked for
 *
 * Return: exit status.
 */
int cw_cmd_info(const struct cw_options *opt)
{
	struct cw_keep keep;
	const struct cw_entry *entry;
	int status = cw_keep_one(&keep, opt, &entry);

	if (entry)
		cw_info_print(opt, &keep.block, entry);
	cw_keep_free(&keep);
	return status;
}
