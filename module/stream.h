/* SPDX-License-Identifier: GPL-2.0 */
/* All rings as one sequence of entries in the order of time. */
#ifndef CW_STREAM_H
#define CW_STREAM_H

#include <linux/types.h>
#include <linux/wait.h>

#include "ring.h"

struct cw_stream;

/**
 * enum cw_stream_kind - what a stream gives
 * @CW_STREAM_SNAPSHOT: every record there was when it was opened, then the end
 * @CW_STREAM_INCIDENTS: the same, of the incidents only
 * @CW_STREAM_FOLLOW: every record, for ever
 */
enum cw_stream_kind {
	CW_STREAM_SNAPSHOT,
	CW_STREAM_INCIDENTS,
	CW_STREAM_FOLLOW,
};

struct cw_stream *cw_stream_open(enum cw_stream_kind kind);
void cw_stream_close(struct cw_stream *stream);
const struct cw_entry *cw_stream_next(struct cw_stream *stream);
bool cw_stream_ready(struct cw_stream *stream);
bool cw_stream_grew(struct cw_stream *stream);
wait_queue_head_t *cw_stream_wait(void);
void cw_stream_wake(void);
int cw_stream_init(void);
void cw_stream_exit(void);

#endif
