// SPDX-License-Identifier: GPL-2.0
/* Records as text and as JSON; the only place that knows how a line looks. */
#include "text.h"

#ifdef __KERNEL__
#include <linux/kernel.h>
#include <linux/string.h>
#else
#include <string.h>
#endif

#define ELLIPSIS "\xe2\x80\xa6"	/* U+2026 */

/* === Characters === */

static void put_char(struct cw_out *out, char c)
{
	if (out->len < out->size)
		out->buf[out->len] = c;
	out->len++;
}

static void put_bytes(struct cw_out *out, const char *s, size_t len)
{
	size_t room = out->len < out->size ? out->size - out->len : 0;

	memcpy(out->buf + (room ? out->len : 0), s, len < room ? len : room);
	out->len += len;
}

/**
 * cw_text_puts() - append a string as it is
 * @out: where to
 * @s: NUL-terminated
 */
void cw_text_puts(struct cw_out *out, const char *s)
{
	put_bytes(out, s, strlen(s));
}

static void put_digits(struct cw_out *out, __u64 v, unsigned int base, unsigned int width,
		       char fill)
{
	char digit[20];
	unsigned int n = 0;

	do {
		unsigned int d = v % base;

		digit[n++] = d < 10 ? '0' + d : 'a' + d - 10;
		v /= base;
	} while (v);
	for (; width > n; width--)
		put_char(out, fill);
	while (n)
		put_char(out, digit[--n]);
}

/**
 * cw_text_num() - append a decimal number
 * @out: where to
 * @v: the number
 * @width: at least so many characters
 * @fill: character to the left of a shorter number
 */
void cw_text_num(struct cw_out *out, __u64 v, unsigned int width, char fill)
{
	put_digits(out, v, 10, width, fill);
}

/**
 * cw_text_hex() - append an address, as 0x...
 * @out: where to
 * @v: the address
 */
void cw_text_hex(struct cw_out *out, __u64 v)
{
	cw_text_puts(out, "0x");
	put_digits(out, v, 16, 0, 0);
}

static void put_int(struct cw_out *out, __s64 v)
{
	if (v < 0)
		put_char(out, '-');
	put_digits(out, v < 0 ? -(__u64)v : (__u64)v, 10, 0, 0);
}

/* Bytes of the UTF-8 character at @s, 0 if there is no valid one. */
static size_t utf8_len(const unsigned char *s, size_t len)
{
	unsigned char lo = 0x80, hi = 0xbf;
	size_t n, i;

	if (s[0] >= 0xc2 && s[0] <= 0xdf) {
		n = 2;
	} else if (s[0] >= 0xe0 && s[0] <= 0xef) {
		n = 3;
		if (s[0] == 0xe0)
			lo = 0xa0;	/* no overlong form */
		if (s[0] == 0xed)
			hi = 0x9f;	/* no surrogate */
	} else if (s[0] >= 0xf0 && s[0] <= 0xf4) {
		n = 4;
		if (s[0] == 0xf0)
			lo = 0x90;
		if (s[0] == 0xf4)
			hi = 0x8f;	/* nothing above U+10FFFF */
	} else {
		return 0;
	}
	if (len < n || s[1] < lo || s[1] > hi)
		return 0;
	for (i = 2; i < n; i++)
		if (s[i] < 0x80 || s[i] > 0xbf)
			return 0;
	return n;
}

/* One byte that cannot stand as it is. JSON has no bytes: a lone low surrogate carries one. */
static void put_byte(struct cw_out *out, unsigned char c, enum cw_format format)
{
	if (format == CW_FORMAT_TEXT)
		cw_text_puts(out, "\\x");
	else
		cw_text_puts(out, c < 0x80 ? "\\u00" : "\\udc");
	put_digits(out, c, 16, 2, '0');
}

/* U+0080 to U+009F: valid, but a terminal may obey them */
static bool is_c1_control(const unsigned char *s)
{
	return s[0] == 0xc2 && s[1] < 0xa0;
}

static void put_c1_control(struct cw_out *out, const unsigned char *s, enum cw_format format)
{
	if (format == CW_FORMAT_TEXT) {
		put_byte(out, s[0], format);
		put_byte(out, s[1], format);
	} else {
		cw_text_puts(out, "\\u00");
		put_digits(out, s[1], 16, 2, '0');
	}
}

static void put_escaped(struct cw_out *out, const char *str, size_t len, enum cw_format format)
{
	const unsigned char *s = (const unsigned char *)str;
	size_t n;

	for (; len; s += n, len -= n) {
		n = 1;
		if (*s == '"' || *s == '\\') {
			put_char(out, '\\');
			put_char(out, *s);
		} else if (*s == '\n' || *s == '\t') {
			cw_text_puts(out, *s == '\n' ? "\\n" : "\\t");
		} else if (*s >= 0x20 && *s < 0x7f) {
			put_char(out, *s);
		} else {
			n = utf8_len(s, len);
			if (n && !is_c1_control(s)) {
				put_bytes(out, (const char *)s, n);
			} else if (n) {
				put_c1_control(out, s, format);
			} else {
				put_byte(out, *s, format);
				n = 1;
			}
		}
	}
}

