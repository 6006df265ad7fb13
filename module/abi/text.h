/* SPDX-License-Identifier: GPL-2.0 */
/* Records as text: the same source tells them in the module and in the tools; in any context. */
#ifndef CW_ABI_TEXT_H
#define CW_ABI_TEXT_H

#include "types.h"

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

void cw_text_header(struct cw_out *out, const struct cw_block *block);
void cw_text_entry(struct cw_out *out, const struct cw_entry *entry, const struct cw_record *rec,
		   enum cw_format format);
void cw_text_record(struct cw_out *out, const struct cw_record *rec, enum cw_format format);
void cw_text_value(struct cw_out *out, const struct cw_record *rec, unsigned int key,
		   enum cw_format format);
void cw_text_domain(struct cw_out *out, const struct cw_record *rec, unsigned int key);
void cw_text_puts(struct cw_out *out, const char *s);
void cw_text_name(struct cw_out *out, const char *s, size_t len);
void cw_text_quote(struct cw_out *out, const char *s, size_t len, bool cut, enum cw_format format);
void cw_text_num(struct cw_out *out, __u64 v, unsigned int width, char fill);
void cw_text_hex(struct cw_out *out, __u64 v);
void cw_text_errname(struct cw_out *out, __u64 error);
void cw_text_signame(struct cw_out *out, __u64 sig);
int cw_text_signal_number(const char *name, size_t len);

#endif
