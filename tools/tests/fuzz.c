// SPDX-License-Identifier: GPL-2.0
/* Fuzzes what reads a stream and tells its records; main() needs no fuzzing engine. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cmd.h"
#include "lib/key.h"
#include "lib/stream.h"
#include "lib/tell.h"
#include "lib/term.h"
#include "tests/sample.h"
#include "text.h"

#define OUT_BYTES 8192

/* One record in memory of exactly its size, so that a byte beyond it is found. */
static void tell(const struct cw_entry *entry)
{
	struct cw_entry *copy = malloc(entry->len);
	const struct cw_record *rec = (const struct cw_record *)(copy + 1);
	char *text = malloc(OUT_BYTES);
	struct cw_out out = { text, OUT_BYTES, 0 };

	if (!copy || !text)
		abort();
	memcpy(copy, entry, entry->len);
	cw_text_entry(&out, copy, rec, CW_FORMAT_TEXT);
	out.len = 0;
	cw_text_entry(&out, copy, rec, CW_FORMAT_JSON);
	out.len = 0;
	cw_tell_sentence(&out, rec);
	if (cw_key_find(rec, "tree") >= 0)
		cw_tell_tree(&out, rec, 4);
	if (cw_key_find(rec, "domain") >= 0)
		cw_tell_domain(&out, rec, cw_key_find(rec, "domain"), 4);
	free(text);
	free(copy);
}

/* One of the commands on the whole stream, chosen by its size; what it prints goes nowhere. */
static void run_command(int fd, size_t size)
{
	static char *const none[] = { NULL };
	static char *const some[] = { "domain=/bin/bash", "argv=x", "tree=1", "signame=SEGV",
				      "error=ENOENT", "addr=0", "/x", "#1.3",
				      NULL };
	static const struct {
		int (*run)(const struct cw_options *opt);
		char *const *match;
	} commands[] = {
		{ cw_cmd_log, some },
		{ cw_cmd_list, none },
		{ cw_cmd_info, none },
		{ cw_cmd_tree, none },
		{ cw_cmd_list, some },
	};
	struct cw_options opt = { .given = CW_OPT_INPUT | CW_OPT_TYPE, .types = ~0ULL };
	static bool quiet;
	char path[32];
	size_t i = size % 16;

	if (i >= sizeof(commands) / sizeof(commands[0]))
		return;
	if (!quiet) {
		/* the sanitizers write to descriptor 2 and stay heard */
		stdout = fopen("/dev/null", "w");
		stderr = fopen("/dev/null", "w");
		quiet = true;
	}
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	opt.input = path;
	opt.match = (char **)commands[i].match;
	commands[i].run(&opt);
}

/**
 * LLVMFuzzerTestOneInput() - read one stream and tell all that is in it
 * @data: its bytes
 * @size: how many
 *
 * Return: 0.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct cw_entry *entry;
	const struct cw_record *rec;
	struct cw_stream stream;
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	if (fd < 0 || write(fd, data, size) != (ssize_t)size || lseek(fd, 0, SEEK_SET))
		abort();
	if (cw_stream_open(&stream, fd)) {
		while (cw_stream_next(&stream, &entry, &rec))
			if (rec)
				tell(entry);
	}
	cw_stream_close(&stream);
	run_command(fd, size);
	close(fd);
	return 0;
}

#ifndef CW_LIBFUZZER
static uint64_t state;

/* splitmix64: the same numbers for a seed everywhere */
static uint64_t next(void)
{
	uint64_t z = state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return z ^ z >> 31;
}

static uint32_t interesting(void)
{
	static const uint32_t values[] = { 0, 1, 7, 8, 15, 16, 31, 63, 64, 0xff, 0x7fffffff,
					   0x80000000, 0xfffffff8, 0xffffffff };

	return values[next() % (sizeof(values) / sizeof(values[0]))];
}

/* Change a few places, most of them behind the block, or cut the end off. */
static size_t mutate(char *bytes, size_t len, size_t block)
{
	unsigned int changes = 1 + next() % 8;

	while (changes--) {
		size_t from = next() % 8 ? block : 0;
		size_t at = from + next() % (len - from);
		uint32_t word = interesting();

		switch (next() % 4) {
		case 0:
			bytes[at] ^= 1 << next() % 8;
			break;
		case 1:
			bytes[at] = next();
			break;
		case 2:
			at &= ~(size_t)3;
			memcpy(bytes + at, &word, at + 4 <= len ? 4 : len - at);
			break;
		default:
			if (next() % 16 == 0)
				return at;
		}
	}
	return len;
}

int main(int argc, char **argv)
{
	static const char *const kinds[] = { "plain", "hostile", "lost", "future", "names" };
	unsigned long n = argc > 1 ? strtoul(argv[1], NULL, 0) : 20000;
	unsigned long seed = argc > 2 ? strtoul(argv[2], NULL, 0) : 1;
	struct cw_sample sample, empty;
	unsigned long i;

	if (!cw_sample_make(&empty, "empty", 0))
		return 1;
	for (i = 0; i < n; i++) {
		const char *kind = kinds[i % (sizeof(kinds) / sizeof(kinds[0]))];

		state = seed + i;
		if (!cw_sample_make(&sample, kind, (__s64)next()))
			return 1;
		sample.len = mutate(sample.bytes, sample.len, empty.len);
		LLVMFuzzerTestOneInput((const uint8_t *)sample.bytes, sample.len);
		free(sample.bytes);
	}
	free(empty.bytes);
	dprintf(STDOUT_FILENO, "%lu streams from seed %lu\n", n, seed);
	return 0;
}
#endif
