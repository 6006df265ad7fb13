// SPDX-License-Identifier: GPL-2.0
/*
 * A copy of what the rings get, in memory that a reset leaves alone.
 *
 * DOC: No head, no tail
 *
 * The memory has a head and two parts, one for events and one for incidents, each shared by all
 * CPUs. A writer takes its place with one atomic addition and writes a piece there: a head with
 * the position and a checksum, and the entry. Nothing else is kept: after the reset whatever has
 * the right position and the right checksum is a whole piece; what was being written, was
 * overwritten or has lost bits is not. So no writer ever waits for another or has to finish.
 */
#include <linux/atomic.h>
#include <linux/crc32.h>
#include <linux/io.h>
#include <linux/ioport.h>
#include <linux/kernel.h>
#include <linux/kprobes.h>
#include <linux/libnvdimm.h>
#include <linux/mm.h>
#include <linux/sort.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

#include "abi/types.h"
#include "params.h"
#include "persist.h"

#define MAGIC		"crashwatch keep\n"
#define PIECE_MAGIC	0x63775063U
#define LEAST_BYTES	SZ_1M /* the longest record is 68 KiB, and fits half of a quarter */
#define MOST_BYTES	SZ_1G

/* Head of the memory; a page */
struct keep {
	u8 magic[16];
	u32 abi;
	u32 crc; /* of what follows, without @realtime_offset_ns */
	u64 bytes;
	char boot_id[40];
	s64 realtime_offset_ns;
};

/* Head of an entry; both may wrap at the end of the part */
struct piece {
	u32 magic;
	u32 crc; /* of what follows */
	u64 pos; /* bytes ever written to the part before this */
	u32 len; /* of the entry, a multiple of 8 */
	u32 ring;
};

struct part {
	u8 *data;
	u64 bytes;
	atomic64_t pos;
};

DEFINE_STATIC_KEY_FALSE(cw_persist_on);

static struct keep *keep;
static struct part parts[CW_RING_MAX];

/* What the boot before this one has left; does not change while there are files */
static struct {
	struct keep keep;
	u8 *entries; /* vmalloc'ed: all entries one behind the other */
	const struct cw_entry **sorted;
	u64 incident_bytes; /* the incidents lie below this in @entries */
	u32 count;
} previous;

static u32 keep_crc(const struct keep *head)
{
	return crc32_le(~0, (const u8 *)&head->bytes,
			offsetof(struct keep, realtime_offset_ns) - offsetof(struct keep, bytes));
}

static u32 piece_crc(const struct piece *piece)
{
	return crc32_le(~0, (const u8 *)&piece->pos,
			sizeof(*piece) - offsetof(struct piece, pos));
}

static void put(struct part *part, u64 pos, const void *from, u32 bytes)
{
	u64 off = pos % part->bytes;
	u32 first = min_t(u64, bytes, part->bytes - off);

	memcpy(part->data + off, from, first);
	memcpy(part->data, from + first, bytes - first);
	/* What stays in a cache does not survive */
	arch_wb_cache_pmem(part->data + off, first);
	arch_wb_cache_pmem(part->data, bytes - first);
}
NOKPROBE_SYMBOL(put);

static void get(const struct part *part, u64 off, void *to, u32 bytes)
{
	u32 first = min_t(u64, bytes, part->bytes - off);

	memcpy(to, part->data + off, first);
	memcpy(to + first, part->data, bytes - first);
}

/**
 * cw_persist_write() - copy an entry; see cw_persist_keep()
 * @id: the ring it is in
 * @entry: whole
 *
 * What takes, with its head, more than half of its part is left out and not counted. No record is
 * that long: see LEAST_BYTES.
 *
 * Context: as cw_persist_keep().
 */
void cw_persist_write(enum cw_ring_id id, const struct cw_entry *entry)
{
	struct part *part = &parts[id];
	struct piece piece = { .magic = PIECE_MAGIC, .len = entry->len, .ring = id };

	if (sizeof(piece) + piece.len > part->bytes / 2)
		return;
	piece.pos = atomic64_fetch_add(sizeof(piece) + piece.len, &part->pos);
	piece.crc = crc32_le(piece_crc(&piece), (const u8 *)entry, piece.len);
	put(part, piece.pos + sizeof(piece), entry, piece.len);
	put(part, piece.pos, &piece, sizeof(piece));
	pmem_wmb();
}
NOKPROBE_SYMBOL(cw_persist_write);

/**
 * cw_persist_clock() - note how the record's clock and the wall clock differ
 * @realtime_offset_ns: CLOCK_REALTIME less CLOCK_MONOTONIC
 *
 * Context: any.
 */
void cw_persist_clock(s64 realtime_offset_ns)
{
	if (!static_branch_unlikely(&cw_persist_on))
		return;
	WRITE_ONCE(keep->realtime_offset_ns, realtime_offset_ns);
	arch_wb_cache_pmem(keep, sizeof(*keep));
}

/* === What the boot before this one has left === */

