// SPDX-License-Identifier: GPL-2.0
/* crashwatch boots: which boots there were, and how each of them ended. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"
#include "lib/boot.h"
#include "lib/boot_verdict.h"
#include "lib/host.h"
#include "lib/term.h"
#include "lib/time.h"
#include "text.h"

/**
 * struct row - one line of the table
 * @opt: what was asked for
 * @boot: which it is about
 * @nr: its number: 0 for the running one or else the last one, -1 for the one before, ...
 * @width: of the columns
 */
struct row {
	const struct cw_options *opt;
	const struct cw_boot *boot;
	long nr;
	const size_t *width;
};

static void put_nr(struct cw_out *out, const struct row *row)
{
	cw_text_puts(out, row->nr ? "-" : "");
	cw_text_num(out, -row->nr, 0, 0);
}

static void put_id(struct cw_out *out, const struct row *row)
{
	cw_text_puts(out, *row->boot->id ? row->boot->id : "-");
}

static void put_time(struct cw_out *out, const struct row *row, __s64 ns)
{
	if (ns)
		cw_time_put(out, ns, row->opt->given & CW_OPT_UTC, CW_TIME_TABLE);
	else
		cw_text_puts(out, "-");
}

static void put_from(struct cw_out *out, const struct row *row)
{
	put_time(out, row, row->boot->first_ns);
}

static void put_to(struct cw_out *out, const struct row *row)
{
	put_time(out, row, row->boot->last_ns);
}

static void put_end(struct cw_out *out, const struct row *row)
{
	cw_text_puts(out, cw_boot_verdict_names[row->boot->end.verdict]);
}

static void put_source(struct cw_out *out, const struct row *row)
{
	cw_text_puts(out, row->boot->end.source ? row->boot->end.source : "-");
}

static void put_by(struct cw_out *out, const struct row *row)
{
	const struct cw_boot_end *end = &row->boot->end;

	if (!*end->by && !*end->text)
		cw_text_puts(out, "-");
	else
		cw_boot_verdict_who(out, end);
}

static const struct column {
	const char *head;
	void (*put)(struct cw_out *out, const struct row *row);
} columns[] = {
	{ "BOOT", put_nr },
	{ "BOOT ID", put_id },
	{ "FROM", put_from },
	{ "TO", put_to },
	{ "END", put_end },
	{ "SOURCE", put_source },
	{ "BY", put_by },
};

#define COLUMNS (sizeof(columns) / sizeof(columns[0]))

static void measure(const struct row *row, size_t *widths)
{
	char text[64]; /* for all but the last column, which has any length */
	size_t i;

	for (i = 0; i < COLUMNS - 1; i++) {
		struct cw_out out = { text, sizeof(text), 0 };

		columns[i].put(&out, row);
		if (out.len > widths[i])
			widths[i] = out.len;
	}
}

static void pad(struct cw_out *out, size_t start, size_t to)
{
	while (out->len - start < to)
		cw_text_puts(out, " ");
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
		if (i < COLUMNS - 1)
			pad(out, start, widths[i]);
	}
	cw_term_color(out, CW_COLOR_NONE);
	cw_text_puts(out, "\n");
}

static void render_row(struct cw_out *out, const void *arg)
{
	static const enum cw_color colors[] = {
		[CW_BOOT_UNEXPLAINED] = CW_COLOR_BAD, [CW_BOOT_ORDERLY] = CW_COLOR_GOOD,
		[CW_BOOT_UNEXPECTED] = CW_COLOR_BAD,  [CW_BOOT_PANIC] = CW_COLOR_BAD,
		[CW_BOOT_RUNNING] = CW_COLOR_HEAD,    [CW_BOOT_DUMP] = CW_COLOR_HEAD,
	};
	const struct row *row = arg;
	size_t i;

	for (i = 0; i < COLUMNS; i++) {
		bool end = columns[i].put == put_end;
		size_t start;

		if (end)
			cw_term_color(out, colors[row->boot->end.verdict]);
		start = out->len;
		columns[i].put(out, row);
		if (i < COLUMNS - 1)
			pad(out, start, row->width[i]);
		if (end)
			cw_term_color(out, CW_COLOR_NONE);
	}
	cw_text_puts(out, "\n");
}

static void put_json_string(struct cw_out *out, const char *key, const char *value)
{
	if (!*value)
		return;
	cw_text_puts(out, ",\"");
	cw_text_puts(out, key);
	cw_text_puts(out, "\":");
	cw_text_quote(out, value, strlen(value), false, CW_FORMAT_JSON);
}

static void put_json_time(struct cw_out *out, const struct row *row, const char *key, __s64 ns)
{
	if (!ns)
		return;
	cw_text_puts(out, ",\"");
	cw_text_puts(out, key);
	cw_text_puts(out, "\":\"");
	cw_time_put(out, ns, row->opt->given & CW_OPT_UTC, CW_TIME_ISO);
	cw_text_puts(out, "\"");
}

