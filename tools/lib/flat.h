/* SPDX-License-Identifier: GPL-2.0 */
/* Dumps in makedumpfile's flattened format, as kdump-tools writes them. */
#ifndef CW_LIB_FLAT_H
#define CW_LIB_FLAT_H

#include <stdbool.h>
#include <stddef.h>

bool cw_flat_is(int fd);
int cw_flat_unfold(int fd, char *problem, size_t size);

#endif
