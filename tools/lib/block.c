// SPDX-License-Identifier: GPL-2.0
/* The block that records come with; trusts nothing in it. */
#include <stdio.h>
#include <string.h>

#include "lib/block.h"

/**
 * cw_block_good() - can what follows this block be read?
 * @block: its fixed part
 * @problem: if not, set to why
 * @size: bytes of @problem
 *
 * Return: true if so.
 */
bool cw_block_good(const struct cw_block *block, char *problem, size_t size)
{
	if (memcmp(block->magic, CW_BLOCK_MAGIC, sizeof(block->magic)))
		snprintf(problem, size,
			 "it does not begin with '" CW_BLOCK_MAGIC
			 "', as what 'crashwatch log --raw' prints does");
	else if (block->abi != CW_ABI)
		snprintf(problem, size,
			 "it has layout %u, and this version of the command knows layout %d only",
			 block->abi, CW_ABI);
	else if (block->entry_bytes != sizeof(struct cw_entry) ||
		 block->record_bytes != sizeof(struct cw_record) ||
		 block->bytes < sizeof(*block) || block->bytes > CW_BLOCK_BYTES_MAX)
		snprintf(problem, size, "its first block is damaged");
	else
		return true;
	return false;
}

/**
 * cw_block_tame() - make the texts in a block harmless, since they are printed as they are
 * @block: a block
 */
void cw_block_tame(struct cw_block *block)
{
	size_t len = strnlen(block->boot_id, sizeof(block->boot_id));

	if (len == sizeof(block->boot_id) || strspn(block->boot_id, "0123456789abcdef-") != len)
		memset(block->boot_id, 0, sizeof(block->boot_id));
	block->version[sizeof(block->version) - 1] = 0;
}
