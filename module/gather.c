// SPDX-License-Identifier: GPL-2.0
/* Facts about current that are looked up when it dies or asks for a reboot. */
#include <linux/cgroup.h>
#include <linux/cred.h>
#include <linux/dcache.h>
#include <linux/elf.h>
#include <linux/file.h>
#include <linux/hex.h>
#include <linux/highmem.h>
#include <linux/ipc_namespace.h>
#include <linux/mm.h>
#include <linux/nsproxy.h>
#include <linux/pagemap.h>
#include <linux/pid_namespace.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <linux/user_namespace.h>
#include <linux/utsname.h>
#include <net/net_namespace.h>

#include "context.h"
#include "gather.h"

#define NOTE_BUILD_ID	3	/* NT_GNU_BUILD_ID, which not every kernel names for modules */

/**
 * cw_gather_parent() - the process that a process has as its parent now
 * @leader: the process, not reaped
 *
 * Context: rcu_read_lock() held, for as long as the result is used.
 * Return: its leader.
 */
struct task_struct *cw_gather_parent(const struct task_struct *leader)
{
	/* A thread of the parent may be becoming its leader */
	return READ_ONCE(rcu_dereference(leader->real_parent)->group_leader);
}

/**
 * cw_gather_tree() - current's live ancestors
 * @node: filled, current first; room for @levels is the caller's
 * @levels: the most levels, 1 to 64
 * @cut: set if there were more
 *
 * Context: any.
 * Return: levels filled.
 */
u32 cw_gather_tree(struct cw_tree_node *node, u32 levels, bool *cut)
{
	const struct task_struct *task = current->group_leader;
	u32 n = 0;

	rcu_read_lock();
	for (; task->pid && n < levels; n++) {
		node[n].pid = task->tgid;
		/* As cw_gather_comm(), but not every kernel clears what a longer name has left */
		data_race(strscpy_pad(node[n].comm, task->comm, sizeof(node[n].comm)));
		task = cw_gather_parent(task);
	}
	*cut = task->pid;
	rcu_read_unlock();
	return n;
}

/**
 * cw_gather_cgroup() - current's cgroup in the version 2 hierarchy
 * @buf: for its path
 * @size: bytes of @buf
 *
 * Context: handler in process context.
 * Return: bytes of the path without a NUL; 0 if it cannot be told.
 */
u32 cw_gather_cgroup(char *buf, u32 size)
{
	int len;

	if (unlikely(!cw_context_may_lock()))
		return 0;
	rcu_read_lock();
	len = cgroup_path(task_dfl_cgroup(current), buf, size);
	rcu_read_unlock();
	return len > 0 && len < size ? len : 0;
}

static u32 put_ns(char *buf, u32 size, const char *name, unsigned int inum)
{
	/* The NUL parts it from the next one */
	return scnprintf(buf, size, "%s:%u", name, inum) + 1;
}

/**
 * cw_gather_namespaces() - the namespaces current lives in
 * @buf: for name:inode each, ended by a NUL
 * @size: bytes of @buf; 256 are enough
 *
 * Context: current, preemption may be off.
 * Return: bytes filled; 0 if it has left its namespaces already.
 */
u32 cw_gather_namespaces(char *buf, u32 size)
{
	struct nsproxy *ns = current->nsproxy;
	u32 len = 0;

	if (!ns)
		return 0;
	len += put_ns(buf + len, size - len, "pid", task_active_pid_ns(current)->ns.inum);
	len += put_ns(buf + len, size - len, "user", current_user_ns()->ns.inum);
	len += put_ns(buf + len, size - len, "uts", ns->uts_ns->ns.inum);
	len += put_ns(buf + len, size - len, "ipc", ns->ipc_ns->ns.inum);
	len += put_ns(buf + len, size - len, "net", ns->net_ns->ns.inum);
	len += put_ns(buf + len, size - len, "cgroup", ns->cgroup_ns->ns.inum);
	return len;
}

/* === Mappings === */

/**
 * cw_gather_maps_begin() - keep current's mappings as they are
 *
 * Context: process context, preemption may be off; never waits.
 * Return: false if another thread is changing them, or there are none.
 */
bool cw_gather_maps_begin(void)
{
	return current->mm && mmap_read_trylock(current->mm);
}

/**
 * cw_gather_maps_end() - let them change again
 *
 * Context: as cw_gather_maps_begin().
 */
void cw_gather_maps_end(void)
{
	bool off = irqs_disabled();

	mmap_read_unlock(current->mm);
	/* Where a probe is a trap. On PREEMPT_RT whoever wakes a writer turns interrupts on. */
	if (IS_ENABLED(CONFIG_PREEMPT_RT) && off)
		local_irq_disable();
}

/*
 * Read from the file's pages in memory: a mapping may not have been touched by this process. The
 * pages of memfd_secret(2) are not mapped in the kernel either.
 */
static bool file_read(const struct file *file, void *to, u64 off, size_t bytes)
{
	while (bytes) {
		size_t part = min_t(size_t, bytes, PAGE_SIZE - offset_in_page(off));
		struct page *page = find_get_page(file->f_mapping, off >> PAGE_SHIFT);
		bool read = false;
		void *from;

		if (!page)
			return false;
		if (PageUptodate(page)) {
			from = kmap_local_page(page);
			read = !copy_from_kernel_nofault(to, from + offset_in_page(off), part);
			kunmap_local(from);
		}
		put_page(page);
		if (!read)
			return false;
		to += part;
		off += part;
		bytes -= part;
	}
	return true;
}

