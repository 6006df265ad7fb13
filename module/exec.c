// SPDX-License-Identifier: GPL-2.0
/* What a task has executed: taken from its new image, kept once, shared by its forks. */
#include <linux/binfmts.h>
#include <linux/compat.h>
#include <linux/dcache.h>
#include <linux/file.h>
#include <linux/fs_struct.h>
#include <linux/limits.h>
#include <linux/mm.h>
#include <linux/namei.h>
#include <linux/path.h>
#include <linux/pid_namespace.h>
#include <linux/sched.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "domain.h"
#include "exec.h"
#include "mem.h"
#include "params.h"
#include "ring.h"

/* A string found somewhere in the scratch room */
struct piece {
	const char *s;
	u32 len;
	bool cut;
};

static struct piece path_piece(const struct path *path, char *buf, u32 size)
{
	struct piece piece = { .s = buf };
	char *s = d_path(path, buf, size);

	if (IS_ERR(s)) {
		piece.cut = true;
		cw_ring_count(CW_COUNT_PATH_CUT);
	} else {
		piece.s = s;
		piece.len = buf + size - 1 - s;
	}
	return piece;
}

static struct piece cwd_piece(char *buf)
{
	struct path pwd;
	struct piece piece;

	get_fs_pwd(current->fs, &pwd);
	piece = path_piece(&pwd, buf, PATH_MAX);
	path_put(&pwd);
	return piece;
}

/* The program in memory now. Nobody else can replace it while the task is in a handler. */
static struct piece exe_piece(const struct linux_binprm *bprm, char *buf)
{
	struct piece piece = { .s = buf };
	struct file *file = NULL;

	rcu_read_lock();
	if (bprm)
		file = bprm->file;
	else if (current->mm)
		file = rcu_dereference(current->mm->exe_file);
	if (file)
		piece = path_piece(&file->f_path, buf, PATH_MAX);
	rcu_read_unlock();
	return piece;
}

/* @base and @name as one path. @base is free of links, so its end can be taken off for a "..". */
static struct piece join(struct piece base, const char *name, char *buf)
{
	u32 len = base.len;
	struct piece piece = { .s = buf };
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
		piece.cut = true;
		cw_ring_count(CW_COUNT_PATH_CUT);
		return piece;
	}
	memcpy(buf, base.s, len);
	buf[len] = '/';
	memcpy(buf + len + 1, name, more);
	piece.len = len + 1 + more;
	return piece;
}

/* "/dev/fd/N" or "/dev/fd/N/name", as the kernel calls what execveat() was given */
static struct piece fd_piece(const char *name, char *buf, char *room)
{
	struct piece piece = { .s = buf };
	unsigned int fd = 0;
	struct file *file;

	for (name += strlen("/dev/fd/"); *name >= '0' && *name <= '9'; name++)
		fd = fd * 10 + *name - '0';
	file = fget_raw(fd);
	if (!file)
		return piece;
	if (*name) {
		piece = path_piece(&file->f_path, room, PATH_MAX);
		piece = join(piece, name, buf);
	} else {
		piece = path_piece(&file->f_path, buf, PATH_MAX);
	}
	fput(file);
	return piece;
}

/*
 * The file that was to be executed. For a script the kernel has only the name it was given; any
 * other program that was named by a relative path is the program itself.
 */
static struct piece file_piece(const struct linux_binprm *bprm, struct piece exe,
			       struct piece cwd, struct cw_scratch *scratch)
{
	struct piece piece = exe;

	if (!bprm)
		return exe;
	if (bprm->fdpath) {
		if (bprm->interp != bprm->filename)
			piece = fd_piece(bprm->fdpath, scratch->file, scratch->text);
		return piece.len ? piece : exe;
	}
	if (bprm->filename[0] == '/') {
		piece.s = bprm->filename;
		piece.len = strnlen(piece.s, PATH_MAX);
		piece.cut = false;
		if (piece.len == exe.len && !memcmp(piece.s, exe.s, exe.len))
			return exe;
		return piece;
	}
	if (bprm->interp != bprm->filename)
		return join(cwd, bprm->filename, scratch->file);
	return exe;
}

