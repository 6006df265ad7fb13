// SPDX-License-Identifier: GPL-2.0
/*
 * The rings: opaque records kept a CPU, oldest given up first.
 *
 * DOC: One writer a CPU, any number of readers
 *
 * A CPU writes only to its own rings, with interrupts off, so that records of a CPU never
 * interleave. The one thing that can come in between is an NMI: it finds cw_cpu::gen odd, takes a
 * sequence number, counts itself as dropped and leaves. What both touch (seq, dropped, lost,
 * count) is changed by local64 operations only.
 *
 * A record becomes visible when cw_ring::head moves past it, after it is whole. To make room the
 * writer first moves cw_ring::tail past the oldest entries, then overwrites them. A reader copies
 * an entry out and then looks at the tail: if it has passed the entry, the copy is worthless.
 *
 * Barriers:
 *   ring(A)  head: smp_store_release() in cw_ring_commit(), smp_load_acquire() in cw_ring_peek();
 *            cw_ring_state() has it by gen, ring(D)
 *   ring(B)  tail before data: smp_wmb() in make_room(); data before tail: smp_rmb() in
 *            cw_ring_read() and cw_ring_peek()
 *   ring(C)  gen odd before the time is taken: smp_store_mb() in cw_ring_reserve(); a reader that
 *            took the time and then sees gen even has every record of before that time
 *   ring(D)  gen around the counters: smp_store_release() in cw_ring_commit() and drop(), acquire
 *            and smp_rmb() in cw_ring_state()
 */
#include <linux/fs.h>
#include <linux/io.h>
#include <linux/kprobes.h>
#include <linux/mm.h>
#include <linux/percpu.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/timekeeping.h>
#include <linux/vmalloc.h>
#include <asm/local64.h>

#include "abi/text.h"
#include "block.h"
#include "params.h"
#include "persist.h"
#include "ring.h"

struct ring_cpu {
	struct cw_cpu *head;
	u8 *data[CW_RING_MAX];
	u64 last_ns;	/* only the writer, gen odd */
};

static DEFINE_PER_CPU(struct ring_cpu, ring_cpu);
static atomic64_t homeless;	/* records of CPUs that got no ring */

static void count_up(__u64 *counter)
{
	local64_inc((local64_t *)counter);
}
NOKPROBE_SYMBOL(count_up);

/**
 * cw_ring_count() - count one loss of this CPU
 * @counter: its reason
 *
 * Context: any.
 */
void cw_ring_count(enum cw_counter counter)
{
	struct cw_cpu *head;

	preempt_disable_notrace();
	head = this_cpu_read(ring_cpu.head);
	if (head)
		count_up(&head->count[counter]);
	preempt_enable_notrace();
}
NOKPROBE_SYMBOL(cw_ring_count);

/* Interrupts are off. If gen is odd this comes in the middle of a record, and is a part of that. */
static void drop(struct cw_cpu *head, enum cw_counter reason)
{
	u32 gen = READ_ONCE(head->gen);

	if (!(gen & 1))
		smp_store_mb(head->gen, gen + 1);	/* ring(D) */
	count_up(&head->seq);
	count_up(&head->dropped);
	count_up(&head->lost);
	count_up(&head->count[reason]);
	if (!(gen & 1))
		smp_store_release(&head->gen, gen + 2);	/* ring(D) */
}
NOKPROBE_SYMBOL(drop);

/**
 * cw_ring_drop() - a record could not be made: it takes a sequence number and is counted
 * @reason: why
 *
 * Context: any.
 */
void cw_ring_drop(enum cw_counter reason)
{
	unsigned long irqflags;
	struct cw_cpu *head;

	local_irq_save(irqflags);
	head = this_cpu_read(ring_cpu.head);
	if (head)
		drop(head, reason);
	else
		atomic64_inc(&homeless);
	local_irq_restore(irqflags);
}
NOKPROBE_SYMBOL(cw_ring_drop);

static void make_room(struct cw_ring *ring, const u8 *data, u64 need)
{
	u64 tail = ring->tail, tail_nr = ring->tail_nr;

	if (ring->head + need - tail <= ring->size)
		return;
	do {
		const struct cw_entry *old = (void *)(data + (tail & (ring->size - 1)));

		tail_nr += !(old->flags & CW_ENTRY_PAD);
		tail += old->len;
	} while (ring->head + need - tail > ring->size);
	WRITE_ONCE(ring->tail_nr, tail_nr);
	WRITE_ONCE(ring->tail, tail);
	smp_wmb();	/* ring(B) */
}
NOKPROBE_SYMBOL(make_room);

