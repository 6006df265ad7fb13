// SPDX-License-Identifier: GPL-2.0
/* Where records come from: the running module, a saved file or a dump of a machine's memory. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cmd.h"
#include "lib/dump.h"
#include "lib/guard.h"
#include "lib/host.h"
#include "lib/kdump.h"
#include "lib/source.h"
#include "lib/stream.h"
#include "lib/term.h"

/**
 * struct cw_source - an open source
 * @stream: its bytes, unless it is a dump
 * @mem: the memory in a dump; NULL: it is none
 * @dump: the module's data in it
 * @rings: which of its rings are wanted, as cw_dump_rewind() takes it
 * @fd: where all of it comes from; negative if @mem was open already
 * @name: as sentences name it, allocated
 * @end_ns: a snapshot has nothing younger, in CLOCK_MONOTONIC
 * @missed: records that were overwritten before they could be read
 * @raw: records of unknown types are of use
 */
struct cw_source {
	struct cw_stream stream;
	struct cw_mem *mem;
	struct cw_dump dump;
	unsigned int rings;
	int fd;
	char *name;
	__u64 end_ns;
	__u64 missed;
	bool raw;
};

static int file_error(const char *name, int err)
{
	cw_term_error("cannot open %s: %s.", name, strerror(err));
	return err == EACCES || err == EPERM ? CW_EXIT_NOT_PERMITTED : CW_EXIT_USAGE;
}

/* One sentence why the live file cannot be opened. */
static int live_error(const struct cw_options *opt, const char *path, int err)
{
	bool elsewhere = opt->dir || getenv("CRASHWATCH_DIR");

	if (!elsewhere && !cw_host_module_loaded()) {
		cw_term_error("the module crashwatch is not loaded: 'modprobe crashwatch' loads "
			      "it, or insmod where it is not installed; --input=FILE reads a saved file.");
	} else if (err == EACCES || err == EPERM) {
		cw_term_error("not permitted to read %s: %s.", path,
			      geteuid() ? "that takes root" :
					  "kernel lockdown or a security policy forbids it");
		return CW_EXIT_NOT_PERMITTED;
	} else if (elsewhere || err != ENOENT) {
		cw_term_error("cannot open %s: %s.", path, strerror(err));
	} else if (cw_host_has_word("/proc/cmdline", "nocrashwatch")) {
		cw_term_error("the module crashwatch is loaded but does nothing, because "
			      "'nocrashwatch' stands on the kernel command line.");
	} else if (!cw_host_debugfs_mounted()) {
		cw_term_error("debugfs is not mounted: 'mount -t debugfs none "
			      "/sys/kernel/debug' does it.");
	} else {
		cw_term_error("the module crashwatch is loaded, but there is no %s; the kernel "
			      "log says why.",
			      path);
	}
	return CW_EXIT_NOT_LOADED;
}

