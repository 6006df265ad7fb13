// SPDX-License-Identifier: GPL-2.0
/* Puts a record together, key by key, in a ring or in plain memory. */
#include <linux/audit.h>
#include <linux/cred.h>
#include <linux/sched.h>
#include <linux/string.h>

#include "domain.h"
#include "draft.h"
#include "exec.h"
#include "history.h"
#include "stream.h"

static u64 *slot_of(struct cw_draft *draft, unsigned int key)
{
	return (u64 *)(draft->rec + 1) + key;
}

/**
 * cw_draft_on() - begin a record in plain memory
 * @draft: the draft
 * @buf: memory, 8-byte aligned
 * @size: bytes of it
 * @type: enum cw_type
 * @keys: how many keys the type has
 *
 * Context: any.
 * Return: false if the memory is too small for the keys alone.
 */
bool cw_draft_on(struct cw_draft *draft, void *buf, size_t size, enum cw_type type,
		 unsigned int keys)
{
	size_t fixed = sizeof(struct cw_record) + 8 * keys;
	unsigned int i;

	if (size < fixed)
		return false;
	draft->rec = buf;
	draft->tail = buf + fixed;
	draft->room = size - fixed;
	*draft->rec = (struct cw_record){ .type = type, .fields = keys };
	/* What stays unknown must not show what lay here before. Few words: not worth memset(). */
	for (i = 0; i < keys; i++)
		WRITE_ONCE(*slot_of(draft, i), 0);
	return true;
}

/**
 * cw_draft_open() - begin a record in a ring
 * @draft: for cw_draft_close(), which must follow at once
 * @type: enum cw_type
 * @keys: how many keys the type has
 * @ring: where it is kept
 * @tail: the most bytes its strings may take
 *
 * Context: any; interrupts stay off until cw_draft_close().
 * Return: false if the record was dropped, which is counted.
 */
bool cw_draft_open(struct cw_draft *draft, enum cw_type type, unsigned int keys,
		   enum cw_ring_id ring, u32 tail)
{
	u32 bytes = sizeof(struct cw_record) + 8 * keys + tail;
	void *buf = cw_ring_reserve(&draft->slot, ring, bytes);

	return buf && cw_draft_on(draft, buf, bytes, type, keys);
}

/**
 * cw_draft_close() - the record is whole
 * @draft: from a successful cw_draft_open()
 *
 * Context: as cw_draft_open() left it.
 */
void cw_draft_close(struct cw_draft *draft)
{
	cw_ring_commit(&draft->slot, draft->tail - (char *)draft->rec + draft->rec->tail);
	cw_stream_wake();
}

/* Most strings are short: words in a row are quicker than starting a string instruction. */
static void copy(char *to, const char *from, u32 bytes)
{
	u64 word;

	if (bytes > 256) {
		memcpy(to, from, bytes);
		return;
	}
	for (; bytes >= sizeof(word); bytes -= sizeof(word)) {
		memcpy(&word, from, sizeof(word));
		memcpy(to, &word, sizeof(word));
		from += sizeof(word);
		to += sizeof(word);
	}
	while (bytes--)
		*to++ = *from++;
}

/**
 * cw_draft_num() - put a number into the record
 * @draft: the draft
 * @key: index of the key
 * @value: the number
 *
 * Context: any, between cw_draft_open() and cw_draft_close(), or after cw_draft_on().
 */
void cw_draft_num(struct cw_draft *draft, unsigned int key, u64 value)
{
	*slot_of(draft, key) = value;
	draft->rec->has |= 1ULL << key;
}

/* Room for @bytes in the tail, and key's slot set to it; NULL if there is none. */
static char *tail_room(struct cw_draft *draft, unsigned int key, u32 bytes, bool cut)
{
	struct cw_record *rec = draft->rec;
	struct cw_str *place = (struct cw_str *)slot_of(draft, key);
	char *to = draft->tail + rec->tail;

	if (WARN_ON_ONCE(bytes > draft->room - rec->tail))
		return NULL;
	place->off = rec->tail;
	place->len = bytes;
	rec->tail += bytes;
	rec->has |= 1ULL << key;
	if (cut)
		rec->cut |= 1ULL << key;
	return to;
}

/**
 * cw_draft_str() - put a string into the record
 * @draft: the draft
 * @key: index of the key
 * @s: bytes
 * @bytes: how many; none and not cut: the key stays unknown
 * @cut: they are the beginning of more
 *
 * Context: as cw_draft_num().
 */
void cw_draft_str(struct cw_draft *draft, unsigned int key, const char *s, u32 bytes, bool cut)
{
	char *to;

	if (!bytes && !cut)
		return;
	to = tail_room(draft, key, bytes, cut);
	if (to)
		copy(to, s, bytes);
}

/**
 * cw_draft_text() - put a string of our own into the record
 * @draft: the draft
 * @key: index of the key
 * @s: NUL-terminated
 *
 * Context: as cw_draft_num().
 */
void cw_draft_text(struct cw_draft *draft, unsigned int key, const char *s)
{
	cw_draft_str(draft, key, s, strlen(s), false);
}

