/* SPDX-License-Identifier: GPL-2.0 */
/* Damage that is the same for a seed everywhere. */
#ifndef CW_RANDOM_H
#define CW_RANDOM_H

#include <linux/types.h>
#include <stddef.h>

/**
 * struct cw_random - a sequence of numbers
 * @state: its seed at first
 */
struct cw_random {
	__u64 state;
};

__u64 cw_random_next(struct cw_random *random);
__u64 cw_random_extreme(struct cw_random *random);
void cw_random_damage(struct cw_random *random, char *bytes, size_t len);

#endif
