/* SPDX-License-Identifier: GPL-2.0 */
/* A stream of bytes as D/events_raw gives it, taken apart; trusts nothing in it. */
#ifndef CW_STREAM_H
#define CW_STREAM_H

#include <stdbool.h>
#include <stddef.h>

#include "crashwatch.h"

/**
 * struct cw_stream - a stream that is being read
 * @fd: where it comes from
 * @buf: bytes read
 * @pos: of @buf, those that were handed out
 * @end: bytes in @buf
 * @offset: position of @buf in the stream
 * @total: bytes of the stream, 0 if that is not known
 * @block: what it starts with, allocated
 * @unknown: entries that no record of a known form is in
 * @problem: why the stream ends before its end, or ""
 */
struct cw_stream {
	int fd;
	char *buf;
	size_t pos;
	size_t end;
	__u64 offset;
	__u64 total;
	struct cw_block *block;
	__u64 unknown;
	char problem[160];
};

bool cw_stream_open(struct cw_stream *stream, int fd);
int cw_stream_next(struct cw_stream *stream, const struct cw_entry **entry,
		   const struct cw_record **rec);
void cw_stream_close(struct cw_stream *stream);

#endif
