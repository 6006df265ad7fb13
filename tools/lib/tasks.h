/* SPDX-License-Identifier: GPL-2.0 */
/* Living processes and their histories in a dump. */
#ifndef CW_TASKS_H
#define CW_TASKS_H

#include "lib/dump.h"

bool cw_tasks_read(struct cw_dump *dump,
		   void (*tell)(void *arg, const struct cw_record *rec), void *arg);
bool cw_domains_read(struct cw_dump *dump,
		     void (*tell)(void *arg, __s32 users, const char *text, size_t len),
		     void *arg);

#endif
