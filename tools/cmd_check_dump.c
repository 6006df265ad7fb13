// SPDX-License-Identifier: GPL-2.0
/* crashwatch check: would a crash kernel write a dump, and would the last words be kept? */
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "check.h"
#include "lib/host.h"
#include "lib/term.h"

#define MIB	     (1ULL << 20)
#define CRASH_MIN    (128 * MIB) /* less has not been seen to boot a distribution's kernel */
#define CRASH_ALONE  (64 * MIB)	 /* what runs there besides the kernel and its initrd */
#define UNPACKED     4		 /* times as large as the files: both are compressed */
#define DUMP_SHUTDOWN 4		 /* enum kmsg_dump_reason */

/* First line of a small file, allocated; an empty string if there is none. */
static char *line(const char *path)
{
	char *text = cw_host_read(path);

	if (!text)
		return cw_term_copy("");
	text[strcspn(text, "\n")] = 0;
	return text;
}

static unsigned long long number(const char *path)
{
	char *text = line(path);
	unsigned long long n = strtoull(text, NULL, 10);

	free(text);
	return n;
}

static bool crash_kernel_loaded(void)
{
	return number("/sys/kernel/kexec_crash_loaded") == 1;
}

static unsigned long long file_size(const char *format, const char *release)
{
	char *name, *path;
	struct stat st;
	int err;

	if (asprintf(&name, format, release) < 0)
		return 0;
	path = cw_host_path("%s", name);
	err = stat(path, &st);
	free(path);
	free(name);
	return err ? 0 : st.st_size;
}

/* Of the kernel that runs and its initrd; the crash kernel's initrd may be one of its own. */
static unsigned long long files_size(void)
{
	char *release = line("/proc/sys/kernel/osrelease");
	unsigned long long kernel = file_size("/boot/vmlinuz-%s", release);
	unsigned long long initrd = file_size("/var/lib/kdump/initrd.img-%s", release);

	if (!initrd)
		initrd = file_size("/boot/initrd.img-%s", release);
	free(release);
	return kernel + initrd;
}

static void check_crash_kernel(void)
{
	unsigned long long size = number("/sys/kernel/kexec_crash_size"), files = files_size();
	unsigned long long wanted = CRASH_ALONE + UNPACKED * files;

	if (wanted < CRASH_MIN)
		wanted = CRASH_MIN;
	if (crash_kernel_loaded())
		cw_check_say("kdump", CW_CHECK_OK, "A crash kernel is loaded.");
	else
		cw_check_say("kdump", CW_CHECK_WARN,
			     "No crash kernel is loaded: a kernel panic leaves no vmcore.");
	if (!size)
		cw_check_say("crash-memory", CW_CHECK_WARN,
			     "No memory is set aside for a crash kernel: 'crashkernel=%lluM' on the kernel command line does it.",
			     (wanted + 64 * MIB - 1) / (64 * MIB) * 64);
	else
		cw_check_say("crash-memory", size < wanted ? CW_CHECK_WARN : CW_CHECK_OK,
			     "%llu MiB are set aside for a crash kernel; with a kernel and an initrd of %llu MiB it needs about %llu MiB.",
			     size / MIB, files / MIB, wanted / MIB);
}

/* NAME=VALUE or NAME="VALUE" of a file that a shell reads; the last one counts. */
static bool setting(const char *path, const char *name, char *value, size_t size)
{
	char *text = cw_host_read(path);
	size_t len = strlen(name);
	char *each, *state;
	bool found = text;

	for (each = text ? strtok_r(text, "\n", &state) : NULL; each;
	     each = strtok_r(NULL, "\n", &state)) {
		if (strncmp(each, name, len) || each[len] != '=')
			continue;
		each += len + 1;
		each += strspn(each, "\"'");
		snprintf(value, size, "%.*s", (int)strcspn(each, "\"' \t#"), each);
	}
	free(text);
	return found;
}

static bool any(const char *pattern)
{
	char *path = cw_host_path("%s", pattern);
	glob_t found;
	bool any = !glob(path, GLOB_NOSORT, NULL, &found);

	if (any)
		globfree(&found);
	free(path);
	return any;
}

