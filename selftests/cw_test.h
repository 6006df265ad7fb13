/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What every test needs: the module loaded and unloaded, its files read, its lines taken apart.
 *
 * Built on the kernel's kselftest harness. A test is a process of its own, so memory is never
 * given back. The environment may name the module, CRASHWATCH_KO (default: ../crashwatch.ko from
 * the test's own directory), and where the other programs are, CRASHWATCH_BIN (default: the
 * test's own directory). CW_SLOW makes every time limit so many times as long.
 *
 * An absent key never looks like a value: cw_str() gives "<absent>" for it, cw_num() -1.
 */
#ifndef CW_TEST_H
#define CW_TEST_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <sched.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* How many times as long as on a stock kernel everything may take, from the environment */
static inline int cw_slow(void)
{
	int slow = atoi(getenv("CW_SLOW") ?: "1");

	return slow > 1 ? slow : 1;
}

/*
 * How often to do what takes long for its number: as the environment's @name says, or else the
 * @usual number, CW_FEWER times fewer but @least as many
 */
static inline long cw_number(const char *name, long usual, long least)
{
	long fewer = atol(getenv("CW_FEWER") ?: "1");
	const char *said = name ? getenv(name) : NULL;

	if (said)
		return atol(said);
	usual /= fewer > 1 ? fewer : 1;
	return usual > least ? usual : least;
}

static inline unsigned int cw_alarm(unsigned int seconds)
{
	return alarm(seconds * cw_slow());
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-parameter"
#define alarm cw_alarm
#include "kselftest_harness.h"
#undef alarm
#pragma GCC diagnostic pop

/* The guest is emulated and shares its processors: the harness's 30 s would be a race */
#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT 120

#define CW_KERNEL_DEBUG "/sys/kernel/debug/"
#define CW_DEBUGFS CW_KERNEL_DEBUG "crashwatch/"
#define CW_PARAMETERS "/sys/module/crashwatch/parameters/"
#define CW_ABSENT "<absent>"

/* === Strings and files === */

/* A new string, as printf() makes it */
static inline __attribute__((format(printf, 1, 2))) char *cw_format(const char *format, ...)
{
	va_list args;
	char *text;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		abort();
	va_end(args);
	return text;
}

/* The whole of a file, by path or by its name in debugfs; NULL with errno set */
static inline char *cw_read(const char *name)
{
	char *path = *name == '/' ? strdup(name) : cw_format(CW_DEBUGFS "%s", name);
	size_t len = 0, size = 65536;
	char *text = malloc(size);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return NULL;
	while ((n = read(fd, text + len, size - len - 1)) > 0) {
		len += n;
		if (len + 1 == size)
			text = realloc(text, size *= 2);
	}
	close(fd);
	text[len] = 0;
	return n < 0 ? NULL : text;
}

/* Write a whole file; 0 or -errno */
static inline int cw_write(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	ssize_t len = strlen(text), n;
	int ret = 0;

	if (fd < 0)
		return -errno;
	n = write(fd, text, len);
	if (n != len)
		ret = n < 0 ? -errno : -EIO;
	close(fd);
	return ret;
}

/* The same for a program: executable */
static inline int cw_write_script(const char *path, const char *text)
{
	int ret = cw_write(path, text);

	return ret ? ret : chmod(path, 0755) ? -errno : 0;
}

/* Copy a program, on to another file system too; 0 or -errno */
static inline int cw_copy(const char *from, const char *to)
{
	int in = open(from, O_RDONLY | O_CLOEXEC);
	int out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0755);
	char buf[65536];
	ssize_t n = -1;

	while (in >= 0 && out >= 0 && (n = read(in, buf, sizeof(buf))) > 0)
		if (write(out, buf, n) != n)
			break;
	if (n || fchmod(out, 0755))
		return -(errno ? errno : EIO);
	close(in);
	close(out);
	return 0;
}

/*
 * Have objects of all caches that there are fail by chance, but of one: vmalloc() may not sleep for
 * it, and the kernel warns if there is none. False where the kernel, as 6.1, lets nobody choose.
 */
static inline bool cw_fail_caches(void)
{
	bool chosen = false;
	glob_t caches;
	size_t i;

	if (glob("/sys/kernel/slab/*/failslab", 0, NULL, &caches))
		return false;
	for (i = 0; i < caches.gl_pathc; i++)
		chosen |= !cw_write(caches.gl_pathv[i],
				    strstr(caches.gl_pathv[i], "/vmap_area/") ? "0" : "1");
	globfree(&caches);
	return chosen;
}

/*
 * Have @percent of the allocations fail in the processes that ask for it. False: this kernel has
 * nothing that does it. With @sleepers_spared "Y" only those fail that may not sleep for memory.
 * Where one cache is spared, so are single pages, from which its objects may be made.
 */
static inline bool cw_fail_allocations(const char *percent, const char *sleepers_spared)
{
	bool chosen = atoi(percent) && cw_fail_caches();
	static const char *const which[] = { "failslab", "fail_page_alloc" };
	const char *const name[] = { "task-filter", "times", "verbose", "ignore-gfp-wait",
				     "probability" };
	const char *const value[] = { "Y", "-1", "0", sleepers_spared, percent };
	size_t i, j;

	if (cw_write(CW_KERNEL_DEBUG "failslab/cache-filter", chosen ? "Y" : "N") ||
	    cw_write(CW_KERNEL_DEBUG "fail_page_alloc/min-order", chosen ? "1" : "0"))
		return false;
	for (i = 0; i < 2; i++)
		for (j = 0; j < sizeof(name) / sizeof(name[0]); j++)
			if (cw_write(cw_format(CW_KERNEL_DEBUG "%s/%s", which[i], name[j]),
				     value[j]))
				return false;
	return true;
}

/* Change a parameter while the module is loaded; 0 or -errno */
static inline int cw_set(const char *parameter, const char *value)
{
	return cw_write(cw_format(CW_PARAMETERS "%s", parameter), value);
}

/* Path of something that lies beside this test; @where is its environment variable */
static inline char *cw_beside(const char *where, const char *name)
{
	const char *given = getenv(where);
	char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (given)
		return strdup(given);
	self[n > 0 ? n : 0] = 0;
	*strrchr(self, '/') = 0;
	return cw_format("%s/%s", self, name);
}

/* Path of a program that is built with the tests */
static inline char *cw_program(const char *name)
{
	return cw_format("%s/%s", getenv("CRASHWATCH_BIN") ?: cw_beside("", ""), name);
}

/* === Time === */

static inline double cw_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static inline void cw_sleep_ms(long ms)
{
	struct timespec t = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };

	while (nanosleep(&t, &t) && errno == EINTR)
		;
}