/**
 * cw_ring_reserve() - begin a record
 * @slot: for cw_ring_commit()
 * @id: the ring
 * @bytes: the most it may become
 *
 * Interrupts stay off until cw_ring_commit(), which must follow at once.
 *
 * Context: any.
 * Return: memory for the record, 8-byte aligned; NULL if it was dropped, which is counted.
 */
void *cw_ring_reserve(struct cw_slot *slot, enum cw_ring_id id, u32 bytes)
{
	struct ring_cpu *this;
	struct cw_entry *entry;
	struct cw_ring *ring;
	struct cw_cpu *head;
	u64 pos, off, now;
	u32 total, pad;

	local_irq_save(slot->irqflags);
	this = this_cpu_ptr(&ring_cpu);
	head = this->head;
	if (unlikely(!head)) {
		atomic64_inc(&homeless);
		goto out;
	}
	if (unlikely(READ_ONCE(head->gen) & 1)) {
		drop(head, CW_COUNT_DROPPED_NESTED);
		goto out;
	}
	ring = &head->ring[id];
	if (unlikely(bytes > ring->size / 2 - sizeof(*entry))) {
		drop(head, CW_COUNT_DROPPED_TOO_LONG);
		goto out;
	}
	total = ALIGN(sizeof(*entry) + bytes, 8);
	/* ring(C) */
	smp_store_mb(head->gen, head->gen + 1);

	pos = ring->head;
	off = pos & (ring->size - 1);
	pad = off + total > ring->size ? ring->size - off : 0;
	make_room(ring, this->data[id], pad + total);
	if (pad) {
		entry = (void *)(this->data[id] + off);
		entry->len = pad;
		entry->cpu = 0;
		entry->flags = CW_ENTRY_PAD;
		off = 0;
	}
	entry = (void *)(this->data[id] + off);
	entry->cpu = head->cpu;
	entry->flags = 0;
	entry->reserved = 0;
	entry->lost = local64_read((local64_t *)&head->lost) ?
			      local64_xchg((local64_t *)&head->lost, 0) :
			      0;
	entry->seq = local64_inc_return((local64_t *)&head->seq);
	now = ktime_get_mono_fast_ns();
	this->last_ns = max(now, this->last_ns);	/* that clock may step back a little */
	entry->time_ns = this->last_ns;

	slot->cpu = head;
	slot->ring = ring;
	slot->entry = entry;
	slot->start = pos + pad;
	return entry + 1;
out:
	local_irq_restore(slot->irqflags);
	return NULL;
}
NOKPROBE_SYMBOL(cw_ring_reserve);

/**
 * cw_ring_commit() - the record is whole
 * @slot: from a successful cw_ring_reserve()
 * @bytes: what it became, no more than was reserved
 *
 * Context: as cw_ring_reserve() left it.
 */
void cw_ring_commit(struct cw_slot *slot, u32 bytes)
{
	u32 used = sizeof(*slot->entry) + bytes;
	u32 total = ALIGN(used, 8);

	/* What lay here before is of another record */
	memset((u8 *)slot->entry + used, 0, total - used);
	slot->entry->len = total;
	cw_persist_keep(slot->ring - slot->cpu->ring, slot->entry);
	WRITE_ONCE(slot->ring->head_nr, slot->ring->head_nr + 1);
	smp_store_release(&slot->ring->head, slot->start + total);	/* ring(A) */
	smp_store_release(&slot->cpu->gen, slot->cpu->gen + 1);		/* ring(D) */
	local_irq_restore(slot->irqflags);
}
NOKPROBE_SYMBOL(cw_ring_commit);

/* === Readers === */

/**
 * cw_ring_state() - one consistent moment of a CPU
 * @cpu: its number
 * @state: filled, without the pages
 *
 * Waits for a record that is being written. Whoever takes the time before the call has every
 * record of before that time in the state.
 *
 * Context: process context, may sleep.
 * Return: false if that CPU has no rings.
 */
