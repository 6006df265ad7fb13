// SPDX-License-Identifier: GPL-2.0
/* Fuzzes what reads the module's data in a machine's memory: fuzz_dump [COUNT [SEED]]. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/dump.h"
#include "lib/tasks.h"
#include "tests/image.h"
#include "tests/random.h"
#include "text.h"

#define OUT_BYTES 8192
#define SECONDS 20 /* for one memory */

/**
 * struct memory - a machine's
 * @mem: what is read
 * @bytes: its content, allocated
 * @len: bytes of it
 */
struct memory {
	struct cw_mem mem;
	char *bytes;
	size_t len;
};

static bool memory_read(struct cw_mem *mem, enum cw_space space, __u64 addr, void *buf, size_t len)
{
	struct memory *memory = (struct memory *)mem;

	if (space == CW_SPACE_KERNEL)
		addr -= CW_IMAGE_KERNEL;
	if (addr > memory->len || len > memory->len - addr)
		return false;
	memcpy(buf, memory->bytes + addr, len);
	return true;
}

static bool memory_next(struct cw_mem *mem, __u64 *phys)
{
	return *phys < mem->end;
}

/* One record in memory of exactly its size, so that a byte beyond it is found. */
static void tell_entry(const struct cw_entry *entry)
{
	struct cw_entry *copy = malloc(entry->len);
	char *text = malloc(OUT_BYTES);
	struct cw_out out = { text, OUT_BYTES, 0 };

	if (!copy || !text)
		abort();
	memcpy(copy, entry, entry->len);
	cw_text_entry(&out, copy, (const struct cw_record *)(copy + 1), CW_FORMAT_TEXT);
	out.len = 0;
	cw_text_entry(&out, copy, (const struct cw_record *)(copy + 1), CW_FORMAT_JSON);
	free(text);
	free(copy);
}

static void tell_task(void *count, const struct cw_record *rec)
{
	size_t bytes = sizeof(*rec) + 8 * rec->fields + rec->tail;
	struct cw_record *copy = malloc(bytes);
	char *text = malloc(OUT_BYTES);
	struct cw_out out = { text, OUT_BYTES, 0 };

	if (!copy || !text)
		abort();
	memcpy(copy, rec, bytes);
	cw_text_record(&out, copy, CW_FORMAT_TEXT);
	free(text);
	free(copy);
	++*(unsigned long *)count;
}

static void tell_domain(void *count, __s32 users, const char *domain, size_t len)
{
	char *copy = malloc(len + !len), *text = malloc(OUT_BYTES);
	struct cw_out out = { text, OUT_BYTES, 0 };

	if (!copy || !text)
		abort();
	memcpy(copy, domain, len);
	cw_text_num(&out, users, 0, 0);
	cw_text_quote(&out, copy, len, false, CW_FORMAT_TEXT);
	free(text);
	free(copy);
	++*(unsigned long *)count;
}

/* What was found; of an undamaged memory this is known. */
struct found {
	unsigned long blocks;
	unsigned long records;
	unsigned long tasks;
	unsigned long domains;
	unsigned long faults;
};

static void read_all(struct memory *memory, bool scan, struct found *found)
{
	const struct cw_entry *entry;
	const struct cw_record *rec;
	struct cw_dump dump;

	alarm(SECONDS);
	if (cw_dump_open(&dump, &memory->mem, scan) == CW_DUMP_FOUND) {
		found->blocks++;
		cw_dump_rewind(&dump, ~0U);
		while (cw_dump_next(&dump, &entry, &rec)) {
			found->records++;
			if (rec)
				tell_entry(entry);
		}
		cw_dump_missing(&dump);
		cw_tasks_read(&dump, tell_task, &found->tasks);
		cw_domains_read(&dump, tell_domain, &found->domains);
		found->faults += dump.faults;
	}
	cw_dump_close(&dump);
	alarm(0);
}

/* Pages that a number in them leads elsewhere from, rather than those of text. */
static void mislead(struct cw_random *random, char *bytes)
{
	static const unsigned char pages[] = {
		CW_IMAGE_LOG,
		CW_IMAGE_BLOCK,
		CW_IMAGE_CPU,
		CW_IMAGE_CPU + 1,
		CW_IMAGE_TASKS,
		CW_IMAGE_KNOWN,
		CW_IMAGE_BUCKETS,
		CW_IMAGE_EXECS,
		CW_IMAGE_RINGS,
		CW_IMAGE_DOMAINS,
		CW_IMAGE_DOMAIN_BUCKETS,
	};
	unsigned int changes = 1 + cw_random_next(random) % 3;

	while (changes--) {
		unsigned int page = pages[cw_random_next(random) % sizeof(pages)];
		size_t at = page * CW_IMAGE_PAGE + cw_random_next(random) % 768 / 4 * 4;
		__u64 value = cw_random_extreme(random);

		memcpy(bytes + at, &value, cw_random_next(random) % 2 ? 4 : 8);
	}
}

static bool whole(const struct found *found)
{
	if (found->blocks == 1 && found->records == 7 && found->tasks == 3 &&
	    found->domains == 3 && !found->faults)
		return true;
	dprintf(STDOUT_FILENO, "undamaged: %lu records, %lu tasks, %lu domains, %lu faults\n",
		found->records, found->tasks, found->domains, found->faults);
	return false;
}

int main(int argc, char **argv)
{
	unsigned long n = argc > 1 ? strtoul(argv[1], NULL, 0) : 10000;
	unsigned long seed = argc > 2 ? strtoul(argv[2], NULL, 0) : 1, i;
	struct memory memory = {
		{ .read = memory_read, .next = memory_next, .info = cw_image_info }, NULL, 0
	};
	char *whole_image = malloc(CW_IMAGE_BYTES);
	struct found found = { 0 };

	memory.bytes = malloc(CW_IMAGE_BYTES);
	if (!memory.bytes || !whole_image || !cw_image_make(whole_image))
		return 1;
	for (i = 0; i <= n; i++) {
		struct cw_random random = { seed + i };

		memcpy(memory.bytes, whole_image, CW_IMAGE_BYTES);
		memory.len = CW_IMAGE_BYTES;
		if (i && i % 2)
			cw_random_damage(&random, memory.bytes, CW_IMAGE_USED * CW_IMAGE_PAGE);
		else if (i)
			mislead(&random, memory.bytes);
		if (i && cw_random_next(&random) % 16 == 0)
			memory.len = cw_random_next(&random) % CW_IMAGE_BYTES;
		memory.mem.end = memory.len;
		memory.mem.pages = CW_IMAGE_PAGES;
		read_all(&memory, i && cw_random_next(&random) % 4 == 0, &found);
		if (!i && !whole(&found))
			return 1;
	}
	free(memory.bytes);
	free(whole_image);
	dprintf(STDOUT_FILENO, "%lu memories from seed %lu: %lu blocks, %lu records, %lu tasks, %lu faults\n",
		n, seed, found.blocks, found.records, found.tasks, found.faults);
	return 0;
}
