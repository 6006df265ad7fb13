// SPDX-License-Identifier: GPL-2.0
/* Streams as D/events_raw would give them, made up. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sample.h"
#include "text.h"

#define NS_PER_MS 1000000ULL

/* A string constant with all its bytes, also NULs; a list needs one after each item. */
#define STR(s, key, text) str(s, key, text, sizeof(text) - 1)
#define DOMAIN(s, key, root, text) domain(s, key, root, text, sizeof(text) - 1)

static void append(struct cw_sample *s, const void *bytes, size_t len)
{
	s->bytes = realloc(s->bytes, s->len + len + 1);
	if (!s->bytes)
		abort();
	if (bytes)
		memcpy(s->bytes + s->len, bytes, len);
	else
		memset(s->bytes + s->len, 0, len);
	s->len += len;
}

/* The entry need not be aligned: the block before it may have any length. */
static void begin(struct cw_sample *s, __u16 cpu, __u64 seq, __u64 time_ms, unsigned int type)
{
	struct cw_entry entry = { .cpu = cpu, .seq = seq, .time_ns = time_ms * NS_PER_MS };
	struct cw_record rec = { .type = type, .fields = cw_type_find(type)->keys };

	s->entry = s->len;
	append(s, &entry, sizeof(entry));
	append(s, &rec, sizeof(rec));
	append(s, NULL, 8 * rec.fields);
	s->tail = s->len;
}

static void end(struct cw_sample *s)
{
	struct cw_record rec;
	struct cw_entry entry;
	size_t at = s->entry + sizeof(entry);

	memcpy(&rec, s->bytes + at, sizeof(rec));
	rec.tail = s->len - s->tail;
	memcpy(s->bytes + at, &rec, sizeof(rec));
	append(s, NULL, -(s->len - s->entry) & 7);
	memcpy(&entry, s->bytes + s->entry, sizeof(entry));
	entry.len = s->len - s->entry;
	memcpy(s->bytes + s->entry, &entry, sizeof(entry));
}

static void mark(struct cw_sample *s, unsigned int key, bool cut)
{
	size_t at = s->entry + sizeof(struct cw_entry);
	struct cw_record rec;

	memcpy(&rec, s->bytes + at, sizeof(rec));
	rec.has |= 1ULL << key;
	rec.cut |= (__u64)cut << key;
	memcpy(s->bytes + at, &rec, sizeof(rec));
}

static void put_slot(struct cw_sample *s, unsigned int key, const void *slot)
{
	size_t at = s->entry + sizeof(struct cw_entry) + sizeof(struct cw_record) + 8 * key;

	memcpy(s->bytes + at, slot, 8);
	mark(s, key, false);
}

static void num(struct cw_sample *s, unsigned int key, __u64 value)
{
	put_slot(s, key, &value);
}

static void str(struct cw_sample *s, unsigned int key, const char *text, size_t len)
{
	struct cw_str place = { s->len - s->tail, len };

	append(s, text, len);
	put_slot(s, key, &place);
}

static void domain(struct cw_sample *s, unsigned int key, __u32 root, const char *text, size_t len)
{
	struct cw_str place = { s->len - s->tail, len + sizeof(root) };

	append(s, &root, sizeof(root));
	append(s, text, len);
	put_slot(s, key, &place);
}

static void level(struct cw_tree_node *node, __u32 pid, const char *comm)
{
	node->pid = pid;
	memset(node->comm, 0, sizeof(node->comm));
	memcpy(node->comm, comm, strnlen(comm, sizeof(node->comm)));
}

static void tree(struct cw_sample *s, unsigned int key, const struct cw_tree_node *nodes, size_t n)
{
	str(s, key, (const char *)nodes, n * sizeof(*nodes));
}