bool cw_ring_state(unsigned int cpu, struct cw_cpu *state)
{
	/* pairs with the release in cw_ring_prepare_cpu() */
	struct cw_cpu *head = smp_load_acquire(&per_cpu(ring_cpu.head, cpu));
	u32 gen;

	if (!head)
		return false;
	smp_mb();	/* ring(C) */
	do {
		while ((gen = smp_load_acquire(&head->gen)) & 1) {	/* ring(D) */
			cpu_relax();
			cond_resched();
		}
		/* The writer may be at it: then the copy is made again */
		data_race(*state = *head);
		smp_rmb();	/* ring(D) */
		/* An NMI changes the counters and leaves gen alone */
	} while (READ_ONCE(head->gen) != gen || READ_ONCE(head->seq) != state->seq ||
		 READ_ONCE(head->dropped) != state->dropped);
	return true;
}

/**
 * cw_ring_head() - how far a ring has been written
 * @cpu: whose
 * @id: which ring
 *
 * Context: any.
 * Return: its head position; 0 if that CPU has no rings.
 */
u64 cw_ring_head(unsigned int cpu, enum cw_ring_id id)
{
	/* pairs with the release in cw_ring_prepare_cpu() */
	struct cw_cpu *head = smp_load_acquire(&per_cpu(ring_cpu.head, cpu));

	return head ? READ_ONCE(head->ring[id].head) : 0;
}

static void copy_out(void *to, const u8 *from, u32 bytes)
{
	/* The writer may be at it. What it changes is behind the tail by then, and is forgotten. */
	data_race(memcpy(to, from, bytes));
}

/**
 * cw_ring_read() - copy out the next entry
 * @cpu: whose
 * @id: which ring
 * @cursor: moved behind the entry, or to the oldest one if the reader was overtaken
 * @end: a head position from cw_ring_state(); nothing from there on is read
 * @buf: for the entry
 * @bytes: of @buf; cw_ring_entry_max() is always enough
 * @lost: set to how many records the reader missed, with -EOVERFLOW
 *
 * Context: process context, may sleep.
 * Return: 1: an entry was copied; 0: there is none; -EOVERFLOW: overtaken, call again.
 */
int cw_ring_read(unsigned int cpu, enum cw_ring_id id, struct cw_cursor *cursor, u64 end,
		 void *buf, u32 bytes, u64 *lost)
{
	struct ring_cpu *this = per_cpu_ptr(&ring_cpu, cpu);
	struct cw_ring *ring;
	struct cw_cpu state;
	struct cw_entry *entry = buf;
	const u8 *from;
	u32 len;

	while (cursor->pos < end) {
		ring = &this->head->ring[id]; /* it is there: something was written */
		from = this->data[id] + (cursor->pos & (ring->size - 1));
		copy_out(entry, from, 8); /* len and flags: a padding entry may have no more */
		len = entry->len;
		if (!(entry->flags & CW_ENTRY_PAD) && len >= sizeof(*entry) && len <= bytes &&
		    (cursor->pos & (ring->size - 1)) + len <= ring->size)
			copy_out(buf, from, len);
		smp_rmb();	/* ring(B) */
		if (READ_ONCE(ring->tail) > cursor->pos) {
			cw_ring_state(cpu, &state);
			*lost = state.ring[id].tail_nr - cursor->nr;
			cursor->pos = state.ring[id].tail;
			cursor->nr = state.ring[id].tail_nr;
			if (*lost)
				return -EOVERFLOW;
			continue;
		}
		cursor->pos += len;
		if (entry->flags & CW_ENTRY_PAD)
			continue;
		cursor->nr++;
		return 1;
	}
	return 0;
}

/**
 * cw_ring_peek() - look at the next entry without ever waiting
 * @cpu: whose
 * @id: which ring
 * @pos: position, 0 for the oldest; moved behind the entry
 * @buf: for the beginning of the entry
 * @bytes: of @buf, at least 8
 *
 * What was overwritten meanwhile is passed over.
 *
 * Context: any, also an NMI.
 * Return: bytes of the entry, of which no more than fit were copied; 0: there is none.
 */
u32 cw_ring_peek(unsigned int cpu, enum cw_ring_id id, u64 *pos, void *buf, u32 bytes)
{
	struct ring_cpu *this = per_cpu_ptr(&ring_cpu, cpu);
	struct cw_cpu *head = smp_load_acquire(&this->head); /* as in cw_ring_state() */
	const struct cw_entry *entry = buf;
	struct cw_ring *ring;
	u64 end, off;
	u32 len;

	if (!head)
		return 0;
	ring = &head->ring[id];
	end = smp_load_acquire(&ring->head);	/* ring(A) */
	for (;;) {
		*pos = max(*pos, READ_ONCE(ring->tail));
		if (*pos >= end)
			return 0;
		off = *pos & (ring->size - 1);
		copy_out(buf, this->data[id] + off, 8);	/* len and flags */
		len = entry->len;
		if (!(entry->flags & CW_ENTRY_PAD))
			copy_out(buf, this->data[id] + off,
				 min_t(u64, min(len, bytes), ring->size - off));
		smp_rmb();	/* ring(B) */
		if (READ_ONCE(ring->tail) > *pos)
			continue;
		*pos += len;
		if (!(entry->flags & CW_ENTRY_PAD))
			return len;
	}
}