/* Look again and again; true as soon as @condition is, false if it is not within @seconds */
#define CW_WAIT(condition, seconds) ({ \
	double cw_until = cw_now() + (seconds) * cw_slow(); \
	bool cw_true; \
	while (!(cw_true = (condition)) && cw_now() < cw_until) \
		cw_sleep_ms(10); \
	cw_true; \
})

/* === The module === */

static inline bool cw_loaded(void)
{
	return !access("/sys/module/crashwatch", F_OK);
}

/* 0 or -errno; tries for ten seconds while somebody still has a file open */
static inline int cw_unload(void)
{
	double until = cw_now() + 10 * cw_slow();

	while (cw_loaded() && syscall(SYS_delete_module, "crashwatch", O_NONBLOCK)) {
		if ((errno != EAGAIN && errno != EBUSY) || cw_now() > until)
			return -errno;
		cw_sleep_ms(10);
	}
	return 0;
}

static inline long long cw_stat(const char *name);

/* no_history when the module was loaded: who acted before its walk had come to him counts, too */
static long long cw_met;

/* Load it with @parameters, "" for none; 0 or -errno. One that is loaded is unloaded before. */
static inline int cw_load(const char *parameters)
{
	char *path = cw_beside("CRASHWATCH_KO", "../crashwatch.ko");
	int ret = cw_unload(), fd;

	if (ret)
		return ret;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		fprintf(stderr, "# %s: %s\n", path, strerror(errno));
		return -errno;
	}
	ret = syscall(SYS_finit_module, fd, parameters, 0) ? -errno : 0;
	close(fd);
	if (!ret)
		cw_met = cw_stat("no_history");
	return ret;
}

/* === The kernel log === */

