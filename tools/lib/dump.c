// SPDX-License-Identifier: GPL-2.0
/* What the module left in the memory of a machine that crashed; trusts nothing in it. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/block.h"
#include "lib/dump.h"
#include "lib/find.h"
#include "lib/term.h"
#include "text.h"

#define ENTRY_MAX (512 * 1024) /* the module writes a tenth of it at most */
#define RING_MAX (1ULL << 26) /* it takes a quarter of it at most */

/**
 * cw_dump_fault() - note that something cannot be read
 * @dump: in which
 * @format: what, as the end of a sentence; only the first is kept
 */
void cw_dump_fault(struct cw_dump *dump, const char *format, ...)
{
	va_list args;

	if (dump->faults++)
		return;
	va_start(args, format);
	vsnprintf(dump->problem, sizeof(dump->problem), format, args);
	va_end(args);
}

/* === The block === */

static bool text_within(const struct cw_block *block, __u32 off, __u32 len)
{
	return off >= sizeof(*block) && off <= block->bytes && len <= block->bytes - off;
}

/* The text is of use only if it is all there. */
static char *layout_of(const struct cw_block *block)
{
	const char *text = (const char *)block + block->layout_off;
	char *copy;

	if (!block->layout_len || !text_within(block, block->layout_off, block->layout_len) ||
	    text[block->layout_len - 1])
		return cw_term_copy("");
	copy = cw_term_alloc(NULL, block->layout_len);
	return memcpy(copy, text, block->layout_len);
}

static bool numbers_good(const struct cw_block *block)
{
	__u32 page = block->page_size;

	return block->cpus <= (block->bytes - sizeof(*block)) / sizeof(block->cpu[0]) &&
	       page >= 4096 && page <= 65536 && !(page & (page - 1)) &&
	       block->cpu_bytes == sizeof(struct cw_cpu);
}

static enum cw_dump_state read_block(struct cw_dump *dump)
{
	struct cw_block fixed, *block;
	struct cw_mem *mem = dump->mem;
	__u32 i;

	if (!mem->read(mem, CW_SPACE_PHYS, dump->phys, &fixed, sizeof(fixed)))
		return CW_DUMP_ABSENT;
	if (!cw_block_good(&fixed, dump->problem, sizeof(dump->problem)))
		return CW_DUMP_BAD;
	block = cw_term_alloc(NULL, fixed.bytes);
	dump->block = block;
	if (!mem->read(mem, CW_SPACE_PHYS, dump->phys, block, fixed.bytes) ||
	    memcmp(block, &fixed, sizeof(fixed))) {
		snprintf(dump->problem, sizeof(dump->problem), "its block cannot all be read");
		return CW_DUMP_BAD;
	}
	if (!numbers_good(block)) {
		snprintf(dump->problem, sizeof(dump->problem), "its block is damaged");
		return CW_DUMP_BAD;
	}
	dump->cpus = block->cpus;
	dump->cpu = cw_term_alloc(NULL, dump->cpus * sizeof(*dump->cpu));
	for (i = 0; i < dump->cpus; i++)
		dump->cpu[i] = block->cpu[i];
	dump->layout = layout_of(block);
	cw_block_tame(block);

	/* From here on it is as in a file. */
	if (text_within(block, block->layout_off, block->layout_len))
		block->bytes = block->layout_off;
	block->layout_off = 0;
	block->layout_len = 0;
	block->phys = 0;
	memset(block->cpu, 0, block->cpus * sizeof(block->cpu[0]));
	return CW_DUMP_FOUND;
}

/**
 * cw_dump_open() - find what the module left in memory
 * @dump: is initialised; to be closed in any case
 * @mem: the memory; stays the caller's, and open until @dump is closed
 * @scan: do not believe the kernel log about where the block is
 *
 * Return: whether there is anything.
 */
enum cw_dump_state cw_dump_open(struct cw_dump *dump, struct cw_mem *mem, bool scan)
{
	__u64 failed;

	*dump = (struct cw_dump){ .mem = mem };
	if (cw_find_in_log(mem, &dump->phys, &dump->named) && !scan)
		return read_block(dump);
	failed = mem->failed;
	if (cw_find_by_scan(mem, &dump->phys, &dump->pages))
		return read_block(dump);
	dump->failed = mem->failed - failed;
	return CW_DUMP_ABSENT;
}

/**
 * cw_dump_close() - free what belongs to it
 * @dump: it
 */
void cw_dump_close(struct cw_dump *dump)
{
	free(dump->block);
	free(dump->cpu);
	free(dump->layout);
	free(dump->lane);
	free(dump->buf);
}

/* === A CPU === */

/**
 * cw_dump_cpu() - the head of a CPU's rings
 * @dump: in which
 * @nr: number of the CPU
 * @cpu: filled, without the pages
 *
 * Return: false if that CPU has none, or after a fault was noted.
 */
