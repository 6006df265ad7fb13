// SPDX-License-Identifier: GPL-2.0
/* Standard output: pager, colours, errors. */
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cmd.h"
#include "lib/term.h"

static bool terminal; /* standard output was one when we started */
static bool colors;
static pid_t pager;
static int failed; /* errno of what could not be written */

static bool in_path(const char *program)
{
	const char *dir = getenv("PATH");
	char path[4096];
	size_t len;

	for (; dir && *dir; dir += len + (dir[len] == ':')) {
		len = strcspn(dir, ":");
		snprintf(path, sizeof(path), "%.*s/%s", (int)len, dir, program);
		if (!access(path, X_OK))
			return true;
	}
	return false;
}

/* Wait for it. False, after a sentence, if the shell does not find it or may not run it. */
static bool pager_ran(void)
{
	static const char why[] =
		"crashwatch: the pager cannot be run; --no-pager does without one.\n";
	int end = 0;

	while (waitpid(pager, &end, 0) < 0 && errno == EINTR)
		;
	return !WIFEXITED(end) || (WEXITSTATUS(end) != 126 && WEXITSTATUS(end) != 127) ||
	       write(STDERR_FILENO, why, sizeof(why) - 1) < 0;
}

/*
 * ^C ends what is written, not what shows it; and a pager that never ran is not one that a user has
 * left.
 */
static void leave(int sig)
{
	close(STDOUT_FILENO);
	if (!pager_ran())
		_exit(CW_EXIT_LOST);
	signal(sig, SIG_DFL);
	raise(sig);
}

static void start_pager(bool prose)
{
	const char *command = getenv("PAGER");
	int end[2];

	if (!command && in_path("less"))
		command = prose ? "less -FRX" : "less -FRSX";
	if (!command || !*command || !strcmp(command, "cat") || pipe(end))
		return;
	pager = fork();
	if (pager == 0) {
		setenv("LESSSECURE", "1", 0); /* no shell out of a pager that runs as root */
		dup2(end[0], STDIN_FILENO);
		close(end[0]);
		close(end[1]);
		execl("/bin/sh", "sh", "-c", command, NULL);
		_exit(127);
	}
	if (pager > 0) {
		signal(SIGPIPE, leave);
		signal(SIGINT, leave);
		signal(SIGQUIT, leave);
		dup2(end[1], STDOUT_FILENO);
	}
	close(end[0]);
	close(end[1]);
}

/**
 * cw_term_open() - prepare standard output
 * @opt: what was asked for
 * @prose: lines are sentences, which the pager is to break where they are too long
 *
 * On a terminal this starts the pager, unless the output has no end.
 */
void cw_term_open(const struct cw_options *opt, bool prose)
{
	const char *no_color = getenv("NO_COLOR");
	const char *kind = getenv("TERM");

	signal(SIGPIPE, SIG_DFL);
	terminal = opt->watched || isatty(STDOUT_FILENO);
	colors = terminal && !(opt->given & (CW_OPT_NO_COLOR | CW_OPT_JSON)) &&
		 !(no_color && *no_color) && kind && strcmp(kind, "dumb");
	if (terminal && !(opt->given & (CW_OPT_NO_PAGER | CW_OPT_FOLLOW | CW_OPT_RAW)))
		start_pager(prose);
}

/**
 * cw_term_close() - end of output
 * @status: exit status so far
 *
 * Waits for the pager, of which one that cannot be run is told.
 *
 * Return: @status, or %CW_EXIT_LOST if not everything could be written.
 */
int cw_term_close(int status)
{
	if (!cw_term_flush()) {
		if (failed != EPIPE)
			cw_term_error("cannot write everything: %s.", strerror(failed));
		status = CW_EXIT_LOST;
	}
	if (pager > 0) {
		/* ^C is for the pager now, which has it all */
		signal(SIGINT, SIG_IGN);
		signal(SIGQUIT, SIG_IGN);
		close(STDOUT_FILENO);
		if (!pager_ran())
			status = CW_EXIT_LOST;
		pager = 0;
	}
	return status;
}

/**
 * cw_term_is_terminal() - is a person looking?
 *
 * Return: true if standard output is a terminal, also behind a pager.
 */
bool cw_term_is_terminal(void)
{
	return terminal;
}

/**
 * cw_term_flush() - show what was written so far
 *
 * Return: false if some of it could not be written; cw_term_close() says so.
 */
bool cw_term_flush(void)
{
	errno = EIO; /* where an earlier write has failed, and nobody knows why */
	if ((fflush(stdout) || ferror(stdout)) && !failed)
		failed = errno;
	return !failed;
}

