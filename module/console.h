/* SPDX-License-Identifier: GPL-2.0 */
/* What was said may have to be printed yet. */
#ifndef CW_CONSOLE_H
#define CW_CONSOLE_H

void cw_console_wait(bool may_sleep);

#endif
