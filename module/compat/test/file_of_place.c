// SPDX-License-Identifier: GPL-2.0
/* The memory of a file is used again at once: a reference is taken from where its address lies. */
#include <linux/fs.h>

static struct file *__maybe_unused test(struct file __rcu **place)
{
	return get_file_rcu(place);
}
