// SPDX-License-Identifier: GPL-2.0
/* crashwatch vmcore: what a crash dump says. */
#include <stdio.h>
#include <string.h>

#include "cmd.h"
#include "lib/dump.h"
#include "lib/keep.h"
#include "lib/key.h"
#include "lib/match.h"
#include "lib/source.h"
#include "lib/tasks.h"
#include "lib/term.h"
#include "text.h"

#define REQUEST_NS 60000000000ULL /* a panic made of a request follows it sooner */

/**
 * struct part - a part of a dump that is being printed
 * @opt: what was asked for
 * @match: which of it
 * @found: something was printed
 */
struct part {
	const struct cw_options *opt;
	const struct cw_match *match;
	bool found;
};

static enum cw_format format(const struct cw_options *opt)
{
	return opt->given & CW_OPT_JSON ? CW_FORMAT_JSON : CW_FORMAT_TEXT;
}

/* === Processes === */

struct task {
	const struct cw_record *rec;
	enum cw_format format;
};

static void render_task(struct cw_out *out, const void *arg)
{
	const struct task *task = arg;

	cw_text_record(out, task->rec, task->format);
}

static void print_task(void *arg, const struct cw_record *rec)
{
	static const struct cw_entry nowhere;
	struct part *part = arg;
	struct task task = { rec, format(part->opt) };

	if (!cw_match_test(part->match, &nowhere, rec))
		return;
	cw_term_print(render_task, &task);
	part->found = true;
}

static void read_tasks(struct cw_dump *dump, struct part *part)
{
	cw_tasks_read(dump, print_task, part);
}

/* === Domains === */

struct domain {
	__s32 users;
	const char *text;
	size_t len;
	enum cw_format format;
};

static void render_domain(struct cw_out *out, const void *arg)
{
	const struct domain *domain = arg;
	bool json = domain->format == CW_FORMAT_JSON;

	cw_text_puts(out, json ? "{\"users\":" : "users=");
	cw_text_num(out, domain->users, 0, 0);
	cw_text_puts(out, json ? ",\"domain\":" : " domain=");
	cw_text_quote(out, domain->text, domain->len, false, domain->format);
	cw_text_puts(out, json ? "}\n" : "\n");
}

static void print_domain(void *arg, __s32 users, const char *text, size_t len)
{
	struct part *part = arg;
	struct domain domain = { users, text, len, format(part->opt) };

	cw_term_print(render_domain, &domain);
	part->found = true;
}

static void read_domains(struct cw_dump *dump, struct part *part)
{
	cw_domains_read(dump, print_domain, part);
}

/* === Counters === */

struct stats {
	struct cw_dump *dump;
	const struct cw_block *block;
	enum cw_format format;
	bool first;
	__u64 faults; /* so far */
};

static void put_count(struct cw_out *out, struct stats *stats, const char *name, size_t len,
		      __u64 value)
{
	bool json = stats->format == CW_FORMAT_JSON;

	if (json) {
		cw_text_puts(out, stats->first ? "{" : ",");
		cw_text_quote(out, name, len, false, stats->format);
		cw_text_puts(out, ":");
	} else {
		char tame[32];

		snprintf(tame, sizeof(tame), "%.*s ", (int)len, name);
		cw_text_puts(out, tame);
	}
	cw_text_num(out, value, 0, 0);
	cw_text_puts(out, json ? "" : "\n");
	stats->first = false;
}

static void put_sum(struct cw_out *out, struct stats *stats, const char *prefix,
		    const struct cw_cpu *cpu)
{
	const char *const names[] = { "written", "readable", "overwritten", "dropped" };
	__u64 value[] = { cpu->seq, 0, 0, cpu->dropped };
	char name[32];
	size_t i;

	for (i = 0; i < CW_RING_MAX; i++) {
		value[1] += cpu->ring[i].head_nr - cpu->ring[i].tail_nr;
		value[2] += cpu->ring[i].tail_nr;
	}
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(name, sizeof(name), "%s%s", prefix, names[i]);
		put_count(out, stats, name, strlen(name), value[i]);
	}
}

