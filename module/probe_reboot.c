// SPDX-License-Identifier: GPL-2.0
/* Sees that the machine is being restarted, or that somebody wishes it. */
#include <linux/kernel.h>
#include <linux/notifier.h>
#include <linux/pid_namespace.h>
#include <linux/reboot.h>
#include <linux/sched.h>
#include <linux/sched/task_stack.h>
#include <asm/syscall.h>

#include "console.h"
#include "hook.h"
#include "policy.h"
#include "probe.h"
#include "reboot.h"
#include "watchdog.h"

/* Here and static, so that objtool of any kernel knows that it does not return */
static void __noreturn panic_instead(void)
{
	cw_policy_panicking();
	panic("crashwatch: %s", cw_policy_said());
}

/* Early enough to find everything as it was: devices work, other notifiers have not run. */
static int notified(struct notifier_block *nb, unsigned long action, void *command)
{
	const struct cw_sight sight = {
		.at = "reboot_notifier",
		.from = "blocking_notifier_call_chain",
		.how = action == SYS_HALT      ? "halt" :
		       action == SYS_POWER_OFF ? "power-off" :
						 "restart",
		.command = action == SYS_RESTART ? command : NULL,
		.kind = action == SYS_RESTART ? 0 : CW_REBOOT_STAYS_OFF,
	};

	if (cw_reboot_seen(&sight))
		panic_instead();
	/* Before a kexec there will be no other chance */
	cw_console_wait(true);
	return NOTIFY_DONE;
}

static struct notifier_block notifier = { .notifier_call = notified, .priority = INT_MAX };

/* The probed function is not entered: its caller's call goes to panic_instead(). */
static int restart(enum cw_hook_id id, struct kprobe *kp, struct pt_regs *regs)
{
	const struct cw_sight sight = {
		.at = cw_hook_name(id),
		.how = "restart",
		/* With a handler for afterwards it never becomes a jump */
		.trap = IS_ENABLED(CONFIG_X86) && !kprobe_ftrace(kp),
		.regs = regs,
	};

	cw_hook_hit(id);
	if (!cw_reboot_seen(&sight)) {
		cw_console_wait(false);
		return 0;
	}
	instruction_pointer_set(regs, (unsigned long)panic_instead);
	return 1;
}

/**
 * cw_probe_restart() - machine_restart() is called
 * @kp: the probe
 * @regs: at its entry; where to go on
 *
 * Context: kprobe handler; any.
 * Return: 0: it goes on; 1: elsewhere.
 */
int cw_probe_restart(struct kprobe *kp, struct pt_regs *regs)
{
	return restart(CW_HOOK_RESTART, kp, regs);
}
NOKPROBE_SYMBOL(cw_probe_restart);

/**
 * cw_probe_machine_emergency() - machine_emergency_restart() is called
 * @kp: the probe
 * @regs: at its entry; where to go on
 *
 * Context: kprobe handler; any, also an NMI or a panic.
 * Return: 0: it goes on; 1: elsewhere.
 */
int cw_probe_machine_emergency(struct kprobe *kp, struct pt_regs *regs)
{
	return restart(CW_HOOK_MACHINE_EMERGENCY, kp, regs);
}
NOKPROBE_SYMBOL(cw_probe_machine_emergency);

/**
 * cw_probe_emergency() - emergency_restart() is called
 * @kp: the probe
 * @regs: at its entry; where to go on
 *
 * Context: kprobe handler; any, also an NMI or a panic.
 * Return: 0: it goes on; 1: elsewhere.
 */
int cw_probe_emergency(struct kprobe *kp, struct pt_regs *regs)
{
	return restart(CW_HOOK_EMERGENCY, kp, regs);
}
NOKPROBE_SYMBOL(cw_probe_emergency);

/**
 * cw_probe_after() - nothing; a probe that has it may change where its function goes on
 * @kp: unused
 * @regs: unused
 * @flags: unused
 *
 * Context: kprobe handler.
 */
void cw_probe_after(struct kprobe *kp, struct pt_regs *regs, unsigned long flags)
{
}
NOKPROBE_SYMBOL(cw_probe_after);

/**
 * cw_probe_panic() - the kernel panics
 * @kp: unused
 * @regs: at its entry
 *
 * Context: kprobe handler; any, also an NMI.
 * Return: 0: it goes on.
 */
int cw_probe_panic(struct kprobe *kp, struct pt_regs *regs)
{
	const struct cw_sight sight = {
		.at = "panic",
		.how = "panic",
		.kind = CW_REBOOT_IS_PANIC,
		.regs = regs,
	};

	cw_hook_hit(CW_HOOK_PANIC);
	cw_reboot_seen(&sight);
	return 0;
}
NOKPROBE_SYMBOL(cw_probe_panic);

/**
 * cw_probe_container() - reboot(2) is called in a pid namespace of its own
 * @kp: unused
 * @regs: at its entry
 *
 * Context: kprobe handler, process.
 * Return: 0: it goes on.
 */
