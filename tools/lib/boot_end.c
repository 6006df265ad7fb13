// SPDX-License-Identifier: GPL-2.0
/* What a restart's record, or a panic's text, says about how a boot ended. */
#include <stdio.h>
#include <string.h>

#include "lib/boot.h"

/* The first character behind a quoted string, or behind all if it has no end. */
static const char *quoted_end(const char *s)
{
	for (s++; *s && *s != '"'; s++)
		s += *s == '\\' && s[1];
	return s + (*s == '"');
}

/* The same for any value. A list is stepped over whole: its strings may look like keys. */
static const char *value_end(const char *s)
{
	if (*s == '"')
		return quoted_end(s);
	if (*s != '[')
		return s + strcspn(s, " ");
	while (*s && *s != ']')
		s = *s == '"' ? quoted_end(s) : s + 1;
	return s + (*s == ']');
}

static unsigned int hex(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 :
								       16;
}

/* Undo what cw_text_quote() did. */
static void unquote(char *to, size_t size, const char *s, const char *end)
{
	size_t len = 0;

	while (s < end && len + 1 < size) {
		char c = *s++;

		if (c == '\\' && s < end) {
			c = *s++;
			if (c == 'x' && end - s >= 2 && hex(s[0]) < 16 && hex(s[1]) < 16) {
				c = hex(s[0]) << 4 | hex(s[1]);
				s += 2;
			} else {
				c = c == 'n' ? '\n' : c == 't' ? '\t' :
								 c;
			}
		}
		to[len++] = c;
	}
	to[len] = 0;
}

/* The first value of that key; a line of key=value has no key twice. */
static bool find(const char *keys, const char *key, char *to, size_t size)
{
	size_t key_len = strlen(key);

	*to = 0;
	while (*keys) {
		size_t name = strcspn(keys, "= ");
		const char *value = keys + name + (keys[name] == '=');
		const char *end = keys[name] == '=' ? value_end(value) : value;

		if (keys[name] == '=' && name == key_len && !memcmp(keys, key, name)) {
			bool string = *value == '"';

			if (string && end > value + 1 && end[-1] == '"')
				end--;
			unquote(to, size, value + string, end);
			return true;
		}
		keys = end + strspn(end, " ");
	}
	return false;
}

/* Who is in the interesting one of several words for it. */
static void find_who(struct cw_boot_end *end, const char *keys, const char *origin)
{
	char comm[64], pid[24], via[64];
	bool known = find(keys, "comm", comm, sizeof(comm));

	find(keys, "pid", pid, sizeof(pid));
	find(keys, "via", via, sizeof(via));
	/* A worker carries out what somebody else wished */
	if (*via && !strcmp(origin, "kthread"))
		known = false;
	if (known)
		snprintf(end->by, sizeof(end->by), "%s%s%s(%s)", via, *via ? " of " : "", comm,
			 pid);
	else if (*via)
		snprintf(end->by, sizeof(end->by), "%s", via);
	else
		snprintf(end->by, sizeof(end->by), "%s%s",
			 !strcmp(origin, "interrupt") ? "an " : "", origin);
	if (!known)
		keys = "";
	find(keys, "uid", end->uid, sizeof(end->uid));
	find(keys, "auid", end->auid, sizeof(end->auid));
	find(keys, "domain", end->domain, sizeof(end->domain));
}

/* Where a child of init asks, as busybox's does: its history has init alone, and no program. */
static bool by_child_of_init(const char *domain)
{
	size_t len = strlen(domain);

	return len > 3 && !strcmp(domain + len - 3, "(1)") && !strchr(domain, ' ');
}

/* Where init runs a program to restart, a script of its last runlevel has started that. */
static bool by_runlevel(const char *domain)
{
	static const char *const scripts[] = { "/etc/init.d/reboot ", "/etc/init.d/halt ",
					       "/etc/rc0.d/", "/etc/rc6.d/" };
	const char *last = strrchr(domain, ' ');
	const char *word = last ? memrchr(domain, ' ', last - domain) : NULL;
	size_t i;

	for (i = 0; word && i < sizeof(scripts) / sizeof(scripts[0]); i++)
		if (!strncmp(word + 1, scripts[i], strlen(scripts[i])))
			return true;
	return false;
}

