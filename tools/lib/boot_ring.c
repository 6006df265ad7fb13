// SPDX-License-Identifier: GPL-2.0
/* Ends of boots: the module's rings of the boot before, where they outlived a reset. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "cmd.h"
#include "lib/boot.h"
#include "lib/host.h"
#include "lib/stream.h"
#include "lib/term.h"
#include "lib/time.h"
#include "text.h"

/* Told as text, as the kernel log has it: there is one reader for both. */
static void tell(struct cw_boot_end *end, const struct cw_record *rec)
{
	static struct cw_out out;

	do {
		if (!out.size || out.len >= out.size) {
			out.size = out.len + 4096;
			out.buf = cw_term_alloc(out.buf, out.size);
		}
		out.len = 0;
		cw_text_record(&out, rec, CW_FORMAT_TEXT);
	} while (out.len >= out.size);
	out.buf[out.len - 1] = 0; /* the newline */
	cw_boot_end_restart(end, out.buf);
}

static void read_all(struct cw_boots *boots, struct cw_stream *stream, const char *name)
{
	struct cw_boot_end end = { 0 };
	const struct cw_entry *entry;
	const struct cw_record *rec;
	__s64 last_ns = 0;
	struct cw_boot *boot;
	char id[33];

	while (cw_stream_next(stream, &entry, &rec)) {
		last_ns = cw_time_real(stream->block, entry->time_ns);
		if (rec && rec->type == CW_REBOOT)
			tell(&end, rec);
	}
	cw_boot_id(id, stream->block->boot_id);
	boot = *id ? cw_boots_get(boots, id) : cw_boots_at(boots, last_ns, false);
	if (!boot->first_ns)
		boot->first_ns = stream->block->realtime_offset_ns;
	if (boot->last_ns < last_ns)
		boot->last_ns = last_ns;
	cw_boots_believe(boot, &end, CW_BOOT_RECORD, name);
}

static void read_previous(struct cw_boots *boots, const char *name)
{
	char *path = cw_host_file(boots->opt, "previous/events_raw");
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	struct cw_stream stream;

	if (fd < 0) {
		cw_boots_fail(boots, path, errno);
		free(path);
		return;
	}
	if (cw_stream_open(&stream, fd))
		read_all(boots, &stream, name);
	if (*stream.problem) {
		cw_term_error("%s: %s.", path, stream.problem);
		if (boots->status == CW_EXIT_FOUND)
			boots->status = CW_EXIT_LOST;
	}
	cw_stream_close(&stream);
	close(fd);
	free(path);
}

const struct cw_boot_source cw_boot_ring = { "memory", read_previous };