bool cw_dump_cpu(struct cw_dump *dump, __u32 nr, struct cw_cpu *cpu)
{
	struct cw_mem *mem = dump->mem;

	if (!dump->cpu[nr])
		return false;
	if (!mem->read(mem, CW_SPACE_PHYS, dump->cpu[nr], cpu, sizeof(*cpu))) {
		cw_dump_fault(dump, "the rings of CPU %u are not in it", nr);
		return false;
	}
	if (!memcmp(cpu->magic, CW_CPU_MAGIC, sizeof(cpu->magic)) && cpu->cpu == nr)
		return true;
	cw_dump_fault(dump, "the rings of CPU %u are damaged", nr);
	return false;
}

static bool ring_good(const struct cw_dump *dump, const struct cw_cpu *cpu,
		      const struct cw_ring *ring)
{
	return ring->size >= dump->block->page_size && ring->size <= RING_MAX &&
	       !(ring->size & (ring->size - 1)) && ring->tail <= ring->head &&
	       ring->head - ring->tail <= ring->size && !(ring->tail % 8) && !(ring->head % 8) &&
	       ring->pages == ring->size / dump->block->page_size &&
	       ring->page_index <= cpu->pages && ring->pages <= cpu->pages - ring->page_index;
}

static void add_lanes(struct cw_dump *dump, __u32 nr, unsigned int rings)
{
	struct cw_cpu cpu;
	int id;

	if (!cw_dump_cpu(dump, nr, &cpu))
		return;
	for (id = 0; id < CW_RING_MAX; id++) {
		struct cw_lane *lane = &dump->lane[dump->lanes];

		if (!(rings & 1U << id))
			continue;
		if (!ring_good(dump, &cpu, &cpu.ring[id])) {
			cw_dump_fault(dump, "a ring of CPU %u is damaged", nr);
			continue;
		}
		*lane = (struct cw_lane){
			.ring = cpu.ring[id],
			.pages_at = dump->cpu[nr] + sizeof(cpu) +
				    sizeof(cpu.page[0]) * cpu.ring[id].page_index,
			.page_nr = ~0ULL,
			.pos = cpu.ring[id].tail,
			.cpu_seq = cpu.seq,
			.cpu = nr,
			.id = id,
		};
		dump->lanes++;
	}
}

/**
 * cw_dump_rewind() - go to the oldest record
 * @dump: in which
 * @rings: bit N: records of ring N are wanted, see enum cw_ring_id
 */
void cw_dump_rewind(struct cw_dump *dump, unsigned int rings)
{
	__u32 i;

	dump->lanes = 0;
	dump->lane = cw_term_alloc(dump->lane,
				   ((size_t)dump->cpus * CW_RING_MAX + 1) * sizeof(*dump->lane));
	for (i = 0; i < dump->cpus; i++)
		add_lanes(dump, i, rings);
}

/* === A ring === */

static bool page_of(struct cw_dump *dump, struct cw_lane *lane, __u64 nr)
{
	struct cw_mem *mem = dump->mem;

	if (lane->page_nr == nr)
		return true;
	lane->page_nr = ~0ULL;
	if (!mem->read(mem, CW_SPACE_PHYS, lane->pages_at + nr * sizeof(lane->page), &lane->page,
		       sizeof(lane->page)) ||
	    !lane->page || lane->page % dump->block->page_size)
		return false;
	lane->page_nr = nr;
	return true;
}

/* Copy out what stands at @pos, which does not wrap. */
static bool copy_out(struct cw_dump *dump, struct cw_lane *lane, __u64 pos, void *buf, size_t len)
{
	struct cw_mem *mem = dump->mem;
	__u32 page_size = dump->block->page_size;
	__u64 off = pos & (lane->ring.size - 1);
	char *to = buf;

	while (len) {
		size_t n = page_size - off % page_size;

		if (n > len)
			n = len;
		if (!page_of(dump, lane, off / page_size) ||
		    !mem->read(mem, CW_SPACE_PHYS, lane->page + off % page_size, to, n))
			return false;
		to += n;
		off += n;
		len -= n;
	}
	return true;
}

/* Bytes an entry at @pos can have. */
static __u64 room_at(const struct cw_lane *lane, __u64 pos)
{
	__u64 to_end = lane->ring.size - (pos & (lane->ring.size - 1));
	__u64 to_head = lane->ring.head - pos;

	return to_end < to_head ? to_end : to_head;
}

static bool entry_fits(const struct cw_lane *lane, const struct cw_entry *e, __u64 pos)
{
	return e->len >= sizeof(*e) + sizeof(struct cw_record) && e->len <= ENTRY_MAX &&
	       !(e->len % 8) && e->len <= room_at(lane, pos) && e->cpu == lane->cpu && !e->flags;
}

