// SPDX-License-Identifier: GPL-2.0
/* A small machine's memory with the module's data in it, made up. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/image.h"
#include "tests/sample.h"
#include "text.h"

#define CPUS 2
#define RING_PAGES 2
#define RING_BYTES (RING_PAGES * CW_IMAGE_PAGE)
#define LOG_BITS 12
#define TASKS 3

/* VMCOREINFO, as far as a reader of the log and libkdumpfile want it. */
const char cw_image_info[] =
	"OSRELEASE=6.1.0-0-amd64\n"
	"PAGESIZE=4096\n"
	"SYMBOL(swapper_pg_dir)=ffffffff80001000\n"
	"SYMBOL(_stext)=ffffffff80000000\n"
	"SYMBOL(init_top_pgt)=ffffffff80001000\n"
	"NUMBER(phys_base)=0\n"
	"NUMBER(pgtable_l5_enabled)=0\n"
	"NUMBER(sme_mask)=0\n"
	"KERNELOFFSET=0\n"
	"NUMBER(KERNEL_IMAGE_SIZE)=1073741824\n"
	"SYMBOL(prb)=ffffffff80004000\n"
	"OFFSET(printk_ringbuffer.text_data_ring)=48\n"
	"OFFSET(prb_data_ring.size_bits)=0\n"
	"OFFSET(prb_data_ring.data)=8\n"
	"OFFSET(prb_data_ring.head_lpos)=16\n";

static const char layout[] =
	"init_task=0xffffffff80020000 processes=0xffffffff80022000 domains=0xffffffff80025000"
	" task_struct.tasks=16 task_struct.tgid=32 task_struct.comm=40 task_struct.start_time=56"
	" task_struct.real_parent=64 task_struct.real_cred=72 cred.uid=4 rhashtable.tbl=0"
	" bucket_table.size=0 bucket_table.nest=4 bucket_table.future_tbl=8 bucket_table.buckets=64"
	" rhash_head.next=0 cw_task.node=0 cw_task.key.start_ns=24 cw_task.key.pid=32"
	" cw_task.exec=40 cw_task.flags=48 CW_TASK_STALE=1 cw_exec.domain=24 cw_exec.root_pid=32"
	" cw_exec.argc=36 cw_exec.argv_bytes=40 cw_exec.bytes=48 cw_exec.flags=56 cw_exec.cut=58"
	" cw_exec.exe=60 cw_exec.file=68 cw_exec.cwd=76 cw_exec.argv=84 cw_exec.data=96"
	" CW_EXEC_ARGV_FAULT=1 CW_EXEC_DOMAIN_CUT=2 CW_EXEC_ARGC=8 CW_EXEC_CUT_EXE=1"
	" CW_EXEC_CUT_FILE=2 CW_EXEC_CUT_CWD=4 CW_EXEC_CUT_ARGV=8 cw_domain.node=0"
	" cw_domain.users=24 cw_domain.len=44 cw_domain.text=48";

static char *page(char *bytes, unsigned int nr)
{
	return bytes + nr * CW_IMAGE_PAGE;
}

static void put64(char *at, __u64 value)
{
	memcpy(at, &value, sizeof(value));
}

static void put32(char *at, __u32 value)
{
	memcpy(at, &value, sizeof(value));
}

static __u64 kernel(unsigned int nr, unsigned int off)
{
	return CW_IMAGE_KERNEL + nr * CW_IMAGE_PAGE + off;
}

/* 2 MiB from physical address 0 on, as x86 maps them. */
static void make_tables(char *bytes)
{
	put64(page(bytes, CW_IMAGE_TABLES) + 8 * 511, 0x1000 * (CW_IMAGE_TABLES + 1) | 0x63);
	put64(page(bytes, CW_IMAGE_TABLES + 1) + 8 * 510, 0x1000 * (CW_IMAGE_TABLES + 2) | 0x63);
	put64(page(bytes, CW_IMAGE_TABLES + 2), 0xe3);
}

/* The newest line is in front: its ring has come round. */
static void make_log(char *bytes)
{
	char *ring = page(bytes, CW_IMAGE_LOG);
	char *text = page(bytes, CW_IMAGE_LOG_TEXT);

	put64(ring, kernel(CW_IMAGE_LOG, 64));
	put32(ring + 64 + 48, LOG_BITS);
	put64(ring + 64 + 56, kernel(CW_IMAGE_LOG_TEXT, 0));
	put64(ring + 64 + 64, (5ULL << LOG_BITS) + 200);
	snprintf(text + 100, 64, "crashwatch: block at 0x%x00", CW_IMAGE_BLOCK * CW_IMAGE_PAGE);
	snprintf(text + 300, 64, "crashwatch: block at 0x%x", 63 * CW_IMAGE_PAGE);
	snprintf(text + 4000, 64, "crashwatch: block at 0xdead000");
}