int cw_probe_container(struct kprobe *kp, struct pt_regs *regs)
{
	struct cw_sight sight = {
		.at = "reboot_pid_ns",
		.how = "restart",
		.kind = CW_REBOOT_CONTAINER,
		.regs = regs,
	};
	unsigned long args[6];

	cw_hook_hit(CW_HOOK_CONTAINER);
	if (task_active_pid_ns(current) == &init_pid_ns)
		return 0;	/* the machine itself: the notifier sees it */
	/* What the process itself has put there, not what a compiler has made of it */
	syscall_get_arguments(current, task_pt_regs(current), args);
	switch ((u32)args[2]) {
	case LINUX_REBOOT_CMD_RESTART:
	case LINUX_REBOOT_CMD_RESTART2:
		break;
	case LINUX_REBOOT_CMD_HALT:
		sight.how = "halt";
		break;
	case LINUX_REBOOT_CMD_POWER_OFF:
		sight.how = "power-off";
		break;
	default:
		return 0;	/* it will be refused */
	}
	cw_reboot_seen(&sight);
	return 0;
}
NOKPROBE_SYMBOL(cw_probe_container);

static int asked(enum cw_hook_id id, const char *how, const char *via, struct pt_regs *regs)
{
	const struct cw_sight sight = {
		.at = cw_hook_name(id),
		.how = how,
		.via = via,
		.kind = CW_REBOOT_ASKED,
		.regs = regs,
	};

	cw_hook_hit(id);
	cw_reboot_seen(&sight);
	return 0;
}

/**
 * cw_probe_orderly_reboot() - a driver wants user space to restart the machine
 * @kp: unused
 * @regs: at its entry
 *
 * Context: kprobe handler; any.
 * Return: 0: it goes on.
 */
int cw_probe_orderly_reboot(struct kprobe *kp, struct pt_regs *regs)
{
	return asked(CW_HOOK_ORDERLY_REBOOT, "restart", "orderly_reboot", regs);
}
NOKPROBE_SYMBOL(cw_probe_orderly_reboot);

/**
 * cw_probe_orderly_poweroff() - a driver wants user space to turn the machine off
 * @kp: unused
 * @regs: at its entry
 *
 * Context: kprobe handler; any.
 * Return: 0: it goes on.
 */
int cw_probe_orderly_poweroff(struct kprobe *kp, struct pt_regs *regs)
{
	return asked(CW_HOOK_ORDERLY_POWEROFF, "power-off", "orderly_poweroff", regs);
}
NOKPROBE_SYMBOL(cw_probe_orderly_poweroff);

/**
 * cw_probe_ctrl_alt_del() - the keys were pressed
 * @kp: unused
 * @regs: at its entry
 *
 * Context: kprobe handler; any.
 * Return: 0: it goes on.
 */
int cw_probe_ctrl_alt_del(struct kprobe *kp, struct pt_regs *regs)
{
	return asked(CW_HOOK_CTRL_ALT_DEL, "ctrl-alt-del", "Ctrl-Alt-Del", regs);
}
NOKPROBE_SYMBOL(cw_probe_ctrl_alt_del);

/**
 * cw_probe_sysrq_poweroff() - sysrq-o
 * @kp: unused
 * @regs: at its entry
 *
 * Context: kprobe handler; process or interrupt.
 * Return: 0: it goes on.
 */
int cw_probe_sysrq_poweroff(struct kprobe *kp, struct pt_regs *regs)
{
	return asked(CW_HOOK_SYSRQ_POWEROFF, "power-off", "sysrq-o", regs);
}
NOKPROBE_SYMBOL(cw_probe_sysrq_poweroff);

/**
 * cw_probe_watchdog() - a process opens a watchdog
 * @kp: unused
 * @regs: unused
 *
 * Context: kprobe handler, process.
 * Return: 0: it goes on.
 */
int cw_probe_watchdog(struct kprobe *kp, struct pt_regs *regs)
{
	cw_hook_hit(CW_HOOK_WATCHDOG);
	cw_watchdog_opened();
	return 0;
}
NOKPROBE_SYMBOL(cw_probe_watchdog);

/**
 * cw_probe_reboot_init() - hear of restarts before anybody else does
 *
 * Context: process context, may sleep.
 * Return: 0 or an error.
 */
int cw_probe_reboot_init(void)
{
	int ret = cw_reboot_init();

	if (ret)
		return ret;
	ret = register_reboot_notifier(&notifier);
	if (ret)
		cw_reboot_exit();
	return ret;
}

/**
 * cw_probe_reboot_exit() - hear no more of them; the hooks must be gone
 *
 * Context: process context, may sleep.
 */
void cw_probe_reboot_exit(void)
{
	unregister_reboot_notifier(&notifier);
	cw_watchdog_exit();
	cw_reboot_exit();
}
