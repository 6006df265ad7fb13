/* SPDX-License-Identifier: GPL-2.0 */
/* How a boot ended, told to people and to the journal. */
#ifndef CW_BOOT_VERDICT_H
#define CW_BOOT_VERDICT_H

#include "lib/boot.h"
#include "text.h"

/* By enum cw_boot_verdict */
extern const char *const cw_boot_verdict_names[];

void cw_boot_verdict_who(struct cw_out *out, const struct cw_boot_end *end);
void cw_boot_verdict_tell(struct cw_out *out, const struct cw_boot *boot);
bool cw_boot_verdict_log(const struct cw_boot *boot);
bool cw_boot_verdict_told(const struct cw_boot *now);
bool cw_boot_verdict_keep(const struct cw_boot *now);

#endif
