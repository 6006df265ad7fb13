// SPDX-License-Identifier: GPL-2.0
/* What the module tells in lines: D/stats and D/probes. */
#include <stdlib.h>
#include <string.h>

#include "lib/state.h"

/**
 * cw_state_next() - step to the next line
 * @line: somewhere in a line
 *
 * Return: the first character after its end, or the end of the text.
 */
const char *cw_state_next(const char *line)
{
	line += strcspn(line, "\n");
	return line + (*line == '\n');
}

/**
 * cw_state_count() - a number out of D/stats
 * @stats: its content, lines of name and value
 * @name: which
 * @value: set to it
 *
 * Return: false if there is no such line.
 */
bool cw_state_count(const char *stats, const char *name, __u64 *value)
{
	size_t len = strlen(name);

	for (; stats && *stats; stats = cw_state_next(stats)) {
		if (strncmp(stats, name, len) || stats[len] != ' ')
			continue;
		*value = strtoull(stats + len + 1, NULL, 10);
		return true;
	}
	return false;
}

/**
 * cw_state_dropped() - records that were never kept
 * @stats: content of D/stats
 *
 * Return: how many.
 */
__u64 cw_state_dropped(const char *stats)
{
	__u64 dropped = 0, no_ring = 0;

	cw_state_count(stats, "dropped", &dropped);
	cw_state_count(stats, "dropped_no_ring", &no_ring);
	return dropped + no_ring;
}

/**
 * cw_state_value() - a value out of a line of D/probes
 * @line: key=value or key="value", separated by blanks
 * @key: which
 * @value: set to it, without quotes, escapes as they are; cut if too long
 * @size: bytes of @value
 *
 * Return: false, with an empty @value, if there is no such key.
 */
bool cw_state_value(const char *line, const char *key, char *value, size_t size)
{
	size_t key_len = strlen(key);

	*value = 0;
	while (*line) {
		size_t name = strcspn(line, "\n= ");
		bool quoted = line[name] == '=' && line[name + 1] == '"';
		const char *start = line + name + (line[name] == '=') + quoted;
		const char *end = start;

		while (*end && *end != '\n' && (quoted ? *end != '"' : *end != ' '))
			end += 1 + (quoted && end[0] == '\\' && end[1]);
		if (name == key_len && !memcmp(line, key, key_len) && line[name] == '=') {
			size_t len = end - start;

			if (len >= size)
				len = size - 1;
			memcpy(value, start, len);
			value[len] = 0;
			return true;
		}
		line = end + (quoted && *end == '"');
		if (*line == '\n')
			break;
		line += strspn(line, " ");
	}
	return false;
}
