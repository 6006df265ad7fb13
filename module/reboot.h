/* SPDX-License-Identifier: GPL-2.0 */
/* A restart as one record: who asked, and what becomes of it. */
#ifndef CW_REBOOT_H
#define CW_REBOOT_H

#include <linux/types.h>

struct pt_regs;

/**
 * struct cw_sight - where a restart was seen
 * @at: the function, or the notifier
 * @from: function with which the stack is to begin, or NULL: @at
 * @how: restart, halt, power-off, panic, ctrl-alt-del
 * @via: in words, what a worker is going to carry out later; or NULL
 * @command: string for the firmware or the next boot, or NULL
 * @kind: CW_REBOOT_..., as far as the place tells
 * @trap: seen by a probe that is a trap of the kind which counts as an NMI
 * @regs: at the entry of the probed function, or NULL
 */
struct cw_sight {
	const char *at;
	const char *from;
	const char *how;
	const char *via;
	const char *command;
	unsigned int kind;
	bool trap;
	struct pt_regs *regs;
};

bool cw_reboot_seen(const struct cw_sight *sight);
int cw_reboot_init(void);
void cw_reboot_exit(void);

#endif
