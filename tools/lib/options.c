// SPDX-License-Identifier: GPL-2.0
/* The command line: one table of options for all subcommands. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/host.h"
#include "lib/options.h"
#include "lib/term.h"
#include "text.h"

static const struct option_info {
	unsigned int bit;
	int letter;
	const char *name;
	const char *arg;
	const char *help;
} options[] = {
	{ CW_OPT_INPUT, 'i', "input", "FILE", "read what log --raw saved, or a dump" },
	{ CW_OPT_SINCE, 'S', "since", "TIME", "only what happened at or after TIME" },
	{ CW_OPT_UNTIL, 'U', "until", "TIME", "only what happened at or before TIME" },
	{ CW_OPT_TYPE, 't', "type", "TYPE[,TYPE]", "only records of these types" },
	{ CW_OPT_LINES, 'n', "lines", "N", "only the newest N; -N is the same" },
	{ CW_OPT_NTH, '1', NULL, NULL, "the newest, -2 the one before it, and so on" },
	{ CW_OPT_REVERSE, 'r', "reverse", NULL, "newest first" },
	{ CW_OPT_FOLLOW, 'f', "follow", NULL, "wait for new records and print them too" },
	{ CW_OPT_WALL, 'w', "wall", NULL, "tell the time of day, not the time since boot" },
	{ CW_OPT_RAW, 0, "raw", NULL, "binary records, to be read again with --input" },
	{ CW_OPT_EVENTS, 0, "events", NULL, "all records, as the file events had them" },
	{ CW_OPT_INCIDENTS, 0, "incidents", NULL, "the incidents, as the file incidents had them" },
	{ CW_OPT_TASKS, 0, "tasks", NULL, "the processes that lived" },
	{ CW_OPT_DOMAINS, 0, "domains", NULL, "the histories there were" },
	{ CW_OPT_STATS, 0, "stats", NULL, "what was counted" },
	{ CW_OPT_SCAN, 0, "scan", NULL, "search all of the memory, not the kernel log" },
	{ CW_OPT_ROOT, 0, "root", "DIR", "another system's files, which are below DIR" },
	{ CW_OPT_VERDICT, 0, "verdict", NULL, "log how the boot before this ended, once" },
	{ CW_OPT_JSON, 'j', "json", NULL, "JSON, an object a line" },
	{ CW_OPT_UTC, 0, "utc", NULL, "times in UTC" },
	{ CW_OPT_NO_PAGER, 0, "no-pager", NULL, "do not pipe the output into a pager" },
	{ CW_OPT_NO_COLOR, 0, "no-color", NULL, "no colours" },
	{ CW_OPT_DIR, 0, "dir", "DIR", "in place of /sys/kernel/debug/crashwatch" },
	{ CW_OPT_HELP, 'h', "help", NULL, "print this" },
	{ CW_OPT_VERSION, 0, "version", NULL, "print the version" },
};

#define OPTIONS (sizeof(options) / sizeof(options[0]))
#define LONG_ONLY 256

/**
 * cw_options_types() - read the value of %CW_OPT_TYPE
 * @opt: its @types are set
 * @list: names, parted by commas
 *
 * Return: false after a sentence about what is wrong.
 */
bool cw_options_types(struct cw_options *opt, const char *list)
{
	size_t len = 0;
	unsigned int i;

	opt->types = 0;
	while (*list) {
		len = strcspn(list, ",");

		for (i = 0; i < cw_types_count; i++)
			if (strlen(cw_types[i].name) == len && !memcmp(cw_types[i].name, list, len))
				break;
		if (i == cw_types_count)
			break;
		opt->types |= 1ULL << i;
		list += len;
		if (*list)
			list++;
	}
	if (opt->types && !*list)
		return true;
	fprintf(stderr, "crashwatch: '%.*s' is no record type; they are", (int)len, list);
	for (i = 0; i < cw_types_count; i++)
		fprintf(stderr, "%s %s", i ? "," : "", cw_types[i].name);
	fputs(".\n", stderr);
	return false;
}

static bool parse_lines(struct cw_options *opt, const char *arg)
{
	char *end;

	errno = 0;
	opt->lines = strtoul(arg, &end, 10);
	if (!errno && arg[0] >= '0' && arg[0] <= '9' && !*end && opt->lines)
		return true;
	cw_term_error("-n takes a number from 1 upwards, not '%s'.", arg);
	return false;
}

