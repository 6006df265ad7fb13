// SPDX-License-Identifier: GPL-2.0
/* crashwatch log: all records, as the kernel itself tells them. */
#include <string.h>

#include "cmd.h"
#include "lib/keep.h"
#include "lib/match.h"
#include "lib/source.h"
#include "lib/term.h"
#include "text.h"

/**
 * struct line - one record to be printed
 * @opt: what was asked for
 * @block: of its source
 * @entry: its entry
 */
struct line {
	const struct cw_options *opt;
	const struct cw_block *block;
	const struct cw_entry *entry;
};

/* The same line with the time of day in the place of the time since boot. */
static void render_wall(struct cw_out *out, const struct line *line, enum cw_format format)
{
	bool json = format == CW_FORMAT_JSON;
	size_t start, skip = 0;

	cw_text_puts(out, json ? "{\"time\":\"" : "[");
	cw_time_put(out, cw_time_real(line->block, line->entry->time_ns),
		    line->opt->given & CW_OPT_UTC, CW_TIME_ISO);
	cw_text_puts(out, json ? "\"," : "");
	start = out->len;
	cw_text_entry(out, line->entry, cw_keep_record(line->entry), format);
	if (out->len > out->size)
		return;
	while (!json && out->buf[start + skip] != ']')
		skip++;
	skip += json;
	memmove(out->buf + start, out->buf + start + skip, out->len - start - skip);
	out->len -= skip;
}

static void render(struct cw_out *out, const void *arg)
{
	const struct line *line = arg;
	const struct cw_record *rec = cw_keep_record(line->entry);
	enum cw_format format = line->opt->given & CW_OPT_JSON ? CW_FORMAT_JSON : CW_FORMAT_TEXT;
	bool incident = cw_type_find(rec->type)->incident;
	bool color = incident || rec->type == CW_LOST;

	if (color)
		cw_term_color(out, incident ? CW_COLOR_BAD : CW_COLOR_WARN);
	if (line->opt->given & CW_OPT_WALL)
		render_wall(out, line, format);
	else
		cw_text_entry(out, line->entry, rec, format);
	if (!color)
		return;
	out->len--; /* a colour ends before its line does */
	cw_term_color(out, CW_COLOR_NONE);
	cw_text_puts(out, "\n");
}

static void render_header(struct cw_out *out, const void *block)
{
	cw_text_header(out, block);
}

static void begin(const struct cw_options *opt, const struct cw_block *block)
{
	if (opt->given & CW_OPT_RAW)
		cw_term_write(block, block->bytes);
	else if (!(opt->given & (CW_OPT_JSON | CW_OPT_WALL)))
		cw_term_print(render_header, block);
}

/* False if nothing more can be written */
static bool print(const struct cw_options *opt, const struct cw_block *block,
		  const struct cw_entry *entry)
{
	struct line line = { opt, block, entry };

	if (opt->given & CW_OPT_RAW)
		cw_term_write(entry, entry->len);
	else
		cw_term_print(render, &line);
	return !(opt->given & CW_OPT_FOLLOW) || cw_term_flush();
}

static int print_all(const struct cw_options *opt, struct cw_source *source,
		     const struct cw_match *match)
{
	const struct cw_block *block = cw_source_block(source);
	const struct cw_entry *entry;
	const struct cw_record *rec;
	bool found = false;

	while (cw_source_next(source, &entry, &rec)) {
		if (rec ? !cw_match_test(match, entry, rec) : !cw_match_all(match))
			continue;
		found = true;
		if (!print(opt, block, entry))
			break;
	}
	return found ? CW_EXIT_FOUND : CW_EXIT_NOTHING;
}

static int print_newest(const struct cw_options *opt, struct cw_source *source,
			const struct cw_match *match)
{
	struct cw_keep keep;
	size_t i;

	cw_keep_newest(&keep, source, match, opt->lines);
	for (i = 0; i < keep.count; i++)
		print(opt, cw_source_block(source), keep.entry[i]);
	i = keep.count;
	cw_keep_free(&keep);
	return i ? CW_EXIT_FOUND : CW_EXIT_NOTHING;
}

/**
 * cw_cmd_log() - print all records
 * @opt: what was asked for
 *
 * Return: exit status.
 */
int cw_cmd_log(const struct cw_options *opt)
{
	struct cw_source *source;
	struct cw_match *match;
	int status;

	if (opt->given & CW_OPT_RAW && cw_term_is_terminal()) {
		cw_term_error("--raw writes binary data, which is not for a terminal: send it "
			      "into a file or a pipe.");
		return CW_EXIT_USAGE;
	}
	if (!cw_match_parse(&match, opt))
		return CW_EXIT_USAGE;
	status = cw_source_open(&source, opt);
	if (status == CW_EXIT_FOUND) {
		cw_match_start(match, cw_source_block(source));
		begin(opt, cw_source_block(source));
		if (opt->given & CW_OPT_FOLLOW)
			cw_term_flush();
		status = opt->given & CW_OPT_LINES ? print_newest(opt, source, match) :
						     print_all(opt, source, match);
		status = cw_source_close(source, status);
	}
	cw_match_free(match);
	return status;
}
