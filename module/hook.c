// SPDX-License-Identifier: GPL-2.0
/* The hooks: which there are, where they were set, how often they were hit and missed. */
#include <linux/delay.h>
#include <linux/kallsyms.h>
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/sched/mm.h>
#include <linux/string.h>
#include <linux/tracepoint.h>
#include <trace/events/sched.h>
#include <trace/events/signal.h>

#include "abi/text.h"
#include "hook.h"
#include "params.h"
#include "probe.h"
#include "symbol.h"

enum kind { TRACEPOINT, KPROBE, KRETPROBE };

static const char *const kind_names[] = { "tracepoint", "kprobe", "kretprobe" };

enum state { MISSING, LEFT_OUT, SET, IDLE, WAITING, INLINED };

static const char *const state_names[] = {
	[MISSING] = "missing",
	[LEFT_OUT] = "left out",
	[SET] = "set",
	[IDLE] = "idle",	/* set, but told to rest until it is wanted */
	[WAITING] = "waiting",	/* for the module of the kernel that has the function */
	[INLINED] = "inlined",	/* in another function, whose hook sees the same */
};

struct hook {
	const char *symbol;	/* asked for; also the hook's name */
	const char *near;	/* never renamed and in the same source file */
	const char *module;	/* of the kernel, which may have it; it may come and go */
	const char *in;		/* the function it is a part of, where it is none itself */
	const struct hook *instead_of;	/* it rests while this one is set */
	enum kind kind;
	const char *loses;	/* the sentence to print when it cannot be set */
	void *handler;		/* tracepoint: its probe */
	kprobe_pre_handler_t pre;	/* kprobe */
	kprobe_post_handler_t after;	/* kprobe; there if @pre may change where it goes on */
	kretprobe_handler_t entry, ret;	/* kretprobe */
	size_t data_size;		/* kretprobe */
	/* Below: what came of it, written while the module is loaded and unloaded */
	enum state state;
	char found[KSYM_NAME_LEN];
	struct tracepoint *tp;
	struct kprobe kp;
	struct kretprobe rp;
};

static struct hook hooks[CW_HOOK_MAX] = {
	[CW_HOOK_EXIT] = {
		.symbol = "sched_process_exit", .kind = TRACEPOINT, .handler = cw_probe_exit,
		.loses = "nothing while exit_files tells it, but each exit takes longer, and on PREEMPT_RT deaths lack paths",
	},
	[CW_HOOK_EXIT_FILES] = {
		.symbol = "exit_files", .instead_of = &hooks[CW_HOOK_EXIT], .kind = KPROBE,
		.pre = cw_probe_exit_files,
		.loses = "if sched_process_exit is missing too, exits have no record, and those who have ended stay in tasks",
	},
	[CW_HOOK_FORK] = {
		.symbol = "sched_process_fork", .kind = TRACEPOINT, .handler = cw_probe_fork,
		.loses = "a process has no history until it executes or dies, and then its nearest live ancestor's",
	},
	[CW_HOOK_DO_EXIT] = {
		.symbol = "do_exit", .kind = KPROBE, .pre = cw_probe_do_exit,
		.loses = "crash records lack the mappings of addr and ip",
	},
	[CW_HOOK_SIGNAL] = {
		.symbol = "signal_deliver", .kind = TRACEPOINT, .handler = cw_probe_signal,
		.loses = "crash records lack si_code, addr, ip and map",
	},
	[CW_HOOK_EXEC] = {
		.symbol = "sched_process_exec", .kind = TRACEPOINT, .handler = cw_probe_exec,
		.loses = "programs the kernel itself starts are not seen, and a script is seen as its interpreter",
	},
	[CW_HOOK_EXECVEAT] = {
		.symbol = "do_execveat_common", .near = "begin_new_exec", .kind = KRETPROBE,
		.entry = cw_probe_execveat_entry, .ret = cw_probe_execveat_return,
		.data_size = CW_PROBE_EXECVEAT_DATA,
		.loses = "there are no exec-failed records",
	},
	[CW_HOOK_CTRL_ALT_DEL] = {
		.symbol = "ctrl_alt_del", .kind = KPROBE, .pre = cw_probe_ctrl_alt_del,
		.loses = "Ctrl-Alt-Del is not seen when init takes care of it",
	},
	[CW_HOOK_SYSRQ_POWEROFF] = {
		.symbol = "handle_poweroff", .kind = KPROBE, .pre = cw_probe_sysrq_poweroff,
		.loses = "sysrq-o is seen, but not who asked for it",
	},
	[CW_HOOK_ORDERLY_REBOOT] = {
		.symbol = "orderly_reboot", .kind = KPROBE, .pre = cw_probe_orderly_reboot,
		.loses = "which driver asks for an orderly reboot is not seen",
	},
	[CW_HOOK_ORDERLY_POWEROFF] = {
		.symbol = "orderly_poweroff", .kind = KPROBE, .pre = cw_probe_orderly_poweroff,
		.loses = "which driver asks for an orderly power-off is not seen",
	},
	[CW_HOOK_WATCHDOG] = {
		.symbol = "watchdog_open", .module = "watchdog", .kind = KPROBE,
		.pre = cw_probe_watchdog,
		.loses = "when a watchdog restarts the machine, who had opened it is not known",
	},
	[CW_HOOK_CONTAINER] = {
		.symbol = "reboot_pid_ns", .kind = KPROBE, .pre = cw_probe_container,
		.loses = "restarts of containers are not seen",
	},
	[CW_HOOK_PANIC] = {
		.symbol = "panic", .kind = KPROBE, .pre = cw_probe_panic,
		.loses = "panics have no record of their own",
	},
	[CW_HOOK_EMERGENCY] = {
		.symbol = "emergency_restart", .kind = KPROBE, .pre = cw_probe_emergency,
		.after = cw_probe_after,
		.loses = "emergency restarts (sysrq-b, watchdogs, after a panic) are seen only at the last moment",
	},
	[CW_HOOK_RESTART] = {
		.symbol = "machine_restart", .kind = KPROBE, .pre = cw_probe_restart,
		.after = cw_probe_after,
		.loses = "restarts that pass the reboot notifiers by are not seen",
	},
	[CW_HOOK_MACHINE_EMERGENCY] = {
		.symbol = "machine_emergency_restart", .in = CW_COMPAT_EMERGENCY_IN, .kind = KPROBE,
		.pre = cw_probe_machine_emergency, .after = cw_probe_after,
		.loses = "restarts that pass emergency_restart by are not seen",
	},
};

