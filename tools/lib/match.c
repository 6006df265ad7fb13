// SPDX-License-Identifier: GPL-2.0
/* Which records were asked for. */
#include <stdlib.h>
#include <string.h>

#include "lib/key.h"
#include "lib/match.h"
#include "lib/term.h"

/**
 * struct term - one MATCH
 * @key: name, @key_len bytes of it
 * @key_len: bytes
 * @value: what it is to have
 */
struct term {
	const char *key;
	size_t key_len;
	const char *value;
};

/**
 * struct cw_match - what a record has to be
 * @opt: what was asked for
 * @since: nanoseconds of CLOCK_MONOTONIC
 * @until: the same
 * @types: bit N: cw_types[N]
 * @terms: entries of @term
 * @term: terms with one key stand for "any of them"
 */
struct cw_match {
	const struct cw_options *opt;
	__u64 since;
	__u64 until;
	__u64 types;
	size_t terms;
	struct term term[];
};

/* Keys that are not in events.def. */
#define KEY_ID "#"
#define KEY_PATH "/"
#define KEY_NAME "?"

static bool key_is(const struct term *term, const char *key)
{
	return strlen(key) == term->key_len && !memcmp(key, term->key, term->key_len);
}

static bool read_number(const char *s, __u64 *n)
{
	char *end;

	*n = strtoull(s, &end, 0);
	return *s && !*end && !strchr("+ \t\n", *s);
}

/* May a value of this kind be written like that? */
static bool value_good(int kind, const char *value)
{
	__u64 n;

	switch (kind) {
	case CW_KIND_NUM:
	case CW_KIND_INT:
	case CW_KIND_HEX:
		return read_number(value, &n);
	default:
		return true;
	}
}

static bool term_good(const struct term *term)
{
	unsigned int i, j;
	bool known = false;

	for (i = 0; i < cw_types_count; i++) {
		const struct cw_type_info *info = &cw_types[i];

		for (j = 0; j < info->keys; j++) {
			if (!key_is(term, info->key[j].name))
				continue;
			if (value_good(info->key[j].kind, term->value))
				return true;
			known = true;
		}
	}
	if (known)
		cw_term_error("'%s' is no value for %.*s, which is a number.", term->value,
			      (int)term->key_len, term->key);
	else
		cw_term_error("no record has a key '%.*s'; crashwatch-events(5) lists the keys.",
			      (int)term->key_len, term->key);
	return false;
}

static bool id_good(const char *id)
{
	size_t cpu = strspn(id, "0123456789");
	size_t seq = id[cpu] == '.' ? strspn(id + cpu + 1, "0123456789") : 0;

	if (cpu && seq && !id[cpu + 1 + seq])
		return true;
	cw_term_error("'#%s' is no record; one is written #CPU.SEQUENCE, for example #1.42.", id);
	return false;
}

static bool term_parse(struct term *term, const char *arg)
{
	const char *equals = strchr(arg, '=');

	term->value = arg;
	if (arg[0] == '#') {
		*term = (struct term){ KEY_ID, strlen(KEY_ID), arg + 1 };
		return id_good(arg + 1);
	}
	if (arg[0] == '/') {
		*term = (struct term){ KEY_PATH, strlen(KEY_PATH), arg };
		return true;
	}
	if (equals) {
		*term = (struct term){ arg, equals - arg, equals + 1 };
		return term_good(term);
	}
	if (arg[0] && !arg[strspn(arg, "0123456789")]) {
		while (arg[0] == '0' && arg[1]) /* for a KEY=VALUE that is octal */
			arg++;
		*term = (struct term){ "pid", 3, arg };
		return true;
	}
	*term = (struct term){ KEY_NAME, strlen(KEY_NAME), arg };
	if (arg[0] && !strchr(arg, '/'))
		return true;
	cw_term_error("'%s' is no MATCH: that is a PID, a NAME without '/', an absolute /PATH, a "
		      "KEY=VALUE or #CPU.SEQUENCE.",
		      arg);
	return false;
}

/**
 * cw_match_parse() - understand what was asked for
 * @result: set to it, to be freed
 * @opt: what was asked for; is used as long as @result
 *
 * Return: false after a sentence about what is wrong.
 */
