// SPDX-License-Identifier: GPL-2.0
/* Dumps in makedumpfile's flattened format, as kdump-tools writes them. */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/types.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/flat.h"

#define SIGNATURE "makedumpfile"
#define HEAD_BYTES 4096
#define MOST_BYTES (1LL << 50) /* of a dump, with its holes */

/* Before each piece: where it belongs, and its size; both -1 at the end; big-endian */
struct piece {
	__s64 offset;
	__s64 bytes;
};

/**
 * cw_flat_is() - is a file in the flattened format?
 * @fd: the file; its position stays
 *
 * Return: true if it begins like one.
 */
bool cw_flat_is(int fd)
{
	char head[sizeof(SIGNATURE)]; /* with its NUL */

	return pread(fd, head, sizeof(head), 0) == sizeof(head) &&
	       !memcmp(head, SIGNATURE, sizeof(head));
}

/* A file without a name, where there is room for more than in memory */
static int make_room(const char **where)
{
	*where = getenv("TMPDIR");
	if (!*where || !**where)
		*where = "/var/tmp";
	return open(*where, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
}

/* Returns 1, 0 where @from ends before that, or -1, with errno set. */
static int move(int from, off_t at, int to, off_t offset, __s64 bytes)
{
	char buf[65536];

	while (bytes > 0) {
		size_t want = bytes < (__s64)sizeof(buf) ? (size_t)bytes : sizeof(buf);
		ssize_t n = pread(from, buf, want, at);

		if (n <= 0)
			return n;
		n = pwrite(to, buf, n, offset); /* maybe a part: the rest is read again */
		if (n < 0)
			return -1;
		at += n;
		offset += n;
		bytes -= n;
	}
	return 1;
}

/**
 * cw_flat_unfold() - put the pieces of a flattened dump where they belong
 * @fd: the dump; its position stays
 * @problem: set to why that cannot be done
 * @size: bytes of @problem
 *
 * Takes as much room in $TMPDIR, or /var/tmp, as the dump has. Of a dump that was cut, what is
 * there is unfolded.
 *
 * Return: a file without a name, to be closed; -1 if there is none.
 */
int cw_flat_unfold(int fd, char *problem, size_t size)
{
	const char *where;
	int to = make_room(&where);
	off_t at = HEAD_BYTES;
	struct piece piece;

	if (to < 0) {
		snprintf(problem, size, "it is flattened, and there is no room to unfold it in %s: %s",
			 where, strerror(errno));
		return -1;
	}
	while (pread(fd, &piece, sizeof(piece), at) == sizeof(piece)) {
		__s64 offset = be64toh(piece.offset), bytes = be64toh(piece.bytes);
		int moved;

		if (offset == -1 && bytes == -1)
			break;
		if (offset < 0 || bytes < 0 || offset > MOST_BYTES || bytes > MOST_BYTES) {
			snprintf(problem, size, "it is flattened, and damaged at byte %lld",
				 (long long)at);
			close(to);
			return -1;
		}
		at += sizeof(piece);
		moved = move(fd, at, to, offset, bytes);
		if (moved < 0) {
			snprintf(problem, size, "it is flattened, and cannot be unfolded in %s: %s",
				 where, strerror(errno));
			close(to);
			return -1;
		}
		if (!moved)
			break;
		at += bytes;
	}
	return to;
}
