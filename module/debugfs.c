// SPDX-License-Identifier: GPL-2.0
/* The files under /sys/kernel/debug/crashwatch: all 0400, read-only, without ioctl and mmap. */
#include <linux/debugfs.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/poll.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "abi/text.h"
#include "block.h"
#include "debugfs.h"
#include "domain.h"
#include "history.h"
#include "hook.h"
#include "mem.h"
#include "record.h"
#include "stream.h"

/* === events, events_pipe, events_raw, incidents === */

/* An open file */
struct reader {
	struct mutex lock;	/* all below */
	struct cw_stream *stream;
	bool follow;
	bool raw;
	struct cw_out out;	/* what is to be given next; @out.size is the memory's size */
	size_t given;		/* bytes of it that were given already */
};

static bool grow(struct reader *reader, size_t size)
{
	char *buf;

	if (size <= reader->out.size)
		return true;
	buf = kvmalloc(size, GFP_KERNEL);
	if (!buf)
		return false;
	kvfree(reader->out.buf);
	reader->out.buf = buf;
	reader->out.size = size;
	return true;
}

static int put_raw(struct reader *reader, const void *data, size_t bytes)
{
	if (!grow(reader, bytes))
		return -ENOMEM;
	memcpy(reader->out.buf, data, bytes);
	reader->out.len = bytes;
	return 0;
}

static int put_line(struct reader *reader, const struct cw_entry *entry)
{
	const struct cw_record *rec = (const void *)(entry + 1);

	if (WARN_ON_ONCE(!cw_record_valid(rec, entry->len - sizeof(*entry))))
		return 0;
	for (;;) {
		reader->out.len = 0;
		cw_text_entry(&reader->out, entry, rec, CW_FORMAT_TEXT);
		if (reader->out.len <= reader->out.size)
			return 0;
		if (!grow(reader, reader->out.len))
			return -ENOMEM;
	}
}

/* The next piece that must not be split. Returns 1, 0 for none now, or an error. */
static int next_piece(struct reader *reader)
{
	const struct cw_entry *entry;
	int ret;

	while (reader->given == reader->out.len) {
		entry = cw_stream_next(reader->stream);
		if (!entry)
			return 0;
		reader->given = 0;
		reader->out.len = 0;
		ret = reader->raw ? put_raw(reader, entry, entry->len) : put_line(reader, entry);
		if (ret)
			return ret;
	}
	return 1;
}

/* As many whole pieces as fit; a text that is longer than the buffer is given in parts. */
static ssize_t give(struct reader *reader, char __user *buf, size_t count)
{
	size_t done = 0;
	int ret;

	while ((ret = next_piece(reader)) > 0) {
		size_t left = reader->out.len - reader->given;
		size_t part = min(left, count - done);

		if (part < left && done)
			break;
		if (part < left && reader->raw)
			return -EINVAL;
		if (copy_to_user(buf + done, reader->out.buf + reader->given, part))
			return done ? done : -EFAULT;
		reader->given += part;
		done += part;
		if (done == count || signal_pending(current))
			break;
		cond_resched();
	}
	return done ? done : ret;
}

static bool ready(struct reader *reader)
{
	bool is;

	mutex_lock(&reader->lock);
	is = reader->given < reader->out.len || cw_stream_ready(reader->stream);
	mutex_unlock(&reader->lock);
	return is;
}

static ssize_t reader_read(struct file *file, char __user *buf, size_t count, loff_t *pos)
{
	struct reader *reader = file->private_data;
	ssize_t ret;

	if (!count)
		return 0;
	for (;;) {
		if (mutex_lock_interruptible(&reader->lock))
			return -ERESTARTSYS;
		ret = give(reader, buf, count);
		mutex_unlock(&reader->lock);
		if (ret || !reader->follow)
			return ret;
		if (file->f_flags & O_NONBLOCK)
			return -EAGAIN;
		if (wait_event_interruptible(*cw_stream_wait(),
					     cw_stream_grew(reader->stream)))
			return -ERESTARTSYS;
	}
}

