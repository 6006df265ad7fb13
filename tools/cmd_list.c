// SPDX-License-Identifier: GPL-2.0
/* crashwatch list: crashes, kills and reboots, a line each. */
#include <string.h>

#include "cmd.h"
#include "lib/keep.h"
#include "lib/key.h"
#include "lib/term.h"
#include "text.h"

#define COLUMN_MAX 40 /* a longer value pushes its line to the right */

struct row {
	const struct cw_options *opt;
	const struct cw_keep *keep;
	const struct cw_entry *entry;
	const size_t *width;
};

static void put_time(struct cw_out *out, const struct row *row)
{
	cw_time_put(out, cw_time_real(&row->keep->block, row->entry->time_ns),
		    row->opt->given & CW_OPT_UTC, CW_TIME_TABLE);
}

static void put_id(struct cw_out *out, const struct row *row)
{
	cw_text_puts(out, "#");
	cw_text_num(out, row->entry->cpu, 0, 0);
	cw_text_puts(out, ".");
	cw_text_num(out, row->entry->seq, 0, 0);
}

static void put_type(struct cw_out *out, const struct row *row)
{
	cw_text_puts(out, cw_type_find(cw_keep_record(row->entry)->type)->name);
}

static void put_key(struct cw_out *out, const struct row *row, const char *key)
{
	if (!cw_key_put(out, cw_keep_record(row->entry), key))
		cw_text_puts(out, "-");
}

static void put_pid(struct cw_out *out, const struct row *row)
{
	put_key(out, row, "pid");
}

static void put_uid(struct cw_out *out, const struct row *row)
{
	put_key(out, row, "uid");
}

static void put_signal(struct cw_out *out, const struct row *row)
{
	put_key(out, row, "signame");
}

static void put_program(struct cw_out *out, const struct row *row)
{
	const struct cw_record *rec = cw_keep_record(row->entry);

	if (!cw_key_put(out, rec, "file") && !cw_key_put(out, rec, "exe"))
		put_key(out, row, "comm");
}

static void put_domain(struct cw_out *out, const struct row *row)
{
	put_key(out, row, "domain");
}

static const struct column {
	const char *head;
	void (*put)(struct cw_out *out, const struct row *row);
} columns[] = {
	{ "TIME", put_time },
	{ "ID", put_id },
	{ "TYPE", put_type },
	{ "PID", put_pid },
	{ "UID", put_uid },
	{ "SIGNAL", put_signal },
	{ "PROGRAM", put_program },
	{ "DOMAIN", put_domain },
};

#define COLUMNS (sizeof(columns) / sizeof(columns[0]))

/* Characters, not bytes. */
static size_t width(const char *s, size_t len)
{
	size_t n = 0;

	while (len--)
		n += (*s++ & 0xc0) != 0x80;
	return n;
}

static void measure(const struct row *row, size_t *widths)
{
	char text[4 * COLUMN_MAX];
	size_t i, w;

	for (i = 0; i < COLUMNS; i++) {
		struct cw_out out = { text, sizeof(text), 0 };

		columns[i].put(&out, row);
		w = width(text, out.len < sizeof(text) ? out.len : sizeof(text));
		if (w > COLUMN_MAX)
			w = COLUMN_MAX;
		if (w > widths[i])
			widths[i] = w;
	}
}

static void pad(struct cw_out *out, size_t start, size_t to)
{
	size_t len = out->len <= out->size ? width(out->buf + start, out->len - start) : to;

	for (; len < to; len++)
		cw_text_puts(out, " ");
}

static void render_head(struct cw_out *out, const void *arg)
{
	const size_t *widths = arg;
	size_t i;

	cw_term_color(out, CW_COLOR_HEAD);
	for (i = 0; i < COLUMNS; i++) {
		size_t start = out->len;

		cw_text_puts(out, columns[i].head);
		if (i == COLUMNS - 1)
			break;
		pad(out, start, widths[i]);
		cw_text_puts(out, " ");
	}
	cw_term_color(out, CW_COLOR_NONE);
	cw_text_puts(out, "\n");
}

static void render_row(struct cw_out *out, const void *arg)
{
	const struct row *row = arg;
	size_t i;

	for (i = 0; i < COLUMNS; i++) {
		size_t start = out->len;

		columns[i].put(out, row);
		if (i == COLUMNS - 1)
			break;
		pad(out, start, row->width[i]);
		cw_text_puts(out, " ");
	}
	cw_text_puts(out, "\n");
}

/**
 * cw_list_print() - print records in a table
 * @opt: how
 * @keep: the records
 */
void cw_list_print(const struct cw_options *opt, const struct cw_keep *keep)
{
	bool json = opt->given & CW_OPT_JSON;
	size_t widths[COLUMNS];
	struct row row = { opt, keep, NULL, widths };
	size_t i;

	for (i = 0; i < COLUMNS; i++)
		widths[i] = strlen(columns[i].head);
	for (i = 0; i < keep->count; i++) {
		row.entry = keep->entry[i];
		measure(&row, widths);
	}
	if (!json)
		cw_term_print(render_head, widths);
	for (i = 0; i < keep->count; i++) {
		row.entry = keep->entry[opt->given & CW_OPT_REVERSE ? keep->count - 1 - i : i];
		if (json)
			cw_term_print(cw_keep_json, row.entry);
		else
			cw_term_print(render_row, &row);
	}
}

/**
 * cw_cmd_list() - list crashes, kills and reboots
 * @opt: what was asked for
 *
 * Return: exit status.
 */
int cw_cmd_list(const struct cw_options *opt)
{
	struct cw_keep keep;
	int status = cw_keep_asked(&keep, opt, opt->lines);

	if (keep.count)
		cw_list_print(opt, &keep);
	else if (status == CW_EXIT_NOTHING)
		cw_keep_nothing(opt);
	cw_keep_free(&keep);
	return status;
}
