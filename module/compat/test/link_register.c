// SPDX-License-Identifier: GPL-2.0
/* A call leaves the address of its return in a register. */
#include <linux/ptrace.h>

static unsigned long __maybe_unused test(struct pt_regs *regs)
{
	return procedure_link_pointer(regs);
}
