// SPDX-License-Identifier: GPL-2.0
/* All rings as one sequence of entries in the order of time. */
#include <linux/atomic.h>
#include <linux/cpumask.h>
#include <linux/irq_work.h>
#include <linux/kprobes.h>
#include <linux/percpu.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>

#include "block.h"
#include "record.h"
#include "stream.h"

/* One ring of one CPU, and the entry of it that comes next */
struct lane {
	struct cw_cursor cursor;
	u64 end;		/* read no further than this head ... */
	u64 end_nr;		/* ... before which there are so many records */
	struct cw_entry *entry;	/* copied out and not given yet, or NULL */
	void *buf;
	u32 bytes;
	u64 lost;		/* missed before @entry and not told yet */
};

struct cw_stream {
	enum cw_stream_kind kind;
	u64 horizon;		/* everything of before this time is within the lanes' ends */
	void *copy;		/* where an entry is copied to before its length is known */
	u8 told[128] __aligned(8);	/* for an entry of our own making */
	struct lane lane[];
};

static DECLARE_WAIT_QUEUE_HEAD(wait);
static atomic_t followers;
static DEFINE_PER_CPU(struct irq_work, wake_work);

static void wake_fn(struct irq_work *work)
{
	wake_up_interruptible_all(&wait);
}

/**
 * cw_stream_wake() - a record was committed
 *
 * Context: any. Does nothing unless somebody follows.
 */
void cw_stream_wake(void)
{
	/* Whoever has moved to another CPU meanwhile may as well queue the first one's */
	if (unlikely(atomic_read(&followers)))
		irq_work_queue(raw_cpu_ptr(&wake_work));
}
NOKPROBE_SYMBOL(cw_stream_wake);

static struct lane *lane_of(struct cw_stream *stream, unsigned int cpu, int id)
{
	return &stream->lane[cpu * CW_RING_MAX + id];
}

static bool wants(struct cw_stream *stream, int id)
{
	return id == CW_RING_INCIDENTS || stream->kind != CW_STREAM_INCIDENTS;
}

/* Move the horizon to now. Lanes start at the oldest entry by being overtaken at once. */
static void look(struct cw_stream *stream, bool first)
{
	struct cw_cpu state;
	unsigned int cpu;
	int id;

	stream->horizon = ktime_get_mono_fast_ns();
	for_each_possible_cpu(cpu) {
		if (!cw_ring_state(cpu, &state))
			continue;
		for (id = 0; id < CW_RING_MAX; id++) {
			struct lane *lane = lane_of(stream, cpu, id);

			WRITE_ONCE(lane->end, state.ring[id].head);
			lane->end_nr = state.ring[id].head_nr;
			if (first) {
				lane->cursor.pos = state.ring[id].tail;
				lane->cursor.nr = state.ring[id].tail_nr;
			}
		}
	}
}

static int fill(struct cw_stream *stream, struct lane *lane, unsigned int cpu, int id)
{
	const struct cw_entry *entry = stream->copy;
	u64 lost;
	int ret;

	while (!lane->entry) {
		u64 before = lane->cursor.nr;

		ret = cw_ring_read(cpu, id, &lane->cursor, lane->end, stream->copy,
				   cw_ring_entry_max(), &lost);
		if (!ret)
			return 0;
		if (ret < 0) {
			/* What comes after its end is nothing to a snapshot */
			if (stream->kind != CW_STREAM_FOLLOW)
				lost = min(lost, lane->end_nr - before);
			lane->lost += lost;
			continue;
		}
		if (lane->bytes < entry->len) {
			void *buf = krealloc(lane->buf, entry->len, GFP_KERNEL);

			if (!buf) {
				lane->lost++;
				continue;
			}
			lane->buf = buf;
			lane->bytes = entry->len;
		}
		WRITE_ONCE(lane->entry, memcpy(lane->buf, entry, entry->len));
	}
	return 1;
}

/* The lane whose next entry is the oldest one of before the horizon */
static struct lane *oldest(struct cw_stream *stream)
{
	struct lane *best = NULL;
	unsigned int cpu;
	int id;

	for_each_possible_cpu(cpu) {
		for (id = 0; id < CW_RING_MAX; id++) {
			struct lane *lane = lane_of(stream, cpu, id);

			if (!wants(stream, id) || !fill(stream, lane, cpu, id))
				continue;
			if (lane->entry->time_ns > stream->horizon)
				continue;
			if (best && best->entry->time_ns <= lane->entry->time_ns)
				continue;
			best = lane;
		}
	}
	return best;
}

static const struct cw_entry *tell_lost(struct cw_stream *stream, struct lane *lane, u64 time_ns)
{
	struct cw_entry *entry = (void *)stream->told;
	unsigned int nr = lane - stream->lane;

	cw_record_lost(entry, sizeof(stream->told), nr / CW_RING_MAX, nr % CW_RING_MAX, lane->lost,
		       time_ns);
	lane->lost = 0;
	return entry;
}

