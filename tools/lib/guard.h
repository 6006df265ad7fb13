/* SPDX-License-Identifier: GPL-2.0 */
/* What reads hostile files does it in a child, so that its death ends in a sentence. */
#ifndef CW_GUARD_H
#define CW_GUARD_H

void cw_guard_begin(const char *name);
void cw_guard_run(const char *name, int (*run)(void *arg), void *arg);

#endif
