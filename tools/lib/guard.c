// SPDX-License-Identifier: GPL-2.0
/* A library that reads hostile files runs in a child, so that its death ends in a sentence. */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cmd.h"
#include "lib/guard.h"
#include "lib/term.h"

#define SECONDS 600 /* of processor time; a scan of a TiB takes less */

/* What a user or a closed pipe does to us is no fault of the file. */
static void pass_on(int sig)
{
	if (sig == SIGXCPU || sig == SIGKILL)
		return;
	if (sig == SIGINT || sig == SIGTERM || sig == SIGHUP || sig == SIGPIPE) {
		signal(sig, SIG_DFL);
		raise(sig);
	}
}

static void wait_for(pid_t child, const char *name)
{
	int status;

	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			_exit(cw_term_close(CW_EXIT_LOST));
	if (WIFEXITED(status))
		_exit(cw_term_close(WEXITSTATUS(status)));
	pass_on(WTERMSIG(status));
	cw_term_error("%s is damaged in a way that libkdumpfile cannot stand: %s.", name,
		      strsignal(WTERMSIG(status)));
	_exit(cw_term_close(CW_EXIT_LOST));
}

/**
 * cw_guard_begin() - go on in a child process
 * @name: file that is going to be read
 *
 * The caller goes on in the child, to the end of the program; the parent ends as the child did, or
 * with a sentence if that was killed. Where there can be no child it goes on as it is.
 */
void cw_guard_begin(const char *name)
{
	const struct rlimit none = { 0, 0 }, some = { SECONDS, SECONDS };
	pid_t child;

	cw_term_flush();
	child = fork();
	if (child > 0)
		wait_for(child, name);
	if (child < 0)
		return;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	setrlimit(RLIMIT_CORE, &none);
	setrlimit(RLIMIT_CPU, &some);
}