/* From here on; the descriptor for cw_log_read() */
static inline int cw_log_open(void)
{
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (fd >= 0)
		lseek(fd, 0, SEEK_END);
	return fd;
}

/* What the kernel has said since, a line a message, without its numbers */
static inline char *cw_log_read(int fd)
{
	char buf[8192], *text = strdup("");
	ssize_t n;

	while ((n = read(fd, buf, sizeof(buf) - 1)) > 0 || (n < 0 && errno == EPIPE)) {
		char *message;

		buf[n > 0 ? n : 0] = 0;
		message = strchr(buf, ';');
		if (message)
			text = cw_format("%s%s", text, message + 1);
	}
	return text;
}

/* The first thing in a log that must never be there, or NULL; there is more that run looks for. */
static inline const char *cw_log_bad(const char *log)
{
	static const char *const bad[] = {
		"BUG:",
		"WARNING:",
		"Oops",
		"INFO: task",
	};
	const char *at;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		for (at = log; (at = strstr(at, bad[i])); at++)
			if (strncmp(at, "BUG: KCSAN:", 11))
				return bad[i];
	return NULL;
}

/* === Lines === */

struct cw_lines {
	char **line;
	size_t count;
};

/* The lines of one of the module's files, without the header; count 0 if it cannot be read */
static inline struct cw_lines cw_lines(const char *name)
{
	struct cw_lines lines = { 0 };
	char *text = cw_read(name), *end;
	size_t room = 0;

	for (; text && *text; text = end + 1) {
		end = strchrnul(text, '\n');
		if (!*end)
			break;		/* not a whole line: cw_check_file() complains of it */
		*end = 0;
		if (*text == '#')
			continue;
		if (lines.count == room) {
			room = room ? 2 * room : 1024;
			lines.line = realloc(lines.line, room * sizeof(*lines.line));
		}
		lines.line[lines.count++] = text;
	}
	return lines;
}

/* Where key=value begins, behind the time, the sequence and the type */
static inline const char *cw_keys_of(const char *line)
{
	const char *at = line;

	if (*at == '[')
		at = strstr(at, "] ");
	if (at != line)
		at = at ? at + 2 : "";
	if (*at == '#')
		at = strchrnul(at, ' ');
	at += *at == ' ';
	if (at == line)
		return at;	/* a line of tasks or probes */
	at += strcspn(at, " ");
	return at + (*at == ' ');
}

/* Is the line a record of this type? */
static inline bool cw_is(const char *line, const char *type)
{
	const char *keys = cw_keys_of(line);
	const char *end = keys - (keys > line && keys[-1] == ' ');
	size_t len = strlen(type);

	return end - line > (ssize_t)len && end[-(ssize_t)len - 1] == ' ' &&
	       !strncmp(end - len, type, len);
}

/*
 * Behind a character of a string; NULL if it must not stand there so. Table 3-7 of Unicode says
 * what is well-formed UTF-8; U+0080 to U+009F are controls, of which a terminal may obey some.
 */
static inline const char *cw_char_end(const char *at)
{
	static const struct {
		unsigned char first, last, low, high;	/* of the first byte and of the second */
		int more;				/* behind the second */
	} utf8[] = {
		{ 0xc2, 0xc2, 0xa0, 0xbf, 0 }, { 0xc3, 0xdf, 0x80, 0xbf, 0 },
		{ 0xe0, 0xe0, 0xa0, 0xbf, 1 }, { 0xe1, 0xec, 0x80, 0xbf, 1 },
		{ 0xed, 0xed, 0x80, 0x9f, 1 }, { 0xee, 0xef, 0x80, 0xbf, 1 },
		{ 0xf0, 0xf0, 0x90, 0xbf, 2 }, { 0xf1, 0xf3, 0x80, 0xbf, 2 },
		{ 0xf4, 0xf4, 0x80, 0x8f, 2 },
	};
	const unsigned char *byte = (const unsigned char *)at;
	char hex[3] = "";
	unsigned long of;
	size_t i;
	int k;

	if (*at == '\\' && at[1] == 'x') {
		memccpy(hex, at + 2, 0, 2);
		of = strtoul(hex, NULL, 16);
		/* Only what cannot be written otherwise is written so */
		return strspn(hex, "0123456789abcdef") == 2 && (of < ' ' || of > '~') &&
				       of != '\n' && of != '\t' ?
			       at + 4 :
			       NULL;
	}
	if (*at == '\\')
		return at[1] && strchr("\"\\nt", at[1]) ? at + 2 : NULL;
	if (*byte < 0x80)
		return *byte >= ' ' && *byte != 0x7f ? at + 1 : NULL;
	for (i = 0; i < sizeof(utf8) / sizeof(utf8[0]); i++) {
		if (*byte < utf8[i].first || *byte > utf8[i].last)
			continue;
		if (byte[1] < utf8[i].low || byte[1] > utf8[i].high)
			return NULL;
		for (k = 0; k < utf8[i].more; k++)
			if (byte[2 + k] < 0x80 || byte[2 + k] > 0xbf)
				return NULL;
		return at + 2 + k;
	}
	return NULL;
}