static __poll_t reader_poll(struct file *file, poll_table *table)
{
	struct reader *reader = file->private_data;

	poll_wait(file, cw_stream_wait(), table);
	return ready(reader) ? EPOLLIN | EPOLLRDNORM : 0;
}

static void free_reader(struct reader *reader)
{
	if (!IS_ERR_OR_NULL(reader->stream))
		cw_stream_close(reader->stream);
	kvfree(reader->out.buf);
	kfree(reader);
}

/* The stream starts with the block, which in a file has no place in memory. */
static int put_block(struct reader *reader)
{
	const struct cw_block *block = cw_block_get();
	struct cw_block *copy;
	int ret;

	if (!reader->raw) {
		if (!grow(reader, 4096))
			return -ENOMEM;
		cw_text_header(&reader->out, block);
		return 0;
	}
	/* The layout comes last: addresses of the kernel's stay in its memory */
	ret = put_raw(reader, block, block->layout_off);
	if (ret)
		return ret;
	copy = (struct cw_block *)reader->out.buf;
	copy->bytes = block->layout_off;
	copy->layout_off = 0;
	copy->layout_len = 0;
	copy->phys = 0;
	memset(copy->cpu, 0, copy->cpus * sizeof(copy->cpu[0]));
	return 0;
}

static int open_reader(struct file *file, enum cw_stream_kind kind, bool raw)
{
	struct reader *reader = kzalloc(sizeof(*reader), GFP_KERNEL);
	int ret;

	if (!reader)
		return -ENOMEM;
	mutex_init(&reader->lock);
	reader->follow = kind == CW_STREAM_FOLLOW;
	reader->raw = raw;
	reader->stream = cw_stream_open(kind);
	ret = PTR_ERR_OR_ZERO(reader->stream);
	if (!ret)
		ret = put_block(reader);
	if (ret) {
		free_reader(reader);
		return ret;
	}
	file->private_data = reader;
	return reader->follow ? stream_open(file_inode(file), file) : 0;
}

static int reader_release(struct inode *inode, struct file *file)
{
	free_reader(file->private_data);
	return 0;
}

static int events_open(struct inode *inode, struct file *file)
{
	return open_reader(file, CW_STREAM_SNAPSHOT, false);
}

static int events_pipe_open(struct inode *inode, struct file *file)
{
	return open_reader(file, CW_STREAM_FOLLOW, false);
}

static int events_raw_open(struct inode *inode, struct file *file)
{
	return open_reader(file, CW_STREAM_FOLLOW, true);
}

static int incidents_open(struct inode *inode, struct file *file)
{
	return open_reader(file, CW_STREAM_INCIDENTS, false);
}

/* A snapshot has no place to seek to, but head(1) wants to hear that it may. */
#define READER_FOPS(name, seek) \
	static const struct file_operations name##_fops = { \
		.owner = THIS_MODULE, .open = name##_open, .read = reader_read, \
		.poll = reader_poll, .release = reader_release, .llseek = seek, \
	}

READER_FOPS(events, noop_llseek);
READER_FOPS(events_pipe, no_llseek);
READER_FOPS(events_raw, no_llseek);
READER_FOPS(incidents, noop_llseek);

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

/**
 * cw_debugfs_init() - make the files; without debugfs the module still records
 */
void cw_debugfs_init(void)
{
	dir = debugfs_create_dir(KBUILD_MODNAME, NULL);
	debugfs_create_file("events", 0400, dir, NULL, &events_fops);
	debugfs_create_file("events_pipe", 0400, dir, NULL, &events_pipe_fops);
	debugfs_create_file("events_raw", 0400, dir, NULL, &events_raw_fops);
	debugfs_create_file("incidents", 0400, dir, NULL, &incidents_fops);
	debugfs_create_file("tasks", 0400, dir, NULL, &tasks_fops);
	debugfs_create_file("probes", 0400, dir, NULL, &probes_fops);
	debugfs_create_file("stats", 0400, dir, NULL, &stats_fops);
}

/**
 * cw_debugfs_exit() - take the files away; nobody reads when it returns
 */
void cw_debugfs_exit(void)
{
	debugfs_remove(dir);
}