static void add(struct cw_cpu *sum, const struct cw_cpu *cpu)
{
	size_t i;

	sum->seq += cpu->seq;
	sum->dropped += cpu->dropped;
	for (i = 0; i < CW_RING_MAX; i++) {
		sum->ring[i].head_nr += cpu->ring[i].head_nr;
		sum->ring[i].tail_nr += cpu->ring[i].tail_nr;
	}
	for (i = 0; i < CW_COUNT_MAX; i++)
		sum->count[i] += cpu->count[i];
}

/* The names of the counters are those of the module that counted, which may be a newer one. */
static void put_counters(struct cw_out *out, struct stats *stats, const struct cw_cpu *sum)
{
	const struct cw_block *block = stats->block;
	const char *name = (const char *)block + block->counters_off, *end;
	size_t i;

	if (block->counters_off > block->bytes ||
	    block->counters_len > block->bytes - block->counters_off)
		return;
	end = name + strnlen(name, block->counters_len);
	for (i = 0; i < CW_COUNT_MAX && name < end; i++) {
		const char *blank = memchr(name, ' ', end - name);
		size_t len = (blank ? blank : end) - name;

		if (strspn(name, "abcdefghijklmnopqrstuvwxyz_0123456789") < len)
			return;
		put_count(out, stats, name, len, sum->count[i]);
		name += len + 1;
	}
}

/* Of a damaged block it may be anything. */
static const char *version(const struct cw_block *block)
{
	size_t len = strlen(block->version);

	return strspn(block->version, "0123456789.-+~abcdefghijklmnopqrstuvwxyz") == len ?
		       block->version :
		       "?";
}

static void render_stats(struct cw_out *out, const void *arg)
{
	struct stats stats = *(const struct stats *)arg;
	bool json = stats.format == CW_FORMAT_JSON;
	struct cw_cpu sum = { .cpu = 0 }, cpu;
	char prefix[16];
	__u32 i;

	/* It may be the second time, with more room */
	stats.dump->faults = stats.faults;
	cw_text_puts(out, json ? "{\"version\":" : "version ");
	stats.first = false;
	if (json)
		cw_text_quote(out, stats.block->version, strlen(stats.block->version), false,
			      stats.format);
	else
		cw_text_puts(out, version(stats.block));
	cw_text_puts(out, json ? "" : "\n");
	for (i = 0; i < stats.dump->cpus; i++) {
		if (!cw_dump_cpu(stats.dump, i, &cpu))
			continue;
		snprintf(prefix, sizeof(prefix), "cpu%u_", i);
		put_sum(out, &stats, prefix, &cpu);
		add(&sum, &cpu);
	}
	put_sum(out, &stats, "", &sum);
	put_counters(out, &stats, &sum);
	cw_text_puts(out, json ? "}\n" : "");
}

static void read_stats(struct cw_dump *dump, struct part *part)
{
	struct stats stats = { dump, dump->block, format(part->opt), true, dump->faults };

	cw_term_print(render_stats, &stats);
	part->found = true;
}

/* === What the command does === */

static int print_part(const struct cw_options *opt,
		      void (*read)(struct cw_dump *dump, struct part *part))
{
	struct part part = { .opt = opt };
	struct cw_source *source;
	struct cw_match *match;
	int status;

	if (!cw_match_parse(&match, opt))
		return CW_EXIT_USAGE;
	status = cw_source_open(&source, opt);
	if (status == CW_EXIT_FOUND && !cw_source_dump(source)) {
		cw_term_error("%s is no dump.", opt->input);
		status = cw_source_close(source, CW_EXIT_USAGE);
	} else if (status == CW_EXIT_FOUND) {
		cw_match_start(match, cw_source_block(source));
		part.match = match;
		read(cw_source_dump(source), &part);
		status = part.found ? CW_EXIT_FOUND : CW_EXIT_NOTHING;
		status = cw_source_close(source, status);
	}
	cw_match_free(match);
	return status;
}