static void block(struct cw_sample *s, __s64 offset)
{
	struct cw_block b = {
		.abi = CW_ABI,
		.page_size = 4096,
		.cpus = 2,
		.realtime_offset_ns = offset,
		.boot_id = "01234567-89ab-cdef-0123-456789abcdef",
		.version = "1.2.3",
		.entry_bytes = sizeof(struct cw_entry),
		.record_bytes = sizeof(struct cw_record),
		.cpu_bytes = sizeof(struct cw_cpu),
		.fields_off = sizeof(b) + 2 * 8,
		.fields_len = cw_fields_table_bytes,
		.counters_off = sizeof(b) + 2 * 8 + cw_fields_table_bytes,
		.counters_len = cw_counters_table_bytes,
	};

	memcpy(b.magic, CW_BLOCK_MAGIC, sizeof(b.magic));
	b.bytes = b.counters_off + b.counters_len;
	append(s, &b, sizeof(b));
	append(s, NULL, 2 * 8);
	append(s, cw_fields_table, cw_fields_table_bytes);
	append(s, cw_counters_table, cw_counters_table_bytes);
}

#define AGENT "init /usr/sbin/ovcd /usr/bin/opcacta"
#define SHELL "systemd /usr/sbin/sshd /bin/bash"

static void exec(struct cw_sample *s, __u64 seq, __u64 time_ms)
{
	begin(s, 0, seq, time_ms, CW_EXEC);
	num(s, CW_EXEC_pid, 8651);
	num(s, CW_EXEC_ppid, 976);
	num(s, CW_EXEC_uid, 0);
	STR(s, CW_EXEC_comm, "check.pl");
	STR(s, CW_EXEC_exe, "/usr/bin/perl");
	STR(s, CW_EXEC_file, "/var/opt/OV/check.pl");
	STR(s, CW_EXEC_argv, "/usr/bin/perl\0/var/opt/OV/check.pl\0--disk\0/var\0");
	num(s, CW_EXEC_argc, 4);
	STR(s, CW_EXEC_cwd, "/var/opt/OV");
	DOMAIN(s, CW_EXEC_domain, 1, AGENT " /var/opt/OV/check.pl");
	end(s);
}

static void exec_failed(struct cw_sample *s, __u64 seq, __u64 time_ms)
{
	begin(s, 1, seq, time_ms, CW_EXEC_FAILED);
	num(s, CW_EXEC_FAILED_pid, 4711);
	num(s, CW_EXEC_FAILED_ppid, 4710);
	num(s, CW_EXEC_FAILED_uid, 54321);
	num(s, CW_EXEC_FAILED_auid, 54321);
	STR(s, CW_EXEC_FAILED_comm, "bash");
	STR(s, CW_EXEC_FAILED_exe, "/bin/bash");
	STR(s, CW_EXEC_FAILED_file, "/usr/local/bin/nothing");
	STR(s, CW_EXEC_FAILED_argv, "nothing\0");
	num(s, CW_EXEC_FAILED_argc, 1);
	STR(s, CW_EXEC_FAILED_cwd, "/root");
	DOMAIN(s, CW_EXEC_FAILED_domain, 1, SHELL);
	num(s, CW_EXEC_FAILED_error, 2);
	end(s);
}

static void exit_(struct cw_sample *s, __u64 seq, __u64 time_ms)
{
	begin(s, 1, seq, time_ms, CW_EXIT);
	num(s, CW_EXIT_pid, 4711);
	num(s, CW_EXIT_ppid, 4710);
	num(s, CW_EXIT_uid, 54321);
	STR(s, CW_EXIT_comm, "bash");
	num(s, CW_EXIT_code, 127);
	num(s, CW_EXIT_lifetime_ns, 5 * NS_PER_MS);
	DOMAIN(s, CW_EXIT_domain, 1, SHELL);
	end(s);
}

