// SPDX-License-Identifier: GPL-2.0
/* What happened in the life of a process, as one record each. */
#include <linux/audit.h>
#include <linux/cred.h>
#include <linux/pid_namespace.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/timekeeping.h>

#include "domain.h"
#include "exec.h"
#include "history.h"
#include "mem.h"
#include "params.h"
#include "record.h"
#include "stream.h"

/* === Drafts === */

/**
 * cw_draft_on() - begin a record in plain memory
 * @draft: the draft
 * @buf: memory, 8-byte aligned
 * @size: bytes of it
 * @type: enum cw_type
 * @keys: how many keys the type has
 *
 * Return: false if the memory is too small for the keys alone.
 */
bool cw_draft_on(struct cw_draft *draft, void *buf, size_t size, enum cw_type type,
		 unsigned int keys)
{
	size_t fixed = sizeof(struct cw_record) + 8 * keys;

	if (size < fixed)
		return false;
	draft->rec = buf;
	draft->tail = buf + fixed;
	draft->room = size - fixed;
	memset(buf, 0, fixed);
	draft->rec->type = type;
	draft->rec->fields = keys;
	return true;
}

/**
 * cw_draft_open() - begin a record in a ring
 * @draft: for cw_draft_close(), which must follow at once
 * @type: enum cw_type
 * @keys: how many keys the type has
 * @ring: where it is kept
 * @tail: the most bytes its strings may take
 *
 * Context: any, preemption off; interrupts stay off until cw_draft_close().
 * Return: false if the record was dropped, which is counted.
 */
bool cw_draft_open(struct cw_draft *draft, enum cw_type type, unsigned int keys,
		   enum cw_ring_id ring, u32 tail)
{
	u32 bytes = sizeof(struct cw_record) + 8 * keys + tail;
	void *buf = cw_ring_reserve(&draft->slot, ring, bytes);

	return buf && cw_draft_on(draft, buf, bytes, type, keys);
}

/**
 * cw_draft_close() - the record is whole
 * @draft: from a successful cw_draft_open()
 */
void cw_draft_close(struct cw_draft *draft)
{
	cw_ring_commit(&draft->slot, draft->tail - (char *)draft->rec + draft->rec->tail);
	cw_stream_wake();
}

static u64 *slot_of(struct cw_draft *draft, unsigned int key)
{
	return (u64 *)(draft->rec + 1) + key;
}

/**
 * cw_draft_num() - put a number into the record
 * @draft: the draft
 * @key: index of the key
 * @value: the number
 */
void cw_draft_num(struct cw_draft *draft, unsigned int key, u64 value)
{
	*slot_of(draft, key) = value;
	draft->rec->has |= 1ULL << key;
}

/* Room for @bytes in the tail, and key's slot set to it; NULL if there is none. */
static char *tail_room(struct cw_draft *draft, unsigned int key, u32 bytes, bool cut)
{
	struct cw_record *rec = draft->rec;
	struct cw_str *place = (struct cw_str *)slot_of(draft, key);
	char *to = draft->tail + rec->tail;

	if (WARN_ON_ONCE(bytes > draft->room - rec->tail))
		return NULL;
	place->off = rec->tail;
	place->len = bytes;
	rec->tail += bytes;
	rec->has |= 1ULL << key;
	if (cut)
		rec->cut |= 1ULL << key;
	return to;
}

/**
 * cw_draft_str() - put a string into the record
 * @draft: the draft
 * @key: index of the key
 * @s: bytes
 * @bytes: how many; none and not cut: the key stays unknown
 * @cut: they are the beginning of more
 */
void cw_draft_str(struct cw_draft *draft, unsigned int key, const char *s, u32 bytes, bool cut)
{
	char *to;

	if (!bytes && !cut)
		return;
	to = tail_room(draft, key, bytes, cut);
	if (to)
		memcpy(to, s, bytes);
}

/**
 * cw_draft_text() - put a string of our own into the record
 * @draft: the draft
 * @key: index of the key
 * @s: NUL-terminated
 */
