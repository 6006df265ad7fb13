/* SPDX-License-Identifier: GPL-2.0 */
/* Whether a restart becomes a panic. */
#ifndef CW_POLICY_H
#define CW_POLICY_H

#include <linux/types.h>

/* The modes of reboot_panic */
enum cw_policy_mode {
	CW_POLICY_OFF,
	CW_POLICY_UNEXPECTED,
	CW_POLICY_ALWAYS,
	CW_POLICY_DRY_RUN,
	CW_POLICY_MODES
};

/* What kind of restart it is; bits */
#define CW_REBOOT_CONTAINER	1	/* of a container only */
#define CW_REBOOT_ASKED		2	/* somebody wishes it, nothing restarts yet */
#define CW_REBOOT_PANICS	4	/* at the end of a panic */
#define CW_REBOOT_STAYS_OFF	8	/* halt or power-off */
#define CW_REBOOT_KEXEC		16	/* into a kernel that was loaded before */
#define CW_REBOOT_HIBERNATES	32	/* the machine is going to sleep on disk */
#define CW_REBOOT_BY_INIT	64	/* the first process asks for it */
#define CW_REBOOT_IS_PANIC	128	/* the panic itself */
#define CW_REBOOT_WATCHDOG	256	/* a watchdog that nobody fed */

enum cw_verdict {
	CW_VERDICT_RECORDED,
	CW_VERDICT_ALLOWED,
	CW_VERDICT_PANIC,
};

extern const char *const cw_policy_modes[CW_POLICY_MODES];

enum cw_verdict cw_policy_decide(unsigned int kind, const char **reason);
void cw_policy_panicking(void);
bool cw_policy_is_panicking(void);
void cw_policy_words(const char *words);
const char *cw_policy_said(void);

#endif
