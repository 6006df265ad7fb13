// SPDX-License-Identifier: GPL-2.0
/* Memory that the command line sets aside by name can be asked for. */
#include <linux/mm.h>

static int __maybe_unused test(phys_addr_t *start, phys_addr_t *size)
{
	return reserve_mem_find_by_name("name", start, size);
}
