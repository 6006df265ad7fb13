// SPDX-License-Identifier: GPL-2.0
/* The kernel's log as text: what the module, or a panic, has written into it. */
#include <stdlib.h>
#include <string.h>

#include "lib/boot_log.h"
#include "lib/term.h"

#define RECORD_MAX 65536

/* What is behind @start, or NULL if the message does not begin with it. */
static const char *behind(const char *message, size_t len, const char *start)
{
	size_t n = strlen(start);

	return len >= n && !memcmp(message, start, n) ? message + n : NULL;
}

static void append(struct cw_boot_log *log, const char *bytes, size_t len)
{
	if (len > RECORD_MAX - log->len)
		len = RECORD_MAX - log->len;
	log->record = cw_term_alloc(log->record, log->len + len + 1);
	memcpy(log->record + log->len, bytes, len);
	log->len += len;
	log->record[log->len] = 0;
}

/* No more lines belong to the record. */
static void finish(struct cw_boot_log *log)
{
	if (log->record)
		cw_boot_end_restart(&log->end, log->record);
	free(log->record);
	log->record = NULL;
	log->len = 0;
}

static void read_block(struct cw_boot_log *log, const char *rest, size_t len)
{
	static const char key[] = " boot_id=";
	const char *id = memmem(rest, len, key, strlen(key));
	char text[37] = "";

	if (!id)
		return;
	id += strlen(key);
	len -= id - rest;
	memcpy(text, id, len < sizeof(text) ? len : sizeof(text) - 1);
	cw_boot_id(log->id, text);
}

static void read_ours(struct cw_boot_log *log, const char *message, size_t len)
{
	const char *end = message + len;
	const char *more = behind(message, len, "... ");
	const char *record = behind(message, len, "reboot ");
	const char *block = behind(message, len, "block at 0x");

	if (more && log->record)
		append(log, more, end - more);
	if (more)
		return;
	finish(log);
	if (record)
		append(log, record, end - record);
	if (block)
		read_block(log, block, end - block);
}

static void read_panic(struct cw_boot_log *log, const char *message, size_t len)
{
	char text[sizeof(log->end.text)];

	if (len >= sizeof(text))
		len = sizeof(text) - 1;
	memcpy(text, message, len);
	text[len] = 0;
	cw_boot_end_panic(&log->end, text);
}

/**
 * cw_boot_log_message() - read one message of the kernel
 * @log: zeroed before the first one
 * @message: without priority and time
 * @len: its bytes; a newline is none of them
 */
void cw_boot_log_message(struct cw_boot_log *log, const char *message, size_t len)
{
	const char *end = message + len;
	const char *ours = behind(message, len, "crashwatch: ");
	const char *panic = behind(message, len, "Kernel panic - not syncing: ");
	const char *version = behind(message, len, "Linux version ");

	if (ours) {
		read_ours(log, ours, end - ours);
	} else if (panic) {
		finish(log);
		read_panic(log, panic, end - panic);
	} else if (behind(message, len, "systemd-shutdown[1]: ")) {
		cw_boot_end_sign(&log->end, "systemd");
	} else if (version && version < end && *version >= '0' && *version <= '9') {
		/*
		 * A boot begins: what was before belongs to another one. The kernel prints names of
		 * processes as they are, with newlines, but no name has room for the digit.
		 */
		finish(log);
		log->end = (struct cw_boot_end){ 0 };
		log->id[0] = 0;
	}
}

/* Step over "<6>", "[   12.345678]" and "[    T1]", whichever there are. */
static const char *skip_head(const char *s, const char *end)
{
	static const char open[] = "<[", shut[] = ">]";
	const char *kind, *stop;

	for (; s < end && (kind = strchr(open, *s)) && *kind; s = stop + 1) {
		stop = memchr(s, shut[kind - open], end - s);
		if (!stop)
			return s;
		while (stop + 1 < end && stop[1] == ' ')
			stop++;
	}
	return s;
}

/**
 * cw_boot_log_text() - read lines as dmesg(1), a console or pstore have them
 * @log: zeroed before the first ones
 * @text: bytes of any value
 * @len: how many
 */
void cw_boot_log_text(struct cw_boot_log *log, const char *text, size_t len)
{
	const char *stop = text + len;

	while (text < stop) {
		const char *nl = memchr(text, '\n', stop - text);
		const char *end = nl ? nl : stop;
		const char *s;

		if (end > text && end[-1] == '\r')
			end--;
		s = skip_head(text, end);
		cw_boot_log_message(log, s, end - s);
		text = (nl ? nl : stop - 1) + 1;
	}
}

/**
 * cw_boot_log_close() - there is no more to read
 * @log: its @end is whole now
 */
void cw_boot_log_close(struct cw_boot_log *log)
{
	finish(log);
}
