// SPDX-License-Identifier: GPL-2.0
/* crashwatch check: can this machine catch a crash and a reboot? */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "cmd.h"
#include "lib/host.h"
#include "lib/state.h"
#include "lib/stream.h"
#include "lib/term.h"
#include "text.h"

/**
 * struct finding - one verdict
 * @check: short name of what was looked at
 * @verdict: how it is
 * @text: one sentence
 * @json: as JSON
 */
struct finding {
	const char *check;
	enum cw_check_verdict verdict;
	char text[600];
	bool json;
};

static bool json;
static bool failed;

static void render(struct cw_out *out, const void *arg)
{
	static const char *const names[] = { "ok", "WARN", "FAIL" };
	static const enum cw_color colors[] = { CW_COLOR_GOOD, CW_COLOR_WARN, CW_COLOR_BAD };
	const struct finding *f = arg;

	if (json) {
		cw_text_puts(out, "{\"check\":\"");
		cw_text_puts(out, f->check);
		cw_text_puts(out, "\",\"verdict\":\"");
		cw_text_puts(out, names[f->verdict]);
		cw_text_puts(out, "\",\"text\":");
		cw_text_quote(out, f->text, strlen(f->text), false, CW_FORMAT_JSON);
		cw_text_puts(out, "}\n");
		return;
	}
	cw_term_color(out, colors[f->verdict]);
	cw_text_puts(out, names[f->verdict]);
	cw_term_color(out, CW_COLOR_NONE);
	cw_text_puts(out, &"     "[strlen(names[f->verdict])]);
	cw_text_puts(out, f->text);
	cw_text_puts(out, "\n");
}

/**
 * cw_check_say() - print one finding
 * @check: short name of what was looked at
 * @verdict: how it is
 * @format: one sentence, with its full stop
 */
void cw_check_say(const char *check, enum cw_check_verdict verdict, const char *format, ...)
{
	struct finding f = { .check = check, .verdict = verdict };
	va_list args;

	va_start(args, format);
	vsnprintf(f.text, sizeof(f.text), format, args);
	va_end(args);
	failed |= verdict == CW_CHECK_FAIL;
	cw_term_print(render, &f);
}

static bool check_module(void)
{
	bool loaded = cw_check_loaded();
	bool off = cw_host_has_word("/proc/cmdline", "nocrashwatch");

	if (off)
		cw_check_say("cmdline", CW_CHECK_FAIL, "'nocrashwatch' stands on the kernel command line: the module does nothing.");
	else
		cw_check_say("cmdline", CW_CHECK_OK, "'nocrashwatch' does not stand on the kernel command line.");
	return loaded && !off;
}

static void check_debugfs(void)
{
	if (cw_host_debugfs_mounted())
		cw_check_say("debugfs", CW_CHECK_OK, "debugfs is mounted on /sys/kernel/debug.");
	else
		cw_check_say("debugfs", CW_CHECK_FAIL, "debugfs is not mounted on /sys/kernel/debug: 'mount -t debugfs none /sys/kernel/debug' does it.");
}

static void check_rings(const struct cw_options *opt)
{
	char *path = cw_host_file(opt, "events_raw");
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	struct cw_stream stream;

	if (fd < 0) {
		cw_check_say("rings", CW_CHECK_FAIL, "The rings cannot be read: %s: %s.", path,
			     strerror(errno));
	} else {
		if (cw_stream_open(&stream, fd))
			cw_check_say("rings", CW_CHECK_OK, "The rings can be read.");
		else
			cw_check_say("rings", CW_CHECK_FAIL, "The rings cannot be read: %s: %s.",
				     path, stream.problem);
		cw_stream_close(&stream);
		close(fd);
	}
	free(path);
}

