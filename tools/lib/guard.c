// SPDX-License-Identifier: GPL-2.0
/* What reads hostile files does it in a child, so that its death ends in a sentence. */
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

static pid_t start(void)
{
	const struct rlimit none = { 0, 0 }, some = { SECONDS, SECONDS + 1 };
	pid_t child;

	cw_term_flush();
	child = fork();
	if (child)
		return child;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	setrlimit(RLIMIT_CORE, &none);
	setrlimit(RLIMIT_CPU, &some);
	return child;
}

static int wait_for(pid_t child)
{
	int status;

	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return CW_EXIT_LOST << 8; /* as if it had ended with that */
	return status;
}

/* What a user or a closed pipe does to us is no fault of the file. */
static bool from_outside(int sig)
{
	return sig == SIGINT || sig == SIGTERM || sig == SIGHUP || sig == SIGPIPE;
}

static void tell(const char *name, const char *reader, int sig)
{
	if (sig == SIGKILL)
		cw_term_error("%s could not be read to its end: %s was killed, by somebody or for want of memory.",
			      name, reader);
	else if (sig == SIGXCPU)
		cw_term_error("%s could not be read to its end: %s took more than %d seconds.",
			      name, reader, SECONDS);
	else
		cw_term_error("%s is damaged in a way that %s cannot stand: %s.", name, reader,
			      strsignal(sig));
}

static void end_as(int status, const char *name)
{
	int sig = WTERMSIG(status);

	if (WIFEXITED(status))
		_exit(cw_term_close(WEXITSTATUS(status)));
	if (from_outside(sig)) {
		if (cw_term_close(CW_EXIT_FOUND) != CW_EXIT_FOUND)
			_exit(CW_EXIT_LOST);
		signal(sig, SIG_DFL);
		raise(sig);
	}
	tell(name, "libkdumpfile", sig);
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
	pid_t child = start();

	if (child > 0)
		end_as(wait_for(child), name);
}

/**
 * cw_guard_run() - do something in a child process and come back
 * @name: file that is going to be read
 * @run: is called in the child, which ends with what it returns
 * @arg: for @run
 *
 * For a program that reads the file itself and is not ours: whatever becomes of the child, it has
 * its memory, its signals and its place in its own code as before. ^C ends the child alone.
 */
void cw_guard_run(const char *name, int (*run)(void *arg), void *arg)
{
	const struct sigaction ignore = { .sa_handler = SIG_IGN };
	struct sigaction interrupt, quit;
	int status;
	pid_t child;

	sigaction(SIGINT, &ignore, &interrupt);
	sigaction(SIGQUIT, &ignore, &quit);
	child = start();
	if (child == 0) {
		signal(SIGINT, SIG_DFL);
		signal(SIGQUIT, SIG_DFL);
		signal(SIGSEGV, SIG_DFL);
		_exit(run(arg));
	}
	if (child < 0) {
		cw_term_error("there can be no child process to read %s in: %s.", name,
			      strerror(errno));
	} else {
		status = wait_for(child);
		if (WIFSIGNALED(status) && !from_outside(WTERMSIG(status)))
			tell(name, "its reader", WTERMSIG(status));
	}
	sigaction(SIGINT, &interrupt, NULL);
	sigaction(SIGQUIT, &quit, NULL);
}