static void render_hint(struct cw_out *out, const void *name)
{
	cw_term_color(out, CW_COLOR_HEAD);
	cw_text_puts(out, "\n'crashwatch vmcore --events ");
	cw_key_put_bare(out, name, strlen(name), false);
	cw_text_puts(out, "' prints all records, --tasks the processes that lived.");
	cw_term_color(out, CW_COLOR_NONE);
	cw_text_puts(out, "\n");
}

static void render_no_restart(struct cw_out *out, const void *arg)
{
	cw_text_puts(out, arg);
	cw_text_puts(out, " in this dump: the kernel log in it says why the machine went "
			  "down.\n\n");
}

static void render_other_restart(struct cw_out *out, const void *unused)
{
	(void)unused;
	cw_text_puts(out, "The restart in this dump is not among what was chosen.\n\n");
}

/*
 * The newest restart of the machine. If that is a panic, made of a request a moment ago, it is
 * the request that says who asked.
 */
static const struct cw_entry *restart(const struct cw_keep *keep)
{
	const struct cw_entry *last = NULL;
	size_t i;

	for (i = keep->count; i--;) {
		const struct cw_entry *entry = keep->entry[i];
		const struct cw_record *rec = cw_keep_record(entry);

		if (!cw_keep_is_restart(rec))
			continue;
		if (last && entry->time_ns + REQUEST_NS < last->time_ns)
			break;
		if (!cw_key_is(rec, "how", "panic") && (!last || cw_key_is(rec, "action", "panic")))
			return entry;
		if (!last)
			last = entry;
	}
	return last;
}

/* Who asked for the restart, and then all incidents. */
static int print_verdict(const struct cw_options *opt)
{
	struct cw_keep keep;
	int status = cw_keep_asked(&keep, opt, 0);
	const struct cw_entry *entry = restart(&keep);
	bool text = !(opt->given & CW_OPT_JSON);

	if (entry && text) {
		cw_info_print(opt, &keep.block, entry);
		cw_term_write("\n", 1);
	} else if (text && keep.count && keep.restart) {
		cw_term_print(render_other_restart, NULL);
	} else if (text && keep.count) {
		cw_term_print(render_no_restart, status == CW_EXIT_LOST ?
							 "No restart can be read" :
							 "No restart is recorded");
	}
	if (keep.count)
		cw_list_print(opt, &keep);
	else if (status == CW_EXIT_NOTHING)
		cw_keep_nothing(opt);
	if (text && cw_term_is_terminal() && (keep.count || status == CW_EXIT_NOTHING))
		cw_term_print(render_hint, opt->input);
	cw_keep_free(&keep);
	return status;
}

/**
 * cw_cmd_vmcore() - tell what a crash dump says
 * @opt: what was asked for; its first argument is the file, unless it has the memory itself
 *
 * Return: exit status.
 */
int cw_cmd_vmcore(const struct cw_options *opt)
{
	struct cw_options file = *opt;

	if (!opt->mem && !*opt->match) {
		cw_term_error("vmcore needs the name of a dump, such as /var/crash/202611210300/dump.202611210300 or /proc/vmcore.");
		return CW_EXIT_USAGE;
	}
	if (!opt->mem) {
		file.input = opt->match[0];
		file.match = opt->match + 1;
		file.given |= CW_OPT_INPUT;
	}
	if (opt->given & (CW_OPT_DOMAINS | CW_OPT_STATS) && *file.match) {
		cw_term_error("--domains and --stats do not take '%s': a MATCH chooses among records and --tasks.",
			      *file.match);
		return CW_EXIT_USAGE;
	}
	if (opt->given & CW_OPT_TASKS)
		return print_part(&file, read_tasks);
	if (opt->given & CW_OPT_DOMAINS)
		return print_part(&file, read_domains);
	if (opt->given & CW_OPT_STATS)
		return print_part(&file, read_stats);
	if (opt->given & (CW_OPT_EVENTS | CW_OPT_INCIDENTS))
		return cw_cmd_log(&file);
	return print_verdict(&file);
}