static int open_file(struct cw_source *source, const struct cw_options *opt)
{
	bool standard_input = !strcmp(opt->input, "-");
	int fd;

	source->name = cw_term_copy(standard_input ? "standard input" : opt->input);
	fd = standard_input ? dup(STDIN_FILENO) : open(opt->input, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -file_error(source->name, errno) : fd;
}

static int open_live(struct cw_source *source, const struct cw_options *opt)
{
	bool follow = opt->given & CW_OPT_FOLLOW;
	struct timespec now;
	struct stat st;
	int fd;

	source->name = cw_host_file(opt, "events_raw");
	fd = open(source->name, O_RDONLY | O_CLOEXEC | (follow ? 0 : O_NONBLOCK));
	if (fd < 0)
		return -live_error(opt, source->name, errno);
	/* debugfs files have no size; what tests put in their place has one and an end */
	if (!follow && !fstat(fd, &st) && !st.st_size) {
		clock_gettime(CLOCK_MONOTONIC, &now);
		source->end_ns = now.tv_sec * 1000000000ULL + now.tv_nsec;
	}
	return fd;
}

/*
 * If all of the dump could be read, the same exit status as for a module that is not loaded: there
 * are no records.
 */
static int absent(const struct cw_source *source)
{
	const struct cw_dump *dump = &source->dump;
	char what[80];

	if (source->mem->missing) {
		snprintf(what, sizeof(what), "is cut, at least %llu bytes are missing",
			 source->mem->missing);
	} else if (dump->failed) {
		snprintf(what, sizeof(what),
			 "is cut or damaged, %llu of %llu pages cannot be read", dump->failed,
			 dump->pages);
	} else {
		cw_term_error("there is no block of the module crashwatch in %s: it was %s, or that part of the memory was left out.",
			      source->name,
			      dump->named ? "loaded once, says the kernel log, and unloaded" :
					    "not loaded");
		return CW_EXIT_NOT_LOADED;
	}
	cw_term_error("%s %s, and there is no block of the module crashwatch in the rest: %s.",
		      source->name, what,
		      dump->named ? "it was loaded, says the kernel log" :
				    "it was in what is missing, or the module was not loaded");
	return CW_EXIT_LOST;
}

static int open_memory(struct cw_source *source, const struct cw_options *opt)
{
	bool scan = opt->given & CW_OPT_SCAN;
	int status = CW_EXIT_USAGE;

	switch (cw_dump_open(&source->dump, source->mem, scan)) {
	case CW_DUMP_FOUND:
		source->rings = opt->given & CW_OPT_INCIDENTS ? 1U << CW_RING_INCIDENTS : ~0U;
		return CW_EXIT_FOUND;
	case CW_DUMP_ABSENT:
		status = absent(source);
		break;
	case CW_DUMP_BAD:
		cw_term_error("%s cannot be read: %s.", source->name, source->dump.problem);
		break;
	}
	cw_dump_close(&source->dump);
	source->mem->close(source->mem);
	return status;
}

static int open_dump(struct cw_source *source, const struct cw_options *opt)
{
	char problem[200] = "";

	cw_guard_begin(source->name);
	source->mem = cw_kdump_open(source->fd, problem, sizeof(problem));
	if (source->mem)
		return open_memory(source, opt);
	cw_term_error("%s cannot be read: %s.", source->name, problem);
	return CW_EXIT_USAGE;
}

static int open_stream(struct cw_source *source)
{
	if (cw_stream_open(&source->stream, source->fd))
		return CW_EXIT_FOUND;
	cw_term_error("%s cannot be read: %s.", source->name, source->stream.problem);
	cw_stream_close(&source->stream);
	return CW_EXIT_USAGE;
}

static int open_any(struct cw_source *source, const struct cw_options *opt)
{
	int fd;

	if (opt->mem) {
		source->name = cw_term_copy(opt->input);
		source->mem = opt->mem;
		return open_memory(source, opt);
	}
	fd = opt->input ? open_file(source, opt) : open_live(source, opt);
	source->fd = fd;
	if (fd < 0)
		return -fd;
	return opt->input && cw_kdump_is_dump(fd) ? open_dump(source, opt) : open_stream(source);
}

/**
 * cw_source_open() - open what was asked for
 * @result: set to the source if it could be opened
 * @opt: what was asked for
 *
 * Return: %CW_EXIT_FOUND, or after a sentence about the reason another exit status.
 */
int cw_source_open(struct cw_source **result, const struct cw_options *opt)
{
	struct cw_source *source = cw_term_alloc(NULL, sizeof(*source));
	int status;

	*source = (struct cw_source){ .fd = -1, .end_ns = ~0ULL, .raw = opt->given & CW_OPT_RAW };
	status = open_any(source, opt);
	if (status == CW_EXIT_FOUND) {
		*result = source;
		return status;
	}
	if (source->fd >= 0)
		close(source->fd);
	free(source->name);
	free(source);
	return status;
}

/**
 * cw_source_block() - what a source says about itself
 * @source: an open source
 *
 * Return: its block, valid until the source is closed.
 */
const struct cw_block *cw_source_block(const struct cw_source *source)
{
	return source->mem ? source->dump.block : source->stream.block;
}

/**
 * cw_source_dump() - what else a dump has besides records
 * @source: an open source
 *
 * Return: the module's data in the dump; NULL if the source is none.
 */
struct cw_dump *cw_source_dump(struct cw_source *source)
{
	return source->mem ? &source->dump : NULL;
}

static bool next(struct cw_source *source, const struct cw_entry **entry,
		 const struct cw_record **rec)
{
	if (!source->mem)
		return cw_stream_next(&source->stream, entry, rec);
	if (!source->dump.lane)
		cw_dump_rewind(&source->dump, source->rings);
	return cw_dump_next(&source->dump, entry, rec);
}

/**
 * cw_source_next() - the next record
 * @source: an open source
 * @entry: set to its entry; stays until the next call
 * @rec: set to the record; NULL for one of an unknown type, which is given with --raw only
 *
 * Return: false at the end.
 */
bool cw_source_next(struct cw_source *source, const struct cw_entry **entry,
		    const struct cw_record **rec)
{
	while (next(source, entry, rec)) {
		/* What was lost may be older than the record behind it, whose time it has */
		if (*rec && (*rec)->type == CW_LOST)
			source->missed += cw_record_slot(*rec, CW_LOST_count);
		if ((*entry)->time_ns > source->end_ns)
			return false;
		if (*rec || source->raw)
			return true;
	}
	return false;
}

/**
 * cw_source_missed() - records that were overwritten before they could be read
 * @source: an open source
 *
 * Return: how many; the caller tells it, cw_source_close() does no more.
 */
__u64 cw_source_missed(struct cw_source *source)
{
	__u64 missed = source->missed;

	source->missed = 0;
	return missed;
}

static bool close_dump(struct cw_source *source)
{
	struct cw_dump *dump = &source->dump;
	__u64 missing = cw_dump_missing(dump);
	bool lost = dump->faults;

	if (missing)
		cw_term_error("%s is damaged: %s; %llu records cannot be read.", source->name,
			      dump->problem, missing);
	else if (dump->faults > 1)
		cw_term_error("%s is damaged: %s; so are %llu more places.", source->name,
			      dump->problem, dump->faults - 1);
	else if (dump->faults)
		cw_term_error("%s is damaged: %s.", source->name, dump->problem);
	cw_dump_close(dump);
	source->mem->close(source->mem);
	return lost;
}

static bool close_stream(struct cw_source *source)
{
	struct cw_stream *stream = &source->stream;
	bool lost = stream->problem[0];

	if (lost)
		cw_term_error("%s was not read to its end: %s.", source->name, stream->problem);
	cw_stream_close(stream);
	return lost;
}

/**
 * cw_source_close() - close a source and say what it did not give
 * @source: an open source
 * @status: exit status so far
 *
 * Return: @status, or %CW_EXIT_LOST after a sentence about what is missing.
 */
int cw_source_close(struct cw_source *source, int status)
{
	__u64 unknown = source->mem ? source->dump.unknown : source->stream.unknown;

	if (source->mem ? close_dump(source) : close_stream(source))
		status = CW_EXIT_LOST;
	if (unknown)
		cw_term_error("%llu records of %s have a form that this version of the command does not know%s.",
			      unknown, source->name, source->raw ? "" : "; they were left out");
	if (source->missed)
		cw_term_error("%llu records were overwritten before they could be read.",
			      source->missed);
	if ((unknown && !source->raw) || source->missed)
		status = CW_EXIT_LOST;
	if (source->fd >= 0)
		close(source->fd);
	free(source->name);
	free(source);
	return status;
}