/* The compiler checks that the kernel calls the probes the way they want to be called. */
static void __maybe_unused check_prototypes(void)
{
	check_trace_callback_type_sched_process_exec(cw_probe_exec);
	check_trace_callback_type_sched_process_fork(cw_probe_fork);
	check_trace_callback_type_sched_process_exit(cw_probe_exit);
	check_trace_callback_type_signal_deliver(cw_probe_signal);
}

DEFINE_PER_CPU(unsigned long[CW_HOOK_MAX], cw_hook_hits);

/**
 * cw_hook_is_set() - does this hook work?
 * @id: of the hook
 *
 * Context: any.
 * Return: true if it does.
 */
bool cw_hook_is_set(enum cw_hook_id id)
{
	return READ_ONCE(hooks[id].state) == SET;
}
NOKPROBE_SYMBOL(cw_hook_is_set);

/**
 * cw_hook_name() - what a hook is called
 * @id: of the hook
 *
 * Context: any.
 * Return: the symbol it asks for.
 */
const char *cw_hook_name(enum cw_hook_id id)
{
	return hooks[id].symbol;
}

/**
 * cw_hook_known() - is there a hook of this name?
 * @name: symbol it asks for
 * @len: bytes of @name
 *
 * Context: any.
 * Return: true if there is.
 */
bool cw_hook_known(const char *name, size_t len)
{
	int i;

	for (i = 0; i < CW_HOOK_MAX; i++)
		if (strlen(hooks[i].symbol) == len && !memcmp(hooks[i].symbol, name, len))
			return true;
	return false;
}

/**
 * cw_hook_names() - append the names of all hooks, parted by commas
 * @out: where to
 *
 * Context: any.
 */
void cw_hook_names(struct cw_out *out)
{
	int i;

	for (i = 0; i < CW_HOOK_MAX; i++) {
		cw_text_puts(out, i ? "," : "");
		cw_text_puts(out, hooks[i].symbol);
	}
}

/**
 * cw_hook_missed() - hits that the kernel did not hand to the handler
 * @id: of the hook
 *
 * Context: any.
 * Return: how many.
 */
unsigned long cw_hook_missed(enum cw_hook_id id)
{
	const struct hook *hook = &hooks[id];

	/* The kernel counts them without a lock; of what this hook is not there are none */
	return data_race(hook->kp.nmissed + hook->rp.nmissed + hook->rp.kp.nmissed);
}

/* Modules of the kernel come and go while hooks are set, looked at and taken away. */
static DEFINE_MUTEX(coming_and_going);

/* Each leaves a blank behind it, which the caller makes the end of the line */
static void put_str(struct cw_out *out, const char *key, const char *s)
{
	cw_text_puts(out, key);
	cw_text_quote(out, s, strlen(s), false, CW_FORMAT_TEXT);
	cw_text_puts(out, " ");
}

