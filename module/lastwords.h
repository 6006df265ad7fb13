/* SPDX-License-Identifier: GPL-2.0 */
/* What the kernel log gets when the machine restarts. */
#ifndef CW_LASTWORDS_H
#define CW_LASTWORDS_H

#include <linux/types.h>

struct cw_record;

/**
 * struct cw_lastwords - room for them, set aside beforehand
 * @text: for lines
 * @entry: for an entry of the ring
 */
struct cw_lastwords {
	char text[16384];
	u8 entry[131072] __aligned(8);
};

void cw_lastwords_say(struct cw_lastwords *room, const struct cw_record *rec);

#endif