/* Behind a value: a string, a list of strings, or a word. NULL if it is not well-formed. */
static inline const char *cw_value_end(const char *at)
{
	bool list = *at == '[';

	if (!list && *at != '"')
		return *at == ' ' || !*at ? NULL : at + strcspn(at, " ");
	at += list;
	if (list && *at == ']')
		return at + 1;
	for (;;) {
		if (*at++ != '"')
			return NULL;
		while (*at != '"') {
			at = cw_char_end(at);
			if (!at)
				return NULL;
		}
		at++;
		if (!list)
			return at;
		if (*at == ']')
			return at + 1;
		if (*at++ != ',')
			return NULL;
	}
}

/* Step to the next key=value. False at the end of the line; *at is NULL if it is malformed. */
static inline bool cw_next_key(const char **at, const char **key, size_t *key_len,
			       const char **value, size_t *value_len)
{
	const char *end;

	if (!*at || !**at)
		return false;
	*key = *at;
	*key_len = strspn(*at, "abcdefghijklmnopqrstuvwxyz0123456789_");
	*value = *key + *key_len + 1;
	end = *key_len && (*key)[*key_len] == '=' ? cw_value_end(*value) : NULL;
	if (!end || (*end && (*end != ' ' || !end[1]))) {
		*at = NULL;
		return false;
	}
	*value_len = end - *value;
	*at = end + (*end == ' ');
	return true;
}

/* A value as it stands in the line, or CW_ABSENT */
static inline char *cw_raw(const char *line, const char *key)
{
	const char *at = line ? cw_keys_of(line) : NULL, *name, *value;
	size_t name_len, len;

	while (cw_next_key(&at, &name, &name_len, &value, &len))
		if (strlen(key) == name_len && !strncmp(name, key, name_len))
			return strndup(value, len);
	return strdup(CW_ABSENT);
}

static inline bool cw_has(const char *line, const char *key)
{
	return strcmp(cw_raw(line, key), CW_ABSENT);
}

/* The keys of a line, parted by blanks */
static inline char *cw_keys(const char *line)
{
	const char *at = line ? cw_keys_of(line) : NULL, *name, *value;
	char *keys = strdup("");
	size_t name_len, len;

	while (cw_next_key(&at, &name, &name_len, &value, &len))
		keys = cw_format("%s%s%.*s", keys, *keys ? " " : "", (int)name_len, name);
	return at ? keys : strdup("<malformed>");
}

/* A bare decimal number, or -1 */
static inline long long cw_num(const char *line, const char *key)
{
	char *raw = cw_raw(line, key), *end;
	long long value;

	errno = 0;
	value = strtoll(raw, &end, 10);
	return errno || *end || end == raw ? -1 : value;
}

/* The string that starts at the quote @from, unescaped into @to. Returns what is behind it. */
static inline const char *cw_unescape(const char *from, char *to)
{
	for (from++; *from != '"'; from++) {
		unsigned int byte;

		if (*from != '\\') {
			*to++ = *from;
			continue;
		}
		from++;
		if (*from == 'x' && sscanf(from + 1, "%2x", &byte) == 1) {
			*to++ = byte;
			from += 2;
		} else {
			*to++ = *from == 'n' ? '\n' : *from == 't' ? '\t' : *from;
		}
	}
	*to = 0;
	return from + 1;
}

