// SPDX-License-Identifier: GPL-2.0
/* What the machine we run on says about itself. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/host.h"
#include "lib/options.h"
#include "lib/term.h"

static const char *root_dir;

/**
 * cw_host_root() - look at another system's files
 * @dir: where its root directory is; stays the caller's
 */
void cw_host_root(const char *dir)
{
	root_dir = dir;
}

static const char *root(void)
{
	return root_dir ? root_dir : getenv("CRASHWATCH_ROOT");
}

/**
 * cw_host_elsewhere() - is it another system's files that are looked at?
 *
 * Return: true if so; then nothing but files tells anything of that system.
 */
bool cw_host_elsewhere(void)
{
	return root();
}

/**
 * cw_host_path() - a path on this machine
 * @format: absolute path; the directory given to cw_host_root(), or $CRASHWATCH_ROOT, which only
 *	tests set, is put before it
 *
 * Return: the path, allocated.
 */
char *cw_host_path(const char *format, ...)
{
	char *path, *whole;
	va_list args;
	int len;

	va_start(args, format);
	len = vasprintf(&path, format, args);
	va_end(args);
	if (len < 0)
		path = cw_term_alloc(NULL, (size_t)-1);
	if (!root())
		return path;
	whole = cw_term_alloc(NULL, strlen(root()) + len + 1);
	strcpy(stpcpy(whole, root()), path);
	free(path);
	return whole;
}

/**
 * cw_host_exists() - is there such a file?
 * @path: absolute path on this machine
 *
 * Return: true if there is.
 */
bool cw_host_exists(const char *path)
{
	char *whole = cw_host_path("%s", path);
	bool exists = !access(whole, F_OK);

	free(whole);
	return exists;
}

static char *read_all(const char *path)
{
	size_t size = 4096, len = 0;
	char *text = NULL;
	ssize_t n = 1;
	int fd;

	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return NULL;
	while (n > 0) {
		size *= 2;
		text = cw_term_alloc(text, size);
		n = read(fd, text + len, size - len - 1);
		len += n > 0 ? n : 0;
	}
	close(fd);
	text[len] = 0;
	if (n == 0)
		return text;
	free(text);
	return NULL;
}

/**
 * cw_host_read() - content of a small text file
 * @path: absolute path on this machine
 *
 * Return: its content, allocated; NULL if it cannot be read, with errno set.
 */
char *cw_host_read(const char *path)
{
	char *whole = cw_host_path("%s", path);
	char *text = read_all(whole);

	free(whole);
	return text;
}

/**
 * cw_host_file() - path of one of the module's files in debugfs
 * @opt: what was asked for
 * @name: its name
 *
 * Return: the path, allocated.
 */
char *cw_host_file(const struct cw_options *opt, const char *name)
{
	/* The environment tells of this machine, and not of one below --root */
	const char *dir = opt->dir || root_dir ? opt->dir : getenv("CRASHWATCH_DIR");
	char *path;

	if (!dir)
		return cw_host_path("/sys/kernel/debug/crashwatch/%s", name);
	if (asprintf(&path, "%s/%s", dir, name) < 0)
		path = cw_term_alloc(NULL, (size_t)-1);
	return path;
}

/**
 * cw_host_read_file() - content of one of the module's files in debugfs
 * @opt: what was asked for
 * @name: its name
 *
 * Return: its content, allocated; NULL if it cannot be read, with errno set.
 */
char *cw_host_read_file(const struct cw_options *opt, const char *name)
{
	char *path = cw_host_file(opt, name);
	char *text = read_all(path);
	int err = errno;

	free(path);
	errno = err;
	return text;
}

/**
 * cw_host_has_word() - does a word stand in a file?
 * @path: absolute path on this machine
 * @word: with blanks or the ends of a line around it; lines that are comments do not count
 *
 * Return: true if so.
 */
bool cw_host_has_word(const char *path, const char *word)
{
	char *text = cw_host_read(path);
	bool found = false;
	char *line, *each, *state, *inner;

	for (line = text ? strtok_r(text, "\n", &state) : NULL; line && !found;
	     line = strtok_r(NULL, "\n", &state)) {
		if (line[0] == '#' || line[0] == ';')
			continue;
		for (each = strtok_r(line, " \t", &inner); each && !found;
		     each = strtok_r(NULL, " \t", &inner))
			found = !strcmp(each, word);
	}
	free(text);
	return found;
}

/**
 * cw_host_module_loaded() - is the module in the kernel?
 *
 * Return: true if so, also if it was told to do nothing.
 */
bool cw_host_module_loaded(void)
{
	return cw_host_exists("/sys/module/crashwatch");
}

/**
 * cw_host_debugfs_mounted() - is debugfs where it belongs?
 *
 * Return: true if so.
 */
bool cw_host_debugfs_mounted(void)
{
	char *mounts = cw_host_read("/proc/self/mounts");
	bool mounted = mounts && strstr(mounts, " /sys/kernel/debug debugfs ");

	free(mounts);
	return mounted;
}
