// SPDX-License-Identifier: GPL-2.0
/* Ends of boots: kernel logs in files, of pstore and of kdump. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/boot_log.h"
#include "lib/host.h"
#include "lib/term.h"

#define NS_PER_S 1000000000LL
#define FILE_MAX (64 << 20)
#define DEPTH	 4
#define PARTS	 256
#define TOGETHER (60 * NS_PER_S) /* parts of one log are written within that time */

/**
 * struct piece - a file, or a part of what was too long for one
 * @name: what its first line calls the log it is a part of; empty if it is no part
 * @part: number of the part, the newest one is 1; 0 if it is no part
 * @time_ns: when it was written
 * @text: allocated; NULL once it was read
 * @len: bytes of @text
 * @head: of these, the first line if it is pstore's
 */
struct piece {
	char name[32];
	unsigned int part;
	__s64 time_ns;
	char *text;
	size_t len;
	size_t head;
};

/**
 * struct pile - the files of a source
 * @boots: the table
 * @source: its name
 * @piece: the files
 * @count: how many
 * @later: they were written in the boot after the one they tell of
 */
struct pile {
	struct cw_boots *boots;
	const char *source;
	struct piece *piece;
	size_t count;
	bool later;
};

/* pstore's first line is "Panic#1 Part1" and tells nothing else. */
static void read_title(struct piece *piece)
{
	const char *nl = memchr(piece->text, '\n', piece->len);
	char line[64] = "";
	int end = 0;

	if (!nl || (size_t)(nl - piece->text) >= sizeof(line))
		return;
	memcpy(line, piece->text, nl - piece->text);
	if (sscanf(line, "%31[A-Za-z0-9#] Part%u%n", piece->name, &piece->part, &end) == 2 &&
	    end == nl - piece->text)
		piece->head = end + 1;
	else
		piece->part = 0;
}

static void add(struct pile *pile, int fd, const char *path)
{
	struct piece piece = { 0 };
	struct stat st;
	size_t size = 65536;
	ssize_t n = 0;

	/* Nothing that could wait, or that anybody may have put there */
	if (fstat(fd, &st) || !S_ISREG(st.st_mode) || (st.st_uid && st.st_uid != geteuid()))
		return;
	do {
		piece.len += n;
		if (piece.len == size || !piece.text) {
			size *= 2;
			piece.text = cw_term_alloc(piece.text, size);
		}
		n = read(fd, piece.text + piece.len, size - piece.len);
	} while (n > 0 && piece.len < FILE_MAX);
	if (n < 0)
		cw_boots_fail(pile->boots, path, errno);
	piece.time_ns = st.st_mtim.tv_sec * NS_PER_S + st.st_mtim.tv_nsec;
	read_title(&piece);
	pile->piece = cw_term_alloc(pile->piece, (pile->count + 1) * sizeof(piece));
	pile->piece[pile->count++] = piece;
}

static bool begins(const char *name, const char *const *starts)
{
	for (; *starts; starts++)
		if (!strncmp(name, *starts, strlen(*starts)))
			return true;
	return false;
}

static void walk(struct pile *pile, int fd, const char *path, const char *const *starts, int depth);

static void take(struct pile *pile, int dir, const char *name, const char *path,
		 const char *const *starts, int depth)
{
	int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0) {
		walk(pile, fd, path, starts, depth);
		return;
	}
	if (!begins(name, starts))
		return;
	fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd >= 0) {
		add(pile, fd, path);
		close(fd);
	} else if (errno != ELOOP && errno != ENXIO) { /* a link, a socket */
		cw_boots_fail(pile->boots, path, errno);
	}
}

/* All files in a directory whose names begin with one of @starts. Links are not followed. */
static void walk(struct pile *pile, int fd, const char *path, const char *const *starts, int depth)
{
	DIR *dir = fdopendir(fd);
	struct dirent *e;
	char *inner;

	if (!dir) {
		close(fd);
		return;
	}
	while (depth && (e = readdir(dir))) {
		if (e->d_name[0] == '.' || asprintf(&inner, "%s/%s", path, e->d_name) < 0)
			continue;
		take(pile, fd, e->d_name, inner, starts, depth - 1);
		free(inner);
	}
	closedir(dir);
}