static void put_json_number(struct cw_out *out, const char *key, const char *value)
{
	if (!*value)
		return;
	cw_text_puts(out, ",\"");
	cw_text_puts(out, key);
	cw_text_puts(out, "\":");
	cw_text_num(out, strtoull(value, NULL, 10), 0, 0);
}

static void render_json(struct cw_out *out, const void *arg)
{
	const struct row *row = arg;
	const struct cw_boot_end *end = &row->boot->end;

	cw_text_puts(out, "{\"boot\":");
	put_nr(out, row);
	put_json_string(out, "boot_id", row->boot->id);
	put_json_time(out, row, "from", row->boot->first_ns);
	put_json_time(out, row, "to", row->boot->last_ns);
	put_json_string(out, "end", cw_boot_verdict_names[end->verdict]);
	put_json_string(out, "source", end->source ? end->source : "");
	put_json_string(out, "how", end->how);
	put_json_string(out, "by", end->by);
	put_json_number(out, "uid", end->uid);
	put_json_number(out, "auid", end->auid);
	put_json_string(out, "domain", end->domain);
	put_json_string(out, "text", end->text);
	cw_text_puts(out, "}\n");
}

static void print(const struct cw_boots *boots)
{
	const struct cw_options *opt = boots->opt;
	size_t widths[COLUMNS], i, n = boots->count;
	struct row row = { .opt = opt, .width = widths };

	if (opt->given & CW_OPT_LINES && opt->lines < n)
		n = opt->lines;
	for (i = 0; i < COLUMNS; i++)
		widths[i] = strlen(columns[i].head);
	for (i = 0; i < n; i++) {
		row.nr = -(long)i;
		row.boot = &boots->boot[boots->count - 1 - i];
		measure(&row, widths);
	}
	if (!(opt->given & CW_OPT_JSON))
		cw_term_print(render_head, widths);
	for (i = 0; i < n; i++) {
		row.nr = -(long)(opt->given & CW_OPT_REVERSE ? i : n - 1 - i);
		row.boot = &boots->boot[boots->count - 1 + row.nr];
		cw_term_print(opt->given & CW_OPT_JSON ? render_json : render_row, &row);
	}
}

static void render_sentence(struct cw_out *out, const void *arg)
{
	const struct cw_boot *boot = arg;

	cw_boot_verdict_tell(out, boot);
	cw_text_puts(out, "\n");
}

/* Once in a boot: what was told last is kept in a file. */
static int tell_previous(const struct cw_boots *boots)
{
	const struct cw_boot *now = boots->count ? &boots->boot[boots->count - 1] : NULL;
	const struct cw_boot *before = now;

	if (!now || now->end.verdict != CW_BOOT_RUNNING) {
		cw_term_error("the id of this boot is not known: /proc is not mounted.");
		return CW_EXIT_USAGE;
	}
	if (cw_boot_verdict_told(now))
		return CW_EXIT_FOUND;
	/* A dump belongs to the panic that it is of. */
	while (before > boots->boot && (before == now || before->end.verdict == CW_BOOT_DUMP))
		before--;
	if (before == now || before->end.verdict == CW_BOOT_DUMP) {
		cw_term_error("nothing is known of a boot before this one.");
		return CW_EXIT_NOTHING;
	}
	cw_term_print(render_sentence, before);
	if (!cw_boot_verdict_log(before) || !cw_boot_verdict_keep(now))
		return CW_EXIT_LOST;
	return CW_EXIT_FOUND;
}

/* Nothing of a system that is not there is not the same as a system of which nothing tells. */
static int open_root(void)
{
	char *path = cw_host_path("/");
	int err = access(path, X_OK) ? errno : 0;

	if (err)
		cw_term_error("cannot look into %s: %s.", path, strerror(err));
	free(path);
	if (!err)
		return CW_EXIT_FOUND;
	return err == EACCES ? CW_EXIT_NOT_PERMITTED : CW_EXIT_USAGE;
}

/**
 * cw_cmd_boots() - list boots and how each of them ended
 * @opt: what was asked for
 *
 * Return: exit status.
 */
int cw_cmd_boots(const struct cw_options *opt)
{
	struct cw_boots boots;
	int status = opt->given & CW_OPT_ROOT ? open_root() : CW_EXIT_FOUND;

	if (status != CW_EXIT_FOUND)
		return status;
	cw_boots_read(&boots, opt);
	status = boots.status;
	if (opt->given & CW_OPT_VERDICT) {
		status = tell_previous(&boots);
	} else if (boots.count) {
		print(&boots);
	} else if (status == CW_EXIT_FOUND) {
		cw_term_error("nothing tells of any boot.");
		status = CW_EXIT_NOTHING;
	}
	cw_boots_free(&boots);
	return status;
}
