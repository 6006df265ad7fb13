// SPDX-License-Identifier: GPL-2.0
/* Living processes and their histories in a dump. */
#include <stdlib.h>
#include <string.h>

#include "lib/layout.h"
#include "lib/table.h"
#include "lib/tasks.h"
#include "lib/term.h"
#include "text.h"

#define TASKS_MAX (1 << 22)
#define DATA_MAX (128 * 1024) /* strings of an exec; the module keeps a third of it at most */
#define HEAD_MAX 512 /* struct cw_exec without them */
#define REC_BYTES (sizeof(struct cw_record) + 8 * CW_TASK_KEYS + CW_COMM_LEN + 3 * DATA_MAX + \
		   sizeof(struct cw_domain_tail) + CW_DOMAIN_BYTES)

/**
 * struct known - a process as the module knows it
 * @start_ns: when it was forked
 * @pid: its number
 * @stale: it has executed more since @exec
 * @told: it was found among the kernel's processes
 * @exec: address of what it has executed last, or 0
 */
struct known {
	__u64 start_ns;
	__u32 pid;
	bool stale;
	bool told;
	__u64 exec;
};

/**
 * struct reader - processes being read
 * @dump: where they are
 * @layout: what structures look like
 * @known: the module's table, sorted
 * @count: entries of it
 * @gaps: it could not all be read
 * @head: a struct cw_exec
 * @data: its strings
 * @rec: the record that is made
 * @bytes: room for it
 */
struct reader {
	struct cw_dump *dump;
	struct cw_layout layout;
	struct known *known;
	size_t count;
	bool gaps;
	char head[HEAD_MAX];
	char data[DATA_MAX];
	union {
		struct cw_record rec;
		char bytes[REC_BYTES];
	};
};

static bool get(struct reader *r, __u64 addr, void *value, size_t len)
{
	struct cw_mem *mem = r->dump->mem;

	return mem->read(mem, CW_SPACE_KERNEL, addr, value, len);
}

static bool field(struct reader *r, __u64 addr, enum cw_layout_word word, void *value, size_t len)
{
	return get(r, addr + r->layout.at[word], value, len);
}

/* === The record === */

static void put_num(struct reader *r, unsigned int key, __u64 value)
{
	((__u64 *)(&r->rec + 1))[key] = value;
	r->rec.has |= 1ULL << key;
}

static char *put_place(struct reader *r, unsigned int key, size_t len, bool cut)
{
	struct cw_str place = { r->rec.tail, len };
	__u64 slot;

	memcpy(&slot, &place, sizeof(slot));
	put_num(r, key, slot);
	r->rec.cut |= (__u64)cut << key;
	r->rec.tail += len;
	return (char *)(&r->rec + 1) + 8 * CW_TASK_KEYS + place.off;
}

static void put_str(struct reader *r, unsigned int key, const char *s, size_t len, bool cut)
{
	if (len || cut)
		memcpy(put_place(r, key, len, cut), s, len);
}

/* === An exec === */

/* A value out of the head that was read. */
static __u64 head_value(const struct reader *r, enum cw_layout_word word, size_t len)
{
	const char *at = r->head + r->layout.at[word];
	__u64 value;
	__u32 half;
	__u16 quarter;

	switch (len) {
	case sizeof(quarter):
		memcpy(&quarter, at, sizeof(quarter));
		return quarter;
	case sizeof(half):
		memcpy(&half, at, sizeof(half));
		return half;
	default:
		memcpy(&value, at, sizeof(value));
		return value;
	}
}

static bool within_head(const struct reader *r)
{
	static const enum cw_layout_word words[] = {
		CW_AT_EXEC_DOMAIN, CW_AT_EXEC_ROOT, CW_AT_EXEC_BYTES, CW_AT_EXEC_FLAGS,
		CW_AT_EXEC_CUT,	   CW_AT_EXEC_EXE,  CW_AT_EXEC_FILE,  CW_AT_EXEC_ARGV,
	};
	size_t i;

	if (r->layout.at[CW_AT_EXEC_DATA] > HEAD_MAX)
		return false;
	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (r->layout.at[words[i]] > HEAD_MAX - 8)
			return false;
	return true;
}

static bool put_piece(struct reader *r, unsigned int key, enum cw_layout_word word, __u32 bytes,
		      __u64 cut)
{
	__u64 slot = head_value(r, word, sizeof(slot));
	struct cw_str piece;

	memcpy(&piece, &slot, sizeof(piece));
	if (piece.off > bytes || piece.len > bytes - piece.off)
		return false;
	put_str(r, key, r->data + piece.off, piece.len,
		head_value(r, CW_AT_EXEC_CUT, sizeof(__u16)) & cut);
	return true;
}