static void check_hook(const char *line, unsigned int *set)
{
	char hook[64], state[32], missed[32], loses[256];

	cw_state_value(line, "hook", hook, sizeof(hook));
	cw_state_value(line, "state", state, sizeof(state));
	cw_state_value(line, "missed", missed, sizeof(missed));
	cw_state_value(line, "loses", loses, sizeof(loses));
	/*
	 * idle: told to rest, as nothing asks for it; waiting: nothing it could see is there yet;
	 * inlined: another hook sees the same
	 */
	if (!strcmp(state, "set") || !strcmp(state, "idle") || !strcmp(state, "waiting") ||
	    !strcmp(state, "inlined"))
		++*set;
	else
		cw_check_say("hooks", !strcmp(state, "missing") ? CW_CHECK_FAIL : CW_CHECK_WARN, "The hook %s is %s: %s",
			     hook, state, loses);
	if (strtoull(missed, NULL, 10))
		cw_check_say("missed", CW_CHECK_WARN, "The hook %s missed %s calls.", hook, missed);
}

static void check_hooks(const struct cw_options *opt)
{
	char *probes = cw_host_read_file(opt, "probes");
	unsigned int hooks = 0, set = 0;
	const char *line;

	if (!probes) {
		cw_check_say("hooks", CW_CHECK_FAIL, "The hooks are not known: the file probes: %s.",
			     strerror(errno));
		return;
	}
	for (line = probes; *line; line = cw_state_next(line)) {
		if (strncmp(line, "hook=", 5))
			continue;
		hooks++;
		check_hook(line, &set);
	}
	if (hooks && set == hooks)
		cw_check_say("hooks", CW_CHECK_OK, "All %u hooks are set.", hooks);
	else if (!hooks)
		cw_check_say("hooks", CW_CHECK_FAIL, "There are no hooks.");
	free(probes);
}

static void check_losses(const struct cw_options *opt)
{
	char *stats = cw_host_read_file(opt, "stats");
	__u64 dropped = cw_state_dropped(stats);

	if (!stats)
		cw_check_say("losses", CW_CHECK_FAIL, "The losses are not known: the file stats: %s.",
			     strerror(errno));
	else if (dropped)
		cw_check_say("losses", CW_CHECK_WARN, "%llu records were dropped; 'crashwatch status' says why.",
			     dropped);
	else
		cw_check_say("losses", CW_CHECK_OK, "No record was dropped.");
	free(stats);
}

static bool named_in(const char *dir)
{
	char *whole = cw_host_path("%s", dir);
	DIR *d = opendir(whole);
	bool named = false;
	struct dirent *e;
	char path[512];

	while (d && !named && (e = readdir(d))) {
		const char *dot = strrchr(e->d_name, '.');

		if (!dot || strcmp(dot, ".conf"))
			continue;
		snprintf(path, sizeof(path), "%s/%s", dir, e->d_name);
		named = cw_host_has_word(path, "crashwatch");
	}
	if (d)
		closedir(d);
	free(whole);
	return named;
}

static void check_boot(void)
{
	if (named_in("/etc/modules-load.d") || named_in("/usr/local/lib/modules-load.d") ||
	    named_in("/usr/lib/modules-load.d") || cw_host_has_word("/etc/modules", "crashwatch"))
		cw_check_say("boot", CW_CHECK_OK, "The module is loaded at boot.");
	else
		cw_check_say("boot", CW_CHECK_WARN, "The module is not loaded at boot: no file in /etc/modules-load.d names it.");
	if (cw_host_exists("/var/lib/dkms/crashwatch"))
		cw_check_say("dkms", CW_CHECK_OK, "DKMS builds the module for new kernels.");
	else
		cw_check_say("dkms", CW_CHECK_WARN, "DKMS does not know the module: it is not built for new kernels ('make dkms-install' does it).");
}

/**
 * cw_cmd_check() - tell whether this machine can catch a crash and a reboot
 * @opt: what was asked for
 *
 * Return: exit status; 1 if something fails.
 */
int cw_cmd_check(const struct cw_options *opt)
{
	json = opt->given & CW_OPT_JSON;
	check_debugfs();
	if (check_module()) {
		check_rings(opt);
		check_hooks(opt);
		check_losses(opt);
	}
	cw_check_dump();
	cw_check_keep();
	cw_check_policy();
	cw_check_lockdown();
	cw_check_secure_boot();
	check_boot();
	return failed ? CW_EXIT_NOTHING : CW_EXIT_FOUND;
}
