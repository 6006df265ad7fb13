// SPDX-License-Identifier: GPL-2.0
/* Where things are in the kernel's and the module's structures, as a dump says itself. */
#include <stdlib.h>
#include <string.h>

#include "lib/layout.h"

static bool find(const char *text, const char *name, __u64 *value)
{
	size_t len = strlen(name);
	char *end;

	for (; *text; text += strcspn(text, " "), text += strspn(text, " ")) {
		if (strncmp(text, name, len) || text[len] != '=')
			continue;
		*value = strtoull(text + len + 1, &end, 0);
		return end != text + len + 1 && (*end == ' ' || !*end);
	}
	return false;
}

/**
 * cw_layout_read() - read the words of a block
 * @layout: filled
 * @text: the words, parted by blanks
 * @missing: set to the name of one that is not there
 *
 * Return: true if all are.
 */
bool cw_layout_read(struct cw_layout *layout, const char *text, const char **missing)
{
	static const char *const names[] = {
#define NAME(id, text) text,
		CW_LAYOUT_WORDS(NAME)
#undef NAME
	};
	size_t i;

	for (i = 0; i < CW_LAYOUT_COUNT; i++) {
		if (find(text, names[i], &layout->at[i]))
			continue;
		*missing = names[i];
		return false;
	}
	return true;
}
