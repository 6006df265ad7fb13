/* SPDX-License-Identifier: GPL-2.0 */
/* What the module keeps in memory and hands out, as every reader finds it. */
#ifndef CW_ABI_CRASHWATCH_H
#define CW_ABI_CRASHWATCH_H

#define CW_VERSION	"0.1.0"
#define CW_ABI		1	/* layout of everything below */

#include "block.h"
#include "event.h"

/*
 * D/events_raw starts with a struct cw_block and what its @bytes says follows it, with @phys and
 * every @cpu 0; then come entries, as they stand in the ring, without padding ones.
 */

#endif
