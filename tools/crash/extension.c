// SPDX-License-Identifier: GPL-2.0
/* The extension of crash(8): the records and processes in the dump that it has open. */
#include <crash/defs.h>

#include "cmd.h"
#include "lib/find.h"
#include "lib/guard.h"
#include "lib/term.h"

#define FRAMES_MAX (1ULL << 40)

/**
 * struct command - what is done in the child
 * @opt: what was asked for
 * @mem: the memory that crash reads
 * @info: of @mem
 * @match: of @opt
 */
struct command {
	struct cw_options opt;
	struct cw_mem mem;
	char info[1024];
	char *match[MAXARGS + 1];
};

/* === The memory === */

/*
 * readmem() comes back, as it is told to, from what is not there; but what it calls to read page
 * tables goes to crash's prompt instead. In the child that is here.
 */
static bool copy(struct cw_mem *mem, enum cw_space space, __u64 addr, void *buf, size_t len)
{
	(void)mem;
	if (setjmp(pc->main_loop_env))
		return false;
	return !len || readmem(addr, space == CW_SPACE_PHYS ? PHYSADDR : KVADDR, buf, len,
			       "crashwatch", RETURN_ON_ERROR | QUIET);
}

/* crash does not tell which pages there are. */
static bool next(struct cw_mem *mem, __u64 *phys)
{
	return *phys < mem->end;
}

static void leave(struct cw_mem *mem)
{
	(void)mem;
}

static char *value_of(const char *name)
{
	return setjmp(pc->main_loop_env) ? NULL : pc->read_vmcoreinfo(name);
}

/* What of VMCOREINFO is of use; crash gives one at a time. */
static void read_info(struct command *command)
{
	static const char *const names[] = { CW_INFO_PRB, CW_INFO_TEXTS, CW_INFO_BITS,
					     CW_INFO_DATA, CW_INFO_HEAD };
	size_t i, used = 0;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char *value = value_of(names[i]);

		if (value)
			used += snprintf(command->info + used, sizeof(command->info) - used,
					 "%s=%.32s\n", names[i], value);
		free(value);
	}
}

static __u64 end_of_memory(struct cw_mem *mem)
{
	char name[] = "max_pfn";
	ulong frames;

	if (!symbol_exists(name) ||
	    !copy(mem, CW_SPACE_KERNEL, symbol_value(name), &frames, sizeof(frames)) ||
	    frames > FRAMES_MAX)
		return 0;
	return (__u64)frames * sysconf(_SC_PAGESIZE);
}

/* === In the child === */

static int run(void *arg)
{
	struct command *command = arg;
	struct cw_mem *mem = &command->mem;

	dup2(fileno(fp), STDOUT_FILENO);
	command->opt.watched = fp == pc->stdpipe;
	/* What crash says of a damaged dump is not what was asked for. */
	fp = pc->nullfp;
	pc->error_fp = pc->nullfp;
	cw_term_open(&command->opt, false);
	*mem = (struct cw_mem){ .read = copy, .next = next, .close = leave, .info = command->info };
	read_info(command);
	mem->end = end_of_memory(mem);
	mem->pages = mem->end / 4096;
	return cw_term_close(cw_cmd_vmcore(&command->opt));
}

/* === The commands === */

/*
 * False after a sentence about what is wrong. Where getopt() has said it, cmd_usage() goes back to
 * the prompt at once.
 */
static bool options(struct cw_options *opt, const char *letters)
{
	int letter;

	while ((letter = getopt(argcnt, args, letters)) != -1) {
		switch (letter) {
		case 'i':
			opt->given &= ~CW_OPT_EVENTS;
			opt->given |= CW_OPT_INCIDENTS;
			break;
		case 'j':
			opt->given |= CW_OPT_JSON;
			break;
		case 's':
			opt->given |= CW_OPT_SCAN;
			break;
		case 't':
			if (!cw_options_types(opt, optarg))
				return false;
			opt->given |= CW_OPT_TYPE;
			break;
		default:
			cmd_usage(args[0], SYNOPSIS);
		}
	}
	return true;
}

static void tell(unsigned int part, const char *letters)
{
	struct command command = { .opt = { .given = part | CW_OPT_NO_PAGER | CW_OPT_NO_COLOR } };
	struct cw_options *opt = &command.opt;
	int i;

	if (!options(opt, letters))
		return;
	for (i = optind; i < argcnt; i++)
		command.match[i - optind] = args[i];
	opt->match = command.match;
	opt->mem = &command.mem;
	opt->input = pc->dumpfile ? pc->dumpfile : "this machine's memory";
	fflush(fp);
	cw_guard_run(opt->input, run, &command);
}

static void cwlog(void)
{
	tell(CW_OPT_EVENTS, "ijst:");
}

static void cwtree(void)
{
	tell(CW_OPT_TASKS, "js");
}

static char *help_cwlog[] = {
	"cwlog",
	"the records of crashwatch",
	"[-i] [-j] [-s] [-t TYPE[,TYPE]] [MATCH]...",
	"  This command prints what the module crashwatch had recorded: programs, deaths",
	"  and restarts, the oldest first. It prints the same lines as the command",
	"  'crashwatch vmcore --events' and needs no task table.",
	"",
	"    -i  crashes, kills and restarts only",
	"    -j  JSON, an object a line",
	"    -s  search all of the memory for the module's data, not the kernel log",
	"    -t  only records of these types, such as exec, crash or reboot",
	"",
	"  A MATCH is a PID, a NAME (of process or program), a /PATH (program or script),",
	"  a KEY=VALUE, or a #CPU.SEQUENCE. Several for one key: any of them; for several",
	"  keys: all of them.",
	"\nEXAMPLES",
	"  What became of all that is called perl, and the newest death or restart:",
	"",
	"    crash> cwlog perl",
	"    crash> cwlog -i | tail -n 1",
	NULL,
};

static char *help_cwtree[] = {
	"cwtree",
	"processes and the programs that led to them, as crashwatch knows them",
	"[-j] [-s] [MATCH]...",
	"  This command prints the processes that lived, in the order they were forked,",
	"  with the history of each: the chain of programs from which it comes, also those",
	"  that have ended. It prints the same lines as the command 'crashwatch vmcore",
	"  --tasks' and needs no task table.",
	"",
	"    -j  JSON, an object a line",
	"    -s  search all of the memory for the module's data, not the kernel log",
	"",
	"  A MATCH is a PID, a NAME (of process or program), a /PATH (program or script),",
	"  or a KEY=VALUE. Several for one key: any of them; for several keys: all of them.",
	NULL,
};

static struct command_table_entry commands[] = {
	{ "cwlog", cwlog, help_cwlog, MINIMAL },
	/* With --minimal crash does not look at page tables, and reads no address of a module. */
	{ "cwtree", cwtree, help_cwtree, 0 },
	{ NULL, NULL, NULL, 0 },
};

static void __attribute__((constructor)) enter(void)
{
	register_extension(commands);
}
