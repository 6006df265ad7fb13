// SPDX-License-Identifier: GPL-2.0
/* Dump files, read with libkdumpfile: the one place that knows it. */
#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/flat.h"
#include "lib/kdump.h"
#include "lib/term.h"

/**
 * cw_kdump_is_dump() - does a file look like a dump of a machine's memory?
 * @fd: the file; its position stays
 *
 * Return: true if it begins like one. A pipe is none, since a dump is not read from front to back.
 */
bool cw_kdump_is_dump(int fd)
{
	static const char *const magics[] = { "\177ELF", "KDUMP   " };
	char head[16];
	ssize_t n = pread(fd, head, sizeof(head), 0);
	size_t i;

	for (i = 0; i < sizeof(magics) / sizeof(magics[0]); i++)
		if (n >= (ssize_t)strlen(magics[i]) && !memcmp(head, magics[i], strlen(magics[i])))
			return true;
	return cw_flat_is(fd);
}

#ifdef CW_HAVE_KDUMPFILE
#include <libkdumpfile/kdumpfile.h>

/* Memory that the heads of an ELF file promise, but that lies behind its end */
struct absent {
	__u64 phys, virt, len;
};

#define MOST_ABSENT	1024	/* machines have a few dozen ranges of memory */

/**
 * struct kdump - an open dump
 * @mem: what callers see
 * @ctx: the library's
 * @pages: which pages the file has, or NULL if it does not say
 * @shift: of a page's size
 * @info: VMCOREINFO, allocated, or NULL
 * @unfolded: the file that was made of a flattened one, or -1
 * @absent: what is missing at the end of the file
 * @absents: how many
 */
struct kdump {
	struct cw_mem mem;
	kdump_ctx_t *ctx;
	kdump_bmp_t *pages;
	unsigned int shift;
	char *info;
	int unfolded;
	struct absent *absent;
	size_t absents;
};

static bool is_absent(const struct kdump *dump, enum cw_space space, __u64 addr, size_t len)
{
	size_t i;

	for (i = 0; i < dump->absents; i++) {
		const struct absent *a = &dump->absent[i];
		__u64 from = space == CW_SPACE_PHYS ? a->phys : a->virt;

		if (addr - from < a->len || from - addr < len)
			return true;
	}
	return false;
}

static bool kdump_copy(struct cw_mem *mem, enum cw_space space, __u64 addr, void *buf, size_t len)
{
	struct kdump *dump = (struct kdump *)mem;
	kdump_addrspace_t as = space == CW_SPACE_PHYS ? KDUMP_MACHPHYSADDR : KDUMP_KVADDR;
	size_t n = len;
	kdump_status status;

	if (is_absent(dump, space, addr, len)) {
		mem->failed++;
		return false;
	}
	status = kdump_read(dump->ctx, as, addr, buf, &n);
	mem->failed += status != KDUMP_OK && status != KDUMP_ERR_NODATA;
	return status == KDUMP_OK && n == len;
}

static bool kdump_next(struct cw_mem *mem, __u64 *phys)
{
	struct kdump *dump = (struct kdump *)mem;
	kdump_addr_t page = *phys >> dump->shift;

	if (dump->pages && kdump_bmp_find_set(dump->pages, &page) != KDUMP_OK)
		return false;
	if (page << dump->shift > *phys)
		*phys = page << dump->shift;
	return mem->end ? *phys < mem->end : !!dump->pages;
}

static void kdump_close(struct cw_mem *mem)
{
	struct kdump *dump = (struct kdump *)mem;

	if (dump->pages)
		kdump_bmp_decref(dump->pages);
	kdump_free(dump->ctx);
	if (dump->unfolded >= 0)
		close(dump->unfolded);
	free(dump->info);
	free(dump->absent);
	free(dump);
}

/* Only machines like ours: what we read is not converted. */
static const char *foreign(kdump_ctx_t *ctx)
{
	const __u16 one = 1;
	const kdump_num_t ours = *(const char *)&one ? KDUMP_LITTLE_ENDIAN : KDUMP_BIG_ENDIAN;
	kdump_num_t value;

	if (kdump_get_number_attr(ctx, KDUMP_ATTR_BYTE_ORDER, &value) == KDUMP_OK && value != ours)
		return "it is of a machine with another byte order";
	if (kdump_get_number_attr(ctx, KDUMP_ATTR_PTR_SIZE, &value) == KDUMP_OK &&
	    value != sizeof(void *))
		return "it is of a machine whose addresses have another size";
	return NULL;
}

static void note_absent(struct kdump *dump, const Elf64_Phdr *ph, __u64 size)
{
	__u64 there = size > ph->p_offset ? size - ph->p_offset : 0;

	if (ph->p_type != PT_LOAD || there >= ph->p_filesz || dump->absents == MOST_ABSENT)
		return;
	dump->absent = cw_term_alloc(dump->absent, (dump->absents + 1) * sizeof(*dump->absent));
	dump->absent[dump->absents++] = (struct absent){ .phys = ph->p_paddr + there,
							 .virt = ph->p_vaddr + there,
							 .len = ph->p_filesz - there };
}