bool cw_match_parse(struct cw_match **result, const struct cw_options *opt)
{
	struct cw_match *match;
	size_t n = 0, i;

	while (opt->match[n])
		n++;
	match = cw_term_alloc(NULL, sizeof(*match) + n * sizeof(match->term[0]));
	*match = (struct cw_match){ .opt = opt, .until = ~0ULL, .terms = n, .types = ~0ULL };
	if (opt->given & CW_OPT_TYPE)
		match->types = opt->types;
	for (i = 0; i < n; i++) {
		if (!term_parse(&match->term[i], opt->match[i])) {
			free(match);
			return false;
		}
	}
	*result = match;
	return true;
}

/**
 * cw_match_incidents() - narrow down to incidents, unless types or a record were named
 * @match: what was asked for
 */
void cw_match_incidents(struct cw_match *match)
{
	unsigned int i;
	size_t t;

	for (t = 0; t < match->terms; t++)
		if (key_is(&match->term[t], KEY_ID))
			return;
	if (match->opt->given & CW_OPT_TYPE)
		return;
	for (i = 0; i < cw_types_count; i++)
		if (!cw_types[i].incident)
			match->types &= ~(1ULL << i);
}

/**
 * cw_match_start() - fix times for a source
 * @match: what was asked for
 * @block: of the source
 */
void cw_match_start(struct cw_match *match, const struct cw_block *block)
{
	if (match->opt->given & CW_OPT_SINCE)
		match->since = cw_time_monotonic(block, &match->opt->since);
	if (match->opt->given & CW_OPT_UNTIL)
		match->until = cw_time_monotonic(block, &match->opt->until);
}

/**
 * cw_match_all() - is there nothing to choose?
 * @match: what was asked for
 *
 * Return: true if every record matches, also one of an unknown type.
 */
bool cw_match_all(const struct cw_match *match)
{
	return !match->terms &&
	       !(match->opt->given & (CW_OPT_TYPE | CW_OPT_SINCE | CW_OPT_UNTIL));
}

/* Is @value the string, or does the string begin it and was cut? If nothing is left of it, no */
static bool str_is(const char *s, size_t len, bool cut, const char *value, size_t value_len)
{
	return (cut ? len && len <= value_len : len == value_len) && !memcmp(s, value, len);
}

static bool list_has(const struct cw_record *rec, unsigned int key, const char *value)
{
	size_t len, item;
	const char *s = cw_record_str(rec, key, &len);
	const char *this = s;

	for (; cw_key_next_item(&s, &len, &item); this = s)
		if (str_is(this, item, rec->cut >> key & 1 && !len, value, strlen(value)))
			return true;
	return false;
}

/* A program of a history, where blank and backslash are octal; given as it is or as it stands */
static bool word_is(const char *s, size_t len, const char *value)
{
	if (str_is(s, len, false, value, strlen(value)))
		return true;
	while (len && *value) {
		bool blank = len >= 4 && !memcmp(s, "\\040", 4);
		bool backslash = len >= 4 && !memcmp(s, "\\134", 4);
		size_t n = blank || backslash ? 4 : 1;

		if (*value++ != (blank ? ' ' : backslash ? '\\' : *s))
			return false;
		s += n;
		len -= n;
	}
	return !len && !*value;
}

/* The canonical history, or one program in it. */
static bool domain_has(const struct cw_record *rec, unsigned int key, const char *value)
{
	size_t len, word;
	const char *s = cw_record_str(rec, key, &len) + sizeof(struct cw_domain_tail);

	len -= sizeof(struct cw_domain_tail);
	if (str_is(s, len, false, value, strlen(value)))
		return true;
	for (; len; s += word, len -= word) {
		const char *blank = memchr(s, ' ', len);

		word = blank ? (size_t)(blank - s) : len;
		if (word_is(s, word, value))
			return true;
		word += !!blank;
	}
	return false;
}

/* A PID or a COMM. */
static bool tree_has(const struct cw_record *rec, unsigned int key, const char *value)
{
	size_t len;
	const char *s = cw_record_str(rec, key, &len);
	struct cw_tree_node node;
	__u64 pid;

	if (!read_number(value, &pid))
		pid = ~0ULL;
	while (cw_key_next_node(&s, &len, &node))
		if (node.pid == pid || str_is(node.comm, strnlen(node.comm, sizeof(node.comm)),
					      false, value, strlen(value)))
			return true;
	return false;
}