static void crash(struct cw_sample *s, __u64 seq, __u64 time_ms)
{
	struct cw_tree_node nodes[4];

	level(&nodes[0], 8651, "check.pl");
	level(&nodes[1], 976, "opcacta");
	level(&nodes[2], 963, "ovcd");
	level(&nodes[3], 1, "init");
	begin(s, 0, seq, time_ms, CW_CRASH);
	num(s, CW_CRASH_pid, 8651);
	num(s, CW_CRASH_vpid, 8651);
	num(s, CW_CRASH_tid, 8651);
	num(s, CW_CRASH_ppid, 976);
	num(s, CW_CRASH_uid, 0);
	STR(s, CW_CRASH_comm, "check.pl");
	STR(s, CW_CRASH_exe, "/usr/bin/perl");
	STR(s, CW_CRASH_file, "/var/opt/OV/check.pl");
	STR(s, CW_CRASH_argv, "/usr/bin/perl\0/var/opt/OV/check.pl\0--disk\0/var\0");
	num(s, CW_CRASH_argc, 4);
	STR(s, CW_CRASH_cwd, "/var/opt/OV");
	num(s, CW_CRASH_sig, 11);
	num(s, CW_CRASH_signame, 11);
	num(s, CW_CRASH_si_code, 1);
	num(s, CW_CRASH_addr, 0xdead0);
	num(s, CW_CRASH_ip, 0x7f0012345678);
	STR(s, CW_CRASH_map, "/usr/lib/libperl.so.5.36+0x12345");
	STR(s, CW_CRASH_build_id, "0123456789abcdef0123456789abcdef01234567");
	num(s, CW_CRASH_core, 0);
	STR(s, CW_CRASH_core_reason, "RLIMIT_CORE is 0");
	num(s, CW_CRASH_cpu, 0);
	num(s, CW_CRASH_lifetime_ns, 1234567);
	STR(s, CW_CRASH_cgroup, "/system.slice/ovcd.service");
	STR(s, CW_CRASH_ns, "mnt:4026531841\0pid:4026531836\0");
	DOMAIN(s, CW_CRASH_domain, 1, AGENT " /var/opt/OV/check.pl");
	tree(s, CW_CRASH_tree, nodes, 4);
	end(s);
}

static void killed(struct cw_sample *s, __u64 seq, __u64 time_ms)
{
	struct cw_tree_node nodes[2];

	level(&nodes[0], 900, "sleep");
	level(&nodes[1], 1, "systemd");
	begin(s, 1, seq, time_ms, CW_KILLED);
	num(s, CW_KILLED_pid, 900);
	num(s, CW_KILLED_vpid, 17);
	num(s, CW_KILLED_tid, 900);
	num(s, CW_KILLED_ppid, 1);
	num(s, CW_KILLED_uid, 54321);
	num(s, CW_KILLED_auid, 54321);
	STR(s, CW_KILLED_comm, "sleep");
	STR(s, CW_KILLED_exe, "/usr/bin/sleep");
	STR(s, CW_KILLED_file, "/usr/bin/sleep");
	STR(s, CW_KILLED_argv, "sleep\0infinity\0");
	num(s, CW_KILLED_argc, 2);
	num(s, CW_KILLED_sig, 9);
	num(s, CW_KILLED_signame, 9);
	num(s, CW_KILLED_si_code, 0);
	num(s, CW_KILLED_cpu, 1);
	num(s, CW_KILLED_lifetime_ns, 3723000 * NS_PER_MS);
	DOMAIN(s, CW_KILLED_domain, 1, SHELL " /usr/bin/sleep");
	tree(s, CW_KILLED_tree, nodes, 2);
	end(s);
}

static void config(struct cw_sample *s, __u64 seq, __u64 time_ms)
{
	begin(s, 1, seq, time_ms, CW_CONFIG);
	STR(s, CW_CONFIG_name, "reboot_panic");
	STR(s, CW_CONFIG_old, "off");
	STR(s, CW_CONFIG_new, "unexpected");
	num(s, CW_CONFIG_pid, 5000);
	num(s, CW_CONFIG_uid, 0);
	num(s, CW_CONFIG_auid, 54321);
	STR(s, CW_CONFIG_comm, "bash");
	DOMAIN(s, CW_CONFIG_domain, 1, SHELL);
	end(s);
}

