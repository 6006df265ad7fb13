// SPDX-License-Identifier: GPL-2.0
/* What a task has executed: taken from its new image, kept once, shared by its forks. */
#include <linux/binfmts.h>
#include <linux/compat.h>
#include <linux/fcntl.h>
#include <linux/limits.h>
#include <linux/mm.h>
#include <linux/pid_namespace.h>
#include <linux/sched.h>
#include <linux/sched/mm.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "context.h"
#include "domain.h"
#include "exec.h"
#include "mem.h"
#include "params.h"
#include "path.h"
#include "ring.h"

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

static struct cw_str store(struct cw_exec *exec, struct cw_path piece, u16 cut)
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
	*exec = (struct cw_exec){ .ref = REFCOUNT_INIT(1) };
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

static void store_paths(struct cw_exec *exec, struct cw_path exe, struct cw_path file,
			struct cw_path cwd)
{
	exec->exe = store(exec, exe, CW_EXEC_CUT_EXE);
	exec->file = file.s == exe.s ? exec->exe : store(exec, file, CW_EXEC_CUT_FILE);
	exec->cwd = store(exec, cwd, CW_EXEC_CUT_CWD);
	exec->argv.off = exec->bytes;
}

/**
 * cw_exec_spare_bytes() - room that a CPU's spare exec needs
 *
 * Context: any.
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
 * Context: handler of current, its new image in place.
 * Return: the exec, never NULL.
 */
struct cw_exec *cw_exec_new(const struct linux_binprm *bprm, struct cw_scratch *scratch)
{
	struct mm_struct *mm = current->mm;
	unsigned long start = mm ? READ_ONCE(mm->arg_start) : 0;
	unsigned long end = mm ? READ_ONCE(mm->arg_end) : 0;
	struct cw_path exe = cw_path_exe(bprm, scratch->exe);
	struct cw_path cwd = cw_path_cwd(scratch->cwd);
	struct cw_path file = cw_path_file(bprm, exe, cwd, scratch);
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
 * Context: any.
 * Return: bytes.
 */
size_t cw_exec_older_room(void)
{
	return 2 * PATH_MAX + cw_params.argv_bytes;
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
	struct cw_path exe, cwd;
	struct cw_exec *exec;
	struct mm_struct *mm;
	unsigned long start, end;
	u64 total = 0;
	int got = 0;

	mm = get_task_mm(leader);
	if (!mm)
		return cw_exec_bare();
	start = READ_ONCE(mm->arg_start);
	end = READ_ONCE(mm->arg_end);
	if (end > start) {
		total = end - start;
		/* A file may be there instead, and its reading may never end */
		got = access_process_vm(leader, start, args,
					min_t(u64, total, cw_params.argv_bytes),
					FOLL_FORCE | FOLL_ANON);
	}
	mmput(mm);
	exe = cw_path_proc(pid, "exe", room);
	cwd = cw_path_proc(pid, "cwd", room + PATH_MAX);
	got = max(got, 0);

	exec = make(exe.len + cwd.len + got);
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
	return make(0);
}

/**
 * cw_exec_live() - what a process runs now, as far as that can be told without sleeping
 * @leader: the process
 *
 * The history is not set; of arguments and working directory nothing is known.
 *
 * Context: handler, rcu_read_lock() held.
 * Return: the exec or NULL.
 */
struct cw_exec *cw_exec_live(struct task_struct *leader)
{
	struct cw_scratch *scratch = cw_mem_scratch_get();
	struct cw_path exe = { 0 }, none = { 0 };
	struct cw_exec *exec;

	if (scratch)
		exe = cw_path_other(leader, scratch->exe);
	exec = make(exe.len);
	if (exec)
		store_paths(exec, exe, exe, none);
	cw_mem_scratch_put(scratch);
	return exec;
}

/* What a fork copies and an exec sets anew */
struct image {
	const void *exe;
	unsigned long code, args, args_end, env, env_end;
};

static struct image image_of(struct task_struct *task)
{
	struct image image = { 0 };
	struct mm_struct *mm;

	task_lock(task);	/* it keeps its memory */
	mm = data_race(task->flags) & PF_KTHREAD ? NULL : task->mm;
	if (mm) {
		image.exe = rcu_access_pointer(mm->exe_file);
		image.code = READ_ONCE(mm->start_code);
		image.args = READ_ONCE(mm->arg_start);
		image.args_end = READ_ONCE(mm->arg_end);
		image.env = READ_ONCE(mm->env_start);
		image.env_end = READ_ONCE(mm->env_end);
	}
	task_unlock(task);
	return image;
}

/**
 * cw_exec_same_image() - has a process executed nothing since it was forked?
 * @a: the process
 * @b: its parent
 *
 * Kernel threads have all the same.
 *
 * Context: rcu_read_lock() held.
 * Return: true if both run the same program in the same place with the same arguments.
 */
bool cw_exec_same_image(struct task_struct *a, struct task_struct *b)
{
	struct image one = image_of(a), other = image_of(b);

	return !memcmp(&one, &other, sizeof(one));
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

/* The program in current's memory is what it executed last */
static struct cw_path known_exe(const struct cw_exec *was, struct cw_scratch *scratch)
{
	struct cw_path exe;

	if (cw_context_may_lock() || !was)
		return cw_path_exe(NULL, scratch->exe);
	exe.s = was->data + was->exe.off;
	exe.len = was->exe.len;
	exe.cut = was->cut & CW_EXEC_CUT_EXE;
	return exe;
}

/**
 * cw_exec_failed() - what current wanted to execute and could not
 * @was: what it has executed last, or NULL if that is not known
 * @scratch: this CPU's room; the exec lies in it
 * @dirfd: descriptor of the directory the path starts from, or AT_FDCWD
 * @name: user address of the path
 * @argv: user address of the arguments
 *
 * Context: handler of current, its old image still in place.
 * Return: the exec, for one record.
 */
struct cw_exec *cw_exec_failed(const struct cw_exec *was, struct cw_scratch *scratch, int dirfd,
			       unsigned long name, unsigned long argv)
{
	struct cw_exec *exec = (struct cw_exec *)scratch->spare;
	struct cw_path exe = known_exe(was, scratch);
	struct cw_path cwd = cw_path_cwd(scratch->cwd);
	struct cw_path file = { .s = scratch->text };
	bool whole;

	init(exec);
	exec->flags = CW_EXEC_SPARE;
	file.len = user_string(scratch->text, name, PATH_MAX - 1, &whole);
	file.cut = file.len && !whole;
	scratch->text[file.len] = 0;
	if (whole && scratch->text[0] != '/' && dirfd == AT_FDCWD)
		file = file.len ? cw_path_join(cwd, file.s, scratch->file) : file;
	else if (whole && scratch->text[0] != '/')
		file = cw_path_at(dirfd, file.s, scratch->file, scratch->more);
	store_paths(exec, exe, file, cwd);
	take_user_argv(exec, argv);
	return exec;
}

/* === Life === */

/**
 * cw_exec_get() - one more holder
 * @exec: with at least one holder
 *
 * Context: any.
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
 *
 * Context: any but an NMI.
 */
void cw_exec_put(struct cw_exec *exec)
{
	if (!exec || !refcount_dec_and_test(&exec->ref))
		return;
	cw_domain_put(exec->domain);
	if (!(exec->flags & CW_EXEC_SPARE))
		call_rcu(&exec->rcu, free_rcu);
}
