// SPDX-License-Identifier: GPL-2.0
/* crashwatch status: what the module records and what it lost. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "lib/host.h"
#include "lib/keep.h"
#include "lib/key.h"
#include "lib/source.h"
#include "lib/state.h"
#include "lib/tell.h"
#include "lib/term.h"
#include "text.h"

#define LABEL 12 /* width of the names on the left */

/**
 * struct status - everything that is told
 * @opt: what was asked for
 * @records: how many could be read
 * @oldest_ns: time of the first of them
 * @incidents: how many of them are incidents
 * @missed: records overwritten while the rings were read
 * @last: the newest incident, a copy, or NULL
 * @stats: content of D/stats, or NULL
 * @probes: content of D/probes, or NULL
 * @params: name and value of the parameters in turn, NULL-terminated
 * @block: of the rings, a copy of its fixed part
 */
struct status {
	const struct cw_options *opt;
	__u64 records;
	__u64 oldest_ns;
	__u64 incidents;
	__u64 missed;
	struct cw_entry *last;
	char *stats;
	char *probes;
	char **params;
	struct cw_block block;
};

static int read_rings(struct status *st)
{
	const struct cw_entry *entry;
	const struct cw_record *rec;
	struct cw_source *source;
	int status = cw_source_open(&source, st->opt);

	if (status != CW_EXIT_FOUND)
		return status;
	st->block = *cw_source_block(source);
	while (cw_source_next(source, &entry, &rec)) {
		if (rec->type == CW_LOST)
			continue;
		if (!st->records++)
			st->oldest_ns = entry->time_ns;
		if (!cw_type_find(rec->type)->incident)
			continue;
		st->incidents++;
		st->last = cw_term_alloc(st->last, entry->len);
		memcpy(st->last, entry, entry->len);
	}
	st->missed = cw_source_missed(source);
	return cw_source_close(source, CW_EXIT_FOUND);
}

static int visible(const struct dirent *d)
{
	return d->d_name[0] != '.';
}

static void read_params(struct status *st)
{
	char *dir = cw_host_path("/sys/module/crashwatch/parameters");
	struct dirent **names;
	int i, n = scandir(dir, &names, visible, alphasort);

	st->params = cw_term_alloc(NULL, (2 * (n < 0 ? 0 : n) + 1) * sizeof(*st->params));
	for (i = 0; i < n; i++) {
		char path[512];
		char *value;

		snprintf(path, sizeof(path), "/sys/module/crashwatch/parameters/%s",
			 names[i]->d_name);
		value = cw_host_read(path);
		if (!value)
			value = cw_term_copy("?");
		value[strcspn(value, "\n")] = 0;
		st->params[2 * i] = cw_term_copy(names[i]->d_name);
		st->params[2 * i + 1] = value;
		free(names[i]);
	}
	st->params[n < 0 ? 0 : 2 * n] = NULL;
	if (n >= 0)
		free(names);
	free(dir);
}

static void put_label(struct cw_out *out, const char *label)
{
	cw_term_label(out, label, LABEL);
}

static void put_plain(struct cw_out *out, const char *s)
{
	cw_key_put_bare(out, s, strlen(s), false);
}

static void put_time(struct cw_out *out, const struct status *st, __u64 ns)
{
	cw_time_put(out, cw_time_real(&st->block, ns), st->opt->given & CW_OPT_UTC, CW_TIME_FULL);
}

static void put_counts(struct cw_out *out, const struct status *st)
{
	static const char *const names[] = { "written", "readable", "overwritten", "dropped" };
	__u64 n;
	size_t i;

	put_label(out, "records");
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!cw_state_count(st->stats, names[i], &n))
			continue;
		if (n && !strcmp(names[i], "dropped"))
			cw_term_color(out, CW_COLOR_BAD);
		cw_text_num(out, n, 0, 0);
		cw_text_puts(out, " ");
		cw_text_puts(out, names[i]);
		cw_term_color(out, CW_COLOR_NONE);
		cw_text_puts(out, ", ");
	}
	cw_text_num(out, st->records, 0, 0);
	cw_text_puts(out, " read now, ");
	cw_text_num(out, st->incidents, 0, 0);
	cw_text_puts(out, " of them incidents");
	if (st->missed) {
		cw_text_puts(out, ", ");
		cw_text_num(out, st->missed, 0, 0);
		cw_text_puts(out, " overwritten meanwhile");
	}
	cw_text_puts(out, "\n");
	if (!st->records)
		return;
	put_label(out, "since");
	put_time(out, st, st->oldest_ns);
	cw_text_puts(out, " (oldest record)\n");
}

