/* SPDX-License-Identifier: GPL-2.0 */
/* The kernel's log as text: what the module, or a panic, has written into it. */
#ifndef CW_BOOT_LOG_H
#define CW_BOOT_LOG_H

#include "lib/boot.h"

/**
 * struct cw_boot_log - a log that is being read
 * @end: what it says about the end of its boot
 * @id: of its boot, or empty
 * @record: the record of a restart that more lines may belong to, allocated, or NULL
 * @len: bytes of @record
 */
struct cw_boot_log {
	struct cw_boot_end end;
	char id[33];
	char *record;
	size_t len;
};

void cw_boot_log_message(struct cw_boot_log *log, const char *message, size_t len);
void cw_boot_log_text(struct cw_boot_log *log, const char *text, size_t len);
void cw_boot_log_close(struct cw_boot_log *log);

#endif
