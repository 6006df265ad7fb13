// SPDX-License-Identifier: GPL-2.0
/* Names of signals and errors. */
#include "text.h"

#ifdef __KERNEL__
#include <linux/kernel.h>
#include <linux/string.h>
#else
#include <string.h>
#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#endif

/* Numbers of the generic Linux ABI, which x86 and arm64 share */
/* clang-format off */
static const char * const signal_names[] = {
	[1] = "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1",
	"SEGV", "USR2", "PIPE", "ALRM", "TERM", "STKFLT", "CHLD", "CONT", "STOP", "TSTP",
	"TTIN", "TTOU", "URG", "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "IO", "PWR", "SYS",
};

static const char * const errno_names[] = {
	[1] = "EPERM", "ENOENT", "ESRCH", "EINTR", "EIO", "ENXIO", "E2BIG", "ENOEXEC", "EBADF",
	"ECHILD", "EAGAIN", "ENOMEM", "EACCES", "EFAULT", "ENOTBLK", "EBUSY", "EEXIST", "EXDEV",
	"ENODEV", "ENOTDIR", "EISDIR", "EINVAL", "ENFILE", "EMFILE", "ENOTTY", "ETXTBSY", "EFBIG",
	"ENOSPC", "ESPIPE", "EROFS", "EMLINK", "EPIPE", "EDOM", "ERANGE", "EDEADLK",
	"ENAMETOOLONG", "ENOLCK", "ENOSYS", "ENOTEMPTY", "ELOOP",
	[61] = "ENODATA", "ETIME",
	[74] = "EBADMSG", "EOVERFLOW",
	[79] = "ELIBACC", "ELIBBAD", "ELIBSCN", "ELIBMAX", "ELIBEXEC", "EILSEQ",
	[95] = "EOPNOTSUPP",
	[110] = "ETIMEDOUT",
	[116] = "ESTALE",
	[121] = "EREMOTEIO", "EDQUOT",
	[125] = "ECANCELED", "ENOKEY", "EKEYEXPIRED", "EKEYREVOKED", "EKEYREJECTED",
};

/* clang-format on */

/**
 * cw_text_signame() - append a signal's name
 * @out: where to
 * @sig: its number; one without a name is told as SIG and the number
 */
void cw_text_signame(struct cw_out *out, __u64 sig)
{
	cw_text_puts(out, "SIG");
	if (sig < ARRAY_SIZE(signal_names) && signal_names[sig]) {
		cw_text_puts(out, signal_names[sig]);
	} else if (sig >= 34 && sig <= 64) {
		cw_text_puts(out, "RTMIN");
		if (sig > 34) {
			cw_text_puts(out, "+");
			cw_text_num(out, sig - 34, 0, 0);
		}
	} else {
		cw_text_num(out, sig, 0, 0);
	}
}

/* RTMIN, or RTMIN+1 to RTMIN+30 */
static int real_time_signal(const char *name)
{
	int n = 0;

	if (strncmp(name, "RTMIN", 5))
		return 0;
	name += 5;
	if (!*name)
		return 34;
	if (*name++ != '+' || *name < '1' || *name > '9')
		return 0;
	for (; *name >= '0' && *name <= '9' && n < 100; name++)
		n = n * 10 + *name - '0';
	return !*name && n <= 30 ? 34 + n : 0;
}

/**
 * cw_text_signal_number() - the number of a signal
 * @name: its name with or without SIG, or its number; upper or lower case
 * @len: bytes of @name
 *
 * Return: 1 to 64, or 0 if there is no such signal.
 */
int cw_text_signal_number(const char *name, size_t len)
{
	char up[16] = "";
	size_t i;
	int sig = 0;

	if (!len || len >= sizeof(up))
		return 0;
	for (i = 0; i < len; i++) {
		if (name[i] < '0' || name[i] > '9')
			break;
		sig = sig * 10 + name[i] - '0';
	}
	if (i == len)
		return len <= 2 && sig >= 1 && sig <= 64 ? sig : 0;
	for (i = 0; i < len; i++)
		up[i] = name[i] >= 'a' && name[i] <= 'z' ? name[i] - 'a' + 'A' : name[i];
	for (i = 1; i < ARRAY_SIZE(signal_names); i++)
		if (!strcmp(up, signal_names[i]) ||
		    (!strncmp(up, "SIG", 3) && !strcmp(up + 3, signal_names[i])))
			return i;
	return real_time_signal(strncmp(up, "SIG", 3) ? up : up + 3);
}

/**
 * cw_text_errname() - append an errno's name
 * @out: where to
 * @error: positive; one without a name is told as E and the number
 */
void cw_text_errname(struct cw_out *out, __u64 error)
{
	if (error < ARRAY_SIZE(errno_names) && errno_names[error]) {
		cw_text_puts(out, errno_names[error]);
	} else {
		cw_text_puts(out, "E");
		cw_text_num(out, error, 0, 0);
	}
}
