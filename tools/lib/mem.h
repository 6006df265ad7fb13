/* SPDX-License-Identifier: GPL-2.0 */
/* The memory of a machine that has crashed, wherever it is kept. */
#ifndef CW_MEM_H
#define CW_MEM_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

/**
 * enum cw_space - what an address means
 * @CW_SPACE_PHYS: physical
 * @CW_SPACE_KERNEL: virtual, as the kernel had it mapped
 */
enum cw_space {
	CW_SPACE_PHYS,
	CW_SPACE_KERNEL,
};

/**
 * struct cw_mem - memory that can be read
 * @read: copy @len bytes out, all of them or say false; a page that was left out since it has
 *	zeros only, or was not wanted, may be given as zeros
 * @next: move @phys to the first page at or after it that may be there; false: there is none
 * @close: free everything
 * @info: VMCOREINFO, lines of NAME=VALUE; "" if there is none
 * @end: no page is there from this physical address on, or 0 if that is not known
 * @pages: there cannot be more of them
 * @missing: bytes that the file should have behind its end, at least
 * @failed: reads of what should be there and could not be had
 */
struct cw_mem {
	bool (*read)(struct cw_mem *mem, enum cw_space space, __u64 addr, void *buf, size_t len);
	bool (*next)(struct cw_mem *mem, __u64 *phys);
	void (*close)(struct cw_mem *mem);
	const char *info;
	__u64 end;
	__u64 pages;
	__u64 missing;
	__u64 failed;
};

#endif