/* Look for a build-id among the notes at [at, end) of the file. */
static u32 build_id_in_notes(const struct file *file, u64 at, u64 end, u8 *id, u32 size)
{
	struct elf32_note note;	/* both classes have 32-bit words here */
	char name[4];
	int i;

	for (i = 0; i < 16 && at < end && file_read(file, &note, at, sizeof(note)); i++) {
		u64 desc = at + sizeof(note) + ALIGN((u64)note.n_namesz, 4);

		if (note.n_type == NOTE_BUILD_ID && note.n_namesz == sizeof(name) &&
		    note.n_descsz && note.n_descsz <= size &&
		    file_read(file, name, at + sizeof(note), sizeof(name)) &&
		    !memcmp(name, "GNU", sizeof(name)) && file_read(file, id, desc, note.n_descsz))
			return note.n_descsz;
		at = desc + ALIGN((u64)note.n_descsz, 4);
	}
	return 0;
}

static u32 find_build_id(const struct file *file, u8 *id, u32 size)
{
	union {
		unsigned char ident[EI_NIDENT];
		Elf64_Ehdr wide;
		Elf32_Ehdr narrow;
	} head;
	union {
		Elf64_Phdr wide;
		Elf32_Phdr narrow;
	} ph;
	u32 phnum, step, len, i;
	bool wide;
	u64 phoff;

	if (!file_read(file, &head, 0, sizeof(head)) || memcmp(head.ident, ELFMAG, SELFMAG))
		return 0;
	wide = head.ident[EI_CLASS] == ELFCLASS64;
	phoff = wide ? head.wide.e_phoff : head.narrow.e_phoff;
	phnum = wide ? head.wide.e_phnum : head.narrow.e_phnum;
	step = wide ? sizeof(ph.wide) : sizeof(ph.narrow);
	for (i = 0; i < min(phnum, 64u) && file_read(file, &ph, phoff, step); i++, phoff += step) {
		u64 off = wide ? ph.wide.p_offset : ph.narrow.p_offset;
		u64 bytes = wide ? ph.wide.p_filesz : ph.narrow.p_filesz;

		if ((wide ? ph.wide.p_type : ph.narrow.p_type) != PT_NOTE)
			continue;
		len = build_id_in_notes(file, off, off + bytes, id, size);
		if (len)
			return len;
	}
	return 0;
}

static void take_build_id(const struct file *file, struct cw_place *place)
{
	u8 id[CW_BUILD_ID_CHARS / 2];
	u32 len = find_build_id(file, id, sizeof(id));

	bin2hex(place->build_id, id, len);
	place->build_id_len = 2 * len;
}

static const char *area_name(const struct mm_struct *mm, unsigned long start, unsigned long end)
{
	/* prctl(2) may set these now */
	unsigned long heap = READ_ONCE(mm->start_brk), heap_end = READ_ONCE(mm->brk);
	unsigned long stack = READ_ONCE(mm->start_stack);

	if (start <= heap_end && end >= heap)
		return "[heap]";
	if (start <= stack && end >= stack)
		return "[stack]";
	return "[anon]";
}

/**
 * cw_gather_spot() - the mapping an address lies in, and where in it
 * @addr: user address
 * @spot: filled, for cw_gather_forget()
 *
 * Context: between cw_gather_maps_begin() and cw_gather_maps_end(), preemption may be off.
 */
void cw_gather_spot(unsigned long addr, struct cw_spot *spot)
{
	struct vm_area_struct *vma = find_vma(current->mm, addr);
	unsigned long start;

	*spot = (struct cw_spot){ 0 };
	/* A stack may be growing */
	start = vma ? READ_ONCE(vma->vm_start) : 0;
	if (!vma || addr < start)
		return;
	spot->off = addr - start;
	if (vma->vm_file) {
		spot->file = get_file(vma->vm_file);
		spot->off += (u64)vma->vm_pgoff << PAGE_SHIFT;
	} else {
		spot->area = area_name(vma->vm_mm, start, vma->vm_end);
	}
}

/**
 * cw_gather_place() - a mapping in words
 * @spot: from cw_gather_spot()
 * @buf: for the text
 * @size: bytes of @buf, at least 64
 * @build_id: the file's build-id is wanted too
 * @place: filled
 *
 * The offset is one into the file, or into the area where there is none.
 *
 * Context: handler.
 */
void cw_gather_place(const struct cw_spot *spot, char *buf, u32 size, bool build_id,
		     struct cw_place *place)
{
	const u32 room = 24;	/* for "+0x" and an address */
	const char *name;
	char *end;

	place->len = 0;
	place->build_id_len = 0;
	if (spot->file) {
		if (unlikely(!cw_context_may_lock()))
			return;
		name = d_path(&spot->file->f_path, buf, size - room);
		if (IS_ERR(name))
			return;
		end = buf + size - room - 1;
		if (build_id)
			take_build_id(spot->file, place);
	} else if (spot->area) {
		name = buf;
		end = buf + strscpy(buf, spot->area, size - room);
	} else {
		return;
	}
	end += scnprintf(end, room, "+0x%llx", spot->off);
	place->text = name;
	place->len = end - name;
}

/**
 * cw_gather_forget() - let a mapping's file go
 * @spot: from cw_gather_spot(), or of zeroes
 *
 * Context: handler; also a callback of RCU.
 */
void cw_gather_forget(struct cw_spot *spot)
{
	if (spot->file)
		fput(spot->file);
	*spot = (struct cw_spot){ 0 };
}
