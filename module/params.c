// SPDX-License-Identifier: GPL-2.0
/* What the administrator can choose, and what is said to a value that cannot be used. */
#include <linux/fs.h>
#include <linux/log2.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "abi/text.h"
#include "hook.h"
#include "params.h"
#include "policy.h"
#include "record.h"

#define ALL_SIGNALS (~0ULL)

struct cw_params cw_params = {
	.ring_kb = 512,
	.incident_kb = 256,
	.argv_bytes = 4096,
	.max_mem_kb = 65536,
	.tree_levels = 32,
	.log_exec = 1,
	.log_failed_exec = 0,
	.log_exit = 1,
	.fail_alloc = 0,
	.signals = ALL_SIGNALS,
};

static bool live;	/* under the kernel's parameter lock */

/* A number and what it may be */
struct number {
	unsigned long *value;
	unsigned long min, max;
	bool power_of_two;
	const char *accepted;
};

static void changed(const struct kernel_param *kp, const char *old, const char *new)
{
	if (live)
		cw_record_config(kp->name, old, new);
}

/* How much of a refused value is told; the sentence must have room in a line of the log. */
#define TOLD 80

/**
 * cw_params_refuse() - tell what is wrong with a parameter
 * @name: the parameter
 * @text: what somebody wants it to be, maybe with a newline behind
 * @accepted: what can be used instead, a sentence without its full stop
 *
 * Whoever gives the value may be handing on what others wrote, so it goes into the kernel log
 * escaped, and no more than its beginning.
 *
 * Context: any.
 */
void cw_params_refuse(const char *name, const char *text, const char *accepted)
{
	pr_err("%s=%*pEhp cannot be used: %s\n", name,
	       (int)min_t(size_t, strcspn(text, "\n"), TOLD), text, accepted);
}

static int number_set(const char *text, const struct kernel_param *kp)
{
	const struct number *number = kp->arg;
	unsigned long value;
	char old[24], new[24];

	if (kstrtoul(text, 0, &value) || value < number->min || value > number->max ||
	    (number->power_of_two && !is_power_of_2(value))) {
		cw_params_refuse(kp->name, text, number->accepted);
		return -EINVAL;
	}
	scnprintf(old, sizeof(old), "%lu", *number->value);
	scnprintf(new, sizeof(new), "%lu", value);
	WRITE_ONCE(*number->value, value);
	changed(kp, old, new);
	return 0;
}

static int number_get(char *text, const struct kernel_param *kp)
{
	const struct number *number = kp->arg;

	return sysfs_emit(text, "%lu\n", *number->value);
}

static const struct kernel_param_ops number_ops = { .set = number_set, .get = number_get };

static int switch_set(const char *text, const struct kernel_param *kp)
{
	unsigned long *value = kp->arg;
	const char *old = *value ? "Y" : "N";
	bool on;
	int ret;

	if (!text)
		text = "Y";
	on = sysfs_streq(text, "Y") || sysfs_streq(text, "y") || sysfs_streq(text, "1");
	if (!on && !sysfs_streq(text, "N") && !sysfs_streq(text, "n") && !sysfs_streq(text, "0")) {
		cw_params_refuse(kp->name, text, "Y, N, 1 or 0 is accepted");
		return -EINVAL;
	}
	if (live && value == &cw_params.log_failed_exec) {
		ret = cw_hook_want_returns(on);
		if (ret)
			return ret;
	}
	WRITE_ONCE(*value, on);
	changed(kp, old, on ? "Y" : "N");
	return 0;
}

static int switch_get(char *text, const struct kernel_param *kp)
{
	unsigned long *value = kp->arg;

	return sysfs_emit(text, "%c\n", *value ? 'Y' : 'N');
}

static const struct kernel_param_ops switch_ops = {
	.flags = KERNEL_PARAM_OPS_FL_NOARG,
	.set = switch_set,
	.get = switch_get,
};