static bool put_domain(struct reader *r, bool stale)
{
	__u64 domain = head_value(r, CW_AT_EXEC_DOMAIN, sizeof(domain));
	__u32 root = head_value(r, CW_AT_EXEC_ROOT, sizeof(root)), len;
	__u64 flags = head_value(r, CW_AT_EXEC_FLAGS, sizeof(__u16));
	bool cut = stale || flags & r->layout.at[CW_AT_DOMAIN_IS_CUT];
	char text[CW_DOMAIN_BYTES], *to;

	if (!domain)
		return true;
	if (!field(r, domain, CW_AT_DOMAIN_LEN, &len, sizeof(len)) || !len ||
	    len > sizeof(text) || !field(r, domain, CW_AT_DOMAIN_TEXT, text, len))
		return false;
	to = put_place(r, CW_TASK_domain, sizeof(root) + len, cut);
	memcpy(to, &root, sizeof(root));
	memcpy(to + sizeof(root), text, len);
	return true;
}

/* Of one that has executed more than is known, the history up to there is all that is true. */
static bool put_exec(struct reader *r, const struct known *known)
{
	const __u64 *at = r->layout.at;
	__u32 bytes;

	if (!known->exec)
		return true;
	if (!get(r, known->exec, r->head, at[CW_AT_EXEC_DATA]))
		return false;
	bytes = head_value(r, CW_AT_EXEC_BYTES, sizeof(bytes));
	if (known->stale)
		return put_domain(r, true);
	return bytes <= sizeof(r->data) && field(r, known->exec, CW_AT_EXEC_DATA, r->data, bytes) &&
	       put_piece(r, CW_TASK_exe, CW_AT_EXEC_EXE, bytes, at[CW_AT_CUT_EXE]) &&
	       put_piece(r, CW_TASK_file, CW_AT_EXEC_FILE, bytes, at[CW_AT_CUT_FILE]) &&
	       put_piece(r, CW_TASK_argv, CW_AT_EXEC_ARGV, bytes, at[CW_AT_CUT_ARGV]) &&
	       put_domain(r, false);
}

/* === Processes === */

static void begin(struct reader *r, __u32 pid)
{
	memset(&r->rec, 0, sizeof(r->rec) + 8 * CW_TASK_KEYS);
	r->rec.type = CW_TASK;
	r->rec.fields = CW_TASK_KEYS;
	put_num(r, CW_TASK_pid, pid);
}

static int compare(const void *a, const void *b)
{
	const struct known *x = a, *y = b;

	if (x->pid != y->pid)
		return x->pid < y->pid ? -1 : 1;
	return x->start_ns < y->start_ns ? -1 : x->start_ns > y->start_ns;
}

/* The module's own table. */
static void read_known(struct reader *r)
{
	const __u64 *at = r->layout.at;
	__u64 faults = r->dump->faults;
	__u64 *nodes;
	size_t n = cw_table_read(r->dump, &r->layout, at[CW_AT_PROCESSES], &nodes), i;

	r->known = cw_term_alloc(NULL, n * sizeof(*r->known));
	for (i = 0; i < n; i++) {
		struct known *known = &r->known[r->count];
		__u64 task = nodes[i] - at[CW_AT_KNOWN_NODE], flags;

		if (!field(r, task, CW_AT_KNOWN_START, &known->start_ns, 8) ||
		    !field(r, task, CW_AT_KNOWN_PID, &known->pid, 4) || !known->pid ||
		    !field(r, task, CW_AT_KNOWN_EXEC, &known->exec, 8) ||
		    !field(r, task, CW_AT_KNOWN_FLAGS, &flags, 8)) {
			cw_dump_fault(r->dump, "what the module knows of a process is damaged");
			continue;
		}
		known->stale = at[CW_AT_STALE] < 64 && flags >> at[CW_AT_STALE] & 1;
		known->told = false;
		r->count++;
	}
	free(nodes);
	r->gaps = r->dump->faults > faults;
	if (r->count)
		qsort(r->known, r->count, sizeof(*r->known), compare);
}

static struct known *find(struct reader *r, __u32 pid, __u64 start_ns)
{
	struct known key = { .pid = pid, .start_ns = start_ns };

	return r->count ? bsearch(&key, r->known, r->count, sizeof(key), compare) : NULL;
}

static void finish(struct reader *r, struct known *known,
		   void (*tell)(void *arg, const struct cw_record *rec), void *arg)
{
	if (known) {
		known->told = true;
		if (!put_exec(r, known))
			cw_dump_fault(r->dump, "what process %u has executed is damaged",
				      known->pid);
	}
	if (cw_record_valid(&r->rec, sizeof(r->bytes)))
		tell(arg, &r->rec);
}

/*
 * What the kernel itself knows of it. One that the module does not know has just ended, and waits
 * for its parent; unless the module's table has gaps.
 */