/* Is there a whole piece at @off? Copies its entry to @to, where there are @room bytes. */
static bool rescue(const struct part *part, u64 off, u8 *to, u64 room, struct piece *piece)
{
	get(part, off, piece, sizeof(*piece));
	if (piece->magic != PIECE_MAGIC || piece->pos % part->bytes != off ||
	    piece->len < sizeof(struct cw_entry) + sizeof(struct cw_record) || piece->len % 8 ||
	    piece->len > part->bytes / 2 || piece->len > room)
		return false;
	get(part, (off + sizeof(*piece)) % part->bytes, to, piece->len);
	return crc32_le(piece_crc(piece), to, piece->len) == piece->crc;
}

static bool entry_is_sound(const struct cw_entry *entry, u32 len)
{
	return entry->len == len &&
	       cw_record_valid((const void *)(entry + 1), len - sizeof(*entry));
}

/* Copy all whole entries of a part behind one another; returns bytes. */
static u64 rescue_part(const struct part *part, u8 *to, u64 room, u32 *count, u32 *damaged)
{
	struct piece piece;
	u64 off = 0, used = 0;

	while (off + 8 <= part->bytes) {
		/* Mostly there is none here: no need to copy what would be its head */
		piece.magic = *(const u32 *)(part->data + off);
		if (!(off & ~PAGE_MASK))
			cond_resched();
		if (piece.magic == PIECE_MAGIC &&
		    rescue(part, off, to + used, room - used, &piece) &&
		    entry_is_sound((void *)(to + used), piece.len)) {
			used += piece.len;
			++*count;
			off += sizeof(piece) + piece.len;
			continue;
		}
		*damaged += piece.magic == PIECE_MAGIC;
		off += 8;
	}
	return used;
}

static int by_time(const void *a, const void *b)
{
	const struct cw_entry *x = *(const struct cw_entry *const *)a;
	const struct cw_entry *y = *(const struct cw_entry *const *)b;

	if (x->time_ns != y->time_ns)
		return x->time_ns < y->time_ns ? -1 : 1;
	if (x->cpu != y->cpu)
		return x->cpu < y->cpu ? -1 : 1;
	return x->seq < y->seq ? -1 : x->seq > y->seq;
}

static void forget_previous(void)
{
	vfree(previous.entries);
	vfree(previous.sorted);
	memset(&previous, 0, sizeof(previous));
}

/* Incidents were copied first: they are what lies below @incident_bytes. */
static int sort_previous(u64 incident_bytes, u64 bytes, u32 count)
{
	u64 at;
	u32 n = 0;

	previous.sorted = vmalloc(array_size(count, sizeof(*previous.sorted)));
	if (!previous.sorted)
		return -ENOMEM;
	for (at = 0; at < bytes; at += previous.sorted[n++]->len)
		previous.sorted[n] = (void *)(previous.entries + at);
	previous.count = n;
	previous.incident_bytes = incident_bytes;
	sort(previous.sorted, n, sizeof(*previous.sorted), by_time, NULL);
	return 0;
}

static bool keep_is_sound(u64 bytes)
{
	return !memcmp(keep->magic, MAGIC, sizeof(keep->magic)) && keep->abi == CW_ABI &&
	       keep->bytes == bytes && keep->crc == keep_crc(keep) &&
	       !keep->boot_id[sizeof(keep->boot_id) - 1];
}

static int take_previous(u64 bytes)
{
	u32 count = 0, damaged = 0;
	u64 incidents, used;

	if (!keep_is_sound(bytes))
		return 0;
	previous.keep = *keep;
	previous.entries = vmalloc(bytes);
	if (!previous.entries)
		return -ENOMEM;
	incidents = rescue_part(&parts[CW_RING_INCIDENTS], previous.entries, bytes, &count,
				&damaged);
	used = incidents + rescue_part(&parts[CW_RING_EVENTS], previous.entries + incidents,
				       bytes - incidents, &count, &damaged);
	if (!count) {
		forget_previous();
		return 0;
	}
	pr_info("%u records of boot %s are in previous/; %u were damaged or half written\n", count,
		previous.keep.boot_id, damaged);
	return sort_previous(incidents, used, count);
}

/**
 * cw_persist_previous() - has the boot before this one left anything?
 *
 * Context: any.
 * Return: true if it has.
 */
bool cw_persist_previous(void)
{
	return previous.count;
}

/**
 * cw_persist_entry() - the next entry of the boot before this one
 * @at: place in the sequence, 0 at first
 * @incidents: only these
 *
 * Context: any; not after cw_persist_exit().
 * Return: it, or NULL at the end.
 */
const struct cw_entry *cw_persist_entry(u32 *at, bool incidents)
{
	while (*at < previous.count) {
		const struct cw_entry *entry = previous.sorted[(*at)++];

		if (!incidents || (const u8 *)entry - previous.entries < previous.incident_bytes)
			return entry;
	}
	return NULL;
}

