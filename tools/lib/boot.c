// SPDX-License-Identifier: GPL-2.0
/* The table of boots: put together from whatever knows of them. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"
#include "lib/boot.h"
#include "lib/host.h"
#include "lib/term.h"

#define NS_PER_S 1000000000LL
#define NEAR_NS	 (600 * NS_PER_S) /* that much later a log of the same end may be written */

/* In this order; the journal first, since it knows when boots were */
static const struct cw_boot_source *const sources[] = {
#ifdef CW_SYSTEMD
	&cw_boot_journal,
#endif
	&cw_boot_ring,
	&cw_boot_pstore,
	&cw_boot_crash,
};

/**
 * cw_boot_id() - a boot id without its dashes
 * @id: set to it, or to an empty string if @text does not start with one
 * @text: as procfs, the journal or the module have it
 */
void cw_boot_id(char id[33], const char *text)
{
	size_t len = 0;

	for (; len < 32 && *text; text++)
		if (strchr("0123456789abcdef", *text))
			id[len++] = *text;
		else if (*text != '-')
			break;
	id[len == 32 ? 32 : 0] = 0;
}

static __s64 begin(const struct cw_boot *boot)
{
	return boot->first_ns ? boot->first_ns : boot->last_ns;
}

/* The one that runs is the last one, whatever the clock said. */
static int compare(const void *a, const void *b)
{
	const struct cw_boot *x = a, *y = b;
	bool x_runs = x->end.verdict == CW_BOOT_RUNNING, y_runs = y->end.verdict == CW_BOOT_RUNNING;

	if (x_runs != y_runs)
		return x_runs - y_runs;
	return (begin(x) > begin(y)) - (begin(x) < begin(y));
}

static void sort(struct cw_boots *boots)
{
	if (boots->count)
		qsort(boots->boot, boots->count, sizeof(*boots->boot), compare);
}

static struct cw_boot *add(struct cw_boots *boots)
{
	struct cw_boot *boot;

	boots->boot = cw_term_alloc(boots->boot, (boots->count + 1) * sizeof(*boot));
	boot = &boots->boot[boots->count++];
	*boot = (struct cw_boot){ 0 };
	return boot;
}

/**
 * cw_boots_get() - the boot with an id
 * @boots: the table
 * @id: of the boot; if it is not known yet the boot is added
 *
 * Return: the boot, valid until the next call of any such function.
 */
struct cw_boot *cw_boots_get(struct cw_boots *boots, const char *id)
{
	struct cw_boot *boot;
	size_t i;

	for (i = 0; i < boots->count; i++)
		if (!strcmp(boots->boot[i].id, id))
			return &boots->boot[i];
	boot = add(boots);
	strcpy(boot->id, id);
	return boot;
}

static __s64 distance(const struct cw_boot *boot, __s64 ns)
{
	__s64 d;

	if (!boot->last_ns || __builtin_sub_overflow(ns, boot->last_ns, &d) || d == LLONG_MIN)
		return LLONG_MAX;
	return d < 0 ? -d : d;
}

/**
 * cw_boots_at() - the boot that a log without an id tells the end of
 * @boots: the table
 * @time_ns: when the log was written
 * @later: it was written in the boot that came after
 *
 * Return: the boot, added if none fits, valid until the next call of any such function.
 */
struct cw_boot *cw_boots_at(struct cw_boots *boots, __s64 time_ns, bool later)
{
	struct cw_boot *boot;
	size_t n;

	sort(boots);
	for (n = boots->count; n; n--)
		if (begin(&boots->boot[n - 1]) <= time_ns)
			break;
	if (n && (later || boots->boot[n - 1].end.verdict == CW_BOOT_RUNNING))
		n--;
	boot = n ? &boots->boot[n - 1] : NULL;
	/* Long after a boot that ended well nobody writes about it: there was another one */
	if (boot && (later || !boot->end.weight || distance(boot, time_ns) < NEAR_NS))
		return boot;
	boot = n < boots->count ? &boots->boot[n] : NULL;
	if (boot && begin(boot) && begin(boot) <= time_ns)
		time_ns = begin(boot) - 1;
	boot = add(boots);
	boot->last_ns = time_ns;
	return boot;
}

/**
 * cw_boots_believe() - take over what a source says, unless something better is known
 * @boot: which ended
 * @end: how
 * @weight: what the source is worth; less if it has found less
 * @source: its name
 */
void cw_boots_believe(struct cw_boot *boot, const struct cw_boot_end *end,
		      enum cw_boot_weight weight, const char *source)
{
	if (end->weight == CW_BOOT_NOTHING || boot->end.verdict == CW_BOOT_RUNNING)
		return;
	if (end->weight < weight)
		weight = end->weight;
	if (weight <= boot->end.weight) {
		/* The record has no text: only what came after it had one */
		if (end->verdict == CW_BOOT_PANIC && boot->end.verdict == CW_BOOT_PANIC &&
		    !*boot->end.text)
			strcpy(boot->end.text, end->text);
		return;
	}
	boot->end = *end;
	boot->end.weight = weight;
	boot->end.source = source;
}

/**
 * cw_boots_fail() - say that something could not be read
 * @boots: the table, which may lack something now
 * @path: what; what is not there is no failure
 * @err: errno
 */
void cw_boots_fail(struct cw_boots *boots, const char *path, int err)
{
	bool denied = err == EACCES || err == EPERM;

	if (err == ENOENT || err == ENOTDIR)
		return;
	cw_term_error("%s cannot be read: %s.", path,
		      denied && geteuid() ? "that takes root" : strerror(err));
	if (boots->status == CW_EXIT_FOUND)
		boots->status = denied ? CW_EXIT_NOT_PERMITTED : CW_EXIT_LOST;
}

static void add_running(struct cw_boots *boots)
{
	char *text = cw_host_read("/proc/sys/kernel/random/boot_id");
	char *stat = cw_host_read("/proc/stat");
	char *btime = stat ? strstr(stat, "\nbtime ") : NULL;
	struct cw_boot *boot;
	char id[33];

	cw_boot_id(id, text ? text : "");
	if (*id) {
		boot = cw_boots_get(boots, id);
		boot->end.verdict = CW_BOOT_RUNNING;
		if (btime)
			boot->first_ns = strtoull(btime + 7, NULL, 10) * NS_PER_S;
	}
	free(stat);
	free(text);
}

/* Nothing but a panic starts a crash kernel. */
static void explain_dumps(struct cw_boots *boots)
{
	size_t i;

	for (i = 1; i < boots->count; i++) {
		const struct cw_boot *dump = &boots->boot[i];
		struct cw_boot *boot = &boots->boot[i - 1];

		if (dump->end.verdict == CW_BOOT_DUMP && boot->end.weight < CW_BOOT_SEEN)
			boot->end = (struct cw_boot_end){ .weight = CW_BOOT_SEEN,
							  .verdict = CW_BOOT_PANIC,
							  .source = dump->end.source,
							  .how = "panic" };
	}
}

/**
 * cw_boots_read() - find out about all boots
 * @boots: result
 * @opt: what was asked for
 */
void cw_boots_read(struct cw_boots *boots, const struct cw_options *opt)
{
	size_t i;

	*boots = (struct cw_boots){ .opt = opt };
	add_running(boots);
	for (i = 0; i < sizeof(sources) / sizeof(sources[0]); i++)
		sources[i]->read(boots, sources[i]->name);
	sort(boots);
	explain_dumps(boots);
}

/**
 * cw_boots_free() - free a table
 * @boots: the table
 */
void cw_boots_free(struct cw_boots *boots)
{
	free(boots->boot);
}