static void put_num(struct cw_out *out, const char *key, u64 value)
{
	cw_text_puts(out, key);
	cw_text_num(out, value, 0, 0);
	cw_text_puts(out, " ");
}

/**
 * cw_hook_show() - append a line about a hook
 * @out: where to
 * @id: of the hook
 *
 * Context: process context, may sleep.
 */
void cw_hook_show(struct cw_out *out, enum cw_hook_id id)
{
	const struct hook *hook = &hooks[id];
	unsigned long hits = 0;
	unsigned int cpu;
	enum state state;

	for_each_possible_cpu(cpu)
		hits += READ_ONCE(per_cpu(cw_hook_hits, cpu)[id]);
	mutex_lock(&coming_and_going);
	state = READ_ONCE(hook->state);
	put_str(out, "hook=", hook->symbol);
	put_str(out, "kind=", kind_names[hook->kind]);
	put_str(out, "state=", state_names[state]);
	if (state == INLINED)
		put_str(out, "found=", hook->in);
	if (state == SET || state == IDLE) {
		put_str(out, "found=", hook->found);
		if (hook->kind != TRACEPOINT) {
			cw_text_puts(out, "addr=");
			cw_text_hex(out, (unsigned long)(hook->kind == KPROBE ? hook->kp.addr :
										hook->rp.kp.addr));
			cw_text_puts(out, " ");
		}
		put_num(out, "hits=", hits);
		put_num(out, "missed=", cw_hook_missed(id));
	}
	mutex_unlock(&coming_and_going);
	put_str(out, "loses=", hook->loses);
}

/* === Finding and setting === */

static void match_tracepoint(struct tracepoint *tp, void *data)
{
	struct hook *hook = data;

	if (!strcmp(tp->name, hook->symbol))
		hook->tp = tp;
}

static int set_tracepoint(struct hook *hook)
{
	for_each_kernel_tracepoint(match_tracepoint, hook);
	if (!hook->tp)
		return -ENOENT;
	return tracepoint_probe_register(hook->tp, hook->handler, NULL);
}

static bool rests(const struct hook *hook)
{
	return hook->kind == KRETPROBE || (hook->instead_of && hook->instead_of->state == SET);
}

static int set_kprobe(struct hook *hook)
{
	memset(&hook->kp, 0, sizeof(hook->kp));
	hook->kp.flags = rests(hook) ? KPROBE_FLAG_DISABLED : 0;
	hook->kp.symbol_name = hook->found;
	hook->kp.pre_handler = hook->pre;
	hook->kp.post_handler = hook->after;
	return register_kprobe(&hook->kp);
}

static int set_kretprobe(struct hook *hook)
{
	memset(&hook->rp, 0, sizeof(hook->rp));
	hook->rp.kp.symbol_name = hook->found;
	hook->rp.kp.flags = KPROBE_FLAG_DISABLED;
	hook->rp.entry_handler = hook->entry;
	hook->rp.handler = hook->ret;
	hook->rp.data_size = hook->data_size;
	/* An exec sleeps while it reads its file. Nothing but exec-failed records depends on it. */
	hook->rp.maxactive = max(256U, 64 * num_possible_cpus());
	return register_kretprobe(&hook->rp);
}

static int set_found(struct hook *hook)
{
	switch (hook->kind) {
	case TRACEPOINT:
		return set_tracepoint(hook);
	case KPROBE:
		return set_kprobe(hook);
	default:
		return set_kretprobe(hook);
	}
}

static void set(struct hook *hook)
{
	int ret;

	if (cw_params_skips(hook->symbol)) {
		WRITE_ONCE(hook->state, LEFT_OUT);
		pr_warn("%s is left out as skip_hooks asks: %s\n", hook->symbol, hook->loses);
		return;
	}
	if (hook->in) {
		WRITE_ONCE(hook->state, INLINED);
		return;
	}
	strscpy(hook->found, hook->symbol, sizeof(hook->found));
	ret = set_found(hook);
	if (ret == -ENOENT) {
		ret = cw_symbol_find(hook->symbol, hook->near, hook->found, sizeof(hook->found));
		if (!ret)
			ret = set_found(hook);
	}
	if (ret == -ENOENT && hook->module) {
		WRITE_ONCE(hook->state, WAITING);
		return;
	}
	if (ret) {
		WRITE_ONCE(hook->state, MISSING);
		pr_warn("%s %s cannot be set (error %d): %s\n", kind_names[hook->kind],
			hook->symbol, ret, hook->loses);
		return;
	}
	WRITE_ONCE(hook->state, rests(hook) ? IDLE : SET);
}

