// SPDX-License-Identifier: GPL-2.0
/* How a boot ended, told to people and to the journal. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <syslog.h>
#include <unistd.h>
#ifdef CW_SYSTEMD
#define SD_JOURNAL_SUPPRESS_LOCATION
#include <systemd/sd-journal.h>
#endif

#include "lib/boot_verdict.h"
#include "lib/host.h"
#include "lib/key.h"
#include "lib/term.h"

#define TOLD "/var/lib/crashwatch/boot-told"

const char *const cw_boot_verdict_names[] = {
	[CW_BOOT_UNEXPLAINED] = "unexplained", [CW_BOOT_ORDERLY] = "orderly",
	[CW_BOOT_UNEXPECTED] = "unexpected",   [CW_BOOT_PANIC] = "panic",
	[CW_BOOT_RUNNING] = "running",	       [CW_BOOT_DUMP] = "dump",
};

static void put_bare(struct cw_out *out, const char *s)
{
	cw_key_put_bare(out, s, strlen(s), false);
}

static void put_key(struct cw_out *out, const char *key, const char *value)
{
	if (!*value)
		return;
	cw_text_puts(out, key);
	put_bare(out, value);
}

/**
 * cw_boot_verdict_who() - append who ended a boot; of a panic that is not ours what it said, if
 *	that is known, and in whom
 * @out: where to
 * @end: how it ended
 */
void cw_boot_verdict_who(struct cw_out *out, const struct cw_boot_end *end)
{
	bool foreign = end->verdict == CW_BOOT_PANIC && !end->ours;
	/* Where no process ran that is all that is known of whose the panic is */
	const char *by = foreign && !strcmp(end->by, "panic") ? "an interrupt" : end->by;

	if (foreign && *end->text)
		cw_text_quote(out, end->text, strlen(end->text), false, CW_FORMAT_TEXT);
	put_key(out, !foreign ? "" : *end->text ? " in " : "in ", by);
	put_key(out, " uid=", end->uid);
	put_key(out, " auid=", end->auid);
	if (*end->domain) {
		cw_text_puts(out, " domain=");
		cw_text_quote(out, end->domain, strlen(end->domain), false, CW_FORMAT_TEXT);
	}
}

/**
 * cw_boot_verdict_tell() - append how a boot ended, as a sentence
 * @out: where to
 * @boot: which
 */
void cw_boot_verdict_tell(struct cw_out *out, const struct cw_boot *boot)
{
	static const char *const how[] = {
		[CW_BOOT_UNEXPLAINED] = "ended without a trace: power loss, a reset by hardware, or a log that nobody kept",
		[CW_BOOT_ORDERLY] = "ended in order",
		[CW_BOOT_UNEXPECTED] = "ended unexpectedly",
		[CW_BOOT_PANIC] = "ended in a panic",
		[CW_BOOT_RUNNING] = "has not ended",
		[CW_BOOT_DUMP] = "was that of the crash kernel",
	};
	const struct cw_boot_end *end = &boot->end;

	cw_text_puts(out, "The boot ");
	cw_text_puts(out, *boot->id ? boot->id : "before this one");
	cw_text_puts(out, " ");
	cw_text_puts(out, how[end->verdict]);
	if (end->verdict == CW_BOOT_PANIC && end->ours)
		cw_text_puts(out, ", which crashwatch made of an unexpected restart");
	put_key(out, ": ", end->how);
	if (*end->by || *end->text) {
		cw_text_puts(out, end->verdict == CW_BOOT_PANIC && !end->ours ? ": " : " by ");
		cw_boot_verdict_who(out, end);
	}
	put_key(out, ", says ", end->source ? end->source : "");
	cw_text_puts(out, ".");
}

static char *render(const struct cw_boot *boot)
{
	char text[8192];
	struct cw_out out = { text, sizeof(text) - 1, 0 };

	cw_boot_verdict_tell(&out, boot);
	text[out.len < out.size ? out.len : out.size] = 0;
	return cw_term_copy(text);
}

