// SPDX-License-Identifier: GPL-2.0
/* The files under /sys/kernel/debug/crashwatch: all 0400, read-only, without ioctl and mmap. */
#include <linux/debugfs.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "abi/text.h"
#include "debugfs.h"
#include "domain.h"
#include "history.h"
#include "hook.h"
#include "mem.h"
#include "persist.h"
#include "reader.h"
#include "ring.h"
#include "record.h"

/* === tasks === */

/* The walk, and memory for a record and its text */
struct task_walk {
	struct rhashtable_iter iter;
	struct cw_out out;
	u8 rec[65536] __aligned(8);
};

static void *tasks_start(struct seq_file *seq, loff_t *pos)
	__acquires(RCU)
{
	struct task_walk *walk = seq->private;
	void *task;

	if (!*pos) {
		rhashtable_walk_exit(&walk->iter);
		cw_history_walk_enter(&walk->iter);
	}
	rhashtable_walk_start(&walk->iter);
	do {
		task = *pos ? rhashtable_walk_peek(&walk->iter) : rhashtable_walk_next(&walk->iter);
	} while (PTR_ERR(task) == -EAGAIN);
	return task;
}

static void *tasks_next(struct seq_file *seq, void *v, loff_t *pos)
{
	struct task_walk *walk = seq->private;
	void *task;

	++*pos;
	do {
		task = rhashtable_walk_next(&walk->iter);
	} while (PTR_ERR(task) == -EAGAIN);
	return task;
}

static void tasks_stop(struct seq_file *seq, void *v)
	__releases(RCU)
{
	struct task_walk *walk = seq->private;

	rhashtable_walk_stop(&walk->iter);
}

static int tasks_show(struct seq_file *seq, void *v)
{
	struct task_walk *walk = seq->private;
	const struct cw_record *rec = cw_record_task(v, walk->rec, sizeof(walk->rec));

	if (!rec)
		return 0;
	walk->out.len = 0;
	cw_text_record(&walk->out, rec, CW_FORMAT_TEXT);
	seq_write(seq, walk->out.buf, min(walk->out.len, walk->out.size));
	return 0;
}

static const struct seq_operations tasks_seq = {
	.start = tasks_start,
	.next = tasks_next,
	.stop = tasks_stop,
	.show = tasks_show,
};

static int tasks_open(struct inode *inode, struct file *file)
{
	struct task_walk *walk = kvzalloc(sizeof(*walk), GFP_KERNEL);
	int ret = -ENOMEM;

	if (!walk)
		return ret;
	/* A byte may become four; numbers, names and marks are few beside the strings */
	walk->out.size = 5 * sizeof(walk->rec);
	walk->out.buf = kvmalloc(walk->out.size, GFP_KERNEL);
	if (walk->out.buf)
		ret = seq_open(file, &tasks_seq);
	if (ret) {
		kvfree(walk->out.buf);
		kvfree(walk);
		return ret;
	}
	cw_history_walk_enter(&walk->iter);
	((struct seq_file *)file->private_data)->private = walk;
	return 0;
}

static int tasks_release(struct inode *inode, struct file *file)
{
	struct task_walk *walk = ((struct seq_file *)file->private_data)->private;

	rhashtable_walk_exit(&walk->iter);
	kvfree(walk->out.buf);
	kvfree(walk);
	return seq_release(inode, file);
}

static const struct file_operations tasks_fops = {
	.owner = THIS_MODULE,
	.open = tasks_open,
	.read = seq_read,
	.llseek = seq_lseek,
	.release = tasks_release,
};

/* === probes and stats === */

