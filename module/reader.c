// SPDX-License-Identifier: GPL-2.0
/* The files that give records, as text or as they are: a snapshot, or all that come. */
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/poll.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "abi/text.h"
#include "block.h"
#include "persist.h"
#include "reader.h"
#include "stream.h"

/* An open file */
struct reader {
	struct mutex lock;	/* all below */
	struct cw_stream *stream;	/* or NULL: what the boot before this one has left */
	u32 at;			/* the next entry of that */
	bool incidents;		/* only these of that */
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

static const struct cw_entry *next_entry(struct reader *reader)
{
	if (reader->stream)
		return cw_stream_next(reader->stream);
	return cw_persist_entry(&reader->at, reader->incidents);
}

/* The next piece that must not be split. Returns 1, 0 for none now, or an error. */
static int next_piece(struct reader *reader)
{
	const struct cw_entry *entry;
	int ret;

	while (reader->given == reader->out.len) {
		entry = next_entry(reader);
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
	is = reader->given < reader->out.len || !reader->stream ||
	     cw_stream_ready(reader->stream);
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
	if (reader->stream)
		cw_stream_close(reader->stream);
	kvfree(reader->out.buf);
	kfree(reader);
}

/*
 * The stream starts with the block, which in a file has no place in memory, and which tells of the
 * boot that the records are from.
 */
static int put_block(struct reader *reader)
{
	const struct cw_block *block = cw_block_get();
	struct cw_block *copy;
	int ret;

	/* The layout comes last: addresses of the kernel's stay in its memory */
	ret = grow(reader, 4096) ? data_race(put_raw(reader, block, block->layout_off)) : -ENOMEM;
	if (ret)
		return ret;
	copy = (struct cw_block *)reader->out.buf;
	copy->realtime_offset_ns = READ_ONCE(block->realtime_offset_ns);
	copy->bytes = block->layout_off;
	copy->layout_off = 0;
	copy->layout_len = 0;
	copy->phys = 0;
	memset(copy->cpu, 0, copy->cpus * sizeof(copy->cpu[0]));
	if (!reader->stream)
		cw_persist_describe(copy);
	if (!reader->raw) {
		struct cw_block head = *copy;

		reader->out.len = 0;
		cw_text_header(&reader->out, &head);
	}
	return 0;
}

/* @stream: what to give; NULL: what the boot before this one has left */
static int open_reader(struct file *file, struct cw_stream *stream, bool follow, bool raw,
		       bool incidents)
{
	struct reader *reader;
	int ret = -ENOMEM;

	if (IS_ERR(stream))
		return PTR_ERR(stream);
	reader = kzalloc(sizeof(*reader), GFP_KERNEL);
	if (!reader) {
		if (stream)
			cw_stream_close(stream);
		return ret;
	}
	mutex_init(&reader->lock);
	reader->stream = stream;
	reader->follow = follow;
	reader->raw = raw;
	reader->incidents = incidents;
	ret = put_block(reader);
	if (ret) {
		free_reader(reader);
		return ret;
	}
	file->private_data = reader;
	return follow ? stream_open(file_inode(file), file) : 0;
}

static int reader_release(struct inode *inode, struct file *file)
{
	free_reader(file->private_data);
	return 0;
}

static int events_open(struct inode *inode, struct file *file)
{
	return open_reader(file, cw_stream_open(CW_STREAM_SNAPSHOT), false, false, false);
}

static int events_pipe_open(struct inode *inode, struct file *file)
{
	return open_reader(file, cw_stream_open(CW_STREAM_FOLLOW), true, false, false);
}

static int events_raw_open(struct inode *inode, struct file *file)
{
	return open_reader(file, cw_stream_open(CW_STREAM_FOLLOW), true, true, false);
}

static int incidents_open(struct inode *inode, struct file *file)
{
	return open_reader(file, cw_stream_open(CW_STREAM_INCIDENTS), false, false, false);
}

static int previous_events_open(struct inode *inode, struct file *file)
{
	return open_reader(file, NULL, false, false, false);
}

static int previous_raw_open(struct inode *inode, struct file *file)
{
	return open_reader(file, NULL, false, true, false);
}

static int previous_incidents_open(struct inode *inode, struct file *file)
{
	return open_reader(file, NULL, false, false, true);
}

/* A snapshot has no place to seek to, but head(1) wants to hear that it may. */
#define READER_FOPS(name, seek) \
	const struct file_operations cw_reader_##name##_fops = { \
		.owner = THIS_MODULE, .open = name##_open, .read = reader_read, \
		.poll = reader_poll, .release = reader_release, .llseek = seek, \
	}

READER_FOPS(events, noop_llseek);
READER_FOPS(events_pipe, NULL);
READER_FOPS(events_raw, NULL);
READER_FOPS(incidents, noop_llseek);
READER_FOPS(previous_events, noop_llseek);
READER_FOPS(previous_raw, noop_llseek);
READER_FOPS(previous_incidents, noop_llseek);
