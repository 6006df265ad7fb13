/* SPDX-License-Identifier: GPL-2.0 */
/* Memory for handlers: never sleeps, never exceeds max_mem_kb. */
#ifndef CW_MEM_H
#define CW_MEM_H

#include <linux/limits.h>
#include <linux/types.h>

#define CW_MEM_EXEC_BYTES 320	/* a struct cw_exec with strings of usual length */

/* Sizes that are wanted all the time */
enum cw_mem_pool {
	CW_MEM_TASK,	/* struct cw_task */
	CW_MEM_EXEC,	/* CW_MEM_EXEC_BYTES */
	CW_MEM_POOLS
};

/**
 * struct cw_scratch - room of one CPU for putting a record together
 * @busy: in use; protects the rest
 * @extra: not a CPU's: goes when it is given back
 * @exe: for the path of the program
 * @cwd: for the path of the working directory
 * @file: for the path that was to be executed
 * @more: for a path on the way to another
 * @text: for anything short
 * @spare: where an exec is put together when there is no memory for it
 */
struct cw_scratch {
	bool busy;
	bool extra;
	char exe[PATH_MAX];
	char cwd[PATH_MAX];
	char file[PATH_MAX];
	char more[PATH_MAX];
	char text[PATH_MAX];
	char spare[] __aligned(8);
};

long cw_mem_cost(size_t bytes);
void *cw_mem_alloc(size_t bytes);
void cw_mem_free(void *p, size_t bytes);
void *cw_mem_pool_get(enum cw_mem_pool id);
void cw_mem_pool_put(enum cw_mem_pool id, void *p);
unsigned long cw_mem_used(void);
struct cw_scratch *cw_mem_scratch_get(void);
void cw_mem_scratch_put(struct cw_scratch *scratch);
int cw_mem_prepare_cpu(unsigned int cpu);
int cw_mem_init(long (*pressure)(long wanted));
void cw_mem_calm(void);
void cw_mem_exit(void);

#endif