/* KiB, of /proc/meminfo. */
static unsigned long long meminfo(const char *text, const char *name)
{
	const char *found = strstr(text, name);

	return found ? strtoull(found + strlen(name), NULL, 10) : 0;
}

/* What only the kernel uses is what is left of a dump when free and user pages are left out. */
static unsigned long long dump_size(void)
{
	char *text = cw_host_read("/proc/meminfo");
	unsigned long long total = text ? meminfo(text, "MemTotal:") : 0;
	unsigned long long others =
		text ? meminfo(text, "MemFree:") + meminfo(text, "Buffers:") +
				meminfo(text, "\nCached:") + meminfo(text, "AnonPages:") :
		       0;

	free(text);
	return others < total ? (total - others) * 1024 : 0;
}

static void check_space(const char *dir)
{
	unsigned long long wanted = dump_size(), room;
	char *path = cw_host_path("%s", dir);
	struct statvfs st;

	if (statvfs(path, &st)) {
		cw_check_say("dump-space", CW_CHECK_WARN,
			     "There is no directory %s, where dumps are to go.", dir);
	} else {
		room = (unsigned long long)st.f_bavail * st.f_frsize;
		if (room < wanted)
			cw_check_say("dump-space", CW_CHECK_WARN,
				     "%s has %llu MiB left; a dump may need %llu MiB: so much the kernel uses now.",
				     dir, room / MIB, wanted / MIB);
		else
			cw_check_say("dump-space", CW_CHECK_OK, "%s has room for a dump.", dir);
	}
	free(path);
}

static void check_kdump_tools(void)
{
	static const char conf[] = "/etc/default/kdump-tools";
	char use[8] = "", dir[256] = "/var/crash";

	if (!setting(conf, "USE_KDUMP", use, sizeof(use))) {
		if (any("/etc/systemd/system/*.target.wants/kdump.service"))
			cw_check_say("kdump-tools", CW_CHECK_OK, "kdump.service is enabled.");
		else
			cw_check_say("kdump-tools", CW_CHECK_WARN,
				     "kdump-tools is not installed: nothing known loads a crash kernel at boot, or writes the dump.");
		return;
	}
	if (strcmp(use, "1"))
		cw_check_say("kdump-tools", CW_CHECK_WARN,
			     "kdump-tools is told to do nothing: %s has no USE_KDUMP=1.", conf);
	else if (!any("/etc/systemd/system/*.target.wants/kdump-tools.service") &&
		 !any("/etc/rc2.d/S*kdump-tools"))
		cw_check_say("kdump-tools", CW_CHECK_WARN,
			     "kdump-tools is not enabled: 'systemctl enable kdump-tools' does it.");
	else
		cw_check_say("kdump-tools", CW_CHECK_OK, "kdump-tools is enabled.");
	setting(conf, "KDUMP_COREDIR", dir, sizeof(dir));
	check_space(dir);
}

/**
 * cw_check_dump() - would a panic leave a dump?
 */
void cw_check_dump(void)
{
	check_crash_kernel();
	check_kdump_tools();
}

static bool yes(const char *path)
{
	char *text = line(path);
	bool yes = *text == 'Y' || *text == '1';

	free(text);
	return yes;
}

/* ramoops has a limit of its own; 0: what printk says counts. */
static bool keeps_restarts(const char *backend)
{
	char *text = line("/sys/module/ramoops/parameters/max_reason");
	long most = strtol(text, NULL, 10);
	bool known = *text;

	free(text);
	if (strcmp(backend, "ramoops") || !known || !most)
		return yes("/sys/module/printk/parameters/always_kmsg_dump");
	return most >= DUMP_SHUTDOWN || number("/sys/module/ramoops/parameters/console_size");
}

