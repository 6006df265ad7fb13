// SPDX-License-Identifier: GPL-2.0
/* Whether a restart becomes a panic; Documentation/design.rst has the table of cases. */
#include <linux/kernel.h>
#include <linux/kexec.h>
#include <linux/kprobes.h>
#include <linux/string.h>

#include "params.h"
#include "policy.h"

/* In the order of enum cw_policy_mode */
const char *const cw_policy_modes[CW_POLICY_MODES] = { "off", "unexpected", "always", "dry-run" };

/* In this order; what is let pass in every mode, but for the last */
static const struct {
	unsigned int kind;
	const char *reason;
} exempt[] = {
	{ CW_REBOOT_PANICS, "the kernel panics already" },
	{ CW_REBOOT_STAYS_OFF, "the machine is to stay off" },
	{ CW_REBOOT_KEXEC, "kexec" },
	{ CW_REBOOT_HIBERNATES, "hibernation" },
	{ CW_REBOOT_BY_INIT, "init asks for it" },
};

static bool panicking;	/* set once, by whoever panics; never cleared */
static char said[900];	/* text of the panic; written before @panicking is set */

/**
 * cw_policy_decide() - what is to become of a restart
 * @kind: CW_REBOOT_...
 * @reason: set to why, or to NULL if there is nothing to say
 *
 * Context: any.
 * Return: the verdict. After %CW_VERDICT_PANIC the caller has to see to it.
 */
enum cw_verdict cw_policy_decide(unsigned int kind, const char **reason)
{
	unsigned long mode = READ_ONCE(cw_params.reboot_panic);
	int i;

	*reason = NULL;
	if (kind & (CW_REBOOT_CONTAINER | CW_REBOOT_ASKED | CW_REBOOT_IS_PANIC) ||
	    mode == CW_POLICY_OFF)
		return CW_VERDICT_RECORDED;
	if (cw_policy_is_panicking())
		kind |= CW_REBOOT_PANICS;
	if (mode == CW_POLICY_ALWAYS)
		kind &= ~CW_REBOOT_BY_INIT;
	for (i = 0; i < ARRAY_SIZE(exempt); i++) {
		if (kind & exempt[i].kind) {
			*reason = exempt[i].reason;
			return CW_VERDICT_ALLOWED;
		}
	}
	if (!kexec_crash_loaded() && !READ_ONCE(cw_params.reboot_panic_force)) {
		if (mode == CW_POLICY_DRY_RUN) {
			*reason = "dry run: with a crash kernel this would be a panic";
			return CW_VERDICT_RECORDED;
		}
		*reason = "no crash kernel is loaded";
		return CW_VERDICT_ALLOWED;
	}
	if (mode == CW_POLICY_DRY_RUN) {
		*reason = "dry run: this would be a panic";
		return CW_VERDICT_RECORDED;
	}
	*reason = cw_policy_modes[mode];
	return CW_VERDICT_PANIC;
}
NOKPROBE_SYMBOL(cw_policy_decide);

/**
 * cw_policy_panicking() - the kernel panics: from now on every restart passes
 *
 * Context: any.
 */
void cw_policy_panicking(void)
{
	WRITE_ONCE(panicking, true);
}
NOKPROBE_SYMBOL(cw_policy_panicking);

/**
 * cw_policy_is_panicking() - does the kernel panic?
 *
 * Context: any.
 * Return: true if a panic was seen to begin.
 */
bool cw_policy_is_panicking(void)
{
	return READ_ONCE(panicking);
}
NOKPROBE_SYMBOL(cw_policy_is_panicking);

/**
 * cw_policy_words() - what the panic is to say, unless somebody has come before
 * @words: one line of up to 899 bytes; the rest is cut
 *
 * Context: any; one at a time.
 */
void cw_policy_words(const char *words)
{
	/* Who has come before may be reading them */
	if (!said[0])
		strscpy(said, words, sizeof(said));
}

/**
 * cw_policy_said() - what the panic is to say
 *
 * Context: any.
 * Return: what cw_policy_words() was given first.
 */
const char *cw_policy_said(void)
{
	return said;
}