/**
 * cw_text_quote() - append a quoted, escaped string
 * @out: where to
 * @s: bytes, of any value
 * @len: how many
 * @cut: it is the beginning of a longer one
 * @format: text or JSON
 */
void cw_text_quote(struct cw_out *out, const char *s, size_t len, bool cut, enum cw_format format)
{
	put_char(out, '"');
	put_escaped(out, s, len, format);
	if (cut)
		cw_text_puts(out, ELLIPSIS);
	put_char(out, '"');
}

/* === Records === */

/**
 * cw_text_name() - append a string without quotes, what is not printable escaped
 * @out: where to
 * @s: bytes
 * @len: how many
 */
void cw_text_name(struct cw_out *out, const char *s, size_t len)
{
	put_escaped(out, s, len, CW_FORMAT_TEXT);
}

static void put_list(struct cw_out *out, const char *s, size_t len, bool cut,
		     enum cw_format format)
{
	const char *end = s + len;

	put_char(out, '[');
	while (s < end) {
		const char *nul = memchr(s, 0, end - s);
		const char *stop = nul ? nul : end;
		bool last = !nul || nul + 1 == end;

		cw_text_quote(out, s, stop - s, cut && last, format);
		if (last)
			break;
		put_char(out, ',');
		s = nul + 1;
	}
	if (!len && cut)
		cw_text_quote(out, "", 0, true, format);
	put_char(out, ']');
}

static void put_tree(struct cw_out *out, const char *s, size_t len, bool cut,
		     enum cw_format format)
{
	struct cw_tree_node node;

	put_char(out, '[');
	for (; len >= sizeof(node); s += sizeof(node), len -= sizeof(node)) {
		memcpy(&node, s, sizeof(node));
		put_char(out, '"');
		put_digits(out, node.pid, 10, 0, 0);
		put_char(out, ':');
		put_escaped(out, node.comm, strnlen(node.comm, sizeof(node.comm)), format);
		if (cut && len < 2 * sizeof(node))
			cw_text_puts(out, ELLIPSIS);
		put_char(out, '"');
		if (len >= 2 * sizeof(node))
			put_char(out, ',');
	}
	put_char(out, ']');
}

static void put_domain(struct cw_out *out, const char *s, size_t len, bool cut,
		       enum cw_format format)
{
	const char *text = s + sizeof(struct cw_domain_tail);
	const char *blank;
	__u32 root;
	size_t name;

	memcpy(&root, s, sizeof(root));
	len -= sizeof(struct cw_domain_tail);
	blank = memchr(text, ' ', len);
	name = blank ? (size_t)(blank - text) : len;
	put_escaped(out, text, name, format);
	put_char(out, '(');
	put_digits(out, root, 10, 0, 0);
	put_char(out, ')');
	put_escaped(out, text + name, len - name, format);
	if (cut)
		cw_text_puts(out, ELLIPSIS);
}

/**
 * cw_text_domain() - append an exec history without quotes
 * @out: where to
 * @rec: a valid record
 * @key: index of a key of kind DOMAIN; nothing is appended if it is unknown
 */
void cw_text_domain(struct cw_out *out, const struct cw_record *rec, unsigned int key)
{
	size_t len;
	const char *s = cw_record_str(rec, key, &len);

	if (s)
		put_domain(out, s, len, rec->cut >> key & 1, CW_FORMAT_TEXT);
}

/**
 * cw_text_value() - append one value
 * @out: where to
 * @rec: a valid record
 * @key: index of a known key
 * @format: text or JSON
 */
void cw_text_value(struct cw_out *out, const struct cw_record *rec, unsigned int key,
		   enum cw_format format)
{
	const struct cw_key *info = &cw_type_find(rec->type)->key[key];
	__u64 slot = cw_record_slot(rec, key);
	bool cut = rec->cut >> key & 1;
	bool json = format == CW_FORMAT_JSON;
	size_t len;
	const char *s;

	switch (info->kind) {
	case CW_KIND_NUM:
		put_digits(out, slot, 10, 0, 0);
		return;
	case CW_KIND_INT:
		put_int(out, slot);
		return;
	case CW_KIND_HEX:
		/* JSON readers keep 53 bits of a number: an address is a string there */
		cw_text_puts(out, json ? "\"" : "");
		cw_text_hex(out, slot);
		cw_text_puts(out, json ? "\"" : "");
		return;
	case CW_KIND_SIGNAME:
		put_char(out, '"');
		cw_text_signame(out, slot);
		put_char(out, '"');
		return;
	case CW_KIND_ERRNAME:
		put_char(out, '"');
		cw_text_errname(out, slot);
		put_char(out, '"');
		return;
	default:
		break;
	}
	s = cw_record_str(rec, key, &len);
	if (!s)
		return;
	switch (info->kind) {
	case CW_KIND_STR:
		cw_text_quote(out, s, len, cut, format);
		break;
	case CW_KIND_LIST:
		put_list(out, s, len, cut, format);
		break;
	case CW_KIND_TREE:
		put_tree(out, s, len, cut, format);
		break;
	case CW_KIND_DOMAIN:
		put_char(out, '"');
		put_domain(out, s, len, cut, format);
		put_char(out, '"');
		break;
	}
}

