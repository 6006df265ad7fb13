/* SPDX-License-Identifier: GPL-2.0 */
/* Times as people write and read them. */
#ifndef CW_TIME_H
#define CW_TIME_H

#include <linux/types.h>
#include <stdbool.h>

#include "text.h"

/**
 * struct cw_time - a moment that was asked for
 * @since_boot: @ns counts from boot, not from 1970
 * @ns: nanoseconds
 */
struct cw_time {
	bool since_boot;
	__s64 ns;
};

/**
 * enum cw_time_style - how a time of day is told
 * @CW_TIME_TABLE: 2026-11-21 03:00:12
 * @CW_TIME_FULL: Sat 2026-11-21 03:00:12.345678901 CET
 * @CW_TIME_ISO: 2026-11-21T03:00:12.345678901+01:00
 */
enum cw_time_style {
	CW_TIME_TABLE,
	CW_TIME_FULL,
	CW_TIME_ISO,
};

bool cw_time_parse(struct cw_time *time, const char *s, bool utc);
__s64 cw_time_real(const struct cw_block *block, __u64 monotonic_ns);
__u64 cw_time_monotonic(const struct cw_block *block, const struct cw_time *time);
void cw_time_put(struct cw_out *out, __s64 real_ns, bool utc, enum cw_time_style style);
void cw_time_put_duration(struct cw_out *out, __u64 ns);

#endif
