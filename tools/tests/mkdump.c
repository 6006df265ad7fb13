// SPDX-License-Identifier: GPL-2.0
/* Writes the dump of a made-up machine, an ELF file: mkdump [SEED]; with SEED, a damaged one. */
#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/image.h"
#include "tests/random.h"

#define LOADS 2
#define NOTE_NAME "VMCOREINFO"
#define DATA_AT 4096 /* of the file */

static union {
	char bytes[CW_IMAGE_BYTES];
	__u64 aligned;
} image;

static char file[DATA_AT + CW_IMAGE_BYTES];

static void load(Elf64_Phdr *ph, size_t from, size_t to)
{
	*ph = (Elf64_Phdr){
		.p_type = PT_LOAD,
		.p_flags = PF_R | PF_W | PF_X,
		.p_offset = DATA_AT + from,
		.p_vaddr = CW_IMAGE_KERNEL + from,
		.p_paddr = from,
		.p_filesz = to - from,
		.p_memsz = to - from,
		.p_align = CW_IMAGE_PAGE,
	};
}

static void make_file(void)
{
	Elf64_Ehdr *eh = (Elf64_Ehdr *)file;
	Elf64_Phdr *ph = (Elf64_Phdr *)(eh + 1);
	char *at = (char *)(ph + 1 + LOADS);
	Elf64_Nhdr note = { sizeof(NOTE_NAME), strlen(cw_image_info), 0 };
	size_t half = CW_IMAGE_RINGS * CW_IMAGE_PAGE;

	*eh = (Elf64_Ehdr){
		.e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB,
			     EV_CURRENT },
		.e_type = ET_CORE,
		.e_machine = EM_X86_64,
		.e_version = EV_CURRENT,
		.e_phoff = sizeof(*eh),
		.e_ehsize = sizeof(*eh),
		.e_phentsize = sizeof(*ph),
		.e_phnum = 1 + LOADS,
	};
	ph[0] = (Elf64_Phdr){ .p_type = PT_NOTE, .p_offset = at - file };
	memcpy(at, &note, sizeof(note));
	memcpy(at + sizeof(note), NOTE_NAME, sizeof(NOTE_NAME));
	at += sizeof(note) + ((sizeof(NOTE_NAME) + 3) & ~3UL);
	memcpy(at, cw_image_info, note.n_descsz);
	at += (note.n_descsz + 3) & ~3U;
	ph[0].p_filesz = at - file - ph[0].p_offset;
	ph[0].p_memsz = ph[0].p_filesz;
	load(&ph[1], 0, half);
	load(&ph[2], half, CW_IMAGE_BYTES);
	memcpy(file + DATA_AT, image.bytes, CW_IMAGE_BYTES);
}

int main(int argc, char **argv)
{
	size_t len = sizeof(file);

	if (!cw_image_make(image.bytes))
		return 1;
	make_file();
	if (argc > 1) {
		struct cw_random random = { strtoul(argv[1], NULL, 0) };

		/* Every other one in its heads, which the library reads */
		cw_random_damage(&random, file,
				 random.state % 2 ? DATA_AT / 2 : DATA_AT + CW_IMAGE_USED * 4096);
		if (cw_random_next(&random) % 8 == 0)
			len = cw_random_next(&random) % len;
	}
	fwrite(file, 1, len, stdout);
	return fclose(stdout) ? 1 : 0;
}
