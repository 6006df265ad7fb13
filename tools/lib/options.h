/* SPDX-License-Identifier: GPL-2.0 */
/* The command line: one table of options for all subcommands. */
#ifndef CW_OPTIONS_H
#define CW_OPTIONS_H

#include <linux/types.h>
#include <stdbool.h>

#include "lib/time.h"

/* A bit an option: which a subcommand takes, and which were given. */
enum cw_option {
	CW_OPT_HELP = 1 << 0,
	CW_OPT_VERSION = 1 << 1,
	CW_OPT_DIR = 1 << 2,
	CW_OPT_JSON = 1 << 3,
	CW_OPT_UTC = 1 << 4,
	CW_OPT_NO_PAGER = 1 << 5,
	CW_OPT_NO_COLOR = 1 << 6,
	CW_OPT_INPUT = 1 << 7,
	CW_OPT_SINCE = 1 << 8,
	CW_OPT_UNTIL = 1 << 9,
	CW_OPT_TYPE = 1 << 10,
	CW_OPT_LINES = 1 << 11,
	CW_OPT_NTH = 1 << 12,
	CW_OPT_REVERSE = 1 << 13,
	CW_OPT_FOLLOW = 1 << 14,
	CW_OPT_WALL = 1 << 15,
	CW_OPT_RAW = 1 << 16,
	CW_OPT_MATCH = 1 << 17,
	CW_OPT_FILE = 1 << 18,
	CW_OPT_EVENTS = 1 << 19,
	CW_OPT_INCIDENTS = 1 << 20,
	CW_OPT_TASKS = 1 << 21,
	CW_OPT_DOMAINS = 1 << 22,
	CW_OPT_STATS = 1 << 23,
	CW_OPT_SCAN = 1 << 24,
	CW_OPT_ROOT = 1 << 25,
	CW_OPT_VERDICT = 1 << 26,
};

#define CW_OPT_COMMON (CW_OPT_HELP | CW_OPT_VERSION | CW_OPT_DIR | CW_OPT_JSON | CW_OPT_UTC | \
		       CW_OPT_NO_PAGER | CW_OPT_NO_COLOR)
/* What chooses records. */
#define CW_OPT_CHOICE (CW_OPT_INPUT | CW_OPT_SINCE | CW_OPT_UNTIL | CW_OPT_TYPE | CW_OPT_MATCH)
/* The same where the file is an argument. */
#define CW_OPT_CHOICE_OF_FILE (CW_OPT_CHOICE ^ CW_OPT_INPUT ^ CW_OPT_FILE)

struct cw_mem;
struct cw_options;

/**
 * struct cw_command - one subcommand
 * @name: as it is typed
 * @help: one line
 * @takes: bits of enum cw_option besides %CW_OPT_COMMON; %CW_OPT_MATCH for its arguments,
 *	%CW_OPT_FILE if the first of them is a file
 * @prose: what it prints is sentences, not a table or records, a line each
 * @run: does it; returns enum cw_exit
 */
struct cw_command {
	const char *name;
	const char *help;
	unsigned int takes;
	bool prose;
	int (*run)(const struct cw_options *opt);
};

/**
 * struct cw_options - what was asked for
 * @given: bits of enum cw_option
 * @dir: in place of /sys/kernel/debug/crashwatch, or NULL
 * @input: saved file or dump, "-" for standard input, or NULL for the live module
 * @mem: in place of a file, memory that is open already and is called @input; or NULL
 * @watched: standard output goes to somebody's screen, whatever it is itself
 * @since: of %CW_OPT_SINCE
 * @until: of %CW_OPT_UNTIL
 * @types: bit N: the type cw_types[N] is wanted
 * @lines: of %CW_OPT_LINES
 * @nth: of %CW_OPT_NTH, 1 for the newest
 * @match: NULL-terminated arguments
 */
struct cw_options {
	unsigned int given;
	const char *dir;
	const char *input;
	struct cw_mem *mem;
	bool watched;
	struct cw_time since;
	struct cw_time until;
	__u64 types;
	size_t lines;
	size_t nth;
	char **match;
};

int cw_options_parse(struct cw_options *opt, int argc, char **argv,
		     const struct cw_command *command);
bool cw_options_types(struct cw_options *opt, const char *list);
void cw_options_help(const struct cw_command *command);
void cw_options_help_common(void);

#endif
