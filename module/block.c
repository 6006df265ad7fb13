// SPDX-License-Identifier: GPL-2.0
/* The root of everything that is kept: what a reader with nothing but memory looks for. */
#include <linux/cpumask.h>
#include <linux/fs.h>
#include <linux/io.h>
#include <linux/mm.h>
#include <linux/string.h>
#include <linux/timekeeping.h>

#include "abi/text.h"
#include "block.h"
#include "persist.h"

static struct cw_block *block;

/**
 * cw_block_get() - the root of everything
 *
 * Context: any.
 * Return: the block; its size is in it.
 */
const struct cw_block *cw_block_get(void)
{
	return block;
}

/**
 * cw_block_clock() - note how the record's clock and the wall clock differ now
 *
 * Context: any.
 */
void cw_block_clock(void)
{
	s64 offset = ktime_get_real_fast_ns() - ktime_get_mono_fast_ns();

	WRITE_ONCE(block->realtime_offset_ns, offset);
	cw_persist_clock(offset);
}

/**
 * cw_block_announce() - say in the kernel log where the block is, so that nobody need search a dump
 *
 * And in which boot, so that whoever finds the log later knows where it belongs.
 *
 * Context: any.
 */
void cw_block_announce(void)
{
	pr_notice("block at 0x%llx%s%s\n", block->phys, block->boot_id[0] ? " boot_id=" : "",
		  block->boot_id);
}

/* The kernel does not export its boot id; procfs has it, where it is mounted already. */
static void boot_id_read(char *id, size_t size)
{
	struct file *file = filp_open("/proc/sys/kernel/random/boot_id", O_RDONLY, 0);
	loff_t pos = 0;
	ssize_t n;

	if (IS_ERR(file))
		return;
	n = kernel_read(file, id, size - 1, &pos);
	filp_close(file, NULL);
	id[max_t(ssize_t, n, 0)] = 0;
	strim(id);
}

/**
 * cw_block_init() - make the block
 * @layout: text for a reader of a dump
 *
 * Context: process context, may sleep.
 * Return: 0 or -ENOMEM.
 */
int cw_block_init(const char *layout)
{
	size_t cpus = sizeof(*block) + nr_cpu_ids * sizeof(block->cpu[0]);
	size_t layout_bytes = strlen(layout) + 1;
	size_t bytes = cpus + cw_fields_table_bytes + cw_counters_table_bytes + layout_bytes;

	block = alloc_pages_exact(bytes, GFP_KERNEL | __GFP_ZERO);
	if (!block)
		return -ENOMEM;
	block->abi = CW_ABI;
	block->bytes = bytes;
	block->phys = virt_to_phys(block);
	block->page_size = PAGE_SIZE;
	block->cpus = nr_cpu_ids;
	boot_id_read(block->boot_id, sizeof(block->boot_id));
	strscpy(block->version, CW_VERSION, sizeof(block->version));
	block->entry_bytes = sizeof(struct cw_entry);
	block->record_bytes = sizeof(struct cw_record);
	block->cpu_bytes = sizeof(struct cw_cpu);
	block->fields_off = cpus;
	block->fields_len = cw_fields_table_bytes;
	memcpy((u8 *)block + cpus, cw_fields_table, cw_fields_table_bytes);
	block->counters_off = cpus + cw_fields_table_bytes;
	block->counters_len = cw_counters_table_bytes;
	memcpy((u8 *)block + block->counters_off, cw_counters_table, cw_counters_table_bytes);
	block->layout_off = block->counters_off + block->counters_len;
	block->layout_len = layout_bytes;
	memcpy((u8 *)block + block->layout_off, layout, layout_bytes);
	cw_block_clock();
	memcpy(block->magic, CW_BLOCK_MAGIC, sizeof(block->magic));
	cw_block_announce();
	return 0;
}

/**
 * cw_block_cpu() - say where the head of a CPU is
 * @cpu: its number
 * @phys: physical address of its struct cw_cpu; 0: it has none
 *
 * Context: process context.
 */
void cw_block_cpu(unsigned int cpu, __u64 phys)
{
	WRITE_ONCE(block->cpu[cpu], phys);
}

/**
 * cw_block_exit() - nothing is kept any more
 *
 * Context: process context.
 */
void cw_block_exit(void)
{
	memset(block->magic, 0, sizeof(block->magic));
	free_pages_exact(block, block->bytes);
}