void cw_draft_text(struct cw_draft *draft, unsigned int key, const char *s)
{
	cw_draft_str(draft, key, s, strlen(s), false);
}

/**
 * cw_draft_comm() - put a task's short name into the record
 * @draft: the draft
 * @key: index of the key
 * @task: the task
 */
void cw_draft_comm(struct cw_draft *draft, unsigned int key, const struct task_struct *task)
{
	char comm[TASK_COMM_LEN];

	memcpy(comm, task->comm, sizeof(comm));	/* may be changed meanwhile by its owner */
	cw_draft_str(draft, key, comm, strnlen(comm, sizeof(comm)), false);
}

/**
 * cw_draft_auid() - put current's login user into the record, if it belongs to a login
 * @draft: the draft
 * @key: index of the key
 */
void cw_draft_auid(struct cw_draft *draft, unsigned int key)
{
	kuid_t auid = audit_get_loginuid(current);

	if (uid_valid(auid))
		cw_draft_num(draft, key, __kuid_val(auid));
}

/**
 * cw_draft_domain() - put an exec's history into the record
 * @draft: the draft
 * @key: index of the key
 * @exec: the exec, or NULL
 * @cut: it is known to go on
 */
void cw_draft_domain(struct cw_draft *draft, unsigned int key, const struct cw_exec *exec,
		     bool cut)
{
	u32 root;
	char *to;

	if (!exec || !exec->domain)
		return;
	to = tail_room(draft, key, sizeof(root) + exec->domain->len,
		       cut || exec->flags & CW_EXEC_DOMAIN_CUT);
	if (!to)
		return;
	root = exec->root_pid;
	memcpy(to, &root, sizeof(root));
	memcpy(to + sizeof(root), exec->domain->text, exec->domain->len);
}

/**
 * cw_draft_exec_bytes() - room in the tail that an exec needs
 * @exec: it, or NULL
 *
 * Return: bytes.
 */
u32 cw_draft_exec_bytes(const struct cw_exec *exec)
{
	if (!exec)
		return 0;
	return exec->bytes + (exec->domain ? sizeof(u32) + exec->domain->len : 0);
}

static void put_piece(struct cw_draft *draft, int key, const struct cw_exec *exec,
		      struct cw_str piece, u16 cut)
{
	if (key >= 0)
		cw_draft_str(draft, key, exec->data + piece.off, piece.len, exec->cut & cut);
}

/**
 * cw_draft_exec() - put what an exec tells into the record
 * @draft: the draft
 * @keys: where the type has it
 * @exec: the exec, or NULL
 */
void cw_draft_exec(struct cw_draft *draft, const struct cw_exec_keys *keys,
		   const struct cw_exec *exec)
{
	struct cw_record *rec = draft->rec;

	if (!exec)
		return;
	put_piece(draft, keys->exe, exec, exec->exe, CW_EXEC_CUT_EXE);
	if (keys->exe >= 0 && keys->file >= 0 && exec->file.off == exec->exe.off &&
	    exec->file.len == exec->exe.len) {
		/* One string for both keys */
		*slot_of(draft, keys->file) = *slot_of(draft, keys->exe);
		rec->has |= (rec->has >> keys->exe & 1) << keys->file;
		rec->cut |= (rec->cut >> keys->exe & 1) << keys->file;
	} else {
		put_piece(draft, keys->file, exec, exec->file, CW_EXEC_CUT_FILE);
	}
	put_piece(draft, keys->argv, exec, exec->argv, CW_EXEC_CUT_ARGV);
	if (keys->argc >= 0 && exec->flags & CW_EXEC_ARGC)
		cw_draft_num(draft, keys->argc, exec->argc);
	if (keys->argv_bytes >= 0 && exec->cut & CW_EXEC_CUT_ARGV)
		cw_draft_num(draft, keys->argv_bytes, exec->argv_bytes);
	if (keys->argv_fault >= 0 && exec->flags & CW_EXEC_ARGV_FAULT)
		cw_draft_num(draft, keys->argv_fault, 1);
	put_piece(draft, keys->cwd, exec, exec->cwd, CW_EXEC_CUT_CWD);
	cw_draft_domain(draft, keys->domain, exec, false);
}