/* Copy user memory page by page, so that what can be read is kept. Returns the bytes copied. */
static u32 copy_user(char *to, unsigned long from, u32 len)
{
	u32 done = 0;

	while (done < len) {
		u32 part = min_t(u32, len - done, PAGE_SIZE - offset_in_page(from + done));

		if (copy_from_user_nofault(to + done, (const void __user *)(from + done), part))
			break;
		done += part;
	}
	return done;
}

static void take_argv(struct cw_exec *exec, unsigned long start, u64 total, u32 room)
{
	u32 want = min_t(u64, total, room);
	u32 got = copy_user(exec->data + exec->argv.off, start, want);

	exec->argv_bytes = total;
	exec->argv.len = got;
	exec->bytes = exec->argv.off + got;
	if (got < want) {
		exec->flags |= CW_EXEC_ARGV_FAULT;
		cw_ring_count(CW_COUNT_ARGV_FAULT);
	}
	if (want < total) {
		exec->cut |= CW_EXEC_CUT_ARGV;
		cw_ring_count(CW_COUNT_ARGV_CUT);
	}
}

static void count_args(struct cw_exec *exec)
{
	u32 i;

	if (exec->cut & CW_EXEC_CUT_ARGV || exec->flags & CW_EXEC_ARGV_FAULT)
		return;
	exec->argc = 0;
	for (i = 0; i < exec->argv.len; i++)
		exec->argc += !exec->data[exec->argv.off + i];
	exec->flags |= CW_EXEC_ARGC;
}

static struct cw_str store(struct cw_exec *exec, struct piece piece, u16 cut)
{
	struct cw_str str = { .off = exec->bytes, .len = piece.len };

	memcpy(exec->data + exec->bytes, piece.s, piece.len);
	exec->bytes += piece.len;
	if (piece.cut)
		exec->cut |= cut;
	return str;
}

static void init(struct cw_exec *exec)
{
	memset(exec, 0, sizeof(*exec));
	refcount_set(&exec->ref, 1);
}

static struct cw_exec *make(size_t strings)
{
	size_t bytes = sizeof(struct cw_exec) + strings;
	bool small = bytes <= CW_MEM_EXEC_BYTES;
	struct cw_exec *exec = small ? cw_mem_pool_get(CW_MEM_EXEC) : cw_mem_alloc(bytes);

	if (!exec)
		return NULL;
	init(exec);
	exec->taken = bytes;
	return exec;
}

static void store_paths(struct cw_exec *exec, struct piece exe, struct piece file,
			struct piece cwd)
{
	exec->exe = store(exec, exe, CW_EXEC_CUT_EXE);
	exec->file = file.s == exe.s ? exec->exe : store(exec, file, CW_EXEC_CUT_FILE);
	exec->cwd = store(exec, cwd, CW_EXEC_CUT_CWD);
	exec->argv.off = exec->bytes;
}

/**
 * cw_exec_spare_bytes() - room that a CPU's spare exec needs
 *
 * Return: bytes.
 */
size_t cw_exec_spare_bytes(void)
{
	return sizeof(struct cw_exec) + 3 * PATH_MAX + cw_params.argv_bytes;
}

/**
 * cw_exec_new() - what current has just executed
 * @bprm: the kernel's own notes on it, or NULL
 * @scratch: this CPU's room
 *
 * The history is not set. Without memory the exec lies in @scratch: good for one record.
 *
 * Context: current, its new image in place, preemption off.
 * Return: the exec, never NULL.
 */
