/* SPDX-License-Identifier: GPL-2.0 */
/* Record types and their keys, and how to get at a record's values safely; in any context. */
#ifndef CW_ABI_TYPES_H
#define CW_ABI_TYPES_H

#include "crashwatch.h"

#ifdef __KERNEL__
#include <linux/stddef.h>
#else
#include <stdbool.h>
#include <stddef.h>
#endif

/**
 * struct cw_key - one key of a record type
 * @name: as it is printed
 * @kind: enum cw_kind
 * @what: one clause of explanation
 */
struct cw_key {
	const char *name;
	int kind;
	const char *what;
};

/* enum cw_kind - what a slot holds; see events.def */
enum cw_kind {
	CW_KIND_NUM,
	CW_KIND_INT,
	CW_KIND_HEX,
	CW_KIND_SIGNAME,
	CW_KIND_ERRNAME,
	CW_KIND_STR,
	CW_KIND_LIST,
	CW_KIND_DOMAIN,
	CW_KIND_TREE,
};

/**
 * struct cw_type_info - one record type
 * @type: enum cw_type
 * @keys: entries of @key
 * @incident: kept among the incidents
 * @name: as it is printed
 * @when: one clause: when such a record is made
 * @key: its keys in the order they are printed
 */
struct cw_type_info {
	unsigned int type;
	unsigned int keys;
	bool incident;
	const char *name;
	const char *when;
	const struct cw_key *key;
};

extern const struct cw_type_info cw_types[];
extern const unsigned int cw_types_count;
extern const char cw_fields_table[];
extern const char cw_counters_table[];
extern const size_t cw_fields_table_bytes;
extern const size_t cw_counters_table_bytes;

const struct cw_type_info *cw_type_find(unsigned int type);
bool cw_record_valid(const struct cw_record *rec, size_t bytes);
__u64 cw_record_slot(const struct cw_record *rec, unsigned int key);
const char *cw_record_str(const struct cw_record *rec, unsigned int key, size_t *len);

#endif