/**
 * cw_ring_entry_max() - bytes of the longest possible entry
 *
 * Context: any.
 * Return: bytes.
 */
u32 cw_ring_entry_max(void)
{
	return max(cw_params.ring_kb, cw_params.incident_kb) * 1024 / 2;
}

/**
 * cw_ring_homeless() - records dropped since their CPU had no ring
 *
 * Context: any.
 * Return: how many.
 */
u64 cw_ring_homeless(void)
{
	return atomic64_read(&homeless);
}

/* === Life === */

static void *data_alloc(struct cw_cpu *head, enum cw_ring_id id, u64 bytes, u32 *page)
{
	struct cw_ring *ring = &head->ring[id];
	u8 *data = vzalloc_node(bytes, cpu_to_node(head->cpu));
	u64 off;

	if (!data)
		return NULL;
	ring->size = bytes;
	ring->page_index = *page;
	ring->pages = bytes / PAGE_SIZE;
	for (off = 0; off < bytes; off += PAGE_SIZE)
		head->page[(*page)++] = page_to_phys(vmalloc_to_page(data + off));
	return data;
}

static size_t head_bytes(void)
{
	unsigned long kb = cw_params.ring_kb + cw_params.incident_kb;

	return sizeof(struct cw_cpu) + kb * 1024 / PAGE_SIZE * sizeof(u64);
}

static void free_cpu(unsigned int cpu)
{
	struct ring_cpu *this = per_cpu_ptr(&ring_cpu, cpu);
	int id;

	cw_block_cpu(cpu, 0);
	if (this->head)
		memset(this->head->magic, 0, sizeof(this->head->magic));
	for (id = 0; id < CW_RING_MAX; id++)
		vfree(this->data[id]);
	free_pages_exact(this->head, head_bytes());
	memset(this, 0, sizeof(*this));
}

/**
 * cw_ring_prepare_cpu() - give a CPU its rings before it runs anything
 * @cpu: its number
 *
 * Context: process context, may sleep.
 * Return: 0 or -ENOMEM.
 */
int cw_ring_prepare_cpu(unsigned int cpu)
{
	struct ring_cpu *this = per_cpu_ptr(&ring_cpu, cpu);
	struct cw_cpu *head;
	u32 page = 0;

	if (this->head)
		return 0;
	head = alloc_pages_exact(head_bytes(), GFP_KERNEL | __GFP_ZERO);
	if (!head)
		return -ENOMEM;
	head->cpu = cpu;
	this->data[CW_RING_EVENTS] = data_alloc(head, CW_RING_EVENTS,
						cw_params.ring_kb * 1024, &page);
	this->data[CW_RING_INCIDENTS] = data_alloc(head, CW_RING_INCIDENTS,
						   cw_params.incident_kb * 1024, &page);
	if (!this->data[CW_RING_EVENTS] || !this->data[CW_RING_INCIDENTS])
		goto free;
	head->pages = page;
	memcpy(head->magic, CW_CPU_MAGIC, sizeof(head->magic));
	cw_block_cpu(cpu, virt_to_phys(head));
	smp_store_release(&this->head, head);	/* pairs with the acquire in cw_ring_state() */
	return 0;
free:
	vfree(this->data[CW_RING_EVENTS]);
	vfree(this->data[CW_RING_INCIDENTS]);
	this->data[CW_RING_EVENTS] = NULL;
	this->data[CW_RING_INCIDENTS] = NULL;
	free_pages_exact(head, head_bytes());
	return -ENOMEM;
}

/**
 * cw_ring_exit() - free everything; no writer and no reader may be left
 *
 * Context: process context, may sleep.
 */
void cw_ring_exit(void)
{
	unsigned int cpu;

	for_each_possible_cpu(cpu)
		if (per_cpu(ring_cpu.head, cpu))
			free_cpu(cpu);
}
