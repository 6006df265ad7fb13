// SPDX-License-Identifier: GPL-2.0
/* Fills a manual page's template with what the tables say: mkevents TEMPLATE > PAGE */
#include <stdio.h>
#include <string.h>

#include "../../module/abi/types.h"

static const char *const kinds[] = {
	[CW_KIND_NUM] = "number",
	[CW_KIND_INT] = "number, may be negative",
	[CW_KIND_HEX] = "address",
	[CW_KIND_SIGNAME] = "signal name",
	[CW_KIND_ERRNAME] = "error name",
	[CW_KIND_STR] = "string",
	[CW_KIND_LIST] = "list",
	[CW_KIND_DOMAIN] = "domain",
	[CW_KIND_TREE] = "tree",
};

/* Plain text as roff wants it; @word: a single word, whose hyphens are to be typed */
static void put_text(const char *s, int word)
{
	if (*s == '.' || *s == '\'')
		fputs("\\&", stdout);
	for (; *s; s++) {
		if (*s == '\\')
			fputs("\\e", stdout);
		else if (*s == '-' && word)
			fputs("\\-", stdout);
		else
			putchar(*s);
	}
}

static void put_sentence(const char *clause)
{
	if (*clause >= 'a' && *clause <= 'z')
		putchar(*clause++ - 'a' + 'A');
	put_text(clause, 0);
	puts(".");
}

static void put_events(void)
{
	unsigned int i, k;

	for (i = 0; i < cw_types_count; i++) {
		const struct cw_type_info *type = &cw_types[i];

		fputs(".SS ", stdout);
		put_text(type->name, 1);
		printf("\n");
		put_sentence(type->when);
		if (type->incident)
			puts(type == cw_type_find(CW_KILLED) ?
				     "Kept among the incidents; those by SIGHUP, SIGINT and SIGPIPE\n"
				     "only if the parameter signals names them." :
				     "Kept among the incidents.");
		for (k = 0; k < type->keys; k++) {
			printf(".TP\n.BR ");
			put_text(type->key[k].name, 1);
			printf(" \" (%s)\"\n", kinds[type->key[k].kind]);
			put_sentence(type->key[k].what);
		}
	}
}

static void put_counter(const char *name, const char *what)
{
	printf(".TP\n.B ");
	put_text(name, 1);
	printf("\n");
	put_sentence(what);
}

static void put_counters(void)
{
#define PUT(id, text, what) put_counter(text, what);
	CW_COUNTERS(PUT)
#undef PUT
}

int main(int argc, char **argv)
{
	char line[1024];
	FILE *in;

	if (argc != 2) {
		fprintf(stderr, "usage: mkevents TEMPLATE > PAGE\n");
		return 2;
	}
	in = fopen(argv[1], "r");
	if (!in) {
		perror(argv[1]);
		return 1;
	}
	while (fgets(line, sizeof(line), in)) {
		if (!strcmp(line, "@EVENTS@\n"))
			put_events();
		else if (!strcmp(line, "@COUNTERS@\n"))
			put_counters();
		else
			fputs(line, stdout);
	}
	if (ferror(in) || fclose(in) || fflush(stdout) || ferror(stdout)) {
		perror("mkevents");
		return 1;
	}
	return 0;
}
