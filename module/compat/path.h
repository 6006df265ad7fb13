/* SPDX-License-Identifier: GPL-2.0 */
/* How older kernels guard a working directory; for path.c alone. */
#ifndef CW_COMPAT_PATH_H
#define CW_COMPAT_PATH_H

#include <linux/fs_struct.h>

#include "compat/have.h"

#ifndef CW_HAVE_FS_SEQLOCK
#define read_seqbegin(seq)		read_seqcount_begin(seq)
#define read_seqretry(seq, start)	read_seqcount_retry(seq, start)
#endif

#endif