static bool parse_time(const char *arg, const char *name, bool utc, struct cw_time *time)
{
	if (!arg || cw_time_parse(time, arg, utc))
		return true;
	cw_term_error("--%s does not take '%s'; it takes a time such as '2026-11-21 03:00', "
		      "'03:00', 'today', 'yesterday', '-2h', '30min ago', '@EPOCH' or "
		      "'boot+SECONDS'.",
		      name, arg);
	return false;
}

/* Take the arguments -1, -2, ... -10, ... out of argv: getopt() knows single digits only. */
static int take_number(struct cw_options *opt, int argc, char **argv, unsigned int takes)
{
	size_t *number = takes & CW_OPT_LINES ? &opt->lines : &opt->nth;
	int from, to = 1;

	for (from = 1; from < argc && strcmp(argv[from], "--"); from++) {
		const char *arg = argv[from];

		if (arg[0] == '-' && arg[1] >= '1' && arg[1] <= '9' &&
		    arg[1 + strspn(arg + 1, "0123456789")] == 0) {
			*number = strtoul(arg + 1, NULL, 10);
			opt->given |= takes & (CW_OPT_LINES | CW_OPT_NTH);
		} else {
			argv[to++] = argv[from];
		}
	}
	while (from < argc)
		argv[to++] = argv[from++];
	argv[to] = NULL;
	return to;
}

/* What getopt_long() wants to know about the options in @takes. */
static void tables(unsigned int takes, char *letters, struct option *longs)
{
	size_t i;

	*letters++ = takes & CW_OPT_MATCH ? ':' : '+';
	if (!(takes & CW_OPT_MATCH))
		*letters++ = ':';
	for (i = 0; i < OPTIONS; i++) {
		if (!(takes & options[i].bit) || !options[i].name)
			continue;
		*longs++ = (struct option){ .name = options[i].name,
					    .has_arg = options[i].arg ? required_argument :
									no_argument,
					    .val = LONG_ONLY + i };
		if (!options[i].letter)
			continue;
		*letters++ = options[i].letter;
		if (options[i].arg)
			*letters++ = ':';
	}
	*letters = 0;
	*longs = (struct option){ 0 };
}

static const struct option_info *find(int val)
{
	size_t i;

	for (i = 0; i < OPTIONS; i++)
		if (val == LONG_ONLY + (int)i || (options[i].letter && val == options[i].letter))
			return &options[i];
	return NULL;
}

static bool complain(int problem, const char *arg, const struct cw_command *command)
{
	const char *name = command ? command->name : "";
	const char *blank = command ? " " : "";

	if (problem == ':')
		cw_term_error("the option '%s' needs a value.", arg);
	else
		cw_term_error("crashwatch%s%s does not take '%s'; 'crashwatch%s%s --help' lists "
			      "what it takes.",
			      blank, name, arg, blank, name);
	return false;
}

/* Options that contradict each other. */
static bool compatible(const struct cw_options *opt)
{
	static const struct {
		unsigned int a, b;
		const char *why;
	} never[] = {
		{ CW_OPT_INPUT, CW_OPT_FOLLOW, "--follow waits for the running module, and a file "
					       "given with --input does not grow" },
		{ CW_OPT_LINES, CW_OPT_FOLLOW, "--lines needs an end, and --follow has none" },
		{ CW_OPT_UNTIL, CW_OPT_FOLLOW, "--until is an end, and --follow has none" },
		{ CW_OPT_RAW, CW_OPT_JSON, "--raw and --json are two different formats" },
		{ CW_OPT_RAW, CW_OPT_WALL, "--raw and --wall are two different formats" },
		{ CW_OPT_INPUT, CW_OPT_DIR, "--input and --dir are two different sources" },
		{ CW_OPT_ROOT, CW_OPT_VERDICT, "--verdict is about the running system, and --root "
					       "about another one" },
	};
	const unsigned int parts = opt->given & (CW_OPT_EVENTS | CW_OPT_INCIDENTS | CW_OPT_TASKS |
						 CW_OPT_DOMAINS | CW_OPT_STATS);
	size_t i;

	for (i = 0; i < sizeof(never) / sizeof(never[0]); i++) {
		if ((opt->given & (never[i].a | never[i].b)) != (never[i].a | never[i].b))
			continue;
		cw_term_error("%s: only one of them can be given.", never[i].why);
		return false;
	}
	if ((opt->given & (CW_OPT_TASKS | CW_OPT_DOMAINS | CW_OPT_STATS)) &&
	    (opt->given & (CW_OPT_TYPE | CW_OPT_SINCE | CW_OPT_UNTIL))) {
		cw_term_error("--tasks, --domains and --stats have neither times nor types: --since, --until and --type choose among records only.");
		return false;
	}
	if (!(parts & (parts - 1)))
		return true;
	cw_term_error("--events, --incidents, --tasks, --domains and --stats are different parts of a dump: only one of them can be given.");
	return false;
}