/**
 * cw_draft_task() - put what a process has executed last into the record
 * @draft: the draft
 * @keys: where the type has it
 * @task: the process, or NULL
 *
 * Context: as cw_history_exec().
 */
void cw_draft_task(struct cw_draft *draft, const struct cw_exec_keys *keys,
		   const struct cw_task *task)
{
	const struct cw_exec *exec = cw_history_exec(task);

	/* Of what it runs now nothing is known but that it came after this */
	if (cw_history_stale(task))
		cw_draft_domain(draft, keys->domain, exec, true);
	else
		cw_draft_exec(draft, keys, exec);
}

/* === Records === */

static pid_t parent_pid(const struct task_struct *task)
{
	pid_t pid;

	rcu_read_lock();
	pid = task_tgid_nr(rcu_dereference(task->real_parent));
	rcu_read_unlock();
	return pid;
}

static const struct cw_exec_keys exec_keys = {
	.exe = CW_EXEC_exe,
	.file = CW_EXEC_file,
	.argv = CW_EXEC_argv,
	.argc = CW_EXEC_argc,
	.argv_bytes = CW_EXEC_argv_bytes,
	.argv_fault = CW_EXEC_argv_fault,
	.cwd = CW_EXEC_cwd,
	.domain = CW_EXEC_domain,
};

static void record_exec(const struct cw_exec *exec)
{
	struct cw_draft draft;

	if (!cw_draft_open(&draft, CW_EXEC, CW_EXEC_KEYS, CW_RING_EVENTS,
			   TASK_COMM_LEN + cw_draft_exec_bytes(exec)))
		return;
	cw_draft_num(&draft, CW_EXEC_pid, current->tgid);
	cw_draft_num(&draft, CW_EXEC_ppid, parent_pid(current));
	cw_draft_num(&draft, CW_EXEC_uid, __kuid_val(current_uid()));
	cw_draft_auid(&draft, CW_EXEC_auid);
	cw_draft_comm(&draft, CW_EXEC_comm, current);
	cw_draft_exec(&draft, &exec_keys, exec);
	cw_draft_close(&draft);
}

/**
 * cw_record_exec() - current has executed a program
 * @bprm: the kernel's notes on it, or NULL
 *
 * Adds the exec to the history, also when no record is wanted or can be made.
 *
 * Context: current, its new image in place, preemption off.
 */
void cw_record_exec(const struct linux_binprm *bprm)
{
	struct cw_scratch *scratch;
	struct cw_exec *exec, *from;
	struct cw_task *task;
	bool stale;

	rcu_read_lock();
	task = cw_history_get(current);
	if (likely(task)) {
		from = cw_history_exec(task);
		stale = cw_history_stale(task);
	} else {
		from = cw_history_adopt(current, &stale);
	}
	scratch = cw_mem_scratch_get();
	if (!scratch) {
		cw_ring_count(CW_COUNT_NO_MEMORY);
		if (task)
			set_bit(CW_TASK_STALE, &task->flags);
		goto out;
	}
	exec = cw_exec_new(bprm, scratch);
	cw_history_enter(exec, from, stale, current);
	if (cw_params.log_exec)
		record_exec(exec);
	if (task && !(exec->flags & CW_EXEC_SPARE)) {
		cw_history_replace(task, exec);
	} else {
		if (task)
			set_bit(CW_TASK_STALE, &task->flags);
		cw_exec_put(exec);
	}
	cw_mem_scratch_put(scratch);
out:
	if (!task)
		cw_exec_put(from);
	rcu_read_unlock();
}

/**
 * cw_record_exec_failed() - current could not execute a program
 * @error: why, a positive errno
 * @dirfd: descriptor of the directory its path starts from, or AT_FDCWD
 * @name: user address of its path
 * @argv: user address of its arguments
 *
 * Context: current, its old image in place, preemption off.
 */
