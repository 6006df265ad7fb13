// SPDX-License-Identifier: GPL-2.0
/* Values of a record, found by the name of their key. */
#include <string.h>

#include "lib/key.h"

/**
 * cw_key_find() - index of a key
 * @rec: a valid record
 * @name: of the key
 *
 * Return: the index; -1 if the type has no such key or the value is unknown.
 */
int cw_key_find(const struct cw_record *rec, const char *name)
{
	const struct cw_type_info *info = cw_type_find(rec->type);
	unsigned int i;

	for (i = 0; i < info->keys; i++)
		if (!strcmp(info->key[i].name, name))
			return rec->has >> i & 1 ? (int)i : -1;
	return -1;
}

/**
 * cw_key_num() - a number
 * @rec: a valid record
 * @name: of a key that holds one
 * @value: set to it, or left alone
 *
 * Return: false if the value is unknown.
 */
bool cw_key_num(const struct cw_record *rec, const char *name, __u64 *value)
{
	int key = cw_key_find(rec, name);

	if (key >= 0)
		*value = cw_record_slot(rec, key);
	return key >= 0;
}

/**
 * cw_key_str() - bytes of a string, list, domain or tree
 * @rec: a valid record
 * @name: of a key that holds one
 * @len: set to their number
 *
 * Return: the first, or NULL if the value is unknown.
 */
const char *cw_key_str(const struct cw_record *rec, const char *name, size_t *len)
{
	int key = cw_key_find(rec, name);

	*len = 0;
	return key < 0 ? NULL : cw_record_str(rec, key, len);
}

/**
 * cw_key_is() - has a string this value?
 * @rec: a valid record
 * @name: of a key that holds a string
 * @value: to compare with
 *
 * Return: true if it is known and the same.
 */
bool cw_key_is(const struct cw_record *rec, const char *name, const char *value)
{
	size_t len;
	const char *s = cw_key_str(rec, name, &len);

	return s && len == strlen(value) && !memcmp(s, value, len);
}

/**
 * cw_key_put_bare() - append a string, escaped but without quotes
 * @out: where to
 * @s: bytes, of any value
 * @len: how many
 * @cut: it is the beginning of a longer one
 */
void cw_key_put_bare(struct cw_out *out, const char *s, size_t len, bool cut)
{
	size_t start = out->len;

	cw_text_quote(out, s, len, cut, CW_FORMAT_TEXT);
	out->len -= 2;
	if (out->len + 2 <= out->size)
		memmove(out->buf + start, out->buf + start + 1, out->len - start);
	else if (out->len <= out->size)
		out->len = out->size + 1; /* the quotes did not fit: not what is shown */
}

/**
 * cw_key_put() - append a value, strings without their quotes
 * @out: where to
 * @rec: a valid record
 * @name: of the key
 *
 * Return: false, with nothing appended, if the value is unknown.
 */
bool cw_key_put(struct cw_out *out, const struct cw_record *rec, const char *name)
{
	int key = cw_key_find(rec, name);
	const char *s;
	size_t len;

	if (key < 0)
		return false;
	switch (cw_type_find(rec->type)->key[key].kind) {
	case CW_KIND_STR:
		s = cw_record_str(rec, key, &len);
		cw_key_put_bare(out, s, len, rec->cut >> key & 1);
		break;
	case CW_KIND_DOMAIN:
		cw_text_domain(out, rec, key);
		break;
	case CW_KIND_SIGNAME:
		cw_text_signame(out, cw_record_slot(rec, key));
		break;
	case CW_KIND_ERRNAME:
		cw_text_errname(out, cw_record_slot(rec, key));
		break;
	default:
		cw_text_value(out, rec, key, CW_FORMAT_TEXT);
	}
	return true;
}

/**
 * cw_key_next_item() - step through a list
 * @s: the rest of the list, before and after
 * @len: its bytes, before and after
 * @item: set to the bytes of the item, which starts where @s was
 *
 * Return: false at the end of the list.
 */
bool cw_key_next_item(const char **s, size_t *len, size_t *item)
{
	size_t step;

	if (!*len)
		return false;
	*item = strnlen(*s, *len);
	step = *item + (*item < *len);
	*s += step;
	*len -= step;
	return true;
}

/**
 * cw_key_next_node() - step through a tree, the victim first
 * @s: the rest of the tree, before and after
 * @len: its bytes, before and after
 * @node: set to the level
 *
 * Return: false at the end of the tree.
 */
bool cw_key_next_node(const char **s, size_t *len, struct cw_tree_node *node)
{
	if (*len < sizeof(*node))
		return false;
	memcpy(node, *s, sizeof(*node));
	*s += sizeof(*node);
	*len -= sizeof(*node);
	return true;
}