/**
 * cw_persist_describe() - make a block one of the boot before this one
 * @block: a copy
 *
 * Context: any; not after cw_persist_exit().
 */
void cw_persist_describe(struct cw_block *block)
{
	memcpy(block->boot_id, previous.keep.boot_id, sizeof(block->boot_id));
	block->realtime_offset_ns = previous.keep.realtime_offset_ns;
}

/* === Life === */

static bool fits(u64 start, u64 bytes)
{
	return PAGE_ALIGNED(start) && PAGE_ALIGNED(bytes) && bytes >= LEAST_BYTES &&
	       bytes <= MOST_BYTES && start + bytes >= start;
}

/* SIZE@ADDRESS as memmap= has it */
static bool parse(const char *where, u64 *start, u64 *bytes)
{
	char *end;

	*bytes = memparse(where, &end);
	if (end == where || *end != '@')
		return false;
	where = end + 1;
	*start = memparse(where, &end);
	return end != where && !*end && fits(*start, *bytes);
}

/* The name that reserve_mem= gave to a piece of memory */
static bool look_up(const char *name, u64 *start, u64 *bytes)
{
	phys_addr_t at, size;

	if (!reserve_mem_find_by_name(name, &at, &size))
		return false;
	*start = at;
	*bytes = size;
	return fits(at, size);
}

/* Anything else may be in use by the kernel, or be no memory at all but a device */
static int is_set_aside(u64 start, u64 bytes)
{
	if (region_intersects(start, bytes, IORESOURCE_SYSTEM_RAM, IORES_DESC_NONE) !=
	    REGION_DISJOINT)
		return 0;
	return cw_params_set_aside(start, bytes);
}

static int find_room(const char *where, u64 *start, u64 *bytes)
{
	bool named = !strchr(where, '@');
	int ret;

	if (!(named ? look_up(where, start, bytes) : parse(where, start, bytes))) {
		cw_params_refuse("persist", where, "SIZE@ADDRESS as in 4M@0x20000000, or the NAME of a reserve_mem=SIZE:ALIGN:NAME on the kernel's command line, is accepted, in whole pages and from 1M to 1G");
		return -EINVAL;
	}
	ret = named ? 1 : is_set_aside(*start, *bytes);
	if (!ret) {
		pr_err("persist=%s cannot be used: it is not set aside; what memmap=%lluK$0x%llx on the kernel's command line sets aside is accepted\n",
		       where, *bytes / 1024, *start);
		return -EINVAL;
	}
	return min(ret, 0);
}

/**
 * cw_persist_begin() - forget what was left, and keep from now on
 * @block: of this boot
 *
 * To be called when nothing can fail any more: what a load has erased the next one cannot find.
 *
 * Context: process context, may sleep.
 */
void cw_persist_begin(const struct cw_block *block)
{
	u64 bytes = parts[CW_RING_EVENTS].data + parts[CW_RING_EVENTS].bytes - (u8 *)keep;

	if (!keep)
		return;
	memset(keep, 0, bytes);
	keep->abi = CW_ABI;
	keep->bytes = bytes;
	memcpy(keep->boot_id, block->boot_id, sizeof(keep->boot_id));
	keep->realtime_offset_ns = READ_ONCE(block->realtime_offset_ns);
	keep->crc = keep_crc(keep);
	memcpy(keep->magic, MAGIC, sizeof(keep->magic));
	arch_wb_cache_pmem(keep, bytes);
	static_branch_enable(&cw_persist_on);
}

/**
 * cw_persist_init() - find what was left
 * @where: as the parameter has it; "" for nothing
 *
 * Context: process context, may sleep.
 * Return: 0, -EINVAL which has been explained, or -ENOMEM.
 */
int cw_persist_init(const char *where)
{
	u64 start, bytes, incidents;
	int ret;

	if (!*where)
		return 0;
	ret = find_room(where, &start, &bytes);
	if (ret)
		return ret;
	keep = memremap(start, bytes, MEMREMAP_WB);
	if (!keep)
		return -ENOMEM;
	/* A quarter for the incidents: however many execs there are, these stay */
	incidents = ALIGN((bytes - PAGE_SIZE) / 4, PAGE_SIZE);
	parts[CW_RING_INCIDENTS].data = (u8 *)keep + PAGE_SIZE;
	parts[CW_RING_INCIDENTS].bytes = incidents;
	parts[CW_RING_EVENTS].data = (u8 *)keep + PAGE_SIZE + incidents;
	parts[CW_RING_EVENTS].bytes = bytes - PAGE_SIZE - incidents;
	ret = take_previous(bytes);
	if (ret) {
		forget_previous();
		memunmap(keep);
		keep = NULL;
	}
	return ret;
}

/**
 * cw_persist_exit() - keep no more; what was kept stays where it is
 *
 * Context: process context, may sleep.
 */
void cw_persist_exit(void)
{
	if (!keep)
		return;
	static_branch_disable(&cw_persist_on);
	memunmap(keep);
	keep = NULL;
	forget_previous();
}
