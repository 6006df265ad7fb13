/* SPDX-License-Identifier: GPL-2.0 */
/* Dump files, read with libkdumpfile: the one place that knows it. */
#ifndef CW_KDUMP_H
#define CW_KDUMP_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/mem.h"

bool cw_kdump_is_dump(int fd);
struct cw_mem *cw_kdump_open(int fd, char *problem, size_t size);

#endif