/**
 * cw_draft_comm() - put a task's short name into the record
 * @draft: the draft
 * @key: index of the key
 * @comm: TASK_COMM_LEN bytes; a task's own may change meanwhile
 *
 * Context: as cw_draft_num().
 */
void cw_draft_comm(struct cw_draft *draft, unsigned int key, const char *comm)
{
	char copy[TASK_COMM_LEN];

	cw_gather_comm(copy, comm);
	cw_draft_str(draft, key, copy, strnlen(copy, sizeof(copy)), false);
}

/**
 * cw_draft_auid() - put current's login user into the record, if it belongs to a login
 * @draft: the draft
 * @key: index of the key
 *
 * Context: as cw_draft_num(); current is whom the record is about.
 */
void cw_draft_auid(struct cw_draft *draft, unsigned int key)
{
	kuid_t auid = audit_get_loginuid(current);

	if (uid_valid(auid))
		cw_draft_num(draft, key, __kuid_val(auid));
}

/**
 * cw_draft_domain() - put an exec's history into the record
 * @draft: the draft
 * @key: index of the key
 * @exec: the exec, or NULL
 * @cut: it is known to go on
 *
 * Context: as cw_draft_num(); @exec has a holder, or rcu_read_lock() is held.
 */
void cw_draft_domain(struct cw_draft *draft, unsigned int key, const struct cw_exec *exec,
		     bool cut)
{
	u32 root;
	char *to;

	if (!exec || !exec->domain)
		return;
	to = tail_room(draft, key, sizeof(root) + exec->domain->len,
		       cut || exec->flags & CW_EXEC_DOMAIN_CUT);
	if (!to)
		return;
	root = exec->root_pid;
	memcpy(to, &root, sizeof(root));
	copy(to + sizeof(root), exec->domain->text, exec->domain->len);
}

/**
 * cw_draft_exec_bytes() - room in the tail that an exec needs
 * @exec: it, or NULL
 *
 * Context: any; @exec has a holder, or rcu_read_lock() is held.
 * Return: bytes.
 */
u32 cw_draft_exec_bytes(const struct cw_exec *exec)
{
	if (!exec)
		return 0;
	return exec->bytes + (exec->domain ? sizeof(u32) + exec->domain->len : 0);
}

static void put_piece(struct cw_draft *draft, int key, const struct cw_exec *exec,
		      struct cw_str piece, u16 cut)
{
	if (key >= 0)
		cw_draft_str(draft, key, exec->data + piece.off, piece.len, exec->cut & cut);
}

/**
 * cw_draft_exec() - put what an exec tells into the record
 * @draft: the draft
 * @keys: where the type has it
 * @exec: the exec, or NULL
 *
 * Context: as cw_draft_domain().
 */
void cw_draft_exec(struct cw_draft *draft, const struct cw_exec_keys *keys,
		   const struct cw_exec *exec)
{
	struct cw_record *rec = draft->rec;

	if (!exec)
		return;
	put_piece(draft, keys->exe, exec, exec->exe, CW_EXEC_CUT_EXE);
	if (keys->exe >= 0 && keys->file >= 0 && exec->file.off == exec->exe.off &&
	    exec->file.len == exec->exe.len) {
		/* One string for both keys */
		*slot_of(draft, keys->file) = *slot_of(draft, keys->exe);
		rec->has |= (rec->has >> keys->exe & 1) << keys->file;
		rec->cut |= (rec->cut >> keys->exe & 1) << keys->file;
	} else {
		put_piece(draft, keys->file, exec, exec->file, CW_EXEC_CUT_FILE);
	}
	put_piece(draft, keys->argv, exec, exec->argv, CW_EXEC_CUT_ARGV);
	if (keys->argc >= 0 && exec->flags & CW_EXEC_ARGC)
		cw_draft_num(draft, keys->argc, exec->argc);
	if (keys->argv_bytes >= 0 && exec->cut & CW_EXEC_CUT_ARGV)
		cw_draft_num(draft, keys->argv_bytes, exec->argv_bytes);
	if (keys->argv_fault >= 0 && exec->flags & CW_EXEC_ARGV_FAULT)
		cw_draft_num(draft, keys->argv_fault, 1);
	put_piece(draft, keys->cwd, exec, exec->cwd, CW_EXEC_CUT_CWD);
	cw_draft_domain(draft, keys->domain, exec, false);
}

/**
 * cw_draft_task() - put what a process has executed last into the record
 * @draft: the draft
 * @keys: where the type has it
 * @task: the process, or NULL
 *
 * Context: as cw_history_exec().
 */
void cw_draft_task(struct cw_draft *draft, const struct cw_exec_keys *keys,
		   const struct cw_task *task)
{
	const struct cw_exec *exec = cw_history_exec(task);

	/* Of what it runs now nothing is known but that it came after this */
	if (cw_history_stale(task))
		cw_draft_domain(draft, keys->domain, exec, true);
	else
		cw_draft_exec(draft, keys, exec);
}