/* Where entries went on, nothing may look wrong: any bytes may stand there. */
static bool entry_sure(struct cw_dump *dump, struct cw_lane *lane, __u64 pos, struct cw_entry *e)
{
	struct {
		struct cw_entry entry;
		struct cw_record rec;
	} at;
	const struct cw_type_info *info;

	if (room_at(lane, pos) < sizeof(at) || !copy_out(dump, lane, pos, &at, sizeof(at)))
		return false;
	*e = at.entry;
	info = cw_type_find(at.rec.type);
	return entry_fits(lane, e, pos) && !e->reserved && e->seq > lane->last_seq &&
	       e->seq <= lane->cpu_seq && info && at.rec.fields <= 64 &&
	       sizeof(at) + 8ULL * at.rec.fields + at.rec.tail <= e->len;
}

static void hurt(struct cw_dump *dump, struct cw_lane *lane)
{
	if (!lane->hurt)
		cw_dump_fault(dump, "the %s of CPU %u are damaged",
			      lane->id == CW_RING_EVENTS ? "events" : "incidents", lane->cpu);
	lane->hurt = true;
}

/* Go on behind a damage, where the next entry is. */
static void resync(struct cw_dump *dump, struct cw_lane *lane)
{
	char words[4096];
	__u64 pos = lane->pos + 8, at = 0, n = 0;

	hurt(dump, lane);
	for (; pos < lane->ring.head; pos += 8) {
		struct cw_entry *e = &lane->head;

		/* Only a look at the first word, out of a page read at once */
		if (pos >= at + n) {
			at = pos;
			n = sizeof(words) - (pos & (sizeof(words) - 1));
			if (n > lane->ring.head - pos)
				n = lane->ring.head - pos;
			if (!copy_out(dump, lane, pos, words, n)) {
				pos = at + n - 8;
				continue;
			}
		}
		memcpy(e, words + (pos - at), 8);
		if (!entry_fits(lane, e, pos) || !entry_sure(dump, lane, pos, e))
			continue;
		lane->pos = pos;
		lane->ready = true;
		return;
	}
	lane->pos = lane->ring.head;
}

/* Have the head of the lane's next entry; false if there is none. */
static bool peek(struct cw_dump *dump, struct cw_lane *lane)
{
	while (!lane->ready && lane->pos < lane->ring.head) {
		struct cw_entry *e = &lane->head;
		__u64 room = room_at(lane, lane->pos);

		*e = (struct cw_entry){ 0 };
		/* A padding entry may have no more than its first word. */
		if (!copy_out(dump, lane, lane->pos, e, room < sizeof(*e) ? room : sizeof(*e)))
			resync(dump, lane);
		else if (e->flags & CW_ENTRY_PAD && e->len == room &&
			 !((lane->pos + room) & (lane->ring.size - 1)))
			lane->pos += room;
		else if (entry_fits(lane, e, lane->pos))
			lane->ready = true;
		else
			resync(dump, lane);
	}
	return lane->ready;
}

/* The same choice as the module's: of equal times, the first CPU and its events first. */
static struct cw_lane *oldest(struct cw_dump *dump)
{
	struct cw_lane *best = NULL;
	size_t i;

	for (i = 0; i < dump->lanes; i++) {
		struct cw_lane *lane = &dump->lane[i];

		if (peek(dump, lane) && (!best || lane->head.time_ns < best->head.time_ns))
			best = lane;
	}
	return best;
}

/**
 * cw_dump_next() - the next record of all CPUs
 * @dump: after cw_dump_rewind()
 * @entry: set to its entry, which stays until the next call
 * @rec: set to the record in it, valid; NULL if it has a type that is not known
 *
 * Return: false at the end.
 */
bool cw_dump_next(struct cw_dump *dump, const struct cw_entry **entry,
		  const struct cw_record **rec)
{
	struct cw_lane *lane;

	while ((lane = oldest(dump))) {
		const struct cw_record *r;
		__u32 len = lane->head.len;

		if (len > dump->room) {
			dump->buf = cw_term_alloc(dump->buf, len);
			dump->room = len;
		}
		lane->ready = false;
		if (!copy_out(dump, lane, lane->pos, dump->buf, len)) {
			resync(dump, lane);
			continue;
		}
		*entry = (const struct cw_entry *)dump->buf;
		r = (const struct cw_record *)(*entry + 1);
		*rec = cw_record_valid(r, len - sizeof(**entry)) ? r : NULL;
		/* No type has the number 0 */
		if (!*rec && (!r->type || cw_type_find(r->type))) {
			resync(dump, lane);
			continue;
		}
		lane->pos += len;
		lane->given++;
		lane->last_seq = (*entry)->seq;
		dump->unknown += !*rec;
		return true;
	}
	return false;
}

/**
 * cw_dump_missing() - records that should be there and could not be read
 * @dump: read to its end
 *
 * Return: how many, as far as that is known.
 */
__u64 cw_dump_missing(const struct cw_dump *dump)
{
	__u64 missing = 0;
	size_t i;

	for (i = 0; i < dump->lanes; i++) {
		const struct cw_lane *lane = &dump->lane[i];
		__u64 there = lane->ring.head_nr - lane->ring.tail_nr;

		if (lane->hurt && there > lane->given && there <= lane->ring.size / 8)
			missing += there - lane->given;
	}
	return missing;
}
