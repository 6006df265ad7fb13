// SPDX-License-Identifier: GPL-2.0
/* A stream of bytes as D/events_raw gives it, taken apart; trusts nothing in it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/block.h"
#include "lib/stream.h"
#include "lib/term.h"
#include "text.h"

#define BUF_BYTES (1024 * 1024)
#define ENTRY_MAX (BUF_BYTES / 2) /* the module writes a tenth of it at most */

static __u64 place(const struct cw_stream *stream)
{
	return stream->offset + stream->pos;
}

/*
 * Have @need bytes at @pos, 8-byte aligned. The live file hands out whole entries only and wants
 * room for one, so it is always read into at least half the buffer.
 *
 * Return: 1; 0 at the end of what there is; a negative errno.
 */
static int fill(struct cw_stream *stream, size_t need)
{
	if (stream->pos % 8 || stream->pos + need > BUF_BYTES ||
	    (stream->pos == stream->end && stream->pos)) {
		memmove(stream->buf, stream->buf + stream->pos, stream->end - stream->pos);
		stream->offset += stream->pos;
		stream->end -= stream->pos;
		stream->pos = 0;
	}
	while (stream->end - stream->pos < need) {
		ssize_t n = read(stream->fd, stream->buf + stream->end, BUF_BYTES - stream->end);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN ? 0 : -errno;
		if (n == 0)
			return 0;
		stream->end += n;
	}
	return 1;
}

/* Bytes of the stream from @pos on, as far as they are known of. */
static unsigned long long rest(const struct cw_stream *stream)
{
	__u64 known = stream->offset + stream->end;

	return (stream->total > known ? stream->total : known) - place(stream);
}

static int broken(struct cw_stream *stream, int err)
{
	if (err)
		snprintf(stream->problem, sizeof(stream->problem),
			 "reading stopped at byte %llu: %s", place(stream), strerror(-err));
	return err;
}

/**
 * cw_stream_open() - read the beginning of a stream
 * @stream: is initialised; to be closed also after a failure
 * @fd: where it comes from; stays the caller's
 *
 * Return: false if there is no block that can be understood; @problem says why.
 */
bool cw_stream_open(struct cw_stream *stream, int fd)
{
	struct stat st;
	int ok;

	*stream = (struct cw_stream){ .fd = fd, .buf = cw_term_alloc(NULL, BUF_BYTES) };
	if (!fstat(fd, &st) && S_ISREG(st.st_mode))
		stream->total = st.st_size;
	ok = fill(stream, sizeof(*stream->block));
	if (ok > 0) {
		struct cw_block *block = (struct cw_block *)stream->buf;

		if (!cw_block_good(block, stream->problem, sizeof(stream->problem)))
			return false;
		ok = fill(stream, block->bytes);
		if (ok > 0) {
			stream->block = cw_term_alloc(NULL, block->bytes);
			memcpy(stream->block, block, block->bytes);
			cw_block_tame(stream->block);
			stream->pos = block->bytes;
			return true;
		}
	}
	if (!broken(stream, ok))
		snprintf(stream->problem, sizeof(stream->problem),
			 stream->end ? "it ends within its first block" : "it is empty");
	return false;
}

_Static_assert(CW_BLOCK_BYTES_MAX <= BUF_BYTES, "a block fits into the buffer");

/* Can the text renderer be trusted with this record? */
static bool tellable(const struct cw_entry *entry, const struct cw_record *rec)
{
	if (!cw_record_valid(rec, entry->len - sizeof(*entry)))
		return false;
	return rec->fields >= 64 || !((rec->has | rec->cut) >> rec->fields);
}

/**
 * cw_stream_next() - the next entry
 * @stream: an open stream
 * @entry: set to the entry, which stays until the next call; its record lies behind it
 * @rec: set to the record in it, valid; NULL if it has no form that is known
 *
 * Return: 1 if there is one; 0 at the end, also one that came too soon, of which @problem tells.
 */
int cw_stream_next(struct cw_stream *stream, const struct cw_entry **entry,
		   const struct cw_record **rec)
{
	const struct cw_entry *e;
	int ok;

	if (stream->problem[0])
		return 0;
	do {
		ok = fill(stream, sizeof(*e));
		if (ok <= 0)
			goto end;
		e = (const struct cw_entry *)(stream->buf + stream->pos);
		if (e->len < sizeof(*e) + sizeof(**rec) || e->len % 8 || e->len > ENTRY_MAX) {
			snprintf(stream->problem, sizeof(stream->problem),
				 "it is damaged at byte %llu, where an entry claims to have %u bytes; %llu bytes from there on cannot be read",
				 place(stream), e->len, rest(stream));
			return 0;
		}
		ok = fill(stream, e->len);
		if (ok <= 0)
			goto end;
		e = (const struct cw_entry *)(stream->buf + stream->pos);
		stream->pos += e->len;
	} while (e->flags & CW_ENTRY_PAD);
	*entry = e;
	*rec = (const struct cw_record *)(e + 1);
	if (!tellable(e, *rec)) {
		*rec = NULL;
		stream->unknown++;
	}
	return 1;
end:
	if (!broken(stream, ok) && stream->end > stream->pos)
		snprintf(stream->problem, sizeof(stream->problem),
			 "it is cut: its last entry, at byte %llu, has %llu bytes only",
			 place(stream), rest(stream));
	return 0;
}

/**
 * cw_stream_close() - free what belongs to a stream
 * @stream: the stream
 */
void cw_stream_close(struct cw_stream *stream)
{
	free(stream->buf);
	free(stream->block);
}