#ifdef CW_SYSTEMD
#define MESSAGE_ID "7d0a3c1e5b8f4c52a9e6d41f0b72c835"

struct fields {
	struct iovec iov[16];
	int count;
};

static void add(struct fields *fields, const char *name, const char *value)
{
	char *text;

	if (!*value || asprintf(&text, "%s=%s", name, value) < 0)
		return;
	fields->iov[fields->count++] = (struct iovec){ text, strlen(text) };
}

/* The journal takes bytes of any value. */
static bool send_log(const struct cw_boot *boot, int priority, const char *message)
{
	const struct cw_boot_end *end = &boot->end;
	struct fields fields = { .count = 0 };
	char digit[] = { '0' + priority, 0 };
	int err;

	add(&fields, "MESSAGE", message);
	add(&fields, "MESSAGE_ID", MESSAGE_ID);
	add(&fields, "PRIORITY", digit);
	add(&fields, "SYSLOG_IDENTIFIER", "crashwatch");
	add(&fields, "CRASHWATCH_END", cw_boot_verdict_names[end->verdict]);
	add(&fields, "CRASHWATCH_BOOT_ID", boot->id);
	add(&fields, "CRASHWATCH_HOW", end->how);
	add(&fields, "CRASHWATCH_BY", end->by);
	add(&fields, "CRASHWATCH_UID", end->uid);
	add(&fields, "CRASHWATCH_AUID", end->auid);
	add(&fields, "CRASHWATCH_DOMAIN", end->domain);
	add(&fields, "CRASHWATCH_TEXT", end->text);
	add(&fields, "CRASHWATCH_SOURCE", end->source ? end->source : "");
	err = sd_journal_sendv(fields.iov, fields.count);
	while (fields.count)
		free(fields.iov[--fields.count].iov_base);
	if (err < 0)
		cw_term_error("the journal does not take it: %s.", strerror(-err));
	return err >= 0;
}
#else
static bool send_log(const struct cw_boot *boot, int priority, const char *message)
{
	(void)boot;
	openlog("crashwatch", LOG_PID, LOG_DAEMON);
	syslog(priority, "%s", message);
	closelog();
	return true;
}
#endif

/**
 * cw_boot_verdict_log() - write to the journal, or without systemd to syslog, how a boot ended
 * @boot: which
 *
 * Return: false, after a sentence about the reason, if it was not taken.
 */
bool cw_boot_verdict_log(const struct cw_boot *boot)
{
	int priority = boot->end.verdict == CW_BOOT_ORDERLY ? LOG_INFO : LOG_ERR;
	char *message = render(boot);
	/* What another system's files tell is not for the log of this one */
	bool ok = cw_host_elsewhere() || send_log(boot, priority, message);

	free(message);
	return ok;
}

/**
 * cw_boot_verdict_told() - was it told in this boot already?
 * @now: the boot that runs
 *
 * Return: true if so.
 */
bool cw_boot_verdict_told(const struct cw_boot *now)
{
	char *text = cw_host_read(TOLD);
	bool told = text && !strncmp(text, now->id, strlen(now->id));

	free(text);
	return told;
}

/**
 * cw_boot_verdict_keep() - note that it was told in this boot
 * @now: the boot that runs
 *
 * Return: false, after a sentence about the reason, if that cannot be written.
 */
bool cw_boot_verdict_keep(const struct cw_boot *now)
{
	char *dir = cw_host_path("/var/lib/crashwatch");
	char *path = cw_host_path(TOLD);
	int fd, err = 0;

	mkdir(dir, 0700);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0 || dprintf(fd, "%s\n", now->id) < 0)
		err = errno;
	if (fd >= 0 && close(fd))
		err = errno;
	if (err)
		cw_term_error("%s cannot be written: %s.", path, strerror(err));
	free(path);
	free(dir);
	return !err;
}