/**
 * cw_hook_want_returns() - let the return probe work or rest
 * @wanted: there is something for it to tell
 *
 * It works all the same while the tracepoint for which it stands in is missing. At rest it costs
 * an exec nothing.
 *
 * Context: process context, may sleep.
 * Return: 0, or an error of the kernel, which has been told: it is as before.
 */
int cw_hook_want_returns(bool wanted)
{
	struct hook *hook = &hooks[CW_HOOK_EXECVEAT];
	int ret = 0;

	wanted |= !cw_hook_is_set(CW_HOOK_EXEC);
	if (hook->state == IDLE && wanted) {
		ret = enable_kretprobe(&hook->rp);
		if (ret)
			pr_warn("kretprobe %s cannot be enabled (error %d): %s\n", hook->symbol,
				ret, hook->loses);
		else
			WRITE_ONCE(hook->state, SET);
	} else if (hook->state == SET && !wanted) {
		ret = disable_kretprobe(&hook->rp);
		if (ret)
			pr_warn("kretprobe %s cannot be disabled (error %d): it goes on\n",
				hook->symbol, ret);
		else
			WRITE_ONCE(hook->state, IDLE);
	}
	return ret;
}

/*
 * The kernel may have no memory for taking a probe away, and would then go on to call what is no
 * more there. One that was disabled needs none. It is let into its reserves for that, since each
 * failure makes it count one armed probe less than there are, of all that others have, too.
 */
static void disarm(struct kprobe *kp)
{
	unsigned int flags = memalloc_noreclaim_save();

	while (disable_kprobe(kp) == -ENOMEM)
		msleep(20);
	memalloc_noreclaim_restore(flags);
}

static void unregister_tracepoint(struct hook *hook)
{
	while (tracepoint_probe_unregister(hook->tp, hook->handler, NULL) == -ENOMEM)
		msleep(20);
}

static void clear(struct hook *hook)
{
	if (hook->state != SET && hook->state != IDLE)
		return;	/* unregistering what was never registered kills */
	if (hook->kind == TRACEPOINT) {
		unregister_tracepoint(hook);
	} else if (hook->kind == KPROBE) {
		disarm(&hook->kp);
		unregister_kprobe(&hook->kp);
	} else {
		disarm(&hook->rp.kp);
		unregister_kretprobe(&hook->rp);
	}
	WRITE_ONCE(hook->state, hook->module ? WAITING : MISSING);
}

static int module_changes(struct notifier_block *nb, unsigned long what, void *data)
{
	const struct module *module = data;
	int i;

	mutex_lock(&coming_and_going);
	for (i = 0; i < CW_HOOK_MAX; i++) {
		struct hook *hook = &hooks[i];

		if (!hook->module || strcmp(hook->module, module->name))
			continue;
		if (what == MODULE_STATE_COMING && hook->state == WAITING)
			set(hook);
		else if (what == MODULE_STATE_GOING)
			clear(hook);
	}
	mutex_unlock(&coming_and_going);
	return NOTIFY_DONE;
}

/* Called after kprobes have heard of it */
static struct notifier_block module_notifier = { .notifier_call = module_changes };

/**
 * cw_hook_set_all() - set what can be set, and say in a sentence each what cannot
 *
 * Context: process context, may sleep.
 */
void cw_hook_set_all(void)
{
	int i;

	/* First, so that no module comes unseen; it fails for nobody */
	register_module_notifier(&module_notifier);
	mutex_lock(&coming_and_going);
	for (i = 0; i < CW_HOOK_MAX; i++)
		set(&hooks[i]);
	mutex_unlock(&coming_and_going);
}

/**
 * cw_hook_clear_all() - take all hooks away; no handler runs when it returns
 *
 * Context: process context, may sleep.
 */
void cw_hook_clear_all(void)
{
	struct kprobe *kprobes[CW_HOOK_MAX];
	int i, n = 0;

	unregister_module_notifier(&module_notifier);
	/* All at once: that waits for one grace period instead of one each */
	for (i = 0; i < CW_HOOK_MAX; i++)
		if (hooks[i].kind == KPROBE && (hooks[i].state == SET || hooks[i].state == IDLE)) {
			disarm(&hooks[i].kp);
			kprobes[n++] = &hooks[i].kp;
		}
	unregister_kprobes(kprobes, n);
	for (i = CW_HOOK_MAX - 1; i >= 0; i--) {
		if (hooks[i].kind != KPROBE)
			clear(&hooks[i]);
		WRITE_ONCE(hooks[i].state, MISSING);
	}
	tracepoint_synchronize_unregister();
}
