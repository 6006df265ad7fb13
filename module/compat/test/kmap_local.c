// SPDX-License-Identifier: GPL-2.0
/* A page can be mapped for one thread. */
#include <linux/highmem.h>

static void __maybe_unused test(struct page *page)
{
	kunmap_local(kmap_local_page(page));
}
