/* SPDX-License-Identifier: GPL-2.0 */
/* A small machine's memory with the module's data in it, made up. */
#ifndef CW_IMAGE_H
#define CW_IMAGE_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

#define CW_IMAGE_PAGE 4096
#define CW_IMAGE_PAGES 64
#define CW_IMAGE_BYTES (CW_IMAGE_PAGES * CW_IMAGE_PAGE)
#define CW_IMAGE_KERNEL 0xffffffff80000000ULL /* where physical address 0 is mapped */

/* What lies where; all of it are pages. */
enum cw_image_page {
	CW_IMAGE_TABLES = 1,
	CW_IMAGE_LOG = 4,
	CW_IMAGE_LOG_TEXT,
	CW_IMAGE_BLOCK = 8,
	CW_IMAGE_CPU = 14,
	CW_IMAGE_RINGS = 16,
	CW_IMAGE_TASKS = 32,
	CW_IMAGE_KNOWN,
	CW_IMAGE_BUCKETS,
	CW_IMAGE_EXECS,
	CW_IMAGE_DOMAINS,
	CW_IMAGE_DOMAIN_BUCKETS,
	CW_IMAGE_USED,
};

extern const char cw_image_info[];

bool cw_image_make(char *bytes);

#endif
