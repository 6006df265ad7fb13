// SPDX-License-Identifier: GPL-2.0
/* Paths of what is executed, absolute, in memory that the caller has. */
#include <linux/binfmts.h>
#include <linux/dcache.h>
#include <linux/file.h>
#include <linux/fs_struct.h>
#include <linux/limits.h>
#include <linux/mm.h>
#include <linux/namei.h>
#include <linux/path.h>
#include <linux/sched/task.h>
#include <linux/string.h>

#include "context.h"
#include "mem.h"
#include "path.h"
#include "ring.h"

static struct cw_path tell(const struct path *path, char *buf, u32 size)
{
	struct cw_path found = { .s = buf };
	char *s = ERR_PTR(-EAGAIN);

	if (likely(cw_context_may_lock()))
		s = d_path(path, buf, size);
	if (IS_ERR(s)) {
		found.cut = true;
		cw_ring_count(CW_COUNT_PATH_CUT);
	} else {
		found.s = s;
		found.len = buf + size - 1 - s;
	}
	return found;
}

/**
 * cw_path_cwd() - current's working directory
 * @buf: PATH_MAX bytes for it
 *
 * Context: handler of current; takes no reference, for giving one back may sleep.
 * Return: the path; what it names may be gone already, as it may be a moment later anyway.
 */
struct cw_path cw_path_cwd(char *buf)
{
	struct fs_struct *fs = current->fs;
	struct cw_path found = { .s = buf, .cut = true };
	unsigned int seq;
	struct path pwd;

	if (unlikely(!cw_context_may_lock())) {
		cw_ring_count(CW_COUNT_PATH_CUT);
		return found;
	}
	rcu_read_lock();	/* keeps the directory's memory, should a thread leave it */
	do {
		seq = read_seqbegin(&fs->seq);
		pwd = fs->pwd;
	} while (read_seqretry(&fs->seq, seq));
	found = tell(&pwd, buf, PATH_MAX);
	rcu_read_unlock();
	return found;
}

/*
 * prctl(PR_SET_MM_MAP) replaces it at any time, and newer kernels use a file's memory again before
 * a grace period is over. The last reference may be given back here: that does not sleep.
 */
static struct cw_path tell_exe(struct mm_struct *mm, char *buf)
{
	struct cw_path found = { .s = buf };
	struct file *file = get_file_rcu(&mm->exe_file);

	if (file) {
		found = tell(&file->f_path, buf, PATH_MAX);
		fput(file);
	}
	return found;
}

/**
 * cw_path_exe() - the program in current's memory
 * @bprm: the kernel's notes on its exec, or NULL
 * @buf: PATH_MAX bytes for it
 *
 * Context: handler of current.
 * Return: the path.
 */
struct cw_path cw_path_exe(const struct linux_binprm *bprm, char *buf)
{
	struct cw_path found = { .s = buf };

	rcu_read_lock();
	if (bprm)
		found = tell(&bprm->file->f_path, buf, PATH_MAX);
	else if (current->mm)
		found = tell_exe(current->mm, buf);
	rcu_read_unlock();
	return found;
}

/**
 * cw_path_join() - make a relative path absolute
 * @base: the directory it starts from, free of links, so that its end can be taken off for a ".."
 * @name: the relative path, NUL-terminated
 * @buf: PATH_MAX bytes for it; not where @base is
 *
 * Context: any.
 * Return: the path; ".." further in stays, as what comes before it may be a link.
 */
struct cw_path cw_path_join(struct cw_path base, const char *name, char *buf)
{
	u32 len = base.len;
	struct cw_path found = { .s = buf };
	u32 more;

	for (;;) {
		if (name[0] == '.' && name[1] == '/') {
			name += 2;
		} else if (name[0] == '.' && name[1] == '.' && name[2] == '/') {
			name += 3;
			while (len > 1 && base.s[--len] != '/')
				;
		} else if (name[0] == '/') {
			name++;
		} else {
			break;
		}
	}
	if (len == 1)
		len = 0;	/* the root: its slash is put in below */
	more = strnlen(name, PATH_MAX);
	if (!base.len || len + 1 + more >= PATH_MAX) {
		found.cut = true;
		cw_ring_count(CW_COUNT_PATH_CUT);
		return found;
	}
	memcpy(buf, base.s, len);
	buf[len] = '/';
	memcpy(buf + len + 1, name, more);
	found.len = len + 1 + more;
	return found;
}

