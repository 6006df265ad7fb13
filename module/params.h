/* SPDX-License-Identifier: GPL-2.0 */
/* What the administrator can choose. */
#ifndef CW_PARAMS_H
#define CW_PARAMS_H

#include <linux/types.h>

/**
 * struct cw_params - the choices
 * @ring_kb: KiB of each CPU's ring of events; a power of two from 128 to 16384; default 512
 * @incident_kb: KiB of each CPU's ring of incidents; a power of two from 256 to 16384; default 256
 * @argv_bytes: bytes of arguments kept an exec; 64 to 32768; default 4096
 * @max_mem_kb: KiB that histories may use; 256 to 16777216; default 65536
 * @tree_levels: levels of a live process tree; 1 to 64; default 32
 * @reboot_panic: enum cw_policy_mode: which restarts become a panic; default %CW_POLICY_OFF
 * @reboot_panic_force: also if no crash kernel is loaded; 0 or 1; default 0
 * @log_exec: exec records are made; 0 or 1; default 1
 * @log_failed_exec: exec-failed records are made; 0 or 1; default 0
 * @log_exit: exit records are made; 0 or 1; default 1
 * @fail_alloc: every so manieth allocation in a handler fails, for tests; 0: none, to 1000000;
 *	default 0
 * @signals: bit N: deaths by signal N + 1 are recorded; default all
 * @signals_named: bit N: signal N + 1 was chosen by name or number, or all were; default none
 *
 * The first four are chosen at load. The others may change at any time, under the kernel's
 * parameter lock.
 */
struct cw_params {
	unsigned long ring_kb;
	unsigned long incident_kb;
	unsigned long argv_bytes;
	unsigned long max_mem_kb;
	unsigned long tree_levels;
	unsigned long reboot_panic;
	unsigned long reboot_panic_force;
	unsigned long log_exec;
	unsigned long log_failed_exec;
	unsigned long log_exit;
	unsigned long fail_alloc;
	u64 signals;
	u64 signals_named;
};

extern struct cw_params cw_params;

bool cw_params_skips(const char *hook);
const char *cw_params_persist(void);
int cw_params_off(void);
int cw_params_set_aside(u64 start, u64 bytes);
int cw_params_check_hooks(void);
void cw_params_live(bool live);
void cw_params_refuse(const char *name, const char *text, const char *accepted);

#endif
