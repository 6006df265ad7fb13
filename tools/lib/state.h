/* SPDX-License-Identifier: GPL-2.0 */
/* What the module tells in lines: D/stats and D/probes. */
#ifndef CW_STATE_H
#define CW_STATE_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

bool cw_state_count(const char *stats, const char *name, __u64 *value);
const char *cw_state_next(const char *line);
__u64 cw_state_dropped(const char *stats);
bool cw_state_value(const char *line, const char *key, char *value, size_t size);

#endif
