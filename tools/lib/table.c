// SPDX-License-Identifier: GPL-2.0
/* The kernel's rhashtables in a dump. */
#include <stdlib.h>

#include "lib/table.h"
#include "lib/term.h"

#define NODES_MAX (1 << 22) /* as many as there can be processes */
#define BUCKETS_MAX (1 << 24)
#define TABLES_MAX 4 /* one, and those it is growing into */
#define NESTED_PER_PAGE 512 /* pointers in a page of 4096 bytes, which bucket tables nest in */
#define CHUNK 512 /* buckets read at once */

/**
 * struct walk - one table being read
 * @dump: where it is
 * @layout: what its structures look like
 * @nodes: found so far
 * @count: how many
 * @room: of @nodes
 * @hurt: a chain could not be followed to its end
 */
struct walk {
	struct cw_dump *dump;
	const struct cw_layout *layout;
	__u64 *nodes;
	size_t count;
	size_t room;
	bool hurt;
};

static bool get(struct walk *walk, __u64 addr, void *value, size_t len)
{
	struct cw_mem *mem = walk->dump->mem;

	return mem->read(mem, CW_SPACE_KERNEL, addr, value, len);
}

static bool add(struct walk *walk, __u64 node)
{
	if (walk->count == NODES_MAX)
		return false;
	if (walk->count == walk->room) {
		walk->room = 2 * walk->room + 1024;
		walk->nodes = cw_term_alloc(walk->nodes, walk->room * sizeof(*walk->nodes));
	}
	walk->nodes[walk->count++] = node;
	return true;
}

/*
 * The word of a bucket has a lock in bit 0, the end of a chain has that bit set, and only an empty
 * bucket is 0. @mark is moved to
 * the node at hand each time a power of two of them was seen: whoever meets it goes in circles.
 */
static void read_chain(struct walk *walk, __u64 bucket)
{
	__u64 node = bucket & ~1ULL, mark = 0;
	size_t seen = 0;

	while (node && !(node & 1)) {
		if (node == mark || node % 8 || !add(walk, node) ||
		    !get(walk, node + walk->layout->at[CW_AT_HEAD_NEXT], &node, sizeof(node))) {
			walk->hurt = true;
			return;
		}
		seen++;
		if (!(seen & (seen - 1)))
			mark = walk->nodes[walk->count - 1];
	}
	walk->hurt |= seen && !node;
}

/* As rht_bucket_nested() finds it; 0 if it was never needed. */
static __u64 nested_bucket(struct walk *walk, __u64 buckets, __u32 size, __u32 nest, __u32 hash)
{
	__u32 index = hash & ((1U << nest) - 1), rest = hash >> nest;
	__u64 table;

	if (!get(walk, buckets, &table, sizeof(table)) || !table ||
	    !get(walk, table + 8ULL * index, &table, sizeof(table)))
		return 0;
	for (size >>= nest; table && size > NESTED_PER_PAGE; size /= NESTED_PER_PAGE) {
		index = rest & (NESTED_PER_PAGE - 1);
		rest /= NESTED_PER_PAGE;
		if (!get(walk, table + 8ULL * index, &table, sizeof(table)))
			return 0;
	}
	if (!table || !get(walk, table + 8ULL * rest, &table, sizeof(table)))
		return 0;
	return table;
}

static void read_buckets(struct walk *walk, __u64 tbl, __u32 size, __u32 nest)
{
	__u64 buckets = tbl + walk->layout->at[CW_AT_BUCKETS];
	__u64 word[CHUNK];
	__u32 i, j, n;

	for (i = 0; i < size && walk->count < NODES_MAX; i += n) {
		n = size - i < CHUNK ? size - i : CHUNK;
		for (j = 0; nest && j < n; j++)
			word[j] = nested_bucket(walk, buckets, size, nest, i + j);
		if (!nest && !get(walk, buckets + 8ULL * i, word, n * sizeof(word[0]))) {
			walk->hurt = true;
			continue;
		}
		for (j = 0; j < n; j++)
			read_chain(walk, word[j]);
	}
}

static int compare(const void *a, const void *b)
{
	const __u64 *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* While a table grows a node can be met in the old one and in the new one. */
static size_t unique(__u64 *nodes, size_t count)
{
	size_t i, n = 0;

	if (count)
		qsort(nodes, count, sizeof(*nodes), compare);
	for (i = 0; i < count; i++)
		if (!n || nodes[i] != nodes[n - 1])
			nodes[n++] = nodes[i];
	return n;
}

/**
 * cw_table_read() - all that is in an rhashtable
 * @dump: in which
 * @layout: what structures look like
 * @table: address of the struct rhashtable
 * @nodes: set to the addresses of the struct rhash_head, sorted, to be freed
 *
 * What cannot be followed is noted as a fault.
 *
 * Return: how many there are.
 */
size_t cw_table_read(struct cw_dump *dump, const struct cw_layout *layout, __u64 table,
		     __u64 **nodes)
{
	struct walk walk = { .dump = dump, .layout = layout };
	unsigned int tables = 0;
	__u64 tbl;

	if (!get(&walk, table + layout->at[CW_AT_TABLE_TBL], &tbl, sizeof(tbl)) || !tbl)
		walk.hurt = true;
	while (!walk.hurt && tbl && tables++ < TABLES_MAX) {
		__u32 size, nest;

		if (!get(&walk, tbl + layout->at[CW_AT_BUCKETS_SIZE], &size, sizeof(size)) ||
		    !get(&walk, tbl + layout->at[CW_AT_BUCKETS_NEST], &nest, sizeof(nest)) ||
		    !size || size > BUCKETS_MAX || size & (size - 1) || nest >= 24 ||
		    size >> nest == 0) {
			walk.hurt = true;
			break;
		}
		read_buckets(&walk, tbl, size, nest);
		if (!get(&walk, tbl + layout->at[CW_AT_BUCKETS_FUTURE], &tbl, sizeof(tbl)))
			walk.hurt = true;
	}
	if (walk.hurt)
		cw_dump_fault(dump, "the module's table of %s is damaged",
			      table == layout->at[CW_AT_PROCESSES] ? "processes" : "domains");
	*nodes = walk.nodes;
	return unique(walk.nodes, walk.count);
}
