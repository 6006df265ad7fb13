// SPDX-License-Identifier: GPL-2.0
/* Which record types and keys there are, and how to get at a record's values safely. */
#include "types.h"

#ifdef __KERNEL__
#include <linux/kernel.h>
#include <linux/string.h>
#else
#include <string.h>
#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#endif

/* === Tables, all from events.def === */

#define CW_EVENT(id, number, name, text, ring, when) static const struct cw_key name##_keys[] = {
#define CW_FIELD(id, kind, key, what) { #key, CW_KIND_##kind, what },
#define CW_END(id, name) };
#include "events.def"

#define IN_EVENTS	false
#define IN_INCIDENTS	true
#define IN_NONE		false

const struct cw_type_info cw_types[] = {
#define CW_EVENT(id, number, name, text, ring, when) \
	{ number, CW_##id##_KEYS, IN_##ring, text, when, name##_keys },
#include "events.def"
};

const unsigned int cw_types_count = ARRAY_SIZE(cw_types);

const char cw_fields_table[] =
#define CW_EVENT(id, number, name, text, ring, when) #number " " text
#define CW_FIELD(id, kind, key, what) " " #key ":" #kind
#define CW_END(id, name) "\n"
#include "events.def"
	;
const size_t cw_fields_table_bytes = sizeof(cw_fields_table);

const char cw_counters_table[] =
#define COUNTER_NAME(id, text, what) text " "
	CW_COUNTERS(COUNTER_NAME)
#undef COUNTER_NAME
	;
const size_t cw_counters_table_bytes = sizeof(cw_counters_table);

/* === Records === */

/**
 * cw_type_find() - what is known of a record type
 * @type: enum cw_type
 *
 * Return: its entry in cw_types, or NULL.
 */
const struct cw_type_info *cw_type_find(unsigned int type)
{
	unsigned int i;

	for (i = 0; i < cw_types_count; i++)
		if (cw_types[i].type == type)
			return &cw_types[i];
	return NULL;
}

static const char *tail_of(const struct cw_record *rec)
{
	return (const char *)(rec + 1) + 8 * (size_t)rec->fields;
}

/**
 * cw_record_slot() - a key's 8 bytes
 * @rec: a valid record
 * @key: index of the key in its type
 *
 * Return: the slot; 0 if the key is unknown.
 */
__u64 cw_record_slot(const struct cw_record *rec, unsigned int key)
{
	return key < rec->fields && rec->has >> key & 1 ? ((const __u64 *)(rec + 1))[key] : 0;
}

/**
 * cw_record_str() - a key's place in the tail
 * @rec: a valid record
 * @key: index of a key that has one
 * @len: set to its length in bytes
 *
 * Return: its first byte, or NULL if the key is unknown.
 */
const char *cw_record_str(const struct cw_record *rec, unsigned int key, size_t *len)
{
	struct cw_str str;
	__u64 slot;

	*len = 0;
	if (key >= rec->fields || !(rec->has >> key & 1))
		return NULL;
	slot = cw_record_slot(rec, key);
	memcpy(&str, &slot, sizeof(str));
	*len = str.len;
	return tail_of(rec) + str.off;
}

/**
 * cw_record_valid() - may this memory be told as a record?
 * @rec: memory of any content, 8-byte aligned
 * @bytes: how much of it there is
 *
 * A record of a newer writer may have more keys than are known here, one of an older writer fewer.
 *
 * Return: true if its type is known and every place it names lies within it.
 */
bool cw_record_valid(const struct cw_record *rec, size_t bytes)
{
	const struct cw_type_info *info;
	unsigned int i;

	if (bytes < sizeof(*rec))
		return false;
	info = cw_type_find(rec->type);
	if (!info || rec->fields > 64)
		return false;
	if (rec->fields < 64 && (rec->has | rec->cut) >> rec->fields)
		return false;
	if (rec->tail > bytes || sizeof(*rec) + 8 * (size_t)rec->fields > bytes - rec->tail)
		return false;
	for (i = 0; i < info->keys && i < rec->fields; i++) {
		struct cw_str str;
		__u64 slot;

		if (info->key[i].kind < CW_KIND_STR || !(rec->has >> i & 1))
			continue;
		slot = cw_record_slot(rec, i);
		memcpy(&str, &slot, sizeof(str));
		if (str.off > rec->tail || str.len > rec->tail - str.off)
			return false;
		if (info->key[i].kind == CW_KIND_DOMAIN && str.len < sizeof(struct cw_domain_tail))
			return false;
	}
	return true;
}