static void reboot(struct cw_sample *s, __u64 seq, __u64 time_ms)
{
	struct cw_tree_node nodes[3];

	level(&nodes[0], 5101, "reboot");
	level(&nodes[1], 5000, "bash");
	level(&nodes[2], 1, "systemd");
	begin(s, 1, seq, time_ms, CW_REBOOT);
	STR(s, CW_REBOOT_how, "restart");
	STR(s, CW_REBOOT_at, "machine_restart");
	STR(s, CW_REBOOT_origin, "syscall");
	STR(s, CW_REBOOT_scope, "host");
	STR(s, CW_REBOOT_action, "panic");
	num(s, CW_REBOOT_pid, 5101);
	num(s, CW_REBOOT_uid, 0);
	num(s, CW_REBOOT_auid, 54321);
	STR(s, CW_REBOOT_comm, "reboot");
	STR(s, CW_REBOOT_argv, "reboot\0-f\0");
	DOMAIN(s, CW_REBOOT_domain, 1, SHELL " /usr/sbin/reboot");
	tree(s, CW_REBOOT_tree, nodes, 3);
	STR(s, CW_REBOOT_stack, "machine_restart+0x0\0kernel_restart+0x3a\0"
				"__do_sys_reboot+0x1c1\0");
	end(s);
}

static void lost(struct cw_sample *s, __u64 time_ms, __u64 count)
{
	begin(s, 0, 0, time_ms, CW_LOST);
	num(s, CW_LOST_cpu, 0);
	num(s, CW_LOST_count, count);
	STR(s, CW_LOST_reason, "overwritten");
	end(s);
}

static void make_plain(struct cw_sample *s)
{
	exec(s, 1, 12345);
	crash(s, 2, 12346);
	exec_failed(s, 1, 60000);
	exit_(s, 2, 60005);
	killed(s, 3, 3723000);
	config(s, 4, 7200000);
	reboot(s, 5, 7260000);
}

#define ESC "\033"
#define HOSTILE ESC "[2J" ESC "]0;title\007\r\b\"\\\t\nsecond line\177\200\377\302\2331m\303(\355\240\200"

/* Whatever somebody can put into a name, an argument or a path. */
static void make_hostile(struct cw_sample *s)
{
	static const char comm[CW_COMM_LEN] = { 27, '[', '3', '1', 'm', '\n', '"', '\\', 0302, 0233,
						'2', 'J', 0377, '\r', 7, 0 };
	struct cw_tree_node nodes[2];
	unsigned int i;
	char arg[32];

	nodes[0].pid = 4294967295U;
	memcpy(nodes[0].comm, comm, sizeof(comm));
	level(&nodes[1], 1, "");
	begin(s, 0, 1, 1000, CW_CRASH);
	num(s, CW_CRASH_pid, 66);
	str(s, CW_CRASH_comm, comm, sizeof(comm) - 1);
	STR(s, CW_CRASH_thread, HOSTILE);
	STR(s, CW_CRASH_exe, "/tmp/" HOSTILE);
	STR(s, CW_CRASH_file, "/tmp/x y/\316\273/" HOSTILE);
	STR(s, CW_CRASH_argv, "/" HOSTILE "\0/tmp/x y/\316\273/" HOSTILE "\0\0cut in the midd");
	mark(s, CW_CRASH_argv, true);
	num(s, CW_CRASH_argc, 300);
	num(s, CW_CRASH_argv_bytes, 2097152);
	STR(s, CW_CRASH_cwd, "/tmp/cut");
	mark(s, CW_CRASH_cwd, true);
	num(s, CW_CRASH_sig, 64);
	num(s, CW_CRASH_signame, 64);
	num(s, CW_CRASH_si_code, (__u64)-60);
	num(s, CW_CRASH_addr, 0xffffffffffffffffULL);
	str(s, CW_CRASH_ns, "", 0);
	num(s, CW_CRASH_lifetime_ns, 0xffffffffffffffffULL);
	DOMAIN(s, CW_CRASH_domain, 4294967295U,
	       "(sd\\040x)\n /tmp/a\\040b\\134 /\033[1m /\377 /cu");
	mark(s, CW_CRASH_domain, true);
	tree(s, CW_CRASH_tree, nodes, 2);
	mark(s, CW_CRASH_tree, true);
	end(s);

	begin(s, 0, 2, 2000, CW_EXEC);
	num(s, CW_EXEC_pid, 67);
	STR(s, CW_EXEC_comm, "many");
	for (i = 0; i < 300; i++) {
		snprintf(arg, sizeof(arg), "argument %u", i);
		append(s, arg, strlen(arg) + 1);
	}
	put_slot(s, CW_EXEC_argv, &(struct cw_str){ 4, s->len - s->tail - 4 });
	num(s, CW_EXEC_argc, 300);
	end(s);

	begin(s, 0, 3, 3000, CW_EXEC);
	num(s, CW_EXEC_pid, 68);
	str(s, CW_EXEC_comm, "", 0);
	str(s, CW_EXEC_argv, "", 0);
	num(s, CW_EXEC_argc, 0);
	domain(s, CW_EXEC_domain, 0, "", 0);
	end(s);

	begin(s, 0, 4, 4000, CW_EXIT); /* nothing is known */
	end(s);
}

