/* SPDX-License-Identifier: GPL-2.0 */
/* Facts about current that are looked up when it dies or asks for a reboot. */
#ifndef CW_GATHER_H
#define CW_GATHER_H

#include <linux/sched.h>
#include <linux/string.h>
#include <linux/types.h>

#include "abi/crashwatch.h"

#define CW_BUILD_ID_CHARS	64	/* 32 bytes in hexadecimal; the usual one has 20 */

struct file;

/**
 * struct cw_spot - the mapping an address lies in
 * @file: what is mapped, held until cw_gather_forget(); NULL: nothing
 * @area: what it is if it is no file; NULL: not mapped, or not looked for
 * @off: offset of the address in the file or the area
 */
struct cw_spot {
	struct file *file;
	const char *area;
	u64 off;
};

/**
 * struct cw_place - where an address lies
 * @text: mapping and offset, in the caller's buffer
 * @len: bytes of it; 0: not mapped or not known
 * @build_id: of the file, in hexadecimal, if it was wanted and there is one
 * @build_id_len: bytes of it
 */
struct cw_place {
	const char *text;
	u32 len;
	char build_id[CW_BUILD_ID_CHARS];
	u32 build_id_len;
};

struct task_struct *cw_gather_parent(const struct task_struct *leader);

/**
 * cw_gather_comm() - a task's short name
 * @to: room for TASK_COMM_LEN bytes, of which the last becomes a NUL
 * @comm: it
 *
 * Context: any; the task may be given another name meanwhile, of which it then has a part.
 */
static inline void cw_gather_comm(char *to, const char *comm)
{
	/* The last byte is never written but with a NUL */
	data_race(memcpy(to, comm, TASK_COMM_LEN));
}

u32 cw_gather_tree(struct cw_tree_node *node, u32 levels, bool *cut);
u32 cw_gather_cgroup(char *buf, u32 size);
u32 cw_gather_namespaces(char *buf, u32 size);
bool cw_gather_maps_begin(void);
void cw_gather_spot(unsigned long addr, struct cw_spot *spot);
void cw_gather_maps_end(void);
void cw_gather_place(const struct cw_spot *spot, char *buf, u32 size, bool build_id,
		     struct cw_place *place);
void cw_gather_forget(struct cw_spot *spot);

#endif
