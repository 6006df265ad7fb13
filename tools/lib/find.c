// SPDX-License-Identifier: GPL-2.0
/* Where the module's block is in a machine's memory. */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crashwatch.h"
#include "lib/find.h"

#define PAGE 4096 /* a block starts at a multiple of it, whatever the size of a page is */
#define LOG_BITS_MAX 26 /* more than 64 MiB of kernel log are not looked at */
#define LOG_CHUNK 65536
#define LINE "crashwatch: block at 0x"
#define DIGITS 16

/* A stray copy of a block has another's address in it. */
static bool block_is_at(struct cw_mem *mem, __u64 phys)
{
	struct cw_block head;
	const size_t len = offsetof(struct cw_block, page_size);

	return !(phys % PAGE) && mem->read(mem, CW_SPACE_PHYS, phys, &head, len) &&
	       !memcmp(head.magic, CW_BLOCK_MAGIC, sizeof(head.magic)) && head.phys == phys;
}

/* === The kernel log === */

/* A number of VMCOREINFO, such as SYMBOL(prb)=ffffffff82a643e0. */
static bool info_number(const struct cw_mem *mem, const char *name, int base, __u64 *value)
{
	size_t len = strlen(name);
	const char *line;
	char *end;

	for (line = mem->info; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		if (strncmp(line, name, len) || line[len] != '=')
			continue;
		*value = strtoull(line + len + 1, &end, base);
		return end != line + len + 1;
	}
	return false;
}

static bool word_at(struct cw_mem *mem, __u64 addr, __u64 *value)
{
	return mem->read(mem, CW_SPACE_KERNEL, addr, value, sizeof(*value));
}

/**
 * struct log - text of the kernel log
 * @data: its address
 * @size: bytes, a power of two
 * @head: where the next text would go: the oldest one is behind it
 */
struct log {
	__u64 data;
	__u64 size;
	__u64 head;
};

static bool find_log(struct cw_mem *mem, struct log *log)
{
	__u64 prb, texts, bits_off, data_off, head_off;
	__u32 bits;

	log->head = 0;
	if (!info_number(mem, CW_INFO_PRB, 16, &prb) || !word_at(mem, prb, &prb) ||
	    !info_number(mem, CW_INFO_TEXTS, 10, &texts) ||
	    !info_number(mem, CW_INFO_BITS, 10, &bits_off) ||
	    !info_number(mem, CW_INFO_DATA, 10, &data_off))
		return false;
	texts += prb;
	if (!mem->read(mem, CW_SPACE_KERNEL, texts + bits_off, &bits, sizeof(bits)) || bits < 8 ||
	    bits > LOG_BITS_MAX || !word_at(mem, texts + data_off, &log->data))
		return false;
	log->size = 1ULL << bits;
	if (info_number(mem, CW_INFO_HEAD, 10, &head_off))
		word_at(mem, texts + head_off, &log->head);
	log->head &= log->size - 1;
	return true;
}

/*
 * The address that @text begins with. The kernel takes its level off a message by moving the text:
 * the last two characters are still there behind it, and may be digits.
 */
static bool block_named(struct cw_mem *mem, const char *text, size_t len, __u64 *phys)
{
	char digits[DIGITS + 3] = "";
	size_t n;

	memcpy(digits, text, len < DIGITS + 2 ? len : DIGITS + 2);
	for (n = strspn(digits, "0123456789abcdef"); n; n--) {
		__u64 addr;

		digits[n] = 0;
		addr = strtoull(digits, NULL, 16);
		if (!block_is_at(mem, addr))
			continue;
		*phys = addr;
		return true;
	}
	return false;
}

/* All lines in @len bytes; what comes last is the latest. */
static bool look_through(struct cw_mem *mem, const char *text, size_t len, __u64 *phys, bool *named)
{
	const char *end = text + len;
	bool found = false;

	while ((text = memmem(text, end - text, LINE, sizeof(LINE) - 1))) {
		text += sizeof(LINE) - 1;
		*named = true;
		found |= block_named(mem, text, end - text, phys);
	}
	return found;
}

/**
 * cw_find_in_log() - ask the kernel log in the memory
 * @mem: the memory
 * @phys: set to the block's address
 * @named: set to whether a line tells of a block, be it there or not
 *
 * The text is searched as it lies, oldest first: a message is never parted. Texts that are there
 * and were given up already do no harm, as the block itself has to confirm its address.
 *
 * Return: false if there is no line that leads to a block.
 */
bool cw_find_in_log(struct cw_mem *mem, __u64 *phys, bool *named)
{
	static char chunk[LOG_CHUNK + sizeof(LINE) + DIGITS + 2];
	bool found = false;
	struct log log;
	__u64 done;

	*named = false;
	if (!find_log(mem, &log))
		return false;
	for (done = 0; done < log.size;) {
		__u64 at = (log.head + done) & (log.size - 1);
		size_t n = log.size - at, more;

		if (n > LOG_CHUNK)
			n = LOG_CHUNK;
		if (n > log.size - done)
			n = log.size - done;
		/* A line that begins in this chunk may end in the next one. */
		more = log.size - at - n;
		if (more > sizeof(chunk) - LOG_CHUNK)
			more = sizeof(chunk) - LOG_CHUNK;
		if (mem->read(mem, CW_SPACE_KERNEL, log.data + at, chunk, n + more))
			found |= look_through(mem, chunk, n + more, phys, named);
		done += n;
	}
	return found;
}

/* === All of the memory === */

static void show_progress(const struct cw_mem *mem, __u64 phys, bool end)
{
	static int terminal = -1;

	if (terminal < 0)
		terminal = isatty(STDERR_FILENO);
	if (!terminal)
		return;
	if (end)
		fputs("\r\033[K", stderr);
	else if (mem->end)
		fprintf(stderr, "\rcrashwatch: looking for the block: %llu %%",
			phys / (mem->end / 100 + 1));
	else
		fprintf(stderr, "\rcrashwatch: looking for the block: %llu MiB", phys >> 20);
}

/**
 * cw_find_by_scan() - look at the beginning of every page
 * @mem: the memory
 * @phys: set to the block's address
 * @pages: set to the number of pages that were looked at
 *
 * Return: false if there is none.
 */
bool cw_find_by_scan(struct cw_mem *mem, __u64 *phys, __u64 *pages)
{
	__u64 at = 0, shown = 0;
	bool found = false;

	for (*pages = 0; !found && *pages < mem->pages && mem->next(mem, &at); ++*pages) {
		found = block_is_at(mem, at);
		if (found)
			*phys = at;
		at += PAGE;
		if (at - shown >= 64 << 20) {
			show_progress(mem, at, false);
			shown = at;
		}
	}
	if (shown)
		show_progress(mem, at, true);
	return found;
}