static void put_key(struct cw_out *out, const char *key, bool first, enum cw_format format)
{
	if (format == CW_FORMAT_TEXT) {
		if (!first)
			put_char(out, ' ');
		cw_text_puts(out, key);
		put_char(out, '=');
	} else {
		if (!first)
			put_char(out, ',');
		put_char(out, '"');
		cw_text_puts(out, key);
		cw_text_puts(out, "\":");
	}
}

static void put_keys(struct cw_out *out, const struct cw_record *rec, bool first,
		     enum cw_format format)
{
	const struct cw_type_info *info = cw_type_find(rec->type);
	__u64 known = info->keys < 64 ? (1ULL << info->keys) - 1 : ~0ULL;
	__u64 cut = rec->cut & rec->has & known;
	unsigned int i;

	for (i = 0; i < info->keys; i++) {
		if (!(rec->has >> i & 1))
			continue;
		put_key(out, info->key[i].name, first, format);
		cw_text_value(out, rec, i, format);
		first = false;
	}
	if (!cut)
		return;
	put_key(out, "cut", first, format);
	put_char(out, '[');
	for (i = 0; cut >> i; i++) {
		if (!(cut >> i & 1))
			continue;
		put_char(out, '"');
		cw_text_puts(out, info->key[i].name);
		put_char(out, '"');
		if (cut >> i >> 1)
			put_char(out, ',');
	}
	put_char(out, ']');
}

/**
 * cw_text_record() - append a record's keys, as a line of their own
 * @out: where to
 * @rec: a valid record
 * @format: text or JSON
 */
void cw_text_record(struct cw_out *out, const struct cw_record *rec, enum cw_format format)
{
	if (format == CW_FORMAT_JSON)
		put_char(out, '{');
	put_keys(out, rec, true, format);
	if (format == CW_FORMAT_JSON)
		put_char(out, '}');
	put_char(out, '\n');
}

/**
 * cw_text_entry() - append one line: a record with its time, CPU and sequence
 * @out: where to
 * @entry: head of the entry
 * @rec: the valid record in it
 * @format: text or JSON
 */
void cw_text_entry(struct cw_out *out, const struct cw_entry *entry, const struct cw_record *rec,
		   enum cw_format format)
{
	bool json = format == CW_FORMAT_JSON;

	if (json) {
		cw_text_puts(out, "{\"time_ns\":");
		put_digits(out, entry->time_ns, 10, 0, 0);
		if (entry->seq) {
			put_key(out, "on_cpu", false, format);
			put_digits(out, entry->cpu, 10, 0, 0);
			put_key(out, "seq", false, format);
			put_digits(out, entry->seq, 10, 0, 0);
		}
		cw_text_puts(out, ",\"type\":\"");
		cw_text_puts(out, cw_type_find(rec->type)->name);
		put_char(out, '"');
	} else {
		put_char(out, '[');
		put_digits(out, entry->time_ns / 1000000000, 10, 5, ' ');
		put_char(out, '.');
		put_digits(out, entry->time_ns % 1000000000, 10, 9, '0');
		cw_text_puts(out, "] ");
		if (entry->seq) {
			put_char(out, '#');
			put_digits(out, entry->cpu, 10, 0, 0);
			put_char(out, '.');
			put_digits(out, entry->seq, 10, 0, 0);
			put_char(out, ' ');
		}
		cw_text_puts(out, cw_type_find(rec->type)->name);
	}
	put_keys(out, rec, false, format);
	if (entry->lost) {
		put_key(out, "lost", false, format);
		put_digits(out, entry->lost, 10, 0, 0);
	}
	cw_text_puts(out, json ? "}\n" : "\n");
}

/* Length of the boot id; 0 if it is not one, as in a damaged file */
static size_t boot_id_len(const struct cw_block *block)
{
	size_t len = strnlen(block->boot_id, sizeof(block->boot_id)), i;

	for (i = 0; i < len; i++) {
		char c = block->boot_id[i];

		if (c != '-' && (c < '0' || c > '9') && (c < 'a' || c > 'f'))
			return 0;
	}
	return len;
}

/**
 * cw_text_header() - append the first line of a text
 * @out: where to
 * @block: where the records come from
 */
void cw_text_header(struct cw_out *out, const struct cw_block *block)
{
	size_t id = boot_id_len(block);

	cw_text_puts(out, "# crashwatch ");
	put_digits(out, block->abi, 10, 0, 0);
	if (id) {
		cw_text_puts(out, " boot_id=");
		put_bytes(out, block->boot_id, id);
	}
	cw_text_puts(out, " clock=monotonic realtime_offset_ns=");
	put_int(out, block->realtime_offset_ns);
	put_char(out, '\n');
}
