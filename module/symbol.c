// SPDX-License-Identifier: GPL-2.0
/* Finds a function that the compiler has given another name. */
#include <linux/kallsyms.h>
#include <linux/kprobes.h>
#include <linux/string.h>

#include "symbol.h"

/* Is @text, "name+0xoffset/0xsize", about @symbol with a suffix? Sets the name, or nothing. */
static bool is_variant(char *text, const char *symbol, char *found, size_t size)
{
	size_t len = strlen(symbol);

	text[strcspn(text, "+")] = 0;
	if (strncmp(text, symbol, len) || text[len] != '.')
		return false;
	/* The compiler's own pieces of a function, not the function */
	if (strstr(text + len, ".cold") || strstr(text + len, ".part"))
		return false;
	return strscpy(found, text, size) > 0;
}

/* Where the symbol that @addr lies in starts and how long it is */
static bool span_of(unsigned long addr, char *text, unsigned long *start, unsigned long *bytes)
{
	unsigned long off;
	char *plus;

	sprint_symbol(text, addr);
	plus = strchr(text, '+');
	if (!plus || sscanf(plus, "+0x%lx/0x%lx", &off, bytes) != 2 || !*bytes)
		return false;
	*start = addr - off;
	return true;
}

#define NEAR_SYMBOLS	512	/* functions of one source file lie together */

/* Look at the symbols from @addr on, upwards or downwards. */
static int walk_symbols(unsigned long addr, bool up, const char *symbol, char *found, size_t size)
{
	char text[KSYM_SYMBOL_LEN];
	unsigned long start, bytes;
	int i;

	for (i = 0; i < NEAR_SYMBOLS && span_of(addr, text, &start, &bytes); i++) {
		if (is_variant(text, symbol, found, size))
			return 0;
		addr = up ? start + bytes : start - 1;
	}
	return -ENOENT;
}

/**
 * cw_symbol_find() - find the name that a compiler has made of a function's
 * @symbol: name in the source
 * @near: never renamed and in the same source file; NULL: there is none
 * @found: where to put the name
 * @size: bytes there
 *
 * A compiler that changes how a function is called adds a suffix to its name, and kprobes want
 * the exact one. The kernel tells modules the name of an address, not the address of a name: walk
 * from a neighbour whose name is fixed.
 *
 * Context: process context, may sleep.
 * Return: 0, or -ENOENT if there is none, or why @near cannot be found.
 */
int cw_symbol_find(const char *symbol, const char *near, char *found, size_t size)
{
	/* Not armed: to disarm it takes memory, and without any it would stay, on this stack */
	struct kprobe probe = { .symbol_name = near, .flags = KPROBE_FLAG_DISABLED };
	int ret = near ? register_kprobe(&probe) : -ENOENT;
	unsigned long addr;

	if (ret)
		return ret;
	addr = (unsigned long)probe.addr;
	unregister_kprobe(&probe);
	ret = walk_symbols(addr, true, symbol, found, size);
	return ret ? walk_symbols(addr, false, symbol, found, size) : 0;
}
