/* SPDX-License-Identifier: GPL-2.0 */
/* The files that give records, as text or as they are: a snapshot, or all that come. */
#ifndef CW_READER_H
#define CW_READER_H

#include <linux/fs.h>

extern const struct file_operations cw_reader_events_fops;
extern const struct file_operations cw_reader_events_pipe_fops;
extern const struct file_operations cw_reader_events_raw_fops;
extern const struct file_operations cw_reader_incidents_fops;
extern const struct file_operations cw_reader_previous_events_fops;
extern const struct file_operations cw_reader_previous_raw_fops;
extern const struct file_operations cw_reader_previous_incidents_fops;

#endif