#define NUMBER(name, lowest, highest, power, perm, what, range) \
	static const struct number name##_number = { \
		.value = &cw_params.name, .min = lowest, .max = highest, .power_of_two = power, \
		.accepted = range " is accepted", \
	}; \
	module_param_cb(name, &number_ops, (void *)&name##_number, perm); \
	MODULE_PARM_DESC(name, what ", " range)

NUMBER(ring_kb, 128, 16384, true, 0444,
       "KiB of events kept a CPU; default 512", "a power of two from 128 to 16384");
/* The longest crash record takes 68 KiB, and a record may take half the ring */
NUMBER(incident_kb, 256, 16384, true, 0444,
       "KiB of incidents kept a CPU; default 256", "a power of two from 256 to 16384");
NUMBER(argv_bytes, 64, 32768, false, 0444,
       "bytes of arguments kept an exec; default 4096", "a number from 64 to 32768");
NUMBER(max_mem_kb, 256, 16777216, false, 0444,
       "KiB that exec histories may use; default 65536", "a number from 256 to 16777216");
NUMBER(tree_levels, 1, 64, false, 0644,
       "levels of a live process tree; default 32", "a number from 1 to 64");
NUMBER(fail_alloc, 0, 1000000, false, 0644,
       "every so manieth allocation of a handler fails, for tests; default 0: none",
       "a number from 0 to 1000000");

module_param_cb(log_exec, &switch_ops, &cw_params.log_exec, 0644);
MODULE_PARM_DESC(log_exec, "make exec records; default Y, Y or N");
module_param_cb(log_failed_exec, &switch_ops, &cw_params.log_failed_exec, 0644);
MODULE_PARM_DESC(log_failed_exec, "make exec-failed records; default N, Y or N");
module_param_cb(log_exit, &switch_ops, &cw_params.log_exit, 0644);
MODULE_PARM_DESC(log_exit, "make exit records; default Y, Y or N");

module_param_cb(reboot_panic_force, &switch_ops, &cw_params.reboot_panic_force, 0644);
MODULE_PARM_DESC(reboot_panic_force, "let reboot_panic panic also if no crash kernel is loaded; default N, Y or N");

/* === reboot_panic === */

static int mode_set(const char *text, const struct kernel_param *kp)
{
	const char *old = cw_policy_modes[cw_params.reboot_panic];
	int mode = __sysfs_match_string(cw_policy_modes, CW_POLICY_MODES, text);

	if (mode < 0) {
		cw_params_refuse(kp->name, text, "off, unexpected, always or dry-run is accepted");
		return -EINVAL;
	}
	WRITE_ONCE(cw_params.reboot_panic, mode);
	changed(kp, old, cw_policy_modes[mode]);
	return 0;
}

static int mode_get(char *text, const struct kernel_param *kp)
{
	return sysfs_emit(text, "%s\n", cw_policy_modes[cw_params.reboot_panic]);
}

static const struct kernel_param_ops mode_ops = { .set = mode_set, .get = mode_get };

module_param_cb(reboot_panic, &mode_ops, NULL, 0644);
MODULE_PARM_DESC(reboot_panic, "which restarts become a panic, so that kdump captures who asked: off, unexpected, always, or dry-run, which only records what unexpected would do; default off");

/* === signals === */

static char signals_text[256] = "default";

static int signals_parse(const char *text, u64 *all, u64 *named)
{
	const char *end;

	*named = 0;
	if (sysfs_streq(text, "default")) {
		*all = ALL_SIGNALS;
		return 0;
	}
	if (sysfs_streq(text, "all")) {
		*all = ALL_SIGNALS;
		*named = ALL_SIGNALS;
		return 0;
	}
	for (;; text = end + 1) {
		int sig;

		end = text + strcspn(text, ",\n");
		sig = cw_text_signal_number(text, end - text);
		if (!sig)
			return -EINVAL;
		*named |= 1ULL << (sig - 1);
		if (*end != ',')
			break;
	}
	*all = *named;
	return 0;
}

static int signals_set(const char *text, const struct kernel_param *kp)
{
	char old[sizeof(signals_text)];
	size_t len = strcspn(text, "\n");
	u64 all, named;

	if (len >= sizeof(signals_text) || signals_parse(text, &all, &named)) {
		cw_params_refuse(kp->name, text, "default, all, or signals by name or number, parted by commas, are accepted, as in SEGV,BUS,9");
		return -EINVAL;
	}
	strscpy(old, signals_text, sizeof(old));
	memcpy(signals_text, text, len);
	signals_text[len] = 0;
	WRITE_ONCE(cw_params.signals_named, named);
	WRITE_ONCE(cw_params.signals, all);
	changed(kp, old, signals_text);
	return 0;
}

static int signals_get(char *text, const struct kernel_param *kp)
{
	return sysfs_emit(text, "%s\n", signals_text);
}

static const struct kernel_param_ops signals_ops = { .set = signals_set, .get = signals_get };

module_param_cb(signals, &signals_ops, NULL, 0644);
MODULE_PARM_DESC(signals, "deaths that are recorded: default (all; by HUP, INT and PIPE among the events only), all, or signals by name or number parted by commas");

/* === persist === */

static char *persist = "";
module_param(persist, charp, 0444);
MODULE_PARM_DESC(persist, "memory that a reset leaves alone, where a copy of the records is kept: SIZE@ADDRESS of what memmap=SIZE$ADDRESS sets aside, or NAME of reserve_mem=SIZE:ALIGN:NAME, from 1M to 1G; default none");

/**
 * cw_params_persist() - which memory outlives a reset
 *
 * Context: any.
 * Return: as it was given; "" for none.
 */
const char *cw_params_persist(void)
{
	return persist;
}

/* === skip_hooks === */

static char *skip_hooks = "";
module_param(skip_hooks, charp, 0444);
MODULE_PARM_DESC(skip_hooks, "hooks to leave out, by the names in the file probes, parted by commas; default none");

static const char *skip_next(const char **at, size_t *len)
{
	const char *name = *at;

	*len = strcspn(name, ",");
	*at = name + *len + (name[*len] == ',');
	return *len ? name : NULL;
}

/**
 * cw_params_skips() - is this hook to be left out?
 * @hook: its name
 *
 * Context: any.
 * Return: true if it is.
 */
bool cw_params_skips(const char *hook)
{
	const char *at = skip_hooks, *name;
	size_t len;

	while ((name = skip_next(&at, &len)))
		if (strlen(hook) == len && !memcmp(hook, name, len))
			return true;
	return false;
}

/**
 * cw_params_check_hooks() - does skip_hooks name hooks that exist?
 *
 * Context: any.
 * Return: 0 or -EINVAL, which has been explained.
 */
int cw_params_check_hooks(void)
{
	const char *at = skip_hooks, *name;
	char names[512];
	struct cw_out out = { .buf = names, .size = sizeof(names) };
	size_t len;

	while ((name = skip_next(&at, &len))) {
		if (cw_hook_known(name, len))
			continue;
		cw_hook_names(&out);
		pr_err("skip_hooks=%*pEhp cannot be used: there is no hook %*pEhp; %.*s are accepted\n",
		       (int)min_t(size_t, strlen(skip_hooks), TOLD), skip_hooks,
		       (int)min_t(size_t, len, TOLD), name, (int)min(out.len, out.size), names);
		return -EINVAL;
	}
	return 0;
}

/**
 * cw_params_live() - from now on, or no longer, a change is an event
 * @on: which
 *
 * Context: process context, may sleep.
 */
void cw_params_live(bool on)
{
	kernel_param_lock(THIS_MODULE);
	live = on;
	/* It may have been changed since the hooks were set */
	if (on)
		cw_hook_want_returns(cw_params.log_failed_exec);
	kernel_param_unlock(THIS_MODULE);
}

/*
 * The kernel's command line, to be freed; procfs has it, where it is mounted already. NULL if not,
 * -ENOMEM.
 */
static char *command_line(void)
{
	char *line = kzalloc(PAGE_SIZE, GFP_KERNEL);
	struct file *file;
	ssize_t n;
	loff_t pos = 0;

	if (!line)
		return ERR_PTR(-ENOMEM);
	file = filp_open("/proc/cmdline", O_RDONLY, 0);
	if (IS_ERR(file)) {
		n = PTR_ERR(file);
	} else {
		n = kernel_read(file, line, PAGE_SIZE - 1, &pos);
		filp_close(file, NULL);
	}
	if (n >= 0)
		return line;
	kfree(line);
	return n == -ENOMEM ? ERR_PTR(-ENOMEM) : NULL;
}

/* The word after @at; NULL at the end */
static char *next_word(char *at)
{
	at = strpbrk(at, " \n");
	return at ? at + strspn(at, " \n") : NULL;
}

/**
 * cw_params_off() - does the kernel's command line have the word nocrashwatch?
 *
 * Context: process context, may sleep.
 * Return: 1 if it has, 0, or -ENOMEM.
 */
int cw_params_off(void)
{
	static const char word[] = "nocrashwatch";
	char *line = command_line(), *at;
	bool off = false;

	if (IS_ERR(line))
		return PTR_ERR(line);
	for (at = line; !off && at; at = next_word(at))
		off = !strncmp(at, word, sizeof(word) - 1) && strchr(" \n", at[sizeof(word) - 1]);
	kfree(line);
	return off;
}

/**
 * cw_params_set_aside() - has the kernel's command line a memmap= that sets this memory aside?
 * @start: its physical address
 * @bytes: of it
 *
 * Context: process context, may sleep.
 * Return: 1 if it has, 0, or -ENOMEM.
 */
int cw_params_set_aside(u64 start, u64 bytes)
{
	static const char word[] = "memmap=";
	char *line = command_line(), *at, *from;
	bool has = false;

	if (IS_ERR(line))
		return PTR_ERR(line);
	for (at = line; !has && at; at = next_word(at)) {
		u64 size, first;

		if (strncmp(at, word, sizeof(word) - 1))
			continue;
		/* Several may be parted by commas; other kinds of it end at another character */
		for (from = at + sizeof(word) - 2; !has && (*from == '=' || *from == ',');) {
			size = memparse(from + 1, &from);
			if (*from != '$')
				break;
			first = memparse(from + 1, &from);
			has = start >= first && start - first <= size &&
			      bytes <= size - (start - first);
		}
	}
	kfree(line);
	return has;
}