static void read_task(struct reader *r, __u64 task,
		      void (*tell)(void *arg, const struct cw_record *rec), void *arg)
{
	__u64 start_ns, parent, cred;
	struct known *known;
	char comm[CW_COMM_LEN];
	__u32 pid, n;

	if (!field(r, task, CW_AT_TASK_TGID, &pid, sizeof(pid)) ||
	    !field(r, task, CW_AT_TASK_START, &start_ns, sizeof(start_ns)))
		return;
	known = find(r, pid, start_ns);
	if (known ? known->told : !r->gaps)
		return;
	begin(r, pid);
	if (field(r, task, CW_AT_TASK_PARENT, &parent, sizeof(parent)) &&
	    field(r, parent, CW_AT_TASK_TGID, &n, sizeof(n)))
		put_num(r, CW_TASK_ppid, n);
	if (field(r, task, CW_AT_TASK_CRED, &cred, sizeof(cred)) &&
	    field(r, cred, CW_AT_CRED_UID, &n, sizeof(n)))
		put_num(r, CW_TASK_uid, n);
	if (field(r, task, CW_AT_TASK_COMM, comm, sizeof(comm)))
		put_str(r, CW_TASK_comm, comm, strnlen(comm, sizeof(comm)), false);
	finish(r, known, tell, arg);
}

/*
 * The kernel's list of processes, a ring through init_task. @mark goes along as in table.c, so that
 * a damaged list that goes in circles ends.
 */
static bool read_list(struct reader *r, void (*tell)(void *arg, const struct cw_record *rec),
		      void *arg)
{
	__u64 first = r->layout.at[CW_AT_INIT_TASK] + r->layout.at[CW_AT_TASK_TASKS];
	__u64 at = first, mark = 0;
	size_t seen = 0;

	while (seen++ < TASKS_MAX && get(r, at, &at, sizeof(at))) {
		if (at == first)
			return true;
		if (at == mark || at % 8)
			return false;
		if (!(seen & (seen - 1)))
			mark = at;
		read_task(r, at - r->layout.at[CW_AT_TASK_TASKS], tell, arg);
	}
	return false;
}

static bool layout_good(struct cw_dump *dump, struct cw_layout *layout)
{
	const char *missing;

	if (!*dump->layout)
		cw_dump_fault(dump, "its block does not say where processes are");
	else if (!cw_layout_read(layout, dump->layout, &missing))
		cw_dump_fault(dump, "its block does not say where %s is", missing);
	else
		return true;
	return false;
}

/**
 * cw_tasks_read() - all living processes that the module knows
 * @dump: in which
 * @tell: is called with the record of each, which lasts as long as the call
 * @arg: for @tell
 *
 * What cannot be read is noted as a fault. If the kernel's list of processes is damaged, those that
 * it does not lead to are told with what the module knows.
 *
 * Return: false if nothing can be found.
 */
bool cw_tasks_read(struct cw_dump *dump,
		   void (*tell)(void *arg, const struct cw_record *rec), void *arg)
{
	struct reader *r = cw_term_alloc(NULL, sizeof(*r));
	size_t i;

	*r = (struct reader){ .dump = dump };
	if (!layout_good(dump, &r->layout)) {
		free(r);
		return false;
	}
	if (!within_head(r)) {
		cw_dump_fault(dump, "its block says impossible things of where an exec is");
		free(r);
		return false;
	}
	read_known(r);
	if (!read_list(r, tell, arg)) {
		cw_dump_fault(dump, "the kernel's list of processes is damaged");
		for (i = 0; i < r->count; i++) {
			if (r->known[i].told)
				continue;
			begin(r, r->known[i].pid);
			finish(r, &r->known[i], tell, arg);
		}
	}
	free(r->known);
	free(r);
	return true;
}

/* === Domains === */

/**
 * cw_domains_read() - all histories there are
 * @dump: in which
 * @tell: is called with each: how many execs have it, and its canonical text
 * @arg: for @tell
 *
 * What cannot be read is noted as a fault.
 *
 * Return: false if nothing can be found.
 */
bool cw_domains_read(struct cw_dump *dump,
		     void (*tell)(void *arg, __s32 users, const char *text, size_t len), void *arg)
{
	struct cw_mem *mem = dump->mem;
	char text[CW_DOMAIN_BYTES];
	struct cw_layout layout;
	__u64 *nodes;
	size_t n, i;

	if (!layout_good(dump, &layout))
		return false;
	n = cw_table_read(dump, &layout, layout.at[CW_AT_DOMAINS], &nodes);
	for (i = 0; i < n; i++) {
		__u64 domain = nodes[i] - layout.at[CW_AT_DOMAIN_NODE];
		__s32 users;
		__u32 len;

		if (!mem->read(mem, CW_SPACE_KERNEL, domain + layout.at[CW_AT_DOMAIN_USERS],
			       &users, sizeof(users)) ||
		    !mem->read(mem, CW_SPACE_KERNEL, domain + layout.at[CW_AT_DOMAIN_LEN], &len,
			       sizeof(len)) ||
		    !len || len > sizeof(text) ||
		    !mem->read(mem, CW_SPACE_KERNEL, domain + layout.at[CW_AT_DOMAIN_TEXT], text,
			       len))
			cw_dump_fault(dump, "a domain is damaged");
		else if (users >= 0) /* negative: it is being given up */
			tell(arg, users, text, len);
	}
	free(nodes);
	return true;
}
