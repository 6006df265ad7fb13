// SPDX-License-Identifier: GPL-2.0
/* What guards a process's root and working directory is one lock that is a sequence, too. */
#include <linux/fs_struct.h>

static bool __maybe_unused test(struct fs_struct *fs)
{
	return read_seqretry(&fs->seq, read_seqbegin(&fs->seq));
}