/* A lane may have been overtaken by all that there was to be given of it. */
static struct lane *overtaken(struct cw_stream *stream)
{
	unsigned int i;

	for (i = 0; i < nr_cpu_ids * CW_RING_MAX; i++)
		if (stream->lane[i].lost && !stream->lane[i].entry)
			return &stream->lane[i];
	return NULL;
}

/**
 * cw_stream_next() - the next entry
 * @stream: the stream
 *
 * Where the reader was overtaken the next entry is one of type CW_LOST with sequence 0.
 *
 * Context: process context, one caller at a time; may sleep.
 * Return: an entry, valid until the next call; NULL if there is none now.
 */
const struct cw_entry *cw_stream_next(struct cw_stream *stream)
{
	struct lane *lane = oldest(stream);
	struct cw_entry *entry;

	if (!lane && stream->kind == CW_STREAM_FOLLOW) {
		look(stream, false);
		lane = oldest(stream);
	}
	if (!lane) {
		lane = overtaken(stream);
		return lane ? tell_lost(stream, lane, stream->horizon) : NULL;
	}
	if (lane->lost)
		return tell_lost(stream, lane, lane->entry->time_ns);
	entry = lane->entry;
	WRITE_ONCE(lane->entry, NULL);
	return entry;
}

/**
 * cw_stream_ready() - would cw_stream_next() give an entry?
 * @stream: the stream
 *
 * Context: process context, one caller at a time; may sleep.
 * Return: true if it would.
 */
bool cw_stream_ready(struct cw_stream *stream)
{
	if (oldest(stream) || overtaken(stream))
		return true;
	if (stream->kind != CW_STREAM_FOLLOW)
		return false;
	look(stream, false);
	return oldest(stream);
}

/**
 * cw_stream_grew() - was anything committed since the stream last looked?
 * @stream: the stream
 *
 * Context: any; for a condition to wait for.
 * Return: true if so.
 */
bool cw_stream_grew(struct cw_stream *stream)
{
	unsigned int cpu;
	int id;

	for_each_possible_cpu(cpu) {
		for (id = 0; id < CW_RING_MAX; id++) {
			struct lane *lane = lane_of(stream, cpu, id);

			/* An entry that is held back was committed while the stream looked */
			if (READ_ONCE(lane->entry) ||
			    cw_ring_head(cpu, id) != READ_ONCE(lane->end))
				return true;
		}
	}
	return false;
}

/**
 * cw_stream_open() - begin to read
 * @kind: what to give
 *
 * Context: process context, may sleep.
 * Return: the stream or an ERR_PTR().
 */
struct cw_stream *cw_stream_open(enum cw_stream_kind kind)
{
	struct cw_stream *stream;

	stream = kvzalloc(struct_size(stream, lane, nr_cpu_ids * CW_RING_MAX), GFP_KERNEL);
	if (!stream)
		return ERR_PTR(-ENOMEM);
	stream->kind = kind;
	stream->copy = kvmalloc(cw_ring_entry_max(), GFP_KERNEL);
	if (!stream->copy) {
		kvfree(stream);
		return ERR_PTR(-ENOMEM);
	}
	if (kind == CW_STREAM_FOLLOW)
		atomic_inc(&followers);
	cw_block_clock();
	look(stream, true);
	return stream;
}

/**
 * cw_stream_close() - done with it
 * @stream: the stream
 *
 * Context: process context, may sleep.
 */
void cw_stream_close(struct cw_stream *stream)
{
	unsigned int i;

	if (stream->kind == CW_STREAM_FOLLOW)
		atomic_dec(&followers);
	for (i = 0; i < nr_cpu_ids * CW_RING_MAX; i++)
		kfree(stream->lane[i].buf);
	kvfree(stream->copy);
	kvfree(stream);
}

/**
 * cw_stream_wait() - where followers wait
 *
 * Context: any.
 * Return: woken after a record was committed.
 */
wait_queue_head_t *cw_stream_wait(void)
{
	return &wait;
}

/**
 * cw_stream_init() - make ready to wake followers
 *
 * Context: process context.
 * Return: 0.
 */
int cw_stream_init(void)
{
	unsigned int cpu;

	for_each_possible_cpu(cpu)
		init_irq_work(per_cpu_ptr(&wake_work, cpu), wake_fn);
	return 0;
}

/**
 * cw_stream_exit() - wait for wake-ups under way; nothing may be committed any more
 *
 * Context: process context, may sleep.
 */
void cw_stream_exit(void)
{
	unsigned int cpu;

	for_each_possible_cpu(cpu)
		irq_work_sync(per_cpu_ptr(&wake_work, cpu));
}
