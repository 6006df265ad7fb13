/* SPDX-License-Identifier: GPL-2.0 */
/* Records told to people: sentences, chains and trees. */
#ifndef CW_TELL_H
#define CW_TELL_H

#include "text.h"

void cw_tell_who(struct cw_out *out, const struct cw_record *rec);
void cw_tell_sentence(struct cw_out *out, const struct cw_record *rec);
void cw_tell_tree(struct cw_out *out, const struct cw_record *rec, unsigned int indent);
void cw_tell_domain(struct cw_out *out, const struct cw_record *rec, unsigned int key,
		    unsigned int indent);
void cw_tell_error(struct cw_out *out, __u64 error);
const char *cw_tell_si_code(__u64 sig, __s64 code);
const char *cw_tell_user(__u64 uid);

#endif