/* Losses of both kinds: dropped by the module, overwritten under the reader. */
static void make_lost(struct cw_sample *s)
{
	struct cw_entry entry;

	exec(s, 1, 1000);
	lost(s, 2000, 23000);
	killed(s, 9, 3000);
	memcpy(&entry, s->bytes + s->entry, sizeof(entry));
	entry.lost = 7;
	memcpy(s->bytes + s->entry, &entry, sizeof(entry));
}

/* What was lost shows only behind the end of a snapshot: the record behind it was made in 2061. */
static void make_late(struct cw_sample *s)
{
	exec(s, 1, 1000);
	lost(s, 1ULL << 40, 23000);
}

/* A tree of far more levels than the module ever tells. */
static void make_deep(struct cw_sample *s)
{
	struct cw_tree_node nodes[3000];
	unsigned int i;

	for (i = 0; i < 3000; i++)
		level(&nodes[i], 3000 - i, "deep");
	begin(s, 0, 1, 1000, CW_CRASH);
	num(s, CW_CRASH_pid, 3000);
	tree(s, CW_CRASH_tree, nodes, 3000);
	end(s);
}

/* Paths that could not be told, and one of which only the directory could. */
static void make_pathless(struct cw_sample *s)
{
	begin(s, 0, 1, 1000, CW_KILLED);
	num(s, CW_KILLED_pid, 70);
	STR(s, CW_KILLED_comm, "sshd");
	str(s, CW_KILLED_exe, "", 0);
	mark(s, CW_KILLED_exe, true);
	STR(s, CW_KILLED_file, "/usr/sbin/");
	mark(s, CW_KILLED_file, true);
	end(s);
}

static void restart(struct cw_sample *s, __u64 seq, const char *how, const char *origin,
		    const char *via, bool known)
{
	begin(s, 0, seq, 1000 * seq, CW_REBOOT);
	str(s, CW_REBOOT_how, how, strlen(how));
	str(s, CW_REBOOT_origin, origin, strlen(origin));
	STR(s, CW_REBOOT_action, "recorded");
	if (known) {
		num(s, CW_REBOOT_pid, 148);
		num(s, CW_REBOOT_uid, 0);
		STR(s, CW_REBOOT_comm, "dash");
	}
	if (via)
		str(s, CW_REBOOT_via, via, strlen(via));
	end(s);
}

/* Who did not ask, or is not known */
static void make_restarts(struct cw_sample *s)
{
	restart(s, 1, "restart", "interrupt", "softdog", true);
	restart(s, 2, "restart", "interrupt", "softdog", false);
	restart(s, 3, "restart", "interrupt", NULL, false);
	restart(s, 4, "restart", "sysrq", "sysrq-b", false);
	restart(s, 5, "restart", "panic", NULL, true);
	restart(s, 6, "panic", "panic", NULL, true);
	restart(s, 7, "panic", "panic", NULL, false);
	restart(s, 8, "power-off", "kthread", "sysrq-o", true);
}

