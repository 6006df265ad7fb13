/* SPDX-License-Identifier: GPL-2.0 */
/* What the core takes for granted and older kernels lack; included before every file of it. */
#ifndef CW_COMPAT_H
#define CW_COMPAT_H

#include <linux/mm.h>
#include <linux/preempt.h>

#include "compat/have.h"

#ifndef in_hardirq
#define in_hardirq()		in_irq()
#endif

/* Where a function returns to lies on top of the stack when it is entered. */
#ifndef CW_HAVE_LINK_REGISTER
#define procedure_link_pointer(regs)	regs_get_kernel_stack_nth(regs, 0)
#endif

#ifndef CW_HAVE_RESERVE_MEM
static inline int reserve_mem_find_by_name(const char *name, phys_addr_t *start, phys_addr_t *size)
{
	return 0;
}
#endif

#ifndef CW_HAVE_KMAP_LOCAL
#ifdef CONFIG_HIGHMEM
#error "Kernels without kmap_local_page() are served on 64-bit machines alone"
#endif
#define kmap_local_page(page)	page_address(page)
#define kunmap_local(addr)	((void)(addr))
#endif

#endif