/* ENOENT, "ENOENT" being what the renderer makes of it */
static bool name_is(const struct cw_record *rec, unsigned int key, const char *value)
{
	char text[32];
	struct cw_out out = { text, sizeof(text), 0 };

	cw_text_value(&out, rec, key, CW_FORMAT_TEXT);
	return out.len <= sizeof(text) &&
	       str_is(text + 1, out.len - 2, false, value, strlen(value));
}

static bool value_is(const struct cw_record *rec, unsigned int key, const char *value)
{
	size_t len;
	const char *s;
	__u64 n;

	switch (cw_type_find(rec->type)->key[key].kind) {
	case CW_KIND_NUM:
	case CW_KIND_INT:
	case CW_KIND_HEX:
		return read_number(value, &n) && n == cw_record_slot(rec, key);
	case CW_KIND_SIGNAME:
		n = cw_text_signal_number(value, strlen(value));
		return (n && n == cw_record_slot(rec, key)) || name_is(rec, key, value);
	case CW_KIND_ERRNAME:
		return name_is(rec, key, value);
	case CW_KIND_STR:
		s = cw_record_str(rec, key, &len);
		return str_is(s, len, rec->cut >> key & 1, value, strlen(value));
	case CW_KIND_LIST:
		return list_has(rec, key, value);
	case CW_KIND_DOMAIN:
		return domain_has(rec, key, value);
	case CW_KIND_TREE:
		return tree_has(rec, key, value);
	default:
		return false;
	}
}

/* comm, or what comes after the last slash of exe or file */
static bool is_called(const struct cw_record *rec, unsigned int key, const char *name)
{
	size_t len, i;
	const char *s = cw_record_str(rec, key, &len);

	for (i = len; i && s[i - 1] != '/'; i--)
		;
	return str_is(s + i, len - i, rec->cut >> key & 1, name, strlen(name));
}

static bool is_program(const char *key)
{
	return !strcmp(key, "exe") || !strcmp(key, "file");
}

static bool id_is(const struct cw_entry *entry, const char *id)
{
	char *end;
	__u64 cpu = strtoull(id, &end, 10);

	return cpu == entry->cpu && strtoull(end + 1, NULL, 10) == entry->seq;
}

static bool term_test(const struct term *term, const struct cw_entry *entry,
		      const struct cw_record *rec)
{
	const struct cw_type_info *info = cw_type_find(rec->type);
	bool path = key_is(term, KEY_PATH), name = key_is(term, KEY_NAME);
	unsigned int i;

	if (key_is(term, KEY_ID))
		return id_is(entry, term->value);
	for (i = 0; i < info->keys; i++) {
		const char *key = info->key[i].name;

		if (!(rec->has >> i & 1))
			continue;
		if (name && (is_program(key) || !strcmp(key, "comm")) &&
		    is_called(rec, i, term->value))
			return true;
		if ((path ? is_program(key) : !name && key_is(term, key)) &&
		    value_is(rec, i, term->value))
			return true;
	}
	return false;
}

static bool terms_test(const struct cw_match *match, const struct cw_entry *entry,
		       const struct cw_record *rec)
{
	size_t i, j;

	for (i = 0; i < match->terms; i++) {
		const struct term *term = &match->term[i];
		bool any = false;

		for (j = 0; j < match->terms && !any; j++) {
			const struct term *other = &match->term[j];

			any = other->key_len == term->key_len &&
			      !memcmp(other->key, term->key, term->key_len) &&
			      term_test(other, entry, rec);
		}
		if (!any)
			return false;
	}
	return true;
}

/**
 * cw_match_test() - was this record asked for?
 * @match: what was asked for
 * @entry: its entry
 * @rec: the record, valid
 *
 * Return: true if so.
 */
bool cw_match_test(const struct cw_match *match, const struct cw_entry *entry,
		   const struct cw_record *rec)
{
	unsigned int type = cw_type_find(rec->type) - cw_types;

	return match->types >> type & 1 && entry->time_ns >= match->since &&
	       entry->time_ns <= match->until && terms_test(match, entry, rec);
}

/**
 * cw_match_free() - free what cw_match_parse() made
 * @match: it
 */
void cw_match_free(struct cw_match *match)
{
	free(match);
}