/* What was lost, each reason with its explanation. */
static void put_losses(struct cw_out *out, const struct status *st)
{
	static const char *const reasons[][2] = {
#define REASON(id, text, what) { text, what },
		CW_COUNTERS(REASON)
#undef REASON
			{ "dropped_no_ring", "records dropped: their CPU has no ring" },
		{ "probe_missed", "calls that a hook missed" },
	};
	const char *label = "losses";
	size_t i;
	__u64 n;

	for (i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
		if (!cw_state_count(st->stats, reasons[i][0], &n) || !n)
			continue;
		put_label(out, label);
		cw_text_num(out, n, 0, 0);
		cw_text_puts(out, " ");
		cw_text_puts(out, reasons[i][1]);
		cw_text_puts(out, "\n");
		label = "";
	}
	if (*label) {
		put_label(out, label);
		cw_text_puts(out, st->stats ? "none\n" : "not known: stats cannot be read\n");
	}
}

static void put_hook(struct cw_out *out, const char *line)
{
	char hook[64], state[32], found[128], missed[32], loses[256];
	bool set;

	cw_state_value(line, "hook", hook, sizeof(hook));
	cw_state_value(line, "state", state, sizeof(state));
	cw_state_value(line, "found", found, sizeof(found));
	cw_state_value(line, "missed", missed, sizeof(missed));
	cw_state_value(line, "loses", loses, sizeof(loses));
	set = !strcmp(state, "set") || !strcmp(state, "idle") || !strcmp(state, "waiting") ||
	      !strcmp(state, "inlined");
	put_plain(out, hook);
	cw_text_puts(out, " ");
	cw_term_color(out, set ? CW_COLOR_GOOD : CW_COLOR_WARN);
	put_plain(out, state);
	cw_term_color(out, CW_COLOR_NONE);
	if (*found && set && strcmp(found, hook)) {
		cw_text_puts(out, strcmp(state, "inlined") ? " on " : " in ");
		put_plain(out, found);
	}
	if (strtoull(missed, NULL, 10)) {
		cw_text_puts(out, ", missed ");
		put_plain(out, missed);
		cw_text_puts(out, " times");
	}
	if (!set) {
		cw_text_puts(out, ": ");
		put_plain(out, loses);
	}
	cw_text_puts(out, "\n");
}

static void put_hooks(struct cw_out *out, const struct status *st)
{
	const char *line;
	const char *label = "hooks";

	for (line = st->probes; line && *line; line = cw_state_next(line)) {
		if (strncmp(line, "hook=", 5))
			continue;
		put_label(out, label);
		put_hook(out, line);
		label = "";
	}
}

static void put_params(struct cw_out *out, const struct status *st)
{
	const char *label = "parameters";
	size_t i;

	for (i = 0; st->params[i]; i += 2) {
		put_label(out, label);
		put_plain(out, st->params[i]);
		cw_text_puts(out, "=");
		put_plain(out, st->params[i + 1]);
		cw_text_puts(out, "\n");
		label = "";
	}
}

static void render(struct cw_out *out, const void *arg)
{
	const struct status *st = arg;

	put_label(out, "module");
	cw_text_puts(out, "loaded, version ");
	put_plain(out, st->block.version);
	cw_text_puts(out, "\n");
	put_counts(out, st);
	put_losses(out, st);
	put_hooks(out, st);
	put_params(out, st);
	put_label(out, "last");
	if (st->last) {
		put_time(out, st, st->last->time_ns);
		cw_text_puts(out, ": ");
		cw_tell_sentence(out, cw_keep_record(st->last));
	} else {
		cw_text_puts(out, "no crash, kill or reboot so far");
	}
	cw_text_puts(out, "\n");
}