void cw_record_exec_failed(int error, int dirfd, unsigned long name, unsigned long argv)
{
	static const struct cw_exec_keys keys = {
		.exe = CW_EXEC_FAILED_exe,
		.file = CW_EXEC_FAILED_file,
		.argv = CW_EXEC_FAILED_argv,
		.argc = CW_EXEC_FAILED_argc,
		.argv_bytes = -1,
		.argv_fault = CW_EXEC_FAILED_argv_fault,
		.cwd = CW_EXEC_FAILED_cwd,
		.domain = CW_EXEC_FAILED_domain,
	};
	struct cw_scratch *scratch;
	struct cw_exec *tried, *was;
	struct cw_draft draft;
	struct cw_task *task;

	rcu_read_lock();
	task = cw_history_get(current);
	was = cw_history_exec(task);
	scratch = cw_mem_scratch_get();
	if (!scratch) {
		cw_ring_count(CW_COUNT_NO_MEMORY);
		rcu_read_unlock();
		return;
	}
	tried = cw_exec_failed(scratch, dirfd, name, argv);
	if (was && was->domain) {
		tried->domain = cw_domain_get(was->domain);
		tried->root_pid = was->root_pid;
		tried->flags |= was->flags & CW_EXEC_DOMAIN_CUT;
		if (cw_history_stale(task))
			tried->flags |= CW_EXEC_DOMAIN_CUT;
	}
	if (!cw_draft_open(&draft, CW_EXEC_FAILED, CW_EXEC_FAILED_KEYS, CW_RING_EVENTS,
			   TASK_COMM_LEN + cw_draft_exec_bytes(tried)))
		goto out;
	cw_draft_num(&draft, CW_EXEC_FAILED_pid, current->tgid);
	cw_draft_num(&draft, CW_EXEC_FAILED_ppid, parent_pid(current));
	cw_draft_num(&draft, CW_EXEC_FAILED_uid, __kuid_val(current_uid()));
	cw_draft_auid(&draft, CW_EXEC_FAILED_auid);
	cw_draft_comm(&draft, CW_EXEC_FAILED_comm, current);
	cw_draft_exec(&draft, &keys, tried);
	cw_draft_num(&draft, CW_EXEC_FAILED_error, error);
	cw_draft_close(&draft);
out:
	cw_exec_put(tried);
	rcu_read_unlock();
	cw_mem_scratch_put(scratch);
}

/**
 * cw_record_exit() - a process has ended by itself
 * @task: the process, or NULL if it is not known
 * @code: exit status, 0 to 255, or negative if it is not known
 *
 * Context: its last thread, rcu_read_lock() held, preemption off.
 */
void cw_record_exit(struct cw_task *task, int code)
{
	const struct task_struct *leader = current->group_leader;
	const struct cw_exec *exec = cw_history_exec(task);
	struct cw_draft draft;
	u32 domain = exec && exec->domain ? sizeof(u32) + exec->domain->len : 0;

	if (!cw_draft_open(&draft, CW_EXIT, CW_EXIT_KEYS, CW_RING_EVENTS, TASK_COMM_LEN + domain))
		return;
	cw_draft_num(&draft, CW_EXIT_pid, current->tgid);
	cw_draft_num(&draft, CW_EXIT_ppid, parent_pid(current));
	cw_draft_num(&draft, CW_EXIT_uid, __kuid_val(current_uid()));
	cw_draft_comm(&draft, CW_EXIT_comm, leader);
	if (code >= 0)
		cw_draft_num(&draft, CW_EXIT_code, code);
	cw_draft_num(&draft, CW_EXIT_lifetime_ns, ktime_get_mono_fast_ns() - leader->start_time);
	cw_draft_domain(&draft, CW_EXIT_domain, exec, cw_history_stale(task));
	cw_draft_close(&draft);
}

/**
 * cw_record_config() - current has changed a parameter
 * @name: of the parameter
 * @old: its value before
 * @new: its value from now on
 *
 * Context: process context.
 */