/* U+0080 to U+009F are valid UTF-8, but a terminal may obey them as it obeys ESC. */
static void write_tame(const char *bytes, size_t len)
{
	size_t i, done = 0;

	for (i = 0; i + 1 < len; i++) {
		unsigned char second = bytes[i + 1];

		if ((unsigned char)bytes[i] != 0xc2 || second < 0x80 || second > 0x9f)
			continue;
		fwrite(bytes + done, 1, i - done, stdout);
		fprintf(stdout, "\\u00%02x", second);
		done = i + 2;
	}
	fwrite(bytes + done, 1, len - done, stdout);
}

/**
 * cw_term_write() - write to standard output
 * @bytes: what
 * @len: how many
 */
void cw_term_write(const void *bytes, size_t len)
{
	if (terminal)
		write_tame(bytes, len);
	else
		fwrite(bytes, 1, len, stdout);
}

/**
 * cw_term_print() - write what a function renders
 * @render: is called again, with more room, until everything fits
 * @arg: for @render
 */
void cw_term_print(void (*render)(struct cw_out *out, const void *arg), const void *arg)
{
	static struct cw_out out;

	do {
		if (!out.size || out.len > out.size) {
			out.size = 2 * out.len + 65536;
			out.buf = cw_term_alloc(out.buf, out.size);
		}
		out.len = 0;
		render(&out, arg);
	} while (out.len > out.size);
	cw_term_write(out.buf, out.len);
}

/**
 * cw_term_color() - append the beginning or the end of a colour
 * @out: where to; nothing is appended where colours are not wanted
 * @color: which
 */
void cw_term_color(struct cw_out *out, enum cw_color color)
{
	static const char *const code[] = {
		[CW_COLOR_NONE] = "\033[0m",
		[CW_COLOR_HEAD] = "\033[1m",
		[CW_COLOR_GOOD] = "\033[32m",
		[CW_COLOR_WARN] = "\033[33m",
		[CW_COLOR_BAD] = "\033[1;31m",
	};

	if (colors)
		cw_text_puts(out, code[color]);
}

/**
 * cw_term_label() - append a name on the left, to the right of which something is told
 * @out: where to
 * @label: the name; "" where the one above goes on
 * @width: columns that names have, less colon and blank
 */
void cw_term_label(struct cw_out *out, const char *label, size_t width)
{
	size_t len;

	for (len = strlen(label); len < width; len++)
		cw_text_puts(out, " ");
	cw_term_color(out, CW_COLOR_HEAD);
	cw_text_puts(out, label);
	cw_text_puts(out, *label ? ":" : " ");
	cw_term_color(out, CW_COLOR_NONE);
	cw_text_puts(out, " ");
}

/**
 * cw_term_error() - say on standard error what is wrong
 * @format: one sentence, without a newline; a terminal obeys nothing in what it names
 */
void cw_term_error(const char *format, ...)
{
	va_list args;
	char *said = NULL;
	int len, i;

	cw_term_flush();
	va_start(args, format);
	len = vasprintf(&said, format, args);
	va_end(args);
	fputs("crashwatch: ", stderr);
	for (i = 0; i < len; i++) {
		unsigned char byte = said[i];
		bool c1 = byte == 0xc2 && (said[i + 1] & 0xe0) == 0x80;

		if (byte < ' ' || byte == 0x7f)
			fprintf(stderr, "\\x%02x", byte);
		else if (c1)
			fprintf(stderr, "\\u00%02x", (unsigned char)said[++i]);
		else
			fputc(byte, stderr);
	}
	fputc('\n', stderr);
	if (len >= 0)
		free(said);
}

/**
 * cw_term_alloc() - memory, or the end of the program
 * @memory: what realloc() takes
 * @bytes: how much
 *
 * Return: the memory.
 */
void *cw_term_alloc(void *memory, size_t bytes)
{
	memory = realloc(memory, bytes ? bytes : 1);
	if (memory)
		return memory;
	cw_term_error("there is no memory left for %zu bytes.", bytes);
	_exit(cw_term_close(CW_EXIT_LOST)); /* not what crash(8) wants done at its exit */
}

/**
 * cw_term_copy() - copy of a string, or the end of the program
 * @s: NUL-terminated string
 *
 * Return: the copy, allocated.
 */
char *cw_term_copy(const char *s)
{
	size_t bytes = strlen(s) + 1;

	return memcpy(cw_term_alloc(NULL, bytes), s, bytes);
}