static bool make_block(char *bytes, const struct cw_sample *sample)
{
	struct cw_block *block = (struct cw_block *)page(bytes, CW_IMAGE_BLOCK);
	size_t len = ((const struct cw_block *)sample->bytes)->bytes;
	unsigned int i;

	if (len + sizeof(layout) > (CW_IMAGE_CPU - CW_IMAGE_BLOCK) * CW_IMAGE_PAGE)
		return false;
	memcpy(block, sample->bytes, len);
	memcpy((char *)block + len, layout, sizeof(layout));
	block->layout_off = len;
	block->layout_len = sizeof(layout);
	block->bytes = len + sizeof(layout);
	block->cpu_bytes = sizeof(struct cw_cpu);
	block->phys = CW_IMAGE_BLOCK * CW_IMAGE_PAGE;
	for (i = 0; i < CPUS; i++)
		block->cpu[i] = (CW_IMAGE_CPU + i) * CW_IMAGE_PAGE;
	return true;
}

/* As the module writes it; a ring here does not overflow. */
static void write_entry(char *bytes, const struct cw_entry *entry)
{
	const struct cw_record *rec = (const struct cw_record *)(entry + 1);
	const struct cw_type_info *info = cw_type_find(rec->type);
	unsigned int id = info && info->incident ? CW_RING_INCIDENTS : CW_RING_EVENTS;
	struct cw_cpu *cpu = (struct cw_cpu *)page(bytes, CW_IMAGE_CPU + entry->cpu);
	struct cw_ring *ring = &cpu->ring[id];
	__u64 off = ring->head % ring->size, i;

	if (off + entry->len > ring->size) {
		struct cw_entry pad = { .len = ring->size - off, .flags = CW_ENTRY_PAD };

		memcpy(bytes + cpu->page[ring->page_index + off / CW_IMAGE_PAGE] +
			       off % CW_IMAGE_PAGE,
		       &pad, 8);
		ring->head += pad.len;
		off = 0;
	}
	for (i = 0; i < entry->len; i += 8, off += 8)
		memcpy(bytes + cpu->page[ring->page_index + off / CW_IMAGE_PAGE] +
			       off % CW_IMAGE_PAGE,
		       (const char *)entry + i, 8);
	ring->head += entry->len;
	ring->head_nr++;
	cpu->seq = entry->seq;
}

static void make_cpu(char *bytes, unsigned int nr)
{
	struct cw_cpu *cpu = (struct cw_cpu *)page(bytes, CW_IMAGE_CPU + nr);
	unsigned int i, first = CW_IMAGE_RINGS + nr * CW_RING_MAX * RING_PAGES;

	memcpy(cpu->magic, CW_CPU_MAGIC, sizeof(cpu->magic));
	cpu->cpu = nr;
	cpu->pages = CW_RING_MAX * RING_PAGES;
	cpu->count[CW_COUNT_ARGV_CUT] = 7;
	for (i = 0; i < cpu->pages; i++) /* not in order */
		cpu->page[i] = (first + (i ^ 1)) * CW_IMAGE_PAGE;
	for (i = 0; i < CW_RING_MAX; i++)
		cpu->ring[i] = (struct cw_ring){
			.size = RING_BYTES,
			.head = 3 * RING_BYTES - 1200,
			.tail = 3 * RING_BYTES - 1200,
			.head_nr = 100,
			.tail_nr = 100,
			.page_index = i * RING_PAGES,
			.pages = RING_PAGES,
		};
}

static void make_rings(char *bytes, const struct cw_sample *sample)
{
	size_t at = ((const struct cw_block *)sample->bytes)->bytes;
	struct cw_entry head, *entry;
	unsigned int i;

	for (i = 0; i < CPUS; i++)
		make_cpu(bytes, i);
	for (; at < sample->len; at += head.len) {
		memcpy(&head, sample->bytes + at, sizeof(head));
		entry = malloc(head.len);
		if (!entry)
			abort();
		memcpy(entry, sample->bytes + at, head.len);
		write_entry(bytes, entry);
		free(entry);
	}
}

/* === Processes === */

