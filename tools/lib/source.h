/* SPDX-License-Identifier: GPL-2.0 */
/* Where records come from: the running module, a saved file or a dump of a machine's memory. */
#ifndef CW_SOURCE_H
#define CW_SOURCE_H

#include "crashwatch.h"
#include "lib/options.h"

struct cw_dump;
struct cw_source;

int cw_source_open(struct cw_source **source, const struct cw_options *opt);
const struct cw_block *cw_source_block(const struct cw_source *source);
bool cw_source_next(struct cw_source *source, const struct cw_entry **entry,
		    const struct cw_record **rec);
__u64 cw_source_missed(struct cw_source *source);
struct cw_dump *cw_source_dump(struct cw_source *source);
int cw_source_close(struct cw_source *source, int status);

#endif
