/* SPDX-License-Identifier: GPL-2.0 */
/* What the parts of crashwatch check have in common. */
#ifndef CW_CHECK_H
#define CW_CHECK_H

#include <stdbool.h>

/**
 * enum cw_check_verdict - how it is
 * @CW_CHECK_OK: as it should be
 * @CW_CHECK_WARN: something will not be caught, or not be kept
 * @CW_CHECK_FAIL: nothing will
 */
enum cw_check_verdict {
	CW_CHECK_OK,
	CW_CHECK_WARN,
	CW_CHECK_FAIL,
};

void cw_check_say(const char *check, enum cw_check_verdict verdict, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
bool cw_check_loaded(void);
void cw_check_lockdown(void);
void cw_check_secure_boot(void);
void cw_check_dump(void);
void cw_check_keep(void);
void cw_check_policy(void);

#endif