/**
 * cw_options_parse() - read options
 * @opt: result; what it holds already stays
 * @argc: as main() has it
 * @argv: as main() has it; is reordered: arguments that are no options come last
 * @command: whose options; NULL for those before the subcommand's name
 *
 * Return: index in @argv of the first argument that is no option, or -1 after a sentence about
 * what is wrong.
 */
int cw_options_parse(struct cw_options *opt, int argc, char **argv,
		     const struct cw_command *command)
{
	unsigned int takes = CW_OPT_COMMON | (command ? command->takes : 0);
	struct option longs[OPTIONS + 1];
	char letters[2 * OPTIONS + 3];
	const char *since = NULL, *until = NULL;
	int val;

	tables(takes, letters, longs);
	if (takes & (CW_OPT_LINES | CW_OPT_NTH))
		argc = take_number(opt, argc, argv, takes);
	opterr = 0;
	for (optind = 0; (val = getopt_long(argc, argv, letters, longs, NULL)) != -1;) {
		const struct option_info *info = find(val);

		if (!info) {
			char letter[] = { '-', optopt, 0 };
			bool word = optopt >= LONG_ONLY || optopt == 0;

			return complain(val, word ? argv[optind - 1] : letter, command) - 1;
		}
		opt->given |= info->bit;
		switch (info->bit) {
		case CW_OPT_INPUT:
			opt->input = optarg;
			break;
		case CW_OPT_DIR:
			opt->dir = optarg;
			break;
		case CW_OPT_ROOT:
			cw_host_root(optarg);
			break;
		case CW_OPT_SINCE:
			since = optarg;
			break;
		case CW_OPT_UNTIL:
			until = optarg;
			break;
		case CW_OPT_LINES:
			if (!parse_lines(opt, optarg))
				return -1;
			break;
		case CW_OPT_TYPE:
			if (!cw_options_types(opt, optarg))
				return -1;
			break;
		default:
			break;
		}
	}
	if (!parse_time(since, "since", opt->given & CW_OPT_UTC, &opt->since) ||
	    !parse_time(until, "until", opt->given & CW_OPT_UTC, &opt->until) || !compatible(opt))
		return -1;
	return optind;
}

static void help_options(unsigned int takes)
{
	char left[40];
	size_t i;

	for (i = 0; i < OPTIONS; i++) {
		const struct option_info *o = &options[i];

		if (!(takes & o->bit))
			continue;
		snprintf(left, sizeof(left), "%c%c%s%s%s%s%s", o->letter ? '-' : ' ',
			 o->letter ? o->letter : ' ', !o->name ? "" : o->letter ? ", " :
										  "  ",
			 o->name ? "--" : "", o->name ? o->name : "", o->arg ? "=" : "",
			 o->arg ? o->arg : "");
		printf("  %-24s %s\n", left, o->help);
	}
}

/**
 * cw_options_help() - print what a subcommand takes
 * @command: which
 */
void cw_options_help(const struct cw_command *command)
{
	const char *file = command->takes & CW_OPT_FILE ? " FILE" : "";
	const char *match = command->takes & CW_OPT_MATCH ? " [MATCH]..." : "";

	printf("Usage: crashwatch %s [OPTION]...%s%s\n\nTo %s.\n\n", command->name, file, match,
	       command->help);
	help_options(command->takes);
	cw_options_help_common();
	if (command->takes & CW_OPT_MATCH)
		puts("\nA MATCH is a PID, a NAME (of process or program), a /PATH (program or script),\n"
		     "a KEY=VALUE, or a #CPU.SEQUENCE. Several for one key: any of them; for\n"
		     "several keys: all of them.");
}

/**
 * cw_options_help_common() - print what every subcommand takes
 */
void cw_options_help_common(void)
{
	help_options(CW_OPT_COMMON);
}
