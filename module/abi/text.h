/* SPDX-License-Identifier: GPL-2.0 */
/* Records as text: the same source tells them in the module and in the tools. */
#ifndef CW_ABI_TEXT_H
#define CW_ABI_TEXT_H

#include "crashwatch.h"

#ifdef __KERNEL__
#include <linux/stddef.h>
#else
#include <stdbool.h>
#include <stddef.h>
#endif

/**
 * struct cw_out - where text goes
 * @buf: memory for it
 * @size: bytes of @buf
 * @len: bytes the text needs so far; when this exceeds @size the rest was not written
 */
struct cw_out {
	char *buf;
	size_t size;
	size_t len;
};

/**
 * enum cw_format - how a record is told
 * @CW_FORMAT_TEXT: a line of key=value, as crashwatch-events(5) has it
 * @CW_FORMAT_JSON: a line that is a JSON object with the same keys
 */
enum cw_format {
	CW_FORMAT_TEXT,
	CW_FORMAT_JSON,
};

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

void cw_text_header(struct cw_out *out, const struct cw_block *block);
void cw_text_entry(struct cw_out *out, const struct cw_entry *entry, const struct cw_record *rec,
		   enum cw_format format);
void cw_text_record(struct cw_out *out, const struct cw_record *rec, enum cw_format format);
void cw_text_value(struct cw_out *out, const struct cw_record *rec, unsigned int key,
		   enum cw_format format);
void cw_text_domain(struct cw_out *out, const struct cw_record *rec, unsigned int key);
void cw_text_puts(struct cw_out *out, const char *s);
void cw_text_quote(struct cw_out *out, const char *s, size_t len, bool cut, enum cw_format format);
void cw_text_num(struct cw_out *out, __u64 v, unsigned int width, char fill);
void cw_text_hex(struct cw_out *out, __u64 v);
void cw_text_signame(struct cw_out *out, __u64 sig);
void cw_text_key_str(struct cw_out *out, const char *key, const char *s);
void cw_text_key_num(struct cw_out *out, const char *key, __u64 v);
void cw_text_key_hex(struct cw_out *out, const char *key, __u64 v);
int cw_text_signal_number(const char *name, size_t len);

#endif
