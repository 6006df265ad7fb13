// SPDX-License-Identifier: GPL-2.0
/* Sees that a process is forked, executes, gets its last signal, ends. */
#include <linux/binfmts.h>
#include <linux/compat.h>
#include <linux/fcntl.h>
#include <linux/preempt.h>
#include <linux/sched/signal.h>
#include <linux/signal.h>
#include <asm/syscall.h>

#include "context.h"
#include "death.h"
#include "history.h"
#include "hook.h"
#include "params.h"
#include "probe.h"
#include "record.h"
#include "ring.h"

/*
 * Some kernels call the probes of tracepoints with preemption on, others with preemption off, and
 * that for one reason: to keep the list of probes. So does an RCU read-side section, and one that
 * begins before preemption is let in again leaves no gap. See context.h on who needs which.
 */
static bool enter(void)
{
	if (!IS_ENABLED(CONFIG_PREEMPT_RT)) {
		preempt_disable_notrace();
		return false;
	}
	rcu_read_lock();
	if (preempt_count() != PREEMPT_OFFSET)
		return false;
	preempt_enable_notrace();
	return true;
}

static void leave(bool let_in)
{
	if (!IS_ENABLED(CONFIG_PREEMPT_RT)) {
		preempt_enable_notrace();
		return;
	}
	if (let_in)
		preempt_disable_notrace();
	rcu_read_unlock();
}

/**
 * cw_probe_exec() - tracepoint sched_process_exec: an exec has succeeded
 * @data: unused
 * @task: current
 * @old_pid: unused
 * @bprm: the kernel's notes
 *
 * Context: current, its new image in place.
 */
void cw_probe_exec(void *data, struct task_struct *task, pid_t old_pid, struct linux_binprm *bprm)
{
	bool let_in = enter();

	cw_hook_hit(CW_HOOK_EXEC);
	cw_record_exec(bprm);
	leave(let_in);
}

/**
 * cw_probe_execveat_entry() - do_execveat_common() is called
 * @ri: keeps what the return needs
 * @regs: unused
 *
 * Context: kretprobe handler.
 * Return: 0: the return is wanted.
 */
int cw_probe_execveat_entry(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	*(struct mm_struct **)ri->data = current->mm;
	return 0;
}
NOKPROBE_SYMBOL(cw_probe_execveat_entry);

/* What the system call was given, from the registers user space left. */
static void exec_failed(int error)
{
	struct pt_regs *regs = task_pt_regs(current);
	unsigned long args[6];
	bool at;

	syscall_get_arguments(current, regs, args);
#ifdef CONFIG_COMPAT
	if (in_compat_syscall()) {
		/*
		 * The numbers of the 32-bit calls are private to the kernel, but of the two only
		 * execveat() begins with a descriptor, and no string lies where one would point.
		 */
		at = (s32)args[0] == AT_FDCWD || (u32)args[0] < 65536;
		cw_record_exec_failed(error, at ? args[0] : AT_FDCWD, (u32)args[at],
				      (u32)args[at + 1]);
		return;
	}
#endif
	at = syscall_get_nr(current, regs) == __NR_execveat;
	cw_record_exec_failed(error, at ? args[0] : AT_FDCWD, args[at], args[at + 1]);
}

/**
 * cw_probe_execveat_return() - do_execveat_common() returns
 * @ri: from cw_probe_execveat_entry()
 * @regs: hold the value returned
 *
 * Context: kretprobe handler.
 * Return: 0.
 */
int cw_probe_execveat_return(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	long ret = (int)regs_return_value(regs);

	cw_hook_hit(CW_HOOK_EXECVEAT);
	if (ret < 0) {
		/* After the point of no return the arguments are gone with the old image */
		if (READ_ONCE(cw_params.log_failed_exec) &&
		    *(struct mm_struct **)ri->data == current->mm)
			exec_failed(-ret);
	} else if (unlikely(!cw_hook_is_set(CW_HOOK_EXEC))) {
		cw_ring_count(CW_COUNT_UNSEEN_EXEC);
		cw_record_exec(NULL);
	}
	return 0;
}
NOKPROBE_SYMBOL(cw_probe_execveat_return);

/**
 * cw_probe_fork() - tracepoint sched_process_fork: a task was made
 * @data: unused
 * @parent: current
 * @child: does not run yet
 *
 * Context: process context.
 */
void cw_probe_fork(void *data, struct task_struct *parent, struct task_struct *child)
{
	bool let_in = enter();

	cw_hook_hit(CW_HOOK_FORK);
	if (thread_group_leader(child))
		cw_history_fork(parent, child);
	leave(let_in);
}

/**
 * cw_probe_signal() - tracepoint signal_deliver: current gets a signal
 * @data: unused
 * @sig: its number
 * @info: where it comes from
 * @action: what the process has set for it
 *
 * Context: current holds its siglock, interrupts off.
 */
void cw_probe_signal(void *data, int sig, struct kernel_siginfo *info, struct k_sigaction *action)
{
	cw_hook_hit(CW_HOOK_SIGNAL);
	if (action->sa.sa_handler == SIG_DFL && !sig_kernel_ignore(sig) && !sig_kernel_stop(sig))
		cw_death_signal(sig, info);
}

/**
 * cw_probe_do_exit() - a thread enters do_exit()
 * @kp: unused
 * @regs: unused
 *
 * Context: kprobe handler, current's memory still there.
 * Return: 0.
 */
int cw_probe_do_exit(struct kprobe *kp, struct pt_regs *regs)
{
	cw_hook_hit(CW_HOOK_DO_EXIT);
	cw_death_thread();
	return 0;
}
NOKPROBE_SYMBOL(cw_probe_do_exit);

static void thread_ended(bool group_dead)
{
	cw_death_thread_ended();
	if (group_dead)
		cw_death_process();
}

/**
 * cw_probe_exit() - tracepoint sched_process_exit: a thread has ended
 * @data: unused
 * @task: current
 * @group_dead: it was the last one of its process
 *
 * Context: process context.
 */
void cw_probe_exit(void *data, struct task_struct *task, bool group_dead)
{
	bool let_in = enter();

	cw_hook_hit(CW_HOOK_EXIT);
	thread_ended(group_dead);
	leave(let_in);
}

/**
 * cw_probe_exit_files() - a thread that ends gives back its files
 * @kp: unused
 * @regs: unused
 *
 * The first function behind the tracepoint that every kernel has.
 *
 * Context: kprobe handler; current is past the tracepoint, or its fork has failed and it gives back
 * the child's.
 * Return: 0.
 */
int cw_probe_exit_files(struct kprobe *kp, struct pt_regs *regs)
{
	cw_hook_hit(CW_HOOK_EXIT_FILES);
	if (current->flags & PF_EXITING)
		thread_ended(!atomic_read(&current->signal->live));
	return 0;
}
NOKPROBE_SYMBOL(cw_probe_exit_files);
