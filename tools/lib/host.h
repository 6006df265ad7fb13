/* SPDX-License-Identifier: GPL-2.0 */
/* What the machine we run on says about itself. */
#ifndef CW_HOST_H
#define CW_HOST_H

#include <stdbool.h>
#include <stddef.h>

struct cw_options;

void cw_host_root(const char *dir);
bool cw_host_elsewhere(void);
char *cw_host_path(const char *format, ...) __attribute__((format(printf, 1, 2)));
bool cw_host_exists(const char *path);
char *cw_host_read(const char *path);
char *cw_host_file(const struct cw_options *opt, const char *name);
char *cw_host_read_file(const struct cw_options *opt, const char *name);
bool cw_host_has_word(const char *path, const char *word);
bool cw_host_module_loaded(void);
bool cw_host_debugfs_mounted(void);

#endif
