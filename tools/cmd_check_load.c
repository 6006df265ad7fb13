// SPDX-License-Identifier: GPL-2.0
/* crashwatch check: does the kernel take the module? */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "check.h"
#include "lib/host.h"
#include "lib/term.h"

#define KEY_MAX 64 /* bytes of a key's id; 20 are usual */

/**
 * struct module - what modprobe would load
 * @path: its file; empty if there is none for this kernel
 * @signer: name of the key that it is signed with; empty if it is not signed
 */
struct module {
	char path[512];
	char signer[128];
};

/* Takes "NAME: VALUE" apart, as modinfo prints it. */
static void take(const char *line, const char *name, char *value, size_t size)
{
	if (strncmp(line, name, strlen(name)))
		return;
	line += strlen(name);
	line += strspn(line, " ");
	snprintf(value, size, "%.*s", (int)strcspn(line, "\n"), line);
}

/* A module may be compressed in several ways, all of which kmod knows. */
static bool find(struct module *m)
{
	FILE *f = popen("PATH=$PATH:/usr/sbin:/sbin modinfo crashwatch 2>/dev/null", "re");
	char line[1024];

	*m = (struct module){ "", "" };
	while (f && fgets(line, sizeof(line), f)) {
		take(line, "filename:", m->path, sizeof(m->path));
		take(line, "signer:", m->signer, sizeof(m->signer));
	}
	if (f)
		pclose(f);
	return m->path[0];
}

/* The value between brackets: none, integrity or confidentiality; NULL if it is not known. */
static const char *lockdown(char *mode, size_t size)
{
	char *text = cw_host_read("/sys/kernel/security/lockdown");
	char *start = text ? strchr(text, '[') : NULL;

	if (start)
		snprintf(mode, size, "%.*s", (int)strcspn(start + 1, "]"), start + 1);
	free(text);
	return start ? mode : NULL;
}

/* Lockdown takes signed modules only, and so does the parameter of the kernel that is for this. */
static bool signed_only(void)
{
	char *enforce = cw_host_read("/sys/module/module/parameters/sig_enforce");
	bool only = enforce && enforce[0] == 'Y';
	char mode[32];

	free(enforce);
	return only || (lockdown(mode, sizeof(mode)) && strcmp(mode, "none"));
}

/* The certificate of the key that DKMS signs with; Ubuntu has a place of its own for it. */
static const char *dkms_key(void)
{
	static const char ubuntu[] = "/var/lib/shim-signed/mok/MOK.der";

	return cw_host_exists(ubuntu) ? ubuntu : "/var/lib/dkms/mok.pub";
}

/*
 * Is the key of this certificate one that the kernel knows? It lists them by the id that stands in
 * the certificate, behind the object identifier 2.5.29.14, as a string in a string, without a
 * zero before it.
 */
static bool known(const char *certificate)
{
	static const unsigned char oid[] = { 0x06, 0x03, 0x55, 0x1d, 0x0e, 0x04 };
	char *path = cw_host_path("%s", certificate), *keys = cw_host_read("/proc/keys");
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	unsigned char der[4096], *at, *end;
	ssize_t size = fd < 0 ? 0 : read(fd, der, sizeof(der));
	char id[2 * KEY_MAX + 1] = "";
	bool is_known;
	size_t i;

	end = der + (size > 0 ? size : 0);
	at = memmem(der, end - der, oid, sizeof(oid));
	at = at && end - at > (ssize_t)sizeof(oid) + 2 ? at + sizeof(oid) + 2 : NULL;
	for (i = 0; at && i < at[0] && i < KEY_MAX && at + 1 + i < end; i++)
		sprintf(id + 2 * i, "%02x", at[1 + i]);
	is_known = id[0] && keys && strstr(keys, strncmp(id, "00", 2) ? id : id + 2);
	if (fd >= 0)
		close(fd);
	free(keys);
	free(path);
	return is_known;
}