static void put_string(struct cw_out *out, const char *s)
{
	cw_text_quote(out, s, strlen(s), false, CW_FORMAT_JSON);
}

static void put_json_number(struct cw_out *out, const char *key, __u64 n)
{
	put_string(out, key);
	cw_text_puts(out, ":");
	cw_text_num(out, n, 0, 0);
}

static void put_json_stats(struct cw_out *out, const char *stats)
{
	const char *line, *comma = "";

	for (line = stats; line && *line; line = cw_state_next(line)) {
		size_t name = strcspn(line, "\n ");
		char *end;
		__u64 n = strtoull(line + name, &end, 10);

		if (line[name] != ' ' || *end != '\n')
			continue;
		cw_text_puts(out, comma);
		cw_text_quote(out, line, name, false, CW_FORMAT_JSON);
		cw_text_puts(out, ":");
		cw_text_num(out, n, 0, 0);
		comma = ",";
	}
}

static void put_json_hooks(struct cw_out *out, const char *probes)
{
	static const char *const keys[] = { "hook", "kind", "state", "found",
					    "addr", "hits", "missed", "loses" };
	const char *line, *comma = "";
	char value[512];
	size_t i;

	for (line = probes; line && *line; line = cw_state_next(line)) {
		if (strncmp(line, "hook=", 5))
			continue;
		cw_text_puts(out, comma);
		comma = "";
		for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
			if (!cw_state_value(line, keys[i], value, sizeof(value)))
				continue;
			cw_text_puts(out, i ? "," : "{");
			put_string(out, keys[i]);
			cw_text_puts(out, ":");
			if (*value && !value[strspn(value, "0123456789")])
				cw_text_num(out, strtoull(value, NULL, 10), 0, 0);
			else
				put_string(out, value);
		}
		cw_text_puts(out, "}");
		comma = ",";
	}
}

static void render_json(struct cw_out *out, const void *arg)
{
	const struct status *st = arg;
	size_t i;

	cw_text_puts(out, "{\"version\":");
	put_string(out, st->block.version);
	cw_text_puts(out, ",\"boot_id\":");
	put_string(out, st->block.boot_id);
	cw_text_puts(out, ",");
	put_json_number(out, "records", st->records);
	cw_text_puts(out, ",");
	put_json_number(out, "incidents", st->incidents);
	cw_text_puts(out, ",");
	put_json_number(out, "overwritten_meanwhile", st->missed);
	cw_text_puts(out, ",\"stats\":{");
	put_json_stats(out, st->stats);
	cw_text_puts(out, "},\"hooks\":[");
	put_json_hooks(out, st->probes);
	cw_text_puts(out, "],\"parameters\":{");
	for (i = 0; st->params[i]; i += 2) {
		cw_text_puts(out, i ? "," : "");
		put_string(out, st->params[i]);
		cw_text_puts(out, ":");
		put_string(out, st->params[i + 1]);
	}
	cw_text_puts(out, "}}\n");
}

/**
 * cw_cmd_status() - tell what the module records and what it lost
 * @opt: what was asked for
 *
 * Return: exit status; %CW_EXIT_LOST if records were dropped, or nobody can say.
 */
int cw_cmd_status(const struct cw_options *opt)
{
	struct status st = { .opt = opt };
	int status = read_rings(&st);
	size_t i;

	if (status != CW_EXIT_FOUND && status != CW_EXIT_LOST)
		return status;
	st.stats = cw_host_read_file(opt, "stats");
	st.probes = cw_host_read_file(opt, "probes");
	read_params(&st);
	cw_term_print(opt->given & CW_OPT_JSON ? render_json : render, &st);
	if (!st.stats || cw_state_dropped(st.stats))
		status = CW_EXIT_LOST;
	for (i = 0; st.params[i]; i++)
		free(st.params[i]);
	free(st.params);
	free(st.stats);
	free(st.probes);
	free(st.last);
	return status;
}
