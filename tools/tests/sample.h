/* SPDX-License-Identifier: GPL-2.0 */
/* Streams as D/events_raw would give them, made up. */
#ifndef CW_SAMPLE_H
#define CW_SAMPLE_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

/**
 * struct cw_sample - a stream
 * @bytes: its content, allocated
 * @len: how many
 * @entry: where the entry begun last starts
 * @tail: where its tail starts
 */
struct cw_sample {
	char *bytes;
	size_t len;
	size_t entry;
	size_t tail;
};

bool cw_sample_make(struct cw_sample *sample, const char *kind, __s64 realtime_offset_ns);

#endif
