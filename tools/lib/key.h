/* SPDX-License-Identifier: GPL-2.0 */
/* Values of a record, found by the name of their key. */
#ifndef CW_KEY_H
#define CW_KEY_H

#include "text.h"

int cw_key_find(const struct cw_record *rec, const char *name);
bool cw_key_num(const struct cw_record *rec, const char *name, __u64 *value);
const char *cw_key_str(const struct cw_record *rec, const char *name, size_t *len);
bool cw_key_is(const struct cw_record *rec, const char *name, const char *value);
bool cw_key_put(struct cw_out *out, const struct cw_record *rec, const char *name);
void cw_key_put_bare(struct cw_out *out, const char *s, size_t len, bool cut);
bool cw_key_next_item(const char **s, size_t *len, size_t *item);
bool cw_key_next_node(const char **s, size_t *len, struct cw_tree_node *node);

#endif