/* A type of a later version between two that are known. */
static void make_future(struct cw_sample *s)
{
	struct cw_record rec;
	size_t at;

	exec(s, 1, 1000);
	exit_(s, 1, 2000);
	at = s->entry + sizeof(struct cw_entry);
	memcpy(&rec, s->bytes + at, sizeof(rec));
	rec.type = 4000;
	memcpy(s->bytes + at, &rec, sizeof(rec));
	crash(s, 2, 3000);
}

static void make_many(struct cw_sample *s)
{
	unsigned int i;

	for (i = 0; i < 1000; i++)
		crash(s, i + 1, 1000 + i);
}

/* Programs whose name is not that of the file; the first ones are no scripts. */
static void make_names(struct cw_sample *s)
{
	static const struct {
		const char *exe;
		const char *file;
		const char *argv; /* an empty one ends it */
	} names[] = {
		{ "/usr/bin/dash", "/usr/bin/sh", "sh\0-c\0exit\0" },
		{ "/usr/bin/dash", "/usr/bin/sh", "/usr/bin/sh\0/usr/bin/sh\0" },
		{ "/usr/bin/dash", "/usr/bin/sh", "sh\0/dev/fd/63\0" },
		{ "/usr/bin/dash", "/usr/bin/sh", "/bin/sh\0-c\0/opt/job\0" },
		{ "/usr/bin/dash", "/opt/job", "" },
		{ "/usr/bin/dash", "/opt/job", NULL },
		{ "/usr/bin/dash", "/opt/job", "/bin/sh\0/opt/job\0" },
		{ "/usr/bin/dash", "/opt/job", "/bin/sh\0-e\0/opt/job\0job\0" },
		{ "/usr/bin/dash", "/opt/job", "/bin/sh\0./job\0" },
		{ "/usr/bin/dash", "/opt/job", "/bin/sh\0-e\0.././../opt/job\0" },
		{ "/usr/bin/dash", "/opt/job", "/bin/sh\0/dev/fd/5\0" },
		{ "/usr/bin/dash", "/opt/job", "/bin/sh\0-e\0/opt/run\0-x\0/opt/job\0" },
	};
	size_t i, len;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *argv = names[i].argv;

		begin(s, 0, i + 1, 1000 + i, CW_CRASH);
		str(s, CW_CRASH_exe, names[i].exe, strlen(names[i].exe));
		str(s, CW_CRASH_file, names[i].file, strlen(names[i].file));
		for (len = 0; argv && argv[len]; len += strlen(argv + len) + 1)
			;
		if (argv)
			str(s, CW_CRASH_argv, argv, len);
		end(s);
	}
}

static void make_empty(struct cw_sample *s)
{
	(void)s;
}

/**
 * cw_sample_make() - make a stream
 * @sample: result
 * @kind: which: plain, hostile, lost, late, deep, pathless, future, names, many, empty
 * @realtime_offset_ns: CLOCK_REALTIME less CLOCK_MONOTONIC
 *
 * Return: false if there is no such kind.
 */
bool cw_sample_make(struct cw_sample *sample, const char *kind, __s64 realtime_offset_ns)
{
	static const struct {
		const char *kind;
		void (*make)(struct cw_sample *s);
	} kinds[] = {
		{ "plain", make_plain },
		{ "hostile", make_hostile },
		{ "lost", make_lost },
		{ "late", make_late },
		{ "pathless", make_pathless },
		{ "restarts", make_restarts },
		{ "deep", make_deep },
		{ "future", make_future },
		{ "names", make_names },
		{ "many", make_many },
		{ "empty", make_empty },
	};
	size_t i;

	*sample = (struct cw_sample){ 0 };
	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strcmp(kind, kinds[i].kind))
			continue;
		block(sample, realtime_offset_ns);
		kinds[i].make(sample);
		return true;
	}
	return false;
}