static int by_time(const void *a, const void *b)
{
	const struct piece *x = a, *y = b;

	return (x->time_ns > y->time_ns) - (x->time_ns < y->time_ns);
}

/* The oldest part has the highest number. */
static int by_part(const void *a, const void *b)
{
	const struct piece *const *x = a, *const *y = b;

	return ((*x)->part < (*y)->part) - ((*x)->part > (*y)->part);
}

/* Join what belongs together: a line may go on in the next part. Return what it says. */
static struct cw_boot_log join(struct piece **piece, size_t count)
{
	struct cw_boot_log log = { 0 };
	char *text = NULL;
	size_t i, len = 0;

	qsort(piece, count, sizeof(*piece), by_part);
	for (i = 0; i < count; i++) {
		size_t more = piece[i]->len - piece[i]->head;

		text = cw_term_alloc(text, len + more);
		memcpy(text + len, piece[i]->text + piece[i]->head, more);
		len += more;
		free(piece[i]->text);
		piece[i]->text = NULL;
	}
	cw_boot_log_text(&log, text, len);
	cw_boot_log_close(&log);
	free(text);
	return log;
}

/* Read the log that piece @i is a part of. */
static void read_log(struct pile *pile, size_t i)
{
	struct piece *first = &pile->piece[i], *part[PARTS];
	struct cw_boot_log log;
	struct cw_boot *boot;
	__s64 time_ns = first->time_ns;
	size_t count = 0;

	for (; i < pile->count && count < PARTS; i++) {
		struct piece *piece = &pile->piece[i];

		if (piece == first ||
		    (piece->text && first->part && piece->part &&
		     !strcmp(first->name, piece->name) && piece->time_ns - time_ns < TOGETHER))
			part[count++] = piece;
	}
	log = join(part, count);
	if (log.end.weight == CW_BOOT_NOTHING)
		return;
	boot = *log.id ? cw_boots_get(pile->boots, log.id) :
			 cw_boots_at(pile->boots, time_ns, pile->later);
	if (!boot->last_ns && boot->end.verdict != CW_BOOT_RUNNING)
		boot->last_ns = time_ns;
	cw_boots_believe(boot, &log.end, CW_BOOT_LOG, pile->source);
}

static void read_dir(struct cw_boots *boots, const char *source, const char *dir,
		     const char *const *starts, bool later)
{
	struct pile pile = { .boots = boots, .source = source, .later = later };
	char *path = cw_host_path("%s", dir);
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	size_t i;

	if (fd >= 0)
		walk(&pile, fd, path, starts, DEPTH);
	else
		cw_boots_fail(boots, path, errno);
	if (pile.count)
		qsort(pile.piece, pile.count, sizeof(*pile.piece), by_time);
	for (i = 0; i < pile.count; i++)
		if (pile.piece[i].text)
			read_log(&pile, i);
	free(pile.piece);
	free(path);
}

static void read_pstore(struct cw_boots *boots, const char *name)
{
	static const char *const starts[] = { "dmesg-", "dmesg.txt", "console-ramoops", NULL };

	read_dir(boots, name, "/sys/fs/pstore", starts, false);
	/* systemd-pstore puts them there at the next boot */
	read_dir(boots, name, "/var/lib/systemd/pstore", starts, true);
}

static void read_crash(struct cw_boots *boots, const char *name)
{
	static const char *const starts[] = { "dmesg.", "vmcore-dmesg.txt", NULL };

	read_dir(boots, name, "/var/crash", starts, false);
}

const struct cw_boot_source cw_boot_pstore = { "pstore", read_pstore };
const struct cw_boot_source cw_boot_crash = { "kdump", read_crash };