static void not_loaded(void)
{
	const char *key = dkms_key();
	char enrol[256] = "";
	struct utsname uts;
	struct module m;

	if (!known(key))
		snprintf(enrol, sizeof(enrol),
			 "'mokutil --import %s' and a restart make the kernel know the key", key);
	if (!find(&m) && !uname(&uts))
		cw_check_say("module", CW_CHECK_FAIL, "The module is not loaded, and there is none for this kernel, %s: 'make dkms-install' builds it.",
			     uts.release);
	else if (signed_only() && !m.signer[0])
		cw_check_say("module", CW_CHECK_FAIL, "The module is not loaded: this kernel takes signed modules only, and %s is not signed: with openssl installed 'make dkms-install' signs it%s%s.",
			     m.path, enrol[0] ? ", and " : "", enrol);
	else if (signed_only() && enrol[0])
		cw_check_say("module", CW_CHECK_FAIL, "The module is not loaded: this kernel takes only modules signed with a key that it knows, and this one is signed by '%s': %s.",
			     m.signer, enrol);
	else
		cw_check_say("module", CW_CHECK_FAIL, "The module is not loaded: 'modprobe crashwatch' does it.");
}

/**
 * cw_check_loaded() - tell whether the module is loaded, and if it is not, what it takes
 *
 * Return: true if it is.
 */
bool cw_check_loaded(void)
{
	bool loaded = cw_host_module_loaded();

	if (loaded)
		cw_check_say("module", CW_CHECK_OK, "The module is loaded.");
	else
		not_loaded();
	return loaded;
}

/**
 * cw_check_lockdown() - tell how the kernel is locked down
 */
void cw_check_lockdown(void)
{
	const char *must = "";
	char mode[32];

	if (!lockdown(mode, sizeof(mode))) {
		cw_check_say("lockdown", CW_CHECK_OK, "The kernel has no lockdown, or securityfs is not mounted.");
		return;
	}
	if (strcmp(mode, "none"))
		must = "; the module's files stay readable, but it has to be signed";
	cw_check_say("lockdown", CW_CHECK_OK, "Kernel lockdown is '%s'%s.", mode, must);
}

/* The variable's value, behind its attributes; 0 if there is none; -1, with why, if unknown */
static int secure_boot(const char **why)
{
	char *path = cw_host_path("/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c");
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	unsigned char value[5];
	ssize_t n = fd < 0 ? -1 : read(fd, value, sizeof(value));
	int err = errno;
	char *mounts;
	bool shown;

	if (fd >= 0)
		close(fd);
	free(path);
	if (n == sizeof(value))
		return value[4];
	*why = n < 0 ? strerror(err) : "it is too short";
	if (fd >= 0 || err != ENOENT)
		return -1;
	/* Firmware may have no such variable, or be none of EFI; or nothing shows its variables. */
	mounts = cw_host_read("/proc/self/mounts");
	shown = mounts && strstr(mounts, " /sys/firmware/efi/efivars ");
	if (cw_host_exists("/sys/firmware/efi") && !shown)
		*why = "efivarfs is not mounted";
	else
		*why = NULL;
	free(mounts);
	return *why ? -1 : 0;
}

/**
 * cw_check_secure_boot() - tell whether the firmware checks what it starts
 */
void cw_check_secure_boot(void)
{
	enum cw_check_verdict maybe = cw_host_module_loaded() ? CW_CHECK_OK : CW_CHECK_WARN;
	const char *why;
	int on = secure_boot(&why);

	if (on == 1)
		cw_check_say("secure-boot", maybe, "Secure Boot is on: only a signed module can be loaded.");
	else if (on < 0)
		cw_check_say("secure-boot", maybe, "It is not known whether Secure Boot is on, for the variable SecureBoot in /sys/firmware/efi/efivars cannot be read: %s.",
			     why);
	else
		cw_check_say("secure-boot", CW_CHECK_OK, "Secure Boot is off.");
}
