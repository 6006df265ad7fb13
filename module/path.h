/* SPDX-License-Identifier: GPL-2.0 */
/* Paths of what is executed, absolute, in memory that the caller has. */
#ifndef CW_PATH_H
#define CW_PATH_H

#include <linux/sched.h>
#include <linux/types.h>

struct cw_scratch;
struct linux_binprm;

/**
 * struct cw_path - a path, or what there is of one
 * @s: its first byte
 * @len: bytes; 0: it is not known
 * @cut: it did not fit
 */
struct cw_path {
	const char *s;
	u32 len;
	bool cut;
};

struct cw_path cw_path_exe(const struct linux_binprm *bprm, char *buf);
struct cw_path cw_path_cwd(char *buf);
struct cw_path cw_path_file(const struct linux_binprm *bprm, struct cw_path exe,
			    struct cw_path cwd, struct cw_scratch *scratch);
struct cw_path cw_path_join(struct cw_path base, const char *name, char *buf);
struct cw_path cw_path_at(unsigned int fd, const char *name, char *buf, char *room);
struct cw_path cw_path_other(struct task_struct *leader, char *buf);
struct cw_path cw_path_proc(pid_t pid, const char *link, char *buf);

#endif