/* A string's bytes, or CW_ABSENT */
static inline bool cw_realtime(void)
{
	struct utsname host;

	return !uname(&host) && strstr(host.version, "PREEMPT_RT");
}

static inline char *cw_str(const char *line, const char *key)
{
	char *raw = cw_raw(line, key);
	char *text = strdup(raw);

	if (*raw == '"')
		cw_unescape(raw, text);
	return text;
}

/* The strings of a list, a NULL behind the last; *count is -1 if the key is absent */
static inline char **cw_list(const char *line, const char *key, int *count)
{
	const char *at = cw_raw(line, key);
	char **list = calloc(strlen(at) + 1, sizeof(*list));

	*count = *at == '[' ? 0 : -1;
	while (*count >= 0 && *at && *at != ']' && at[1] == '"') {
		list[*count] = malloc(strlen(at) + 1);
		at = cw_unescape(at + 1, list[(*count)++]);
	}
	return list;
}

/* The newest line of @type ("" for tasks and probes) in which @key stands as @raw; or NULL */
static inline const char *cw_newest(const struct cw_lines *lines, const char *type,
				    const char *key, const char *raw)
{
	size_t i;

	for (i = lines->count; i--;)
		if ((!*type || cw_is(lines->line[i], type)) &&
		    (!key || !strcmp(cw_raw(lines->line[i], key), raw)))
			return lines->line[i];
	return NULL;
}

/* The newest record of @type and process in the file @name as it is now; or NULL */
static inline const char *cw_of_pid(const char *name, const char *type, pid_t pid)
{
	struct cw_lines lines = cw_lines(name);

	return cw_newest(&lines, type, "pid", cw_format("%d", pid));
}

/* What is executed by this process has this domain, and then its own path */
static inline char *cw_own_domain(void)
{
	return cw_str(cw_of_pid("tasks", "", getpid()), "domain");
}

/* How many records of @type there are in which @key stands as @raw; all with a NULL @key */
static inline int cw_count(const struct cw_lines *lines, const char *type, const char *key,
			   const char *raw)
{
	size_t i;
	int n = 0;

	for (i = 0; i < lines->count; i++)
		n += (!*type || cw_is(lines->line[i], type)) &&
		     (!key || !strcmp(cw_raw(lines->line[i], key), raw));
	return n;
}

/* A number of D/stats, or -1 */
static inline long long cw_stat(const char *name)
{
	char *text = cw_read("stats"), *at;
	size_t len = strlen(name);

	for (at = text; at && *at; at = strchrnul(at, '\n'), at += !!*at)
		if (!strncmp(at, name, len) && at[len] == ' ')
			return strtoll(at + len, NULL, 10);
	return -1;
}

/* How many processes were met without a history since cw_load() */
static inline long long cw_no_history(void)
{
	return cw_stat("no_history") - cw_met;
}

/* The line of D/probes about a hook, or NULL */
static inline const char *cw_probe(const char *hook)
{
	struct cw_lines lines = cw_lines("probes");

	return cw_newest(&lines, "", "hook", cw_format("\"%s\"", hook));
}

/*
 * What is wrong with the text of D/events or D/incidents, or NULL. What a ring lost while it was
 * read has a line that is no record.
 */
static inline const char *cw_check_file(const char *name)
{
	static unsigned long long seq[4096];
	unsigned long long last = 0;
	char *text = cw_read(name), *end;

	if (!text)
		return "cannot be read";
	if (strncmp(text, "# crashwatch 1 ", 15))
		return "no header";
	memset(seq, 0, sizeof(seq));
	for (text = strchrnul(text, '\n') + 1; *text; text = end + 1) {
		unsigned long long s, ns, nr;
		unsigned int cpu;
		int n = 0, lost = 0;

		end = strchr(text, '\n');
		if (!end)
			return "last line is not ended";
		*end = 0;
		if (sscanf(text, "[%5llu.%9llu] lost cpu=%u ring=%n", &s, &ns, &cpu, &lost) < 3)
			lost = 0;
		if (!lost && (sscanf(text, "[%5llu.%9llu] #%u.%llu %*[a-z-] %n", &s, &ns, &cpu,
				     &nr, &n) < 4 ||
			      !n || cpu >= 4096))
			return cw_format("malformed: %s", text);
		if (!strcmp(cw_keys(text), "<malformed>"))
			return cw_format("malformed key or value: %s", text);
		if (s * 1000000000 + ns < last)
			return cw_format("time goes back: %s", text);
		last = s * 1000000000 + ns;
		if (lost)
			continue;
		if (nr <= seq[cpu])
			return cw_format("sequence goes back: %s", text);
		seq[cpu] = nr;
	}
	return NULL;
}