/**
 * cw_path_at() - a path that starts from a descriptor
 * @fd: current's descriptor
 * @name: the rest of the path, or ""
 * @buf: PATH_MAX bytes for it
 * @room: PATH_MAX bytes more
 *
 * Context: handler of current.
 * Return: the path; not known if there is no such descriptor.
 */
struct cw_path cw_path_at(unsigned int fd, const char *name, char *buf, char *room)
{
	struct cw_path found = { .s = buf };
	struct file *file = fget_raw(fd);

	if (!file)
		return found;
	if (*name)
		found = cw_path_join(tell(&file->f_path, room, PATH_MAX), name, buf);
	else
		found = tell(&file->f_path, buf, PATH_MAX);
	fput(file);
	return found;
}

/* "/dev/fd/N" or "/dev/fd/N/name", as the kernel calls what execveat() was given */
static struct cw_path by_fd(const char *name, char *buf, char *room)
{
	unsigned int fd = 0;

	for (name += strlen("/dev/fd/"); *name >= '0' && *name <= '9'; name++)
		fd = fd * 10 + *name - '0';
	return cw_path_at(fd, name, buf, room);
}

/**
 * cw_path_other() - the program of another process
 * @leader: the process
 * @buf: PATH_MAX bytes for it
 *
 * Context: handler, rcu_read_lock() held.
 * Return: the path; not known of a kernel thread, or if the process is ending.
 */
struct cw_path cw_path_other(struct task_struct *leader, char *buf)
{
	struct cw_path found = { .s = buf };

	if (unlikely(!cw_context_may_lock()))
		return found;
	task_lock(leader);	/* it keeps its memory */
	if (leader->mm && !(data_race(leader->flags) & PF_KTHREAD))
		found = tell_exe(leader->mm, buf);
	task_unlock(leader);
	return found;
}

/**
 * cw_path_file() - the file that was to be executed
 * @bprm: the kernel's notes, or NULL
 * @exe: from cw_path_exe()
 * @cwd: from cw_path_cwd()
 * @scratch: this CPU's room
 *
 * For a script the kernel has only the name it was given. Any other program that was named by a
 * relative path is the program itself.
 *
 * Context: handler of current.
 * Return: the path; the very one in @exe where it is the same.
 */
struct cw_path cw_path_file(const struct linux_binprm *bprm, struct cw_path exe,
			    struct cw_path cwd, struct cw_scratch *scratch)
{
	struct cw_path found = exe;

	if (!bprm)
		return exe;
	if (bprm->fdpath) {
		if (bprm->interp != bprm->filename)
			found = by_fd(bprm->fdpath, scratch->file, scratch->more);
		return found.len ? found : exe;
	}
	if (bprm->filename[0] == '/') {
		/* What cw_path_exe() found ends with a NUL */
		if (exe.len && !strcmp(exe.s, bprm->filename))
			return exe;
		found.s = bprm->filename;
		found.len = strnlen(found.s, PATH_MAX);
		found.cut = false;
		return found;
	}
	if (bprm->interp != bprm->filename)
		return cw_path_join(cwd, bprm->filename, scratch->file);
	return exe;
}

/**
 * cw_path_proc() - where one of procfs's links about a process leads
 * @pid: the process, as the caller's pid namespace numbers it
 * @link: exe or cwd
 * @buf: PATH_MAX bytes for it
 *
 * The kernel exports no way to another task's files.
 *
 * Context: process context, may sleep.
 * Return: the path; not known where procfs is not mounted.
 */
struct cw_path cw_path_proc(pid_t pid, const char *link, char *buf)
{
	struct cw_path found = { .s = buf };
	struct path path;
	char name[32];

	scnprintf(name, sizeof(name), "/proc/%d/%s", pid, link);
	if (kern_path(name, LOOKUP_FOLLOW, &path))
		return found;
	found = tell(&path, buf, PATH_MAX);
	path_put(&path);
	return found;
}