static bool one_of(const char *value, const char *const *list)
{
	for (; *list; list++)
		if (!strcmp(value, *list))
			return true;
	return false;
}

/**
 * cw_boot_end_restart() - a restart was recorded
 * @end: what is known so far; what comes later in a boot counts for more
 * @keys: the record as the module tells it: key=value, separated by blanks
 */
void cw_boot_end_restart(struct cw_boot_end *end, const char *keys)
{
	/* A wish, of which something may come later, or nothing */
	static const char *const wishes[] = { "orderly_reboot", "orderly_poweroff", "ctrl_alt_del",
					      "handle_poweroff", "reboot_pid_ns", NULL };
	static const char *const passed[] = { "init asks for it", "hibernation", NULL };
	char how[16], at[64], origin[24], scope[24], action[16], pid[24], reason[64];
	bool panics;

	if (!find(keys, "how", how, sizeof(how)))
		return;
	find(keys, "at", at, sizeof(at));
	find(keys, "origin", origin, sizeof(origin));
	find(keys, "scope", scope, sizeof(scope));
	find(keys, "action", action, sizeof(action));
	find(keys, "pid", pid, sizeof(pid));
	find(keys, "reason", reason, sizeof(reason));
	if (!strcmp(scope, "container") || one_of(at, wishes))
		return;
	panics = !strcmp(how, "panic") || !strcmp(origin, "panic") ||
		 !strcmp(reason, "the kernel panics already");
	if (panics && end->verdict == CW_BOOT_PANIC)
		return;
	*end = (struct cw_boot_end){ .weight = CW_BOOT_LOG };
	strcpy(end->how, panics ? "panic" : how);
	find_who(end, keys, origin);
	end->ours = !strcmp(action, "panic");
	if (panics || end->ours)
		end->verdict = CW_BOOT_PANIC;
	else if (one_of(reason, passed) ||
		 (!strcmp(origin, "syscall") &&
		  (!strcmp(pid, "1") || by_runlevel(end->domain) || by_child_of_init(end->domain))))
		end->verdict = CW_BOOT_ORDERLY;
	else
		end->verdict = CW_BOOT_UNEXPECTED;
}

/**
 * cw_boot_end_panic() - the kernel said that it panics
 * @end: what is known so far
 * @text: what it said
 */
void cw_boot_end_panic(struct cw_boot_end *end, const char *text)
{
	static const char ours[] = "crashwatch: ", asked[] = "restart requested by ";
	const char *who = strstr(text, asked);
	const char *keys;

	if (end->verdict == CW_BOOT_PANIC && *end->text)
		return;
	if (end->verdict != CW_BOOT_PANIC)
		*end = (struct cw_boot_end){ .verdict = CW_BOOT_PANIC };
	end->weight = CW_BOOT_LOG;
	if (!*end->how)
		strcpy(end->how, "panic");
	snprintf(end->text, sizeof(end->text), "%s", text);
	if (strncmp(text, ours, strlen(ours)) || !who)
		return;
	end->ours = true;
	if (*end->domain)
		return;
	who += strlen(asked);
	keys = strstr(who, " uid=");
	if (!keys)
		keys = who + strlen(who);
	unquote(end->by, sizeof(end->by), who, keys);
	find(keys + (*keys == ' '), "uid", end->uid, sizeof(end->uid));
	find(keys + (*keys == ' '), "auid", end->auid, sizeof(end->auid));
	find(keys + (*keys == ' '), "domain", end->domain, sizeof(end->domain));
}

/**
 * cw_boot_end_sign() - something that only an orderly shutdown does
 * @end: what is known so far
 * @by: who does it
 */
void cw_boot_end_sign(struct cw_boot_end *end, const char *by)
{
	if (end->weight)
		return;
	end->weight = CW_BOOT_SIGNS;
	end->verdict = CW_BOOT_ORDERLY;
	snprintf(end->by, sizeof(end->by), "%s", by);
}