/* Is the running kernel older than this? */
static inline bool cw_kernel_before(int major, int minor)
{
	struct utsname name;
	int a, b;

	if (uname(&name) || sscanf(name.release, "%d.%d", &a, &b) != 2)
		return false;
	return a < major || (a == major && b < minor);
}

/* === Processes === */

/* Wait for a child; its wait status, or -1 */
static inline int cw_reap(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	return status;
}

/* Run @argv[0] with these arguments in a new process; its pid, *status as waitpid() gives it */
static inline pid_t cw_run(char *const argv[], int *status)
{
	pid_t pid = vfork();

	if (!pid) {
		execv(argv[0], argv);
		_exit(127);
	}
	*status = pid < 0 ? -1 : cw_reap(pid);
	return pid;
}

/* The same with the arguments written out: CW_RUN(&status, "/bin/echo", "a") */
#define CW_RUN(status, ...) cw_run((char *[]){ __VA_ARGS__, NULL }, status)

/* A copy of the smallest program in the test's directory: what it really lies on may be slow */
static inline char *cw_tiny(void)
{
	static char *path;

	if (path)
		return path;
	path = cw_format("%s/tiny", getcwd(NULL, 0));
	if (cw_copy(cw_program("tiny"), path))
		abort();
	return path;
}

/* @count programs, one after the other */
static inline void cw_some(int count)
{
	int status;

	while (count--)
		CW_RUN(&status, cw_tiny());
}

/* End a process group, and who is left of it when its first process is gone */
static inline void cw_storm_end(pid_t pid)
{
	CW_WAIT(!kill(-pid, SIGKILL), 5);
	cw_reap(pid);
	CW_WAIT(kill(-pid, 0), 20);
}

/* Run on this processor only */
static inline void cw_pin(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	sched_setaffinity(0, sizeof(set), &set);
}

/* === The fixture: an empty directory to be in, and a module that is gone afterwards === */

struct cw_room {
	char *dir;
	int log;
	double start;
};

/* Call from FIXTURE_SETUP; false if there is no room */
static inline bool cw_enter(struct cw_room *room)
{
	char dir[] = "/tmp/cw.XXXXXX";

	room->start = cw_now();
	room->log = cw_log_open();
	room->dir = mkdtemp(dir) ? strdup(dir) : NULL;
	return room->log >= 0 && room->dir && !chmod(dir, 0755) && !chdir(dir) && !cw_unload();
}

/* Call from FIXTURE_TEARDOWN; what is wrong, or NULL */
static inline const char *cw_leave(struct cw_room *room)
{
	const char *wrong = NULL, *bad;
	int status, ret;

	if (cw_loaded()) {
		wrong = cw_check_file("events");
		if (!wrong)
			wrong = cw_check_file("incidents");
	}
	ret = cw_unload();
	if (ret)
		wrong = cw_format("rmmod: %s", strerror(-ret));
	if (chdir("/"))
		wrong = "chdir /";
	CW_RUN(&status, "/bin/rm", "-rf", room->dir);
	fprintf(stderr, "# %.1f s\n", cw_now() - room->start);
	bad = cw_log_bad(cw_log_read(room->log));
	return bad ? cw_format("kernel log: %s", bad) : wrong;
}

#define CW_EXPECT_NOTHING_WRONG(what) do { \
	const char *cw_wrong = (what); \
	EXPECT_EQ(NULL, cw_wrong) \
		TH_LOG("%s", cw_wrong); \
} while (0)

/* A fixture named after the family; each test loads the module with what parameters it wants */
#define CW_FIXTURE(name) \
	FIXTURE(name) { struct cw_room room; }; \
	FIXTURE_SETUP(name) { ASSERT_TRUE(cw_enter(&self->room)); } \
	FIXTURE_TEARDOWN(name) { CW_EXPECT_NOTHING_WRONG(cw_leave(&self->room)); }

#endif
