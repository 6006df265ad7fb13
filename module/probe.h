/* SPDX-License-Identifier: GPL-2.0 */
/* What the hooks call; the table in hook.c says which of them is set where. */
#ifndef CW_PROBE_H
#define CW_PROBE_H

#include <linux/kprobes.h>
#include <linux/types.h>

struct k_sigaction;
struct kernel_siginfo;
struct linux_binprm;
struct task_struct;

/* probe_task.c */
void cw_probe_exec(void *data, struct task_struct *task, pid_t old_pid, struct linux_binprm *bprm);
int cw_probe_execveat_entry(struct kretprobe_instance *ri, struct pt_regs *regs);
int cw_probe_execveat_return(struct kretprobe_instance *ri, struct pt_regs *regs);
void cw_probe_fork(void *data, struct task_struct *parent, struct task_struct *child);
void cw_probe_signal(void *data, int sig, struct kernel_siginfo *info, struct k_sigaction *action);
int cw_probe_do_exit(struct kprobe *kp, struct pt_regs *regs);
int cw_probe_exit_files(struct kprobe *kp, struct pt_regs *regs);
void cw_probe_exit(void *data, struct task_struct *task, bool group_dead);

/* probe_reboot.c */
int cw_probe_restart(struct kprobe *kp, struct pt_regs *regs);
int cw_probe_emergency(struct kprobe *kp, struct pt_regs *regs);
int cw_probe_machine_emergency(struct kprobe *kp, struct pt_regs *regs);
void cw_probe_after(struct kprobe *kp, struct pt_regs *regs, unsigned long flags);
int cw_probe_panic(struct kprobe *kp, struct pt_regs *regs);
int cw_probe_container(struct kprobe *kp, struct pt_regs *regs);
int cw_probe_orderly_reboot(struct kprobe *kp, struct pt_regs *regs);
int cw_probe_orderly_poweroff(struct kprobe *kp, struct pt_regs *regs);
int cw_probe_ctrl_alt_del(struct kprobe *kp, struct pt_regs *regs);
int cw_probe_sysrq_poweroff(struct kprobe *kp, struct pt_regs *regs);
int cw_probe_watchdog(struct kprobe *kp, struct pt_regs *regs);
int cw_probe_reboot_init(void);
void cw_probe_reboot_exit(void);

/* What cw_probe_execveat_entry() leaves for cw_probe_execveat_return() */
#define CW_PROBE_EXECVEAT_DATA	sizeof(struct mm_struct *)

#endif
