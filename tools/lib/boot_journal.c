// SPDX-License-Identifier: GPL-2.0
/* Boots in systemd's journal: when they were, and what it still kept of their ends. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-journal.h>
#include <systemd/sd-messages.h>

#include "cmd.h"
#include "lib/boot_log.h"
#include "lib/host.h"
#include "lib/options.h"
#include "lib/term.h"

#define NS_PER_US     1000
#define LAST_MESSAGES 1000 /* of the kernel, of each boot, are looked at */
#define COMMAND_LINE  300 /* it is among that many of the first ones */

/* Matches for entries of that boot; up to two fields more, which all have to fit. */
static void match(sd_journal *j, const struct cw_boot *boot, const char *field,
		  const char *another)
{
	char text[64];

	sd_journal_flush_matches(j);
	snprintf(text, sizeof(text), "_BOOT_ID=%s", boot->id);
	sd_journal_add_match(j, text, 0);
	if (field)
		sd_journal_add_match(j, field, 0);
	if (another)
		sd_journal_add_match(j, another, 0);
}

static __s64 entry_time(sd_journal *j)
{
	uint64_t us;

	return sd_journal_get_realtime_usec(j, &us) < 0 ? 0 : us * NS_PER_US;
}

static bool last_time(sd_journal *j, __s64 *ns)
{
	if (sd_journal_seek_tail(j) < 0 || sd_journal_previous(j) <= 0)
		return false;
	*ns = entry_time(j);
	return true;
}

static void read_times(sd_journal *j, struct cw_boot *boot)
{
	match(j, boot, NULL, NULL);
	if (sd_journal_seek_head(j) >= 0 && sd_journal_next(j) > 0)
		boot->first_ns = entry_time(j);
	last_time(j, &boot->last_ns);
}

static const char *message(sd_journal *j, size_t *len)
{
	static const char field[] = "MESSAGE=";
	const void *data;
	size_t n = strlen(field);

	if (sd_journal_get_data(j, "MESSAGE", &data, len) < 0 || *len < n)
		return NULL;
	*len -= n;
	return (const char *)data + n;
}

static void read_message(sd_journal *j, struct cw_boot_log *log)
{
	size_t len;
	const char *text = message(j, &len);

	if (text)
		cw_boot_log_message(log, text, len);
}

/* Its command line says where the memory of the kernel before it is described. */
static bool is_crash_kernel(sd_journal *j, const struct cw_boot *boot)
{
	/* "Command line: ", "Kernel command line: " */
	static const char line[] = "ommand line: ", crash[] = " elfcorehdr=";
	unsigned int n;

	match(j, boot, "_TRANSPORT=kernel", NULL);
	if (sd_journal_seek_head(j) < 0)
		return false;
	for (n = 0; n < COMMAND_LINE && sd_journal_next(j) > 0; n++) {
		size_t len;
		const char *text = message(j, &len);

		if (text && memmem(text, len, line, strlen(line)))
			return memmem(text, len, crash, strlen(crash));
	}
	return false;
}

static void read_kernel(sd_journal *j, struct cw_boot *boot, struct cw_boot_end *end)
{
	struct cw_boot_log log = { 0 };

	match(j, boot, "_TRANSPORT=kernel", NULL);
	if (sd_journal_seek_tail(j) < 0 || sd_journal_previous_skip(j, LAST_MESSAGES) <= 0)
		return;
	do
		read_message(j, &log);
	while (sd_journal_next(j) > 0);
	cw_boot_log_close(&log);
	*end = log.end;
}

/*
 * What systemd says while it shuts down. Where /var is a file system of its own the journal leaves
 * it before the end, so that only the first of these may be there.
 */
static void read_signs(sd_journal *j, struct cw_boot *boot, struct cw_boot_end *end)
{
	static const char *const targets[][2] = {
		{ "UNIT=reboot.target", "restart" },
		{ "UNIT=poweroff.target", "power-off" },
		{ "UNIT=halt.target", "halt" },
		{ "UNIT=kexec.target", "kexec" },
		{ "UNIT=shutdown.target", "" },
	};
	__s64 stopped = 0, started = 0, ns;
	size_t i;

	for (i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
		match(j, boot, "MESSAGE_ID=" SD_MESSAGE_UNIT_STARTED_STR, targets[i][0]);
		if (!last_time(j, &ns))
			continue;
		cw_boot_end_sign(end, "systemd");
		if (!*end->how)
			strcpy(end->how, targets[i][1]);
	}
	match(j, boot, "MESSAGE_ID=" SD_MESSAGE_UNIT_STOPPED_STR, "UNIT=basic.target");
	if (last_time(j, &stopped)) {
		match(j, boot, "MESSAGE_ID=" SD_MESSAGE_UNIT_STARTED_STR, "UNIT=basic.target");
		if (!last_time(j, &started) || started < stopped)
			cw_boot_end_sign(end, "systemd");
	}
	/* The last daemon that is stopped; but it may be stopped at any time, and started again */
	match(j, boot, "MESSAGE_ID=" SD_MESSAGE_JOURNAL_STOP_STR, NULL);
	if (last_time(j, &stopped)) {
		match(j, boot, NULL, NULL);
		if (last_time(j, &ns) && ns == stopped)
			cw_boot_end_sign(end, "systemd");
	}
}

static void read_end(sd_journal *j, struct cw_boot *boot, const char *name)
{
	struct cw_boot_end end = { 0 };

	if (is_crash_kernel(j, boot)) {
		end.weight = CW_BOOT_RECORD;
		end.verdict = CW_BOOT_DUMP;
		cw_boots_believe(boot, &end, end.weight, name);
		return;
	}
	read_kernel(j, boot, &end);
	cw_boots_believe(boot, &end, CW_BOOT_SEEN, name);
	if (end.weight > CW_BOOT_SIGNS)
		return;
	read_signs(j, boot, &end);
	cw_boots_believe(boot, &end, CW_BOOT_SIGNS, name);
}

static int open_journal(sd_journal **j)
{
	char *root;
	int err;

	if (!cw_host_elsewhere())
		return sd_journal_open(j, SD_JOURNAL_LOCAL_ONLY);
	root = cw_host_path("%s", "");
	err = sd_journal_open_directory(j, root, SD_JOURNAL_OS_ROOT);
	free(root);
	return err;
}

static void read_journal(struct cw_boots *boots, const char *name)
{
	size_t i, count = 0;
	char(*ids)[33] = NULL;
	const void *data;
	sd_journal *j;
	size_t len;
	int err = open_journal(&j);

	if (err < 0) {
		cw_boots_fail(boots, "the journal", -err);
		return;
	}
	err = sd_journal_query_unique(j, "_BOOT_ID");
	if (err < 0)
		cw_boots_fail(boots, "the journal", -err);
	SD_JOURNAL_FOREACH_UNIQUE(j, data, len)
	{
		char text[64];

		snprintf(text, sizeof(text), "%.*s", (int)len, (const char *)data);
		ids = cw_term_alloc(ids, (count + 1) * sizeof(*ids));
		cw_boot_id(ids[count], text + strcspn(text, "=") + 1);
		count += ids[count][0] != 0;
	}
	for (i = 0; i < count; i++) {
		struct cw_boot *boot = cw_boots_get(boots, ids[i]);

		read_times(j, boot);
		if (boot->end.verdict != CW_BOOT_RUNNING)
			read_end(j, boot, name);
	}
	free(ids);
	sd_journal_close(j);
}

const struct cw_boot_source cw_boot_journal = { "journal", read_journal };
