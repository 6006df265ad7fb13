// SPDX-License-Identifier: GPL-2.0
/* Where processes come from, told to people: trees and chains of programs. */
#include <stdlib.h>
#include <string.h>

#include "lib/key.h"
#include "lib/tell.h"
#include "lib/term.h"

static void put_blanks(struct cw_out *out, size_t n)
{
	while (n--)
		cw_text_puts(out, " ");
}

#define DEEPEST 64 /* levels that the module tells; what pretends to more goes on below them */

/**
 * cw_tell_tree() - append the live tree, the root first, the one it is about marked
 * @out: where to
 * @rec: a valid record
 * @indent: blanks before each line but the first
 */
void cw_tell_tree(struct cw_out *out, const struct cw_record *rec, unsigned int indent)
{
	size_t len, levels, depth;
	const char *nodes = cw_key_str(rec, "tree", &len);
	int key = cw_key_find(rec, "tree");
	struct cw_tree_node node;

	levels = len / sizeof(node);
	for (depth = 0; depth < levels; depth++) {
		bool victim = depth + 1 == levels;

		memcpy(&node, nodes + (levels - 1 - depth) * sizeof(node), sizeof(node));
		if (depth)
			put_blanks(out, indent + 4 * (depth < DEEPEST ? depth : DEEPEST) - 3);
		else if (rec->cut >> key & 1)
			cw_text_puts(out, "\u2026 ");
		cw_text_puts(out, depth ? "\\_ " : "");
		if (victim)
			cw_term_color(out, CW_COLOR_BAD);
		cw_text_num(out, node.pid, 0, 0);
		cw_text_puts(out, " ");
		cw_key_put_bare(out, node.comm, strnlen(node.comm, sizeof(node.comm)), false);
		if (victim) {
			cw_text_puts(out, "   <=======");
			cw_term_color(out, CW_COLOR_NONE);
		}
		cw_text_puts(out, "\n");
	}
	if (!levels)
		cw_text_puts(out, "unknown\n");
}

/* A name or path of a domain, in which \040 and \134 stand for a blank and a backslash. */
static void put_word(struct cw_out *out, const char *word, size_t len, bool cut)
{
	char *plain = cw_term_alloc(NULL, len);
	size_t n = 0;

	while (len) {
		bool blank = len >= 4 && !memcmp(word, "\\040", 4);
		bool backslash = len >= 4 && !memcmp(word, "\\134", 4);
		size_t step = blank || backslash ? 4 : 1;

		plain[n++] = blank ? ' ' : backslash ? '\\' :
						       *word;
		word += step;
		len -= step;
	}
	cw_key_put_bare(out, plain, n, cut);
	free(plain);
}

/**
 * cw_tell_domain() - append an exec history, a program a line
 * @out: where to
 * @rec: a valid record
 * @key: index of a known key of kind DOMAIN
 * @indent: blanks before each line but the first
 */
void cw_tell_domain(struct cw_out *out, const struct cw_record *rec, unsigned int key,
		    unsigned int indent)
{
	struct cw_domain_tail head;
	size_t len;
	const char *s = cw_record_str(rec, key, &len);
	bool first = true, last;

	memcpy(&head, s, sizeof(head));
	s += sizeof(head);
	len -= sizeof(head);
	do {
		const char *blank = memchr(s, ' ', len);
		size_t word = blank ? (size_t)(blank - s) : len;

		last = !blank;
		if (!first) {
			put_blanks(out, indent);
			cw_text_puts(out, "-> ");
		}
		put_word(out, s, word, last && rec->cut >> key & 1);
		if (first) {
			cw_text_puts(out, "(");
			cw_text_num(out, head.root_pid, 0, 0);
			cw_text_puts(out, ")");
		}
		cw_text_puts(out, "\n");
		first = false;
		s += word + !last;
		len -= word + !last;
	} while (!last);
}
