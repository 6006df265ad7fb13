/* SPDX-License-Identifier: GPL-2.0 */
/* Who holds the watchdog: when it fires, nobody is there to be asked. */
#ifndef CW_WATCHDOG_H
#define CW_WATCHDOG_H

#include <linux/sched.h>
#include <linux/types.h>

struct cw_exec;

/**
 * struct cw_watchdog - who opened the watchdog last
 * @exec: what it had executed by then, or NULL
 * @pid: of the process
 * @uid: its user
 * @auid: its login user, -1 if none
 * @stale: what it runs is newer than @exec
 * @comm: its short name
 */
struct cw_watchdog {
	struct cw_exec *exec;
	u32 pid;
	u32 uid;
	u32 auid;
	bool stale;
	char comm[TASK_COMM_LEN];
};

void cw_watchdog_opened(void);
bool cw_watchdog_holder(struct cw_watchdog *to);
void cw_watchdog_exit(void);

#endif