struct cw_exec *cw_exec_new(const struct linux_binprm *bprm, struct cw_scratch *scratch)
{
	struct mm_struct *mm = current->mm;
	unsigned long start = mm ? READ_ONCE(mm->arg_start) : 0;
	unsigned long end = mm ? READ_ONCE(mm->arg_end) : 0;
	struct piece exe = exe_piece(bprm, scratch->exe);
	struct piece cwd = cwd_piece(scratch->cwd);
	struct piece file = file_piece(bprm, exe, cwd, scratch);
	u64 total = end > start ? end - start : 0;
	u32 room = min_t(u64, total, cw_params.argv_bytes);
	struct cw_exec *exec;

	exec = make(exe.len + cwd.len + room + (file.s == exe.s ? 0 : file.len));
	if (!exec) {
		exec = (struct cw_exec *)scratch->spare;
		init(exec);
		exec->flags = CW_EXEC_SPARE;
	}
	store_paths(exec, exe, file, cwd);
	take_argv(exec, start, total, room);
	if (bprm) {
		exec->argc = bprm->argc;
		exec->flags |= CW_EXEC_ARGC;
	} else {
		count_args(exec);
	}
	return exec;
}

/* === Processes older than the module === */

/**
 * cw_exec_older_room() - room that cw_exec_older() needs
 *
 * Return: bytes.
 */
size_t cw_exec_older_room(void)
{
	return 2 * PATH_MAX + cw_params.argv_bytes;
}

/* The kernel exports no way to another task's files; procfs has them as links. */
static struct piece proc_piece(pid_t pid, const char *link, char *buf)
{
	struct piece piece = { .s = buf };
	struct path path;
	char name[32];

	scnprintf(name, sizeof(name), "/proc/%d/%s", pid, link);
	if (kern_path(name, LOOKUP_FOLLOW, &path))
		return piece;
	preempt_disable();
	piece = path_piece(&path, buf, PATH_MAX);
	preempt_enable();
	path_put(&path);
	return piece;
}

/**
 * cw_exec_older() - what a process has executed before the module was there
 * @leader: the process
 * @room: cw_exec_older_room() bytes
 *
 * The history is not set.
 *
 * Context: process context, may sleep.
 * Return: the exec or NULL.
 */
struct cw_exec *cw_exec_older(struct task_struct *leader, char *room)
{
	pid_t pid = task_tgid_nr_ns(leader, task_active_pid_ns(current));
	char *args = room + 2 * PATH_MAX;
	struct piece exe, cwd;
	struct cw_exec *exec;
	struct mm_struct *mm;
	u64 total = 0;
	int got = 0;

	mm = get_task_mm(leader);
	if (!mm)
		return cw_exec_bare();
	if (mm->arg_end > mm->arg_start) {
		total = mm->arg_end - mm->arg_start;
		got = access_process_vm(leader, mm->arg_start, args,
					min_t(u64, total, cw_params.argv_bytes), FOLL_FORCE);
	}
	mmput(mm);
	exe = proc_piece(pid, "exe", room);
	cwd = proc_piece(pid, "cwd", room + PATH_MAX);
	got = max(got, 0);

	preempt_disable();
	exec = make(exe.len + cwd.len + got);
	preempt_enable();
	if (!exec)
		return NULL;
	store_paths(exec, exe, exe, cwd);
	memcpy(exec->data + exec->argv.off, args, got);
	exec->argv.len = got;
	exec->argv_bytes = total;
	exec->bytes += got;
	if (got < min_t(u64, total, cw_params.argv_bytes))
		exec->flags |= CW_EXEC_ARGV_FAULT;
	else if (got < total)
		exec->cut |= CW_EXEC_CUT_ARGV;
	count_args(exec);
	return exec;
}

/**
 * cw_exec_bare() - an exec of which nothing is known but, later, the history
 *
 * Context: any but interrupts.
 * Return: the exec or NULL.
 */
struct cw_exec *cw_exec_bare(void)
{
	struct cw_exec *exec;

	preempt_disable();
	exec = make(0);
	preempt_enable();
	return exec;
}

/* === Execs that failed === */

