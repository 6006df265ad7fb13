// SPDX-License-Identifier: GPL-2.0
/* Records told to people, in sentences. */
#include <pwd.h>
#include <signal.h>
#include <string.h>

#include "lib/key.h"
#include "lib/tell.h"
#include "lib/time.h"

#define ANY_SIGNAL 0
#define NEAR_NULL 4096
#define SCRIPT_ARGS 4 /* among them is the script */

/**
 * cw_tell_si_code() - what the reason code of a signal means
 * @sig: the signal
 * @code: its si_code
 *
 * Return: one clause, or NULL.
 */
const char *cw_tell_si_code(__u64 sig, __s64 code)
{
	static const struct {
		unsigned int sig;
		int code;
		const char *text;
	} codes[] = {
		{ ANY_SIGNAL, SI_USER, "sent by a process with kill(2)" },
		{ ANY_SIGNAL, SI_TKILL, "sent by a process with tgkill(2), as abort(3) does" },
		{ ANY_SIGNAL, SI_QUEUE, "sent by a process with sigqueue(3)" },
		{ ANY_SIGNAL, SI_TIMER, "sent by a timer" },
		{ ANY_SIGNAL, SI_KERNEL, "sent by the kernel" },
		{ SIGSEGV, SEGV_MAPERR, "nothing is mapped there" },
		{ SIGSEGV, SEGV_ACCERR, "the mapping does not permit the access" },
		{ SIGBUS, BUS_ADRALN, "the address is not aligned" },
		{ SIGBUS, BUS_ADRERR, "nothing is behind the address, as past a file's end" },
		{ SIGBUS, BUS_OBJERR, "the memory or device has an error" },
		{ SIGBUS, BUS_MCEERR_AR, "the memory is defective" },
		{ SIGILL, ILL_ILLOPC, "no such instruction" },
		{ SIGILL, ILL_ILLOPN, "no such operand" },
		{ SIGILL, ILL_PRVOPC, "a privileged instruction" },
		{ SIGFPE, FPE_INTDIV, "a division by zero" },
		{ SIGFPE, FPE_INTOVF, "an integer overflow" },
		{ SIGFPE, FPE_FLTDIV, "a floating-point division by zero" },
		{ SIGTRAP, TRAP_BRKPT, "a breakpoint" },
		{ SIGTRAP, TRAP_TRACE, "a single step" },
		{ SIGSYS, 1, "a system call that seccomp forbids" },
	};
	size_t i;

	for (i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		if (codes[i].code == code &&
		    (codes[i].sig == ANY_SIGNAL || codes[i].sig == sig))
			return codes[i].text;
	return NULL;
}

/**
 * cw_tell_user() - name of a user of this machine
 * @uid: the user
 *
 * Return: the name, valid until the next call; NULL if there is none.
 */
const char *cw_tell_user(__u64 uid)
{
	struct passwd *pw = uid == (uid_t)uid ? getpwuid(uid) : NULL;

	return pw ? pw->pw_name : NULL;
}

static void put_basename(struct cw_out *out, const struct cw_record *rec, const char *key)
{
	size_t len;
	const char *s = cw_key_str(rec, key, &len);
	const char *slash = s ? memrchr(s, '/', len) : NULL;

	if (slash)
		cw_key_put_bare(out, slash + 1, s + len - slash - 1, false);
	else
		cw_key_put(out, rec, key);
}

/* Is this the argument by which an interpreter was told of that file? */
static bool names_file(const char *arg, size_t len, const char *file, size_t file_len)
{
	static const char by_fd[] = "/dev/fd/"; /* execveat() */

	if (len >= strlen(by_fd) && !memcmp(arg, by_fd, strlen(by_fd)))
		return true;
	if (len && *arg == '/')
		return len == file_len && !memcmp(arg, file, len);
	/* It was made absolute: what it begins with went into the directory. */
	for (;;) {
		if (len > 2 && !memcmp(arg, "./", 2)) {
			arg += 2;
			len -= 2;
		} else if (len > 3 && !memcmp(arg, "../", 3)) {
			arg += 3;
			len -= 3;
		} else {
			break;
		}
	}
	return len && len < file_len && file[file_len - len - 1] == '/' &&
	       !memcmp(arg, file + file_len - len, len);
}

/*
 * The program differs from the file for a symbolic link too, as for /usr/bin/sh. But for a script
 * the kernel makes the arguments anew: the interpreter, by its path, then what else stands in the
 * first line, and the script; twice that if the interpreter is a script itself.
 */
static bool is_script(const struct cw_record *rec)
{
	size_t exe_len, file_len, len, n;
	const char *exe = cw_key_str(rec, "exe", &exe_len);
	const char *file = cw_key_str(rec, "file", &file_len);
	const char *argv = cw_key_str(rec, "argv", &len), *arg = argv;
	unsigned int i;

	if (!exe || !file || (exe_len == file_len && !memcmp(exe, file, exe_len)) || !argv ||
	    !cw_key_next_item(&argv, &len, &n) || !memchr(arg, '/', n) ||
	    (n == file_len && !memcmp(arg, file, n)))
		return false;
	for (i = 0; i < SCRIPT_ARGS; i++) {
		arg = argv;
		if (!cw_key_next_item(&argv, &len, &n))
			return false;
		if (names_file(arg, n, file, file_len))
			return true;
	}
	return false;
}

static void put_pid(struct cw_out *out, const struct cw_record *rec)
{
	__u64 pid;

	if (!cw_key_num(rec, "pid", &pid))
		return;
	cw_text_puts(out, " (pid ");
	cw_text_num(out, pid, 0, 0);
	cw_text_puts(out, ")");
}

/**
 * cw_tell_who() - append which program a record is about
 * @out: where to
 * @rec: a valid record
 */
void cw_tell_who(struct cw_out *out, const struct cw_record *rec)
{
	if (is_script(rec)) {
		put_basename(out, rec, "exe");
		cw_text_puts(out, " script ");
	}
	if (!cw_key_put(out, rec, "file") && !cw_key_put(out, rec, "exe") &&
	    !cw_key_put(out, rec, "comm"))
		cw_text_puts(out, "a process");
	put_pid(out, rec);
}

/* What was wrong: the address that was accessed, and what the reason code says. */
static void put_reason(struct cw_out *out, const struct cw_record *rec)
{
	__u64 sig = 0, code, addr, ip;
	const char *what = NULL;
	bool known = cw_key_num(rec, "addr", &addr);

	cw_key_num(rec, "sig", &sig);
	if (cw_key_num(rec, "si_code", &code))
		what = cw_tell_si_code(sig, code);
	if (known) {
		bool jumped = cw_key_num(rec, "ip", &ip) && ip == addr;

		cw_text_puts(out, jumped ? ", executing at address " : ", accessing address ");
		cw_text_hex(out, addr);
	}
	if (known && cw_key_find(rec, "addr_map") >= 0) {
		cw_text_puts(out, " in ");
		cw_key_put(out, rec, "addr_map");
	}
	if (what) {
		cw_text_puts(out, ": ");
		cw_text_puts(out, what);
	}
	if (known && addr < NEAR_NULL && sig == SIGSEGV)
		cw_text_puts(out, " (next to 0: a null pointer)");
}

static void tell_death(struct cw_out *out, const struct cw_record *rec)
{
	__u64 lifetime;

	cw_tell_who(out, rec);
	cw_text_puts(out, rec->type == CW_CRASH ? " died of " : " was killed by ");
	if (!cw_key_put(out, rec, "signame"))
		cw_text_puts(out, "a signal");
	if (cw_key_num(rec, "lifetime_ns", &lifetime)) {
		cw_text_puts(out, " ");
		cw_time_put_duration(out, lifetime);
		cw_text_puts(out, " after it was started");
	}
	put_reason(out, rec);
	cw_text_puts(out, ".");
}

static const char *one_of(const struct cw_record *rec, const char *key,
			  const char *const (*table)[2], size_t entries)
{
	size_t i;

	for (i = 0; i < entries; i++)
		if (cw_key_is(rec, key, table[i][0]))
			return table[i][1];
	return "";
}

static void put_user(struct cw_out *out, __u64 uid)
{
	const char *name = cw_tell_user(uid);

	if (name)
		cw_key_put_bare(out, name, strlen(name), false);
	else
		cw_text_num(out, uid, 0, 0);
}

static void put_process(struct cw_out *out, const struct cw_record *rec)
{
	__u64 uid;

	cw_tell_who(out, rec);
	if (cw_key_num(rec, "uid", &uid)) {
		cw_text_puts(out, " of user ");
		put_user(out, uid);
	}
	if (cw_key_num(rec, "auid", &uid)) {
		cw_text_puts(out, " (logged in as ");
		put_user(out, uid);
		cw_text_puts(out, ")");
	}
}

/* Whoever ran when the kernel panicked has not asked for anything, nor who holds a watchdog. */
static void put_who_asked(struct cw_out *out, const struct cw_record *rec)
{
	bool known = cw_key_find(rec, "pid") >= 0;

	if (cw_key_is(rec, "how", "panic") || cw_key_is(rec, "origin", "panic")) {
		cw_text_puts(out, known ? "the kernel panicked under " :
					  "the kernel panicked in an interrupt");
		if (known)
			put_process(out, rec);
		cw_text_puts(out, cw_key_is(rec, "how", "panic") ? "" : ", and");
	} else if (known) {
		put_process(out, rec);
		if (cw_key_is(rec, "via", "softdog"))
			cw_text_puts(out, " did not feed its watchdog, which");
	} else if (cw_key_is(rec, "via", "softdog")) {
		cw_text_puts(out, "a watchdog that nobody fed");
	} else {
		cw_text_puts(out, cw_key_is(rec, "origin", "interrupt") ? "an interrupt" : "somebody");
	}
}

static void tell_reboot(struct cw_out *out, const struct cw_record *rec)
{
	static const char *const origins[][2] = {
		{ "syscall", " with a system call" },
		{ "sysrq", " through sysrq" },
		{ "kthread", " in a kernel thread" },
	};
	static const char *const actions[][2] = {
		{ "recorded", "; it was recorded" },
		{ "allowed", "; it was let pass" },
		{ "panic", "; it was turned into a panic" },
	};

	put_who_asked(out, rec);
	if (cw_key_is(rec, "how", "panic")) {
		cw_text_puts(out, ".");
		return;
	}
	cw_text_puts(out, " asked for a ");
	if (!cw_key_put(out, rec, "how"))
		cw_text_puts(out, "reboot");
	cw_text_puts(out, cw_key_is(rec, "scope", "container") ? " of its container" : "");
	cw_text_puts(out, one_of(rec, "origin", origins, sizeof(origins) / sizeof(origins[0])));
	if (cw_key_is(rec, "origin", "kthread") && cw_key_find(rec, "via") >= 0) {
		cw_text_puts(out, " on behalf of ");
		cw_key_put(out, rec, "via");
	}
	cw_text_puts(out, one_of(rec, "action", actions, sizeof(actions) / sizeof(actions[0])));
	cw_text_puts(out, ".");
}

/**
 * cw_tell_error() - append what an error means
 * @out: where to
 * @error: a positive errno
 */
void cw_tell_error(struct cw_out *out, __u64 error)
{
	const char *text = error < 4096 ? strerror(error) : "unknown";

	cw_text_puts(out, " (");
	cw_key_put_bare(out, text, strlen(text), false);
	cw_text_puts(out, ")");
}

static void tell_exec_failed(struct cw_out *out, const struct cw_record *rec)
{
	__u64 error;

	/* Not cw_tell_who(): the file is what could not be executed */
	if (!cw_key_put(out, rec, "exe") && !cw_key_put(out, rec, "comm"))
		cw_text_puts(out, "a process");
	put_pid(out, rec);
	cw_text_puts(out, " could not execute ");
	if (!cw_key_put(out, rec, "file"))
		cw_text_puts(out, "a file");
	cw_text_puts(out, ": ");
	if (!cw_key_put(out, rec, "error"))
		cw_text_puts(out, "the reason is not known");
	if (cw_key_num(rec, "error", &error))
		cw_tell_error(out, error);
	cw_text_puts(out, ".");
}

static void tell_exit(struct cw_out *out, const struct cw_record *rec)
{
	__u64 lifetime;

	cw_tell_who(out, rec);
	cw_text_puts(out, " ended by itself");
	if (cw_key_find(rec, "code") >= 0) {
		cw_text_puts(out, " with exit status ");
		cw_key_put(out, rec, "code");
	}
	if (cw_key_num(rec, "lifetime_ns", &lifetime)) {
		cw_text_puts(out, ", ");
		cw_time_put_duration(out, lifetime);
		cw_text_puts(out, " after it was forked");
	}
	cw_text_puts(out, ".");
}

static void put_quoted(struct cw_out *out, const struct cw_record *rec, const char *word,
		       const char *key)
{
	if (cw_key_find(rec, key) < 0)
		return;
	cw_text_puts(out, word);
	cw_text_puts(out, "'");
	cw_key_put(out, rec, key);
	cw_text_puts(out, "'");
}

static void tell_config(struct cw_out *out, const struct cw_record *rec)
{
	cw_tell_who(out, rec);
	cw_text_puts(out, " changed the parameter ");
	if (!cw_key_put(out, rec, "name"))
		cw_text_puts(out, "of an unknown name");
	put_quoted(out, rec, " from ", "old");
	put_quoted(out, rec, " to ", "new");
	cw_text_puts(out, ".");
}

/**
 * cw_tell_sentence() - append what happened, in one sentence
 * @out: where to
 * @rec: a valid record
 */
void cw_tell_sentence(struct cw_out *out, const struct cw_record *rec)
{
	switch (rec->type) {
	case CW_CRASH:
	case CW_KILLED:
		tell_death(out, rec);
		return;
	case CW_REBOOT:
		tell_reboot(out, rec);
		return;
	case CW_EXEC_FAILED:
		tell_exec_failed(out, rec);
		return;
	case CW_EXIT:
		tell_exit(out, rec);
		return;
	case CW_CONFIG:
		tell_config(out, rec);
		return;
	default:
		cw_tell_who(out, rec);
		cw_text_puts(out, ": ");
		cw_text_puts(out, cw_type_find(rec->type)->when);
		cw_text_puts(out, ".");
	}
}
