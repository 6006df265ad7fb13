/* SPDX-License-Identifier: GPL-2.0 */
/* Boots, and how each of them ended. */
#ifndef CW_BOOT_H
#define CW_BOOT_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

struct cw_options;

/**
 * enum cw_boot_verdict - how a boot ended
 * @CW_BOOT_UNEXPLAINED: nothing tells: power loss, reset by hardware, triple fault
 * @CW_BOOT_ORDERLY: init asked for it, or shut everything down before
 * @CW_BOOT_UNEXPECTED: somebody else asked for it
 * @CW_BOOT_PANIC: the kernel panicked, by itself or since crashwatch made it
 * @CW_BOOT_RUNNING: it has not ended
 * @CW_BOOT_DUMP: it was the crash kernel's, which saves a dump of the boot before and restarts
 */
enum cw_boot_verdict {
	CW_BOOT_UNEXPLAINED,
	CW_BOOT_ORDERLY,
	CW_BOOT_UNEXPECTED,
	CW_BOOT_PANIC,
	CW_BOOT_RUNNING,
	CW_BOOT_DUMP,
};

/**
 * enum cw_boot_weight - what is believed if sources do not agree
 * @CW_BOOT_NOTHING: nothing is known
 * @CW_BOOT_SIGNS: services were being stopped
 * @CW_BOOT_SEEN: what the journal kept of the kernel's log; its end may be missing
 * @CW_BOOT_LOG: the kernel's log, to its end
 * @CW_BOOT_RECORD: the record itself
 */
enum cw_boot_weight {
	CW_BOOT_NOTHING,
	CW_BOOT_SIGNS,
	CW_BOOT_SEEN,
	CW_BOOT_LOG,
	CW_BOOT_RECORD,
};

/**
 * struct cw_boot_end - how a boot ended, as one source has it
 * @weight: what it is worth; all else counts only if this is not %CW_BOOT_NOTHING
 * @verdict: in a word
 * @ours: the panic is what crashwatch made of a restart
 * @source: name of the source
 * @how: restart, halt, power-off, kexec or panic, or empty
 * @by: who asked, or empty; bytes of any value, as all that follows
 * @uid: real user of who asked, or empty
 * @auid: login user, or empty
 * @domain: the chain of programs that led there, or empty
 * @text: of the panic, or empty
 */
struct cw_boot_end {
	enum cw_boot_weight weight;
	enum cw_boot_verdict verdict;
	bool ours;
	const char *source;
	char how[16];
	char by[160];
	char uid[24];
	char auid[24];
	char domain[2048];
	char text[512];
};

/**
 * struct cw_boot - one boot
 * @id: 32 hexadecimal digits, or empty
 * @first_ns: earliest time that is known of, or 0; nanoseconds since 1970, as the other
 * @last_ns: latest, or 0
 * @end: what became of it
 */
struct cw_boot {
	char id[33];
	__s64 first_ns;
	__s64 last_ns;
	struct cw_boot_end end;
};

/**
 * struct cw_boots - all boots that are known of
 * @opt: what was asked for
 * @boot: the oldest first
 * @count: how many
 * @status: an exit status if not everything could be read
 */
struct cw_boots {
	const struct cw_options *opt;
	struct cw_boot *boot;
	size_t count;
	int status;
};

/**
 * struct cw_boot_source - something that knows about boots
 * @name: in the table
 * @read: add what it knows
 */
struct cw_boot_source {
	const char *name;
	void (*read)(struct cw_boots *boots, const char *name);
};

extern const struct cw_boot_source cw_boot_journal, cw_boot_ring, cw_boot_pstore, cw_boot_crash;

void cw_boots_read(struct cw_boots *boots, const struct cw_options *opt);
struct cw_boot *cw_boots_get(struct cw_boots *boots, const char *id);
struct cw_boot *cw_boots_at(struct cw_boots *boots, __s64 time_ns, bool later);
void cw_boots_believe(struct cw_boot *boot, const struct cw_boot_end *end,
		      enum cw_boot_weight weight, const char *source);
void cw_boots_fail(struct cw_boots *boots, const char *path, int err);
void cw_boots_free(struct cw_boots *boots);
void cw_boot_id(char id[33], const char *text);

void cw_boot_end_restart(struct cw_boot_end *end, const char *keys);
void cw_boot_end_panic(struct cw_boot_end *end, const char *text);
void cw_boot_end_sign(struct cw_boot_end *end, const char *by);

#endif
