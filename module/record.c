// SPDX-License-Identifier: GPL-2.0
/* What happened in the life of a process, as one record each. */
#include <linux/cred.h>
#include <linux/pid_namespace.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/timekeeping.h>

#include "context.h"
#include "domain.h"
#include "draft.h"
#include "exec.h"
#include "history.h"
#include "mem.h"
#include "params.h"
#include "record.h"

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
	cw_draft_comm(&draft, CW_EXEC_comm, current->comm);
	cw_draft_exec(&draft, &exec_keys, exec);
	cw_draft_close(&draft);
}

/**
 * cw_record_exec() - current has executed a program
 * @bprm: the kernel's notes on it, or NULL
 *
 * Adds the exec to the history, also when no record is wanted or can be made.
 *
 * Context: handler of current, its new image in place.
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
		/* This CPU came up without room to put a record together */
		if (READ_ONCE(cw_params.log_exec))
			cw_ring_drop(CW_COUNT_NO_MEMORY);
		if (task)
			cw_history_outdate(task);
		goto out;
	}
	exec = cw_exec_new(bprm, scratch);
	cw_history_enter(exec, from, stale, current);
	if (READ_ONCE(cw_params.log_exec))
		record_exec(exec);
	if (task && !(exec->flags & CW_EXEC_SPARE)) {
		cw_history_replace(task, exec);
	} else {
		if (task)
			cw_history_outdate(task);
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
 * Context: handler of current, its old image in place.
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
		cw_ring_drop(CW_COUNT_NO_MEMORY);
		rcu_read_unlock();
		return;
	}
	tried = cw_exec_failed(cw_history_stale(task) ? NULL : was, scratch, dirfd, name, argv);
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
	cw_draft_comm(&draft, CW_EXEC_FAILED_comm, current->comm);
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
 * @code: exit status, 0 to 255
 *
 * Context: handler of its last thread, rcu_read_lock() held.
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
	cw_draft_comm(&draft, CW_EXIT_comm, leader->comm);
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

	cw_context_enter();
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
	cw_draft_comm(&draft, CW_CONFIG_comm, current->comm);
	cw_draft_domain(&draft, CW_CONFIG_domain, exec, cw_history_stale(task));
	cw_draft_close(&draft);
out:
	rcu_read_unlock();
	cw_context_leave();
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
	/* As in cw_history_key() */
	if (!task || data_race(task->start_time) != known->key.start_ns)
		return NULL;
	if (!cw_draft_on(&draft, buf, size, CW_TASK, CW_TASK_KEYS) ||
	    draft.room < TASK_COMM_LEN + cw_draft_exec_bytes(exec))
		return NULL;
	cw_draft_num(&draft, CW_TASK_pid, known->key.pid);
	cw_draft_num(&draft, CW_TASK_ppid, parent_pid(task));
	cw_draft_num(&draft, CW_TASK_uid, __kuid_val(task_uid(task)));
	cw_draft_comm(&draft, CW_TASK_comm, task->comm);
	cw_draft_task(&draft, &keys, known);
	return draft.rec;
}
