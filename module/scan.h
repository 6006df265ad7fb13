/* SPDX-License-Identifier: GPL-2.0 */
/* Processes older than the module: what can still be told of them. */
#ifndef CW_SCAN_H
#define CW_SCAN_H

#include <linux/types.h>

int cw_scan_init(void);
void cw_scan_run(bool forks_seen);
void cw_scan_exit(void);

#endif
