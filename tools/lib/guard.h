/* SPDX-License-Identifier: GPL-2.0 */
/* A library that reads hostile files runs in a child, so that its death ends in a sentence. */
#ifndef CW_GUARD_H
#define CW_GUARD_H

void cw_guard_begin(const char *name);

#endif