void cw_record_config(const char *name, const char *old, const char *new)
{
	const struct cw_exec *exec;
	struct cw_draft draft;
	struct cw_task *task;

	preempt_disable();
	rcu_read_lock();
	task = cw_history_get(current);
	exec = cw_history_exec(task);
	if (!cw_draft_open(&draft, CW_CONFIG, CW_CONFIG_KEYS, CW_RING_EVENTS,
			   strlen(name) + strlen(old) + strlen(new) + TASK_COMM_LEN +
				   cw_draft_exec_bytes(exec)))
		goto out;
	cw_draft_text(&draft, CW_CONFIG_name, name);
	cw_draft_text(&draft, CW_CONFIG_old, old);
	cw_draft_text(&draft, CW_CONFIG_new, new);
	cw_draft_num(&draft, CW_CONFIG_pid, current->tgid);
	cw_draft_num(&draft, CW_CONFIG_uid, __kuid_val(current_uid()));
	cw_draft_auid(&draft, CW_CONFIG_auid);
	cw_draft_comm(&draft, CW_CONFIG_comm, current);
	cw_draft_domain(&draft, CW_CONFIG_domain, exec, cw_history_stale(task));
	cw_draft_close(&draft);
out:
	rcu_read_unlock();
	preempt_enable();
}

/**
 * cw_record_lost() - a reader has missed records
 * @entry: memory for the entry
 * @bytes: of it; 128 are enough
 * @cpu: whose records
 * @ring: which of its rings, enum cw_ring_id
 * @count: how many
 * @time_ns: of the next one that was not missed
 *
 * Context: process context; nothing is written to a ring.
 */
void cw_record_lost(struct cw_entry *entry, size_t bytes, unsigned int cpu, int ring, u64 count,
		    u64 time_ns)
{
	struct cw_draft draft;

	memset(entry, 0, bytes);
	entry->cpu = cpu;
	entry->time_ns = time_ns;
	if (!cw_draft_on(&draft, entry + 1, bytes - sizeof(*entry), CW_LOST, CW_LOST_KEYS))
		return;
	cw_draft_num(&draft, CW_LOST_cpu, cpu);
	cw_draft_text(&draft, CW_LOST_ring, ring == CW_RING_EVENTS ? "events" : "incidents");
	cw_draft_num(&draft, CW_LOST_count, count);
	cw_draft_text(&draft, CW_LOST_reason, "overwritten");
	entry->len = ALIGN(draft.tail + draft.rec->tail - (char *)entry, 8);
}

/**
 * cw_record_task() - a live process, for the file tasks
 * @known: the process
 * @buf: memory for the record, 8-byte aligned
 * @size: bytes of it
 *
 * Context: rcu_read_lock() held.
 * Return: the record, or NULL if the process has just ended or the memory is too small.
 */
const struct cw_record *cw_record_task(const struct cw_task *known, void *buf, size_t size)
{
	static const struct cw_exec_keys keys = {
		.exe = CW_TASK_exe,
		.file = CW_TASK_file,
		.argv = CW_TASK_argv,
		.argc = -1,
		.argv_bytes = -1,
		.argv_fault = -1,
		.cwd = -1,
		.domain = CW_TASK_domain,
	};
	const struct cw_exec *exec = cw_history_exec(known);
	struct task_struct *task;
	struct cw_draft draft;

	task = pid_task(find_pid_ns(known->key.pid, &init_pid_ns), PIDTYPE_TGID);
	if (!task || task->start_time != known->key.start_ns)
		return NULL;
	if (!cw_draft_on(&draft, buf, size, CW_TASK, CW_TASK_KEYS) ||
	    draft.room < TASK_COMM_LEN + cw_draft_exec_bytes(exec))
		return NULL;
	cw_draft_num(&draft, CW_TASK_pid, known->key.pid);
	cw_draft_num(&draft, CW_TASK_ppid, parent_pid(task));
	cw_draft_num(&draft, CW_TASK_uid, __kuid_val(task_uid(task)));
	cw_draft_comm(&draft, CW_TASK_comm, task);
	cw_draft_task(&draft, &keys, known);
	return draft.rec;
}
