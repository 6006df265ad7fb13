/* SPDX-License-Identifier: GPL-2.0 */
/* Finds a function that the compiler has given another name. */
#ifndef CW_SYMBOL_H
#define CW_SYMBOL_H

#include <linux/types.h>

int cw_symbol_find(const char *symbol, const char *near, char *found, size_t size);

#endif