static int probes_show(struct seq_file *seq, void *v)
{
	char line[1024];
	int i;

	for (i = 0; i < CW_HOOK_MAX; i++) {
		struct cw_out out = { .buf = line, .size = sizeof(line) };

		cw_hook_show(&out, i);
		/* Every key leaves a blank behind it; the last one becomes the end of the line */
		seq_write(seq, line, min(out.len, out.size) - 1);
		seq_putc(seq, '\n');
	}
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(probes);

struct sums {
	u64 written, readable, overwritten, dropped;
	u64 count[CW_COUNT_MAX];
};

static void add_cpu(struct seq_file *seq, unsigned int cpu, struct sums *sum)
{
	u64 readable = 0, overwritten = 0;
	struct cw_cpu state;
	int i;

	if (!cw_ring_state(cpu, &state))
		return;
	for (i = 0; i < CW_RING_MAX; i++) {
		readable += state.ring[i].head_nr - state.ring[i].tail_nr;
		overwritten += state.ring[i].tail_nr;
	}
	seq_printf(seq, "cpu%u_written %llu\n", cpu, state.seq);
	seq_printf(seq, "cpu%u_readable %llu\n", cpu, readable);
	seq_printf(seq, "cpu%u_overwritten %llu\n", cpu, overwritten);
	seq_printf(seq, "cpu%u_dropped %llu\n", cpu, state.dropped);
	sum->written += state.seq;
	sum->readable += readable;
	sum->overwritten += overwritten;
	sum->dropped += state.dropped;
	for (i = 0; i < CW_COUNT_MAX; i++)
		sum->count[i] += state.count[i];
}

static int stats_show(struct seq_file *seq, void *v)
{
	static const char *const names[] = {
#define COUNTER_NAME(id, text, what) text,
		CW_COUNTERS(COUNTER_NAME)
#undef COUNTER_NAME
	};
	struct sums sum = { 0 };
	u64 missed = 0;
	unsigned int cpu;
	int i;

	seq_puts(seq, "version " CW_VERSION "\n");
	for_each_possible_cpu(cpu)
		add_cpu(seq, cpu, &sum);
	seq_printf(seq, "written %llu\n", sum.written);
	seq_printf(seq, "readable %llu\n", sum.readable);
	seq_printf(seq, "overwritten %llu\n", sum.overwritten);
	seq_printf(seq, "dropped %llu\n", sum.dropped);
	for (i = 0; i < CW_COUNT_USED; i++)
		seq_printf(seq, "%s %llu\n", names[i], sum.count[i]);
	seq_printf(seq, "dropped_no_ring %llu\n", cw_ring_homeless());
	for (i = 0; i < CW_HOOK_MAX; i++)
		missed += cw_hook_missed(i);
	seq_printf(seq, "probe_missed %llu\n", missed);
	seq_printf(seq, "tasks %u\n", cw_history_count());
	seq_printf(seq, "domains %u\n", cw_domain_count());
	seq_printf(seq, "history_bytes %lu\n", cw_mem_used());
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(stats);

/* === Life === */

static struct dentry *dir;

static void say_if_missing(const char *name, const struct dentry *in, const struct dentry *made)
{
	if (IS_ERR(made))
		pr_warn("%s%s is not in debugfs (error %ld): all is recorded, but cannot be read there\n",
			in == dir ? "" : "previous/", name, PTR_ERR(made));
}

static void make_file(const char *name, struct dentry *in, const struct file_operations *fops)
{
	/* Where there is no directory, that has been said */
	if (!IS_ERR(in))
		say_if_missing(name, in, debugfs_create_file(name, 0400, in, NULL, fops));
}

/* What the boot before this one has left */
static void make_previous(void)
{
	struct dentry *previous;

	if (IS_ERR(dir))
		return;
	previous = debugfs_create_dir("previous", dir);
	say_if_missing("previous", dir, previous);
	make_file("events", previous, &cw_reader_previous_events_fops);
	make_file("events_raw", previous, &cw_reader_previous_raw_fops);
	make_file("incidents", previous, &cw_reader_previous_incidents_fops);
}

/**
 * cw_debugfs_init() - make the files; the module records without them as well, and says so
 *
 * Context: process context, may sleep.
 */
void cw_debugfs_init(void)
{
	dir = debugfs_create_dir(KBUILD_MODNAME, NULL);
	say_if_missing("its directory", dir, dir);
	make_file("events", dir, &cw_reader_events_fops);
	make_file("events_pipe", dir, &cw_reader_events_pipe_fops);
	make_file("events_raw", dir, &cw_reader_events_raw_fops);
	make_file("incidents", dir, &cw_reader_incidents_fops);
	if (cw_persist_previous())
		make_previous();
	make_file("tasks", dir, &tasks_fops);
	make_file("probes", dir, &probes_fops);
	make_file("stats", dir, &stats_fops);
}

/**
 * cw_debugfs_exit() - take the files away; nobody reads when it returns
 *
 * Context: process context, may sleep.
 */
void cw_debugfs_exit(void)
{
	debugfs_remove(dir);
}