static void check_backend(const char *backend)
{
	char *mounts = cw_host_read("/proc/self/mounts");

	cw_check_say("pstore", CW_CHECK_OK, "pstore keeps the kernel's log with %s.", backend);
	if (!mounts || !strstr(mounts, " /sys/fs/pstore pstore "))
		cw_check_say("pstore-mount", CW_CHECK_WARN,
			     "pstore is not mounted: 'mount -t pstore none /sys/fs/pstore' does it.");
	free(mounts);
	if (keeps_restarts(backend))
		cw_check_say("pstore-restart", CW_CHECK_OK, "pstore keeps the log of a restart, too.");
	else if (!strcmp(backend, "ramoops"))
		cw_check_say("pstore-restart", CW_CHECK_WARN,
			     "pstore keeps the log of a panic, but not of a restart: the parameter 'max_reason=4' of ramoops does it.");
	else
		cw_check_say("pstore-restart", CW_CHECK_WARN,
			     "pstore keeps the log of a panic, but not of a restart: 'printk.always_kmsg_dump=1' on the kernel command line does it.");
}

static void check_pstore(void)
{
	char *backend = line("/sys/module/pstore/parameters/backend");

	if (*backend && strcmp(backend, "(null)"))
		check_backend(backend);
	else
		cw_check_say("pstore", CW_CHECK_WARN,
			     "pstore has no back-end: the last words are lost with the memory, unless a console or a dump has them.");
	free(backend);
}

/* NAME -W- (EC p  ) MAJOR:MINOR; E: what the kernel says goes there. */
static void check_console(void)
{
	static const char *const lasting[] = { "ttyS", "ttyAMA", "netcon", "hvc", "ttysclp" };
	char *text = cw_host_read("/proc/consoles");
	char *each, *state;
	size_t i;

	for (each = text ? strtok_r(text, "\n", &state) : NULL; each;
	     each = strtok_r(NULL, "\n", &state)) {
		const char *flags = strchr(each, '(');

		for (i = 0; i < sizeof(lasting) / sizeof(lasting[0]); i++) {
			if (strncmp(each, lasting[i], strlen(lasting[i])) || !flags ||
			    !memchr(flags, 'E', strcspn(flags, ")")))
				continue;
			each[strcspn(each, " ")] = 0;
			cw_check_say("console", CW_CHECK_OK,
				     "The last words go to the console %s as well.", each);
			free(text);
			return;
		}
	}
	free(text);
	cw_check_say("console", CW_CHECK_WARN,
		     "There is no serial console and no netconsole: nobody outside hears the last words.");
}

/**
 * cw_check_keep() - would the kernel's log of a restart outlive it?
 */
void cw_check_keep(void)
{
	check_pstore();
	check_console();
}

/**
 * cw_check_policy() - does reboot_panic do what it is set to?
 */
void cw_check_policy(void)
{
	char *mode = line("/sys/module/crashwatch/parameters/reboot_panic");
	bool armed = !strcmp(mode, "unexpected") || !strcmp(mode, "always");
	bool force = yes("/sys/module/crashwatch/parameters/reboot_panic_force");
	bool good = true;

	if (!*mode)
		goto out;
	if (armed && !crash_kernel_loaded() && !force) {
		good = false;
		cw_check_say("reboot-panic", CW_CHECK_WARN,
			     "reboot_panic=%s makes a panic of nothing: no crash kernel is loaded.",
			     mode);
	}
	if (armed && !crash_kernel_loaded() && force && !number("/proc/sys/kernel/panic")) {
		good = false;
		cw_check_say("reboot-panic", CW_CHECK_WARN,
			     "reboot_panic_force=1 and no crash kernel: after a panic the machine hangs, as kernel.panic is 0.");
	}
	if (armed && !cw_host_exists("/run/systemd/system") && cw_host_exists("/etc/rc6.d") &&
	    !any("/etc/rc6.d/K*crashwatch")) {
		good = false;
		cw_check_say("reboot-panic", CW_CHECK_WARN,
			     "reboot_panic=%s makes a panic of orderly restarts: the init is no systemd, and no script disarms at shutdown ('make install-sysvinit' does it).",
			     mode);
	}
	if (good)
		cw_check_say("reboot-panic", CW_CHECK_OK, "reboot_panic is '%s'%s.", mode,
			     armed ? "" : "; restarts are recorded and not caught");
out:
	free(mode);
}