/* What an ELF file lacks at its end, in bytes: the library gives zeros for it. */
static __u64 missing_of_elf(struct kdump *dump, int fd, off_t size)
{
	__u64 end = 0, last;
	Elf64_Ehdr eh;
	Elf64_Phdr ph;
	unsigned int i;

	if (pread(fd, &eh, sizeof(eh), 0) != sizeof(eh) ||
	    memcmp(eh.e_ident, ELFMAG, SELFMAG) || eh.e_ident[EI_CLASS] != ELFCLASS64 ||
	    eh.e_phentsize != sizeof(ph))
		return 0;
	for (i = 0; i < eh.e_phnum; i++) {
		if (pread(fd, &ph, sizeof(ph), eh.e_phoff + i * sizeof(ph)) != sizeof(ph))
			break;
		if (__builtin_add_overflow(ph.p_offset, ph.p_filesz, &last))
			continue;
		if (last > end)
			end = last;
		note_absent(dump, &ph, size);
	}
	return end > (__u64)size ? end - size : 0;
}

/* How the head of a compressed dump begins, on 64 bits */
struct compressed {
	char magic[8];
	__s32 version;
	char utsname[6][65];
	__s64 time[2];
	__u32 status;
	__u32 block_size;
	__u32 sub_head_blocks;
	__u32 bitmap_blocks;
};

/*
 * The same of a compressed one. Its bitmaps say which pages there are, and its heads where the
 * bitmaps end. If all of the bitmaps is there, the library finds which pages are missing.
 */
static __u64 missing_of_compressed(int fd, off_t size)
{
	struct compressed head = { .version = 0 };
	__u64 blocks, end;

	if (pread(fd, &head, sizeof(head), 0) < 0 ||
	    memcmp(head.magic, "KDUMP   ", sizeof(head.magic)))
		return 0;
	if (size < (off_t)sizeof(head))
		return sizeof(head) - size;
	blocks = 1ULL + head.sub_head_blocks + head.bitmap_blocks;
	if (__builtin_mul_overflow(blocks, head.block_size, &end))
		return 0;
	return end > (__u64)size ? end - size : 0;
}

static __u64 missing(struct kdump *dump, int fd, off_t size)
{
	__u64 bytes = missing_of_elf(dump, fd, size);

	return bytes ? bytes : missing_of_compressed(fd, size);
}

static bool start(struct kdump *dump, int fd, char *problem, size_t size)
{
	kdump_num_t shift = 12, frames = 0;
	kdump_attr_t map = { .type = KDUMP_BITMAP };
	struct stat st;
	const char *why;

	/* A page that is mapped counts as ours, and is a SIGBUS if the file is cut meanwhile. */
	kdump_set_number_attr(dump->ctx, KDUMP_ATTR_FILE_MMAP_POLICY, KDUMP_MMAP_NEVER);
	if (kdump_open_fd(dump->ctx, fd) != KDUMP_OK) {
		snprintf(problem, size, "libkdumpfile says: %s", kdump_get_err(dump->ctx));
		return false;
	}
	why = foreign(dump->ctx);
	if (why) {
		snprintf(problem, size, "%s", why);
		return false;
	}
	/* Each of these may fail: then there is less that can be read. */
	kdump_set_number_attr(dump->ctx, KDUMP_ATTR_ZERO_EXCLUDED, 1);
	kdump_set_string_attr(dump->ctx, KDUMP_ATTR_OSTYPE, "linux");
	if (kdump_vmcoreinfo_raw(dump->ctx, &dump->info) != KDUMP_OK)
		dump->info = NULL;
	if (kdump_get_typed_attr(dump->ctx, KDUMP_ATTR_FILE_PAGEMAP, &map) == KDUMP_OK) {
		dump->pages = map.val.bitmap;
		kdump_bmp_incref(dump->pages);
	}
	if (kdump_get_number_attr(dump->ctx, KDUMP_ATTR_PAGE_SHIFT, &shift) != KDUMP_OK ||
	    shift < 12 || shift > 16)
		shift = 12;
	kdump_get_number_attr(dump->ctx, "max_pfn", &frames);
	if (frames > 1ULL << 40)
		frames = 0;
	dump->shift = shift;
	dump->mem.end = frames << shift;
	/* A page takes 24 bytes of a compressed file at least, whatever its heads claim. */
	if (!fstat(fd, &st)) {
		dump->mem.pages = st.st_size / 24;
		dump->mem.missing = missing(dump, fd, st.st_size);
	}
	dump->mem.info = dump->info ? dump->info : "";
	return true;
}

static struct cw_mem *open_dump(int fd, char *problem, size_t size)
{
	struct kdump *dump = cw_term_alloc(NULL, sizeof(*dump));

	*dump = (struct kdump){ .mem = { .read = kdump_copy,
					 .next = kdump_next,
					 .close = kdump_close,
					 .info = "" },
				.ctx = kdump_new(),
				.unfolded = -1 };
	if (!dump->ctx) {
		snprintf(problem, size, "there is no memory left");
		free(dump);
		return NULL;
	}
	if (cw_flat_is(fd)) {
		dump->unfolded = cw_flat_unfold(fd, problem, size);
		fd = dump->unfolded;
	}
	if (fd >= 0 && start(dump, fd, problem, size))
		return &dump->mem;
	kdump_close(&dump->mem);
	return NULL;
}

#else

static struct cw_mem *open_dump(int fd, char *problem, size_t size)
{
	(void)fd;
	snprintf(problem, size, "this command was built without libkdumpfile, which reads dumps");
	return NULL;
}

#endif

/**
 * cw_kdump_open() - open a dump
 * @fd: the file; stays the caller's, and open until the memory is closed
 * @problem: set to why there is none
 * @size: bytes of @problem
 *
 * Return: the memory in it, to be closed by its own function; NULL if it cannot be understood.
 */
struct cw_mem *cw_kdump_open(int fd, char *problem, size_t size)
{
	return open_dump(fd, problem, size);
}
