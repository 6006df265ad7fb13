// SPDX-License-Identifier: GPL-2.0
/* What the kernel log gets when the machine restarts: it may be all that is left. */
#include <linux/cpumask.h>
#include <linux/kernel.h>
#include <linux/minmax.h>
#include <linux/printk.h>

#include "abi/text.h"
#include "block.h"
#include "lastwords.h"
#include "ring.h"

#define LOG_CHARS	800	/* the kernel log cuts longer lines */
#define NEWEST		8	/* incidents */

/* Where an incident lies */
struct place {
	u64 time_ns;
	u64 pos;
	unsigned int cpu;
};

#define KEY(type, key) (1ULL << CW_##type##_##key)

/* The most telling keys of a type, which fit in a line */
static u64 telling(unsigned int type)
{
	switch (type) {
	case CW_CRASH:
		return KEY(CRASH, pid) | KEY(CRASH, uid) | KEY(CRASH, auid) | KEY(CRASH, comm) |
		       KEY(CRASH, file) | KEY(CRASH, signame) | KEY(CRASH, si_code) |
		       KEY(CRASH, addr) | KEY(CRASH, map) | KEY(CRASH, domain);
	case CW_KILLED:
		return KEY(KILLED, pid) | KEY(KILLED, uid) | KEY(KILLED, auid) |
		       KEY(KILLED, comm) | KEY(KILLED, file) | KEY(KILLED, signame) |
		       KEY(KILLED, domain);
	default:
		return ~0ULL;
	}
}

/* Keep the newest ones, the oldest of them first. */
static unsigned int keep_newest(struct place *newest, unsigned int n, struct place found)
{
	unsigned int i;

	if (n == NEWEST) {
		if (found.time_ns <= newest[0].time_ns)
			return n;
		memmove(newest, newest + 1, --n * sizeof(*newest));
	}
	for (i = n; i > 0 && newest[i - 1].time_ns > found.time_ns; i--)
		newest[i] = newest[i - 1];
	newest[i] = found;
	return n + 1;
}

static unsigned int find_newest(struct place *newest)
{
	struct {
		struct cw_entry entry;
		struct cw_record rec;
	} head;
	unsigned int cpu, n = 0;
	u32 len;

	for_each_possible_cpu(cpu) {
		u64 next = 0;

		while ((len = cw_ring_peek(cpu, CW_RING_INCIDENTS, &next, &head, sizeof(head)))) {
			struct place found = { head.entry.time_ns, next - len, cpu };

			if (head.rec.type != CW_REBOOT)
				n = keep_newest(newest, n, found);
		}
	}
	return n;
}

static void say_incident(struct cw_lastwords *room, struct place place)
{
	struct cw_entry *entry = (void *)room->entry;
	struct cw_record *rec = (void *)(entry + 1);
	struct cw_out out = { .buf = room->text, .size = sizeof(room->text) };
	u32 len = cw_ring_peek(place.cpu, CW_RING_INCIDENTS, &place.pos, entry,
			       sizeof(room->entry));

	/* Overwritten since, or longer than any record can be */
	if (!len || len > sizeof(room->entry) || entry->time_ns != place.time_ns ||
	    !cw_record_valid(rec, len - sizeof(*entry)))
		return;
	rec->has &= telling(rec->type);
	cw_text_entry(&out, entry, rec, CW_FORMAT_TEXT);
	len = min(out.len, out.size) - 1;
	pr_emerg("incident %.*s%s\n", (int)min_t(u32, len, LOG_CHARS), room->text,
		 len > LOG_CHARS ? "..." : "");
}

/**
 * cw_lastwords_say() - write to the kernel log who restarts the machine and what went before
 * @room: for this alone
 * @rec: the restart
 *
 * Context: any; never waits.
 */
void cw_lastwords_say(struct cw_lastwords *room, const struct cw_record *rec)
{
	struct cw_out out = { .buf = room->text, .size = sizeof(room->text) };
	struct place newest[NEWEST];
	unsigned int n, i;
	size_t at, len;

	n = find_newest(newest);
	for (i = 0; i < n; i++)
		say_incident(room, newest[i]);
	cw_text_record(&out, rec, CW_FORMAT_TEXT);
	len = min(out.len, out.size) - 1;
	for (at = 0; at < len; at += LOG_CHARS)
		pr_emerg("%s%.*s\n", at ? "... " : "reboot ",
			 (int)min_t(size_t, LOG_CHARS, len - at), room->text + at);
	cw_block_announce();
}
