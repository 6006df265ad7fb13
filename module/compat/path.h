/* SPDX-License-Identifier: GPL-2.0 */
/* How older kernels guard a working directory and a program's file; for path.c alone. */
#ifndef CW_COMPAT_PATH_H
#define CW_COMPAT_PATH_H

#include <linux/fs.h>
#include <linux/fs_struct.h>
#include <linux/rcupdate.h>

#include "compat/have.h"

#ifndef CW_HAVE_FS_SEQLOCK
#define read_seqbegin(seq)		read_seqcount_begin(seq)
#define read_seqretry(seq, start)	read_seqcount_retry(seq, start)
#endif

#ifndef CW_HAVE_FILE_OF_PLACE
static inline struct file *cw_compat_get_file_rcu(struct file __rcu **place)
{
	struct file *file = rcu_dereference(*place);

	return file && get_file_rcu(file) ? file : NULL;
}

#undef get_file_rcu
#define get_file_rcu	cw_compat_get_file_rcu
#endif

#endif