static bool user_word(unsigned long *word, unsigned long at)
{
	if (in_compat_syscall()) {
		u32 half;

		if (copy_from_user_nofault(&half, (const void __user *)at, sizeof(half)))
			return false;
		*word = half;
		return true;
	}
	return !copy_from_user_nofault(word, (const void __user *)at, sizeof(*word));
}

/* A user's string, at most @size bytes of it; *whole tells whether its NUL was seen. */
static u32 user_string(char *to, unsigned long from, u32 size, bool *whole)
{
	u32 len = 0;

	*whole = false;
	while (len < size && !*whole) {
		u32 part = min_t(u32, min_t(u32, size - len, 64),
				 PAGE_SIZE - offset_in_page(from + len));
		u32 got = copy_user(to + len, from + len, part);
		u32 here = strnlen(to + len, got);

		*whole = here < got;
		len += here;
		if (got < part)
			break;
	}
	return len;
}

static void take_user_argv(struct cw_exec *exec, unsigned long argv)
{
	u32 room = cw_params.argv_bytes;
	u32 step = in_compat_syscall() ? sizeof(u32) : sizeof(long);
	unsigned long arg;
	bool whole = true;

	for (; user_word(&arg, argv); argv += step) {
		u32 len;

		if (!arg) {
			exec->flags |= CW_EXEC_ARGC;
			return;
		}
		len = user_string(exec->data + exec->bytes, arg, room, &whole);
		exec->bytes += len;
		room -= len;
		if (whole && room) {
			exec->data[exec->bytes++] = 0;
			room--;
		}
		exec->argv.len = exec->bytes - exec->argv.off;
		exec->argc++;
		if (!room) {
			exec->cut |= CW_EXEC_CUT_ARGV;
			cw_ring_count(CW_COUNT_ARGV_CUT);
			return;
		}
		if (!whole)
			break;
	}
	exec->flags |= CW_EXEC_ARGV_FAULT;
	cw_ring_count(CW_COUNT_ARGV_FAULT);
}

/**
 * cw_exec_failed() - what current wanted to execute and could not
 * @scratch: this CPU's room; the exec lies in it
 * @name: user address of the path
 * @argv: user address of the arguments
 *
 * Context: current, its old image still in place, preemption off.
 * Return: the exec, for one record.
 */
struct cw_exec *cw_exec_failed(struct cw_scratch *scratch, unsigned long name, unsigned long argv)
{
	struct cw_exec *exec = (struct cw_exec *)scratch->spare;
	struct piece exe = exe_piece(NULL, scratch->exe);
	struct piece cwd = cwd_piece(scratch->cwd);
	struct piece file = { .s = scratch->text };
	bool whole;

	init(exec);
	exec->flags = CW_EXEC_SPARE;
	file.len = user_string(scratch->text, name, PATH_MAX - 1, &whole);
	scratch->text[file.len] = 0;
	if (file.len && file.s[0] != '/')
		file = join(cwd, file.s, scratch->file);
	else
		file.cut = !whole;
	store_paths(exec, exe, file, cwd);
	take_user_argv(exec, argv);
	return exec;
}

/* === Life === */

/**
 * cw_exec_get() - one more holder
 * @exec: with at least one holder
 *
 * Return: @exec.
 */
struct cw_exec *cw_exec_get(struct cw_exec *exec)
{
	refcount_inc(&exec->ref);
	return exec;
}

static void free_rcu(struct rcu_head *rcu)
{
	struct cw_exec *exec = container_of(rcu, struct cw_exec, rcu);

	if (exec->taken <= CW_MEM_EXEC_BYTES)
		cw_mem_pool_put(CW_MEM_EXEC, exec);
	else
		cw_mem_free(exec, exec->taken);
}

/**
 * cw_exec_put() - one holder less; the last one frees it
 * @exec: it, or NULL
 */
void cw_exec_put(struct cw_exec *exec)
{
	if (!exec || !refcount_dec_and_test(&exec->ref))
		return;
	cw_domain_put(exec->domain);
	if (!(exec->flags & CW_EXEC_SPARE))
		call_rcu(&exec->rcu, free_rcu);
}