static const struct {
	__u32 pid;
	const char *comm;
	const char *exe;
	const char *domain;
} tasks[TASKS] = {
	{ 1, "init", "/sbin/init", "init" },
	{ 963, "ovcd", "/usr/sbin/ovcd", "init /usr/sbin/ovcd" },
	{ 976, "opcacta", "/usr/bin/opcacta", "init /usr/sbin/ovcd /usr/bin/opcacta" },
};

static void make_table(char *bytes, unsigned int table, __u32 size)
{
	put64(page(bytes, table), kernel(table, 64));
	put32(page(bytes, table) + 64, size);
}

/* Into one bucket, in front of what is there; the bucket's last bit is its lock. */
static void insert(char *bytes, unsigned int table, unsigned int bucket, unsigned int node_page,
		   unsigned int off)
{
	char *word = page(bytes, table) + 64 + 64 + 8 * bucket;
	__u64 first;

	memcpy(&first, word, sizeof(first));
	put64(page(bytes, node_page) + off, first ? first & ~1ULL : 2 * bucket + 1);
	put64(word, kernel(node_page, off) | 1);
}

static void make_exec(char *bytes, unsigned int i)
{
	char *exec = page(bytes, CW_IMAGE_EXECS) + 256 * i;
	size_t len = strlen(tasks[i].exe);
	struct cw_str exe = { 0, len }, argv = { len, len + 1 };

	put64(exec + 24, kernel(CW_IMAGE_DOMAINS, 128 * i));
	put32(exec + 32, 1);
	put32(exec + 48, 2 * len + 1);
	memcpy(exec + 60, &exe, sizeof(exe));
	memcpy(exec + 68, &exe, sizeof(exe));
	memcpy(exec + 84, &argv, sizeof(argv));
	memcpy(exec + 96, tasks[i].exe, len);
	memcpy(exec + 96 + len, tasks[i].exe, len);
}

static void make_task(char *bytes, unsigned int i)
{
	char *task = page(bytes, CW_IMAGE_TASKS) + 128 * (i + 1);
	char *known = page(bytes, CW_IMAGE_KNOWN) + 64 * i;
	char *domain = page(bytes, CW_IMAGE_DOMAINS) + 128 * i;
	unsigned int next = i + 1 < TASKS ? 128 * (i + 2) : 0;

	put64(task - 128 + 16, kernel(CW_IMAGE_TASKS, 128 * (i + 1) + 16));
	put64(task + 16, kernel(CW_IMAGE_TASKS, next + 16));
	put32(task + 32, tasks[i].pid);
	memcpy(task + 40, tasks[i].comm, strlen(tasks[i].comm));
	put64(task + 56, 1000 + i);
	put64(task + 64, kernel(CW_IMAGE_TASKS, 128 * i));
	put64(task + 72, kernel(CW_IMAGE_TASKS, 3072));

	insert(bytes, CW_IMAGE_BUCKETS, i ? 5 : 1, CW_IMAGE_KNOWN, 64 * i);
	put64(known + 24, 1000 + i);
	put32(known + 32, tasks[i].pid);
	put64(known + 40, kernel(CW_IMAGE_EXECS, 256 * i));
	make_exec(bytes, i);

	insert(bytes, CW_IMAGE_DOMAIN_BUCKETS, i, CW_IMAGE_DOMAINS, 128 * i);
	put32(domain + 24, i);
	put32(domain + 44, strlen(tasks[i].domain));
	memcpy(domain + 48, tasks[i].domain, strlen(tasks[i].domain));
}

/**
 * cw_image_make() - fill a memory
 * @bytes: CW_IMAGE_BYTES of it, 8-byte aligned
 *
 * Its records are those of the sample "plain".
 *
 * Return: false if the block has outgrown its place here.
 */
bool cw_image_make(char *bytes)
{
	struct cw_sample sample;
	unsigned int i;
	bool ok;

	if (!cw_sample_make(&sample, "plain", 1795219200000000000LL))
		return false;
	memset(bytes, 0, CW_IMAGE_BYTES);
	make_tables(bytes);
	make_log(bytes);
	ok = make_block(bytes, &sample);
	make_rings(bytes, &sample);
	make_table(bytes, CW_IMAGE_BUCKETS, 16);
	make_table(bytes, CW_IMAGE_DOMAIN_BUCKETS, 16);
	for (i = 0; i < TASKS; i++)
		make_task(bytes, i);
	free(sample.bytes);
	return ok;
}
