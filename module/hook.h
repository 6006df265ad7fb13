/* SPDX-License-Identifier: GPL-2.0 */
/* The hooks: which there are, where they were set, how often they were hit and missed. */
#ifndef CW_HOOK_H
#define CW_HOOK_H

#include <linux/percpu.h>
#include <linux/types.h>

struct cw_out;

/* In the order they are set: what is seen to begin is seen to end; taken away in reverse */
enum cw_hook_id {
	CW_HOOK_EXIT,
	CW_HOOK_EXIT_FILES,
	CW_HOOK_FORK,
	CW_HOOK_DO_EXIT,
	CW_HOOK_SIGNAL,
	CW_HOOK_EXEC,
	CW_HOOK_EXECVEAT,
	CW_HOOK_CTRL_ALT_DEL,
	CW_HOOK_SYSRQ_POWEROFF,
	CW_HOOK_ORDERLY_REBOOT,
	CW_HOOK_ORDERLY_POWEROFF,
	CW_HOOK_WATCHDOG,
	CW_HOOK_CONTAINER,
	CW_HOOK_PANIC,
	CW_HOOK_EMERGENCY,
	CW_HOOK_RESTART,
	CW_HOOK_MACHINE_EMERGENCY,
	CW_HOOK_MAX
};

DECLARE_PER_CPU(unsigned long[CW_HOOK_MAX], cw_hook_hits);

/**
 * cw_hook_hit() - count a hit
 * @id: of the hook
 *
 * Context: any.
 */
static inline void cw_hook_hit(enum cw_hook_id id)
{
	this_cpu_inc(cw_hook_hits[id]);
}

bool cw_hook_is_set(enum cw_hook_id id);
bool cw_hook_known(const char *name, size_t len);
void cw_hook_names(struct cw_out *out);
void cw_hook_show(struct cw_out *out, enum cw_hook_id id);
unsigned long cw_hook_missed(enum cw_hook_id id);
const char *cw_hook_name(enum cw_hook_id id);
void cw_hook_set_all(void);
int cw_hook_want_returns(bool wanted);
void cw_hook_clear_all(void);

#endif
