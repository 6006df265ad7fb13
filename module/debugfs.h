/* SPDX-License-Identifier: GPL-2.0 */
/* The files under /sys/kernel/debug/crashwatch. */
#ifndef CW_DEBUGFS_H
#define CW_DEBUGFS_H

void cw_debugfs_init(void);
void cw_debugfs_exit(void);

#endif
