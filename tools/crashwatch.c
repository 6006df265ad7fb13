// SPDX-License-Identifier: GPL-2.0
/* crashwatch: who ran what, who died of what, who asked for the reboot. */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "cmd.h"
#include "lib/term.h"
#include "text.h"

static const struct cw_command commands[] = {
	{
		.name = "log",
		.help = "print all records",
		.takes = CW_OPT_CHOICE | CW_OPT_LINES | CW_OPT_FOLLOW | CW_OPT_WALL | CW_OPT_RAW,
		.run = cw_cmd_log,
	},
	{
		.name = "list",
		.help = "list crashes, kills and reboots, a line each",
		.takes = CW_OPT_CHOICE | CW_OPT_LINES | CW_OPT_REVERSE,
		.run = cw_cmd_list,
	},
	{
		.name = "info",
		.help = "tell everything about one crash, kill or reboot",
		.takes = CW_OPT_CHOICE | CW_OPT_NTH,
		.prose = true,
		.run = cw_cmd_info,
	},
	{
		.name = "tree",
		.help = "draw the process tree of one crash, kill or reboot",
		.takes = CW_OPT_CHOICE | CW_OPT_NTH,
		.run = cw_cmd_tree,
	},
	{
		.name = "boots",
		.help = "list boots and how each of them ended",
		.takes = CW_OPT_LINES | CW_OPT_REVERSE | CW_OPT_ROOT | CW_OPT_VERDICT,
		.run = cw_cmd_boots,
	},
	{
		.name = "status",
		.help = "tell what the module records and what it lost",
		.run = cw_cmd_status,
	},
	{
		.name = "vmcore",
		.help = "tell from a crash dump who asked for the restart",
		.takes = CW_OPT_CHOICE_OF_FILE | CW_OPT_EVENTS | CW_OPT_INCIDENTS | CW_OPT_TASKS |
			 CW_OPT_DOMAINS | CW_OPT_STATS | CW_OPT_SCAN,
		.run = cw_cmd_vmcore,
	},
	{
		.name = "check",
		.help = "tell whether this machine can catch crash and reboot",
		.prose = true,
		.run = cw_cmd_check,
	},
};

#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static void help(void)
{
	size_t i;

	puts("Usage: crashwatch [OPTION]... COMMAND [OPTION]... [MATCH]...\n\n"
	     "Who ran what, who died of what, who asked for the reboot.\n");
	for (i = 0; i < COMMANDS; i++)
		printf("  %-24s %s\n", commands[i].name, commands[i].help);
	puts("");
	cw_options_help_common();
	puts("\nExit status: 0 found, 1 nothing matched, 2 usage, 3 not permitted,\n"
	     "4 module not loaded, 5 data lost. See crashwatch(8).");
}

static const struct cw_command *find(const char *name)
{
	size_t i;

	for (i = 0; i < COMMANDS; i++)
		if (!strcmp(name, commands[i].name))
			return &commands[i];
	if (name[0])
		fprintf(stderr, "crashwatch: there is no command '%s'; there are", name);
	else
		fputs("crashwatch: a command is needed:", stderr);
	for (i = 0; i < COMMANDS; i++)
		fprintf(stderr, "%s %s", i ? "," : "", commands[i].name);
	fputs(".\n", stderr);
	return NULL;
}

/* Print what --help and --version ask for. */
static bool answered(const struct cw_options *opt, const struct cw_command *command)
{
	if (opt->given & CW_OPT_HELP && command)
		cw_options_help(command);
	else if (opt->given & CW_OPT_HELP)
		help();
	else if (opt->given & CW_OPT_VERSION)
		puts("crashwatch " CW_VERSION);
	return opt->given & (CW_OPT_HELP | CW_OPT_VERSION);
}

int main(int argc, char **argv)
{
	const struct cw_command *command;
	struct cw_options opt = { 0 };
	int status, n;

	n = cw_options_parse(&opt, argc, argv, NULL);
	if (n < 0)
		return CW_EXIT_USAGE;
	if (answered(&opt, NULL))
		return cw_term_close(CW_EXIT_FOUND);
	command = find(n < argc ? argv[n] : "");
	if (!command)
		return CW_EXIT_USAGE;
	argc -= n;
	argv += n;
	n = cw_options_parse(&opt, argc, argv, command);
	if (n < 0)
		return CW_EXIT_USAGE;
	if (answered(&opt, command))
		return cw_term_close(CW_EXIT_FOUND);
	opt.match = argv + n;
	if (*opt.match && !(command->takes & CW_OPT_MATCH)) {
		cw_term_error("crashwatch %s does not take '%s': it has no arguments.",
			      command->name, *opt.match);
		return CW_EXIT_USAGE;
	}
	signal(SIGCHLD, SIG_DFL); /* it may be ignored, and then nobody learns how a child ended */
	cw_term_open(&opt, command->prose);
	status = command->run(&opt);
	return cw_term_close(status);
}
