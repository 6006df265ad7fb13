/* SPDX-License-Identifier: GPL-2.0 */
/* What happened, as one record; the only place that knows both the events and the ring. */
#ifndef CW_RECORD_H
#define CW_RECORD_H

#include <linux/types.h>

#include "abi/crashwatch.h"

struct cw_task;
struct linux_binprm;

void cw_record_exec(const struct linux_binprm *bprm);
void cw_record_exec_failed(int error, int dirfd, unsigned long name, unsigned long argv);
void cw_record_exit(struct cw_task *task, int code);
void cw_record_config(const char *name, const char *old, const char *new);
void cw_record_lost(struct cw_entry *entry, size_t bytes, unsigned int cpu, int ring, u64 count,
		    u64 time_ns);
const struct cw_record *cw_record_task(const struct cw_task *task, void *buf, size_t size);

#endif
