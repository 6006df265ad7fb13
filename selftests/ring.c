// SPDX-License-Identifier: GPL-2.0
/* Every record is readable, overwritten or dropped, and counted as what it is (L-01, X-05) */
#include "cw_test.h"
#include <sys/mman.h>
#include <sys/prctl.h>

#define NAME_BYTES 250		/* of a directory's name */
#define DEPTH 15		/* so many of them are a path of nearly PATH_MAX */

CW_FIXTURE(ring)

/* Executed by a test, this program executes itself some more times, then dies with much to tell. */
static void __attribute__((constructor)) victim(int argc, char **argv)
{
	int more = atoi(getenv("CW_VICTIM") ?: "0");

	if (!more || argc < 3)
		return;
	if (more > 1) {
		setenv("CW_VICTIM", cw_format("%d", more - 1), 1);
		execv(argv[1], argv + 1);	/* argv[0] is the interpreter, argv[1] the script */
	}
	*(volatile char *)(void *)victim = 0;	/* its own text */
	_exit(99);
}

static long stat_of(int cpu, const char *name)
{
	return cw_stat(cw_format("cpu%d_%s", cpu, name));
}

static int cpus(void)
{
	return sysconf(_SC_NPROCESSORS_ONLN);
}

/* Start @count programs on each of two processors and wait for each; returns on how many */
static int storm(long count)
{
	int n = cpus() < 2 ? 1 : 2, cpu, status;
	pid_t pid[2];
	long i;

	for (cpu = 0; cpu < n; cpu++) {
		pid[cpu] = fork();
		if (pid[cpu])
			continue;
		cw_pin(cpu);
		for (i = 0; i < count; i++) {
			CW_RUN(&status, cw_tiny());
			if (status != W_EXITCODE(1, 0))	/* it counts its arguments */
				_exit(1);
		}
		_exit(0);
	}
	for (cpu = 0; cpu < n; cpu++)
		if (cw_reap(pid[cpu]))
			return -1;
	return n;
}

/* The sum of L-01 for every processor, its readable part counted by reading. What is wrong? */
static const char *accounts(void)
{
	struct cw_lines lines = cw_lines("events");
	unsigned int cpu;
	size_t i;

	for (cpu = 0; (int)cpu < cpus(); cpu++) {
		long written = stat_of(cpu, "written"), readable = stat_of(cpu, "readable");
		unsigned long seq, first = 0, last = 0;
		unsigned int of;
		long count = 0, events = 0;

		if (written != readable + stat_of(cpu, "overwritten") + stat_of(cpu, "dropped"))
			return cw_format("the sum of CPU %u:\n%s", cpu, cw_read("stats"));
		for (i = 0; i < lines.count; i++) {
			if (sscanf(lines.line[i], "[%*[^]]] #%u.%lu ", &of, &seq) != 2)
				return cw_format("malformed: %s", lines.line[i]);
			if (of != cpu)
				continue;
			count++;
			last = seq;
			/* Incidents are kept longer: only from here on there is no gap */
			if (!first && !cw_is(lines.line[i], "crash"))
				first = seq;
			events += !!first;
		}
		if (count != readable)
			return cw_format("CPU %u: %ld readable, %ld lines", cpu, readable, count);
		if (count && (long)last != written)
			return cw_format("CPU %u: %ld written, last is %lu", cpu, written, last);
		if (first && events != (long)(last - first + 1))
			return cw_format("CPU %u: a gap from %lu to %lu: %ld lines", cpu, first,
					 last, events);
	}
	return NULL;
}

/* L-01, X-05: CW_STORM programs, half on each of two processors; the wider suite has 1,000,000 */
TEST_F_TIMEOUT(ring, a_storm_is_accounted_for_exactly, 3600)
{
	long count = cw_number("CW_STORM", 10000, 1000) / 2, before[2], was, hits;
	int status, n, cpu;
	pid_t pid;

	cw_tiny();	/* from here on nothing runs but what the test starts */
	ASSERT_EQ(0, cw_load("ring_kb=128"));
	pid = fork();
	if (!pid) {
		prctl(PR_SET_NAME, "early", 0, 0, 0);
		raise(SIGSEGV);
	}
	cw_reap(pid);
	was = cw_stat("written");
	for (cpu = 0; cpu < 2; cpu++)
		before[cpu] = stat_of(cpu, "written");
	hits = cw_num(cw_probe("sched_process_exec"), "hits");

	n = storm(count);

	ASSERT_LT(0, n);
	EXPECT_EQ(hits + n * count, cw_num(cw_probe("sched_process_exec"), "hits"));
	/* Each has executed and ended, and so has the process that started them */
	EXPECT_EQ(was + n * (2 * count + 1), cw_stat("written"));
	for (cpu = 0; cpu < n; cpu++)
		EXPECT_EQ(before[cpu] + 2 * count + 1, stat_of(cpu, "written"));
	CW_EXPECT_NOTHING_WRONG(accounts());
	EXPECT_EQ(0, cw_stat("dropped"));
	EXPECT_EQ(0, cw_stat("no_memory"));
	EXPECT_EQ(0, cw_no_history());
	EXPECT_EQ(0, cw_stat("probe_missed"));
	EXPECT_LT(0, cw_stat("overwritten"));
	/* What came before it is still told: by both files, once each */
	EXPECT_STREQ("early", cw_str(cw_of_pid("incidents", "crash", pid), "comm"));
	EXPECT_STREQ("early", cw_str(cw_of_pid("events", "crash", pid), "comm"));
	/* A process more and all of the above would be wrong by two */
	CW_RUN(&status, cw_tiny());
	EXPECT_EQ(was + n * (2 * count + 1) + 2, cw_stat("written"));
}

/* L-01: nothing but the module's own counting says which sizes fall on the ring's end */
TEST_F(ring, the_smallest_ring_wraps_with_records_of_all_sizes)
{
	int status, size, n, i, seen = 0;
	unsigned int random = 1;
	struct cw_lines lines;
	size_t j;

	cw_tiny();
	ASSERT_EQ(0, cw_load("ring_kb=128 argv_bytes=32768"));
	cw_pin(0);
	for (i = 1; i <= 600; i++) {
		random = random * 1103515245 + 12345;
		/* Every third is tiny, so that each alignment meets the end */
		size = i % 3 ? random >> 16 & 0x3fff : random >> 16 & 0x3f;
		CW_RUN(&status, cw_tiny(), memset(calloc(1, size + 1), 'x', size),
		       cw_format("%d", size));
		ASSERT_EQ(W_EXITCODE(3, 0), status);
		if (i % 100)
			continue;
		CW_EXPECT_NOTHING_WRONG(accounts());
		lines = cw_lines("events");
		for (j = 0; j < lines.count; j++) {
			char **argv;

			if (!cw_is(lines.line[j], "exec") ||
			    strcmp(cw_str(lines.line[j], "exe"), cw_tiny()))
				continue;
			argv = cw_list(lines.line[j], "argv", &n);
			ASSERT_EQ(3, n);
			ASSERT_EQ(atoi(argv[2]), (int)strlen(argv[1]));
			ASSERT_EQ(strlen(argv[1]), strspn(argv[1], "x"));
			seen++;
		}
	}
	EXPECT_LT(100, seen);
	EXPECT_LT(500, stat_of(0, "overwritten"));
	EXPECT_EQ(0, cw_stat("dropped"));
}

static char *long_name(char c)
{
	return memset(calloc(1, NAME_BYTES + 1), c, NAME_BYTES);
}

/* Into a directory as deep as a path can name; false if there is none */
static bool descend(void)
{
	int i;

	for (i = 0; i < DEPTH; i++)
		if (mkdir(long_name('d'), 0755) || chdir(long_name('d')))
			return false;
	return true;
}

/* The same for a cgroup; its path, to be removed from its end */
static char *deep_cgroup(void)
{
	char *path = strdup("/sys/fs/cgroup");
	int i;

	for (i = 0; i < DEPTH; i++) {
		path = cw_format("%s/%s", path, long_name('g'));
		if (mkdir(path, 0755) && errno != EEXIST)
			return NULL;
	}
	return path;
}

static void remove_cgroup(char *path)
{
	int i;

	for (i = 0; i < DEPTH; i++) {
		CW_WAIT(!rmdir(path), 5);
		*strrchr(path, '/') = 0;
	}
}

/* At the end of a chain of processes execute something */
static void chain(int levels, char *const argv[])
{
	pid_t pid;

	for (; levels; levels--) {
		pid = fork();
		if (pid) {
			cw_reap(pid);
			_exit(0);
		}
	}
	execv(argv[0], argv);
	_exit(98);
}

/* L-01, X-02: arguments, paths, history, tree and cgroup each as long as can be, in one record */
TEST_F(ring, the_greatest_record_of_all_fits_the_smallest_ring)
{
	char *script = long_name('s'), *argument = memset(calloc(1, 40001), 'x', 40000);
	char *const argv[] = { cw_format("./%s", script), argument, NULL };
	char cwd[PATH_MAX], *file, *group;
	const char *exec, *crash;
	struct cw_lines lines;
	int status, i, n;
	pid_t pid;

	ASSERT_TRUE(descend());
	ASSERT_NE(NULL, getcwd(cwd, sizeof(cwd)));
	file = cw_format("\"%s/%s\"", cwd, script);
	CW_RUN(&status, "/bin/cp", realpath("/proc/self/exe", NULL), "program");
	ASSERT_EQ(0, status);
	ASSERT_EQ(0, cw_write_script(script, "#!./program\n"));
	group = deep_cgroup();
	ASSERT_NE(NULL, group);
	setenv("CW_VICTIM", "3", 1);	/* more than a history can hold */
	ASSERT_EQ(0, cw_load("ring_kb=128 incident_kb=256 argv_bytes=32768 tree_levels=64"));
	/* Several: some of them meet the end of the ring */
	for (i = 0; i < 8; i++) {
		pid = fork();
		if (!pid) {
			if (cw_write(cw_format("%s/cgroup.procs", group), "0"))
				_exit(97);
			chain(64, argv);
		}
		ASSERT_EQ(0, cw_reap(pid));
	}
	unsetenv("CW_VICTIM");
	remove_cgroup(group);
	EXPECT_EQ(0, cw_stat("dropped_too_long"));
	EXPECT_EQ(0, cw_stat("dropped"));
	lines = cw_lines("events");
	exec = cw_newest(&lines, "exec", "file", file);
	ASSERT_NE(NULL, exec);
	EXPECT_STREQ(cw_format("%s/program", cwd), cw_str(exec, "exe"));
	EXPECT_STREQ(cwd, cw_str(exec, "cwd"));
	EXPECT_STREQ("[\"argv\",\"domain\"]", cw_raw(exec, "cut"));
	EXPECT_EQ(3, cw_num(exec, "argc"));
	crash = cw_newest(&lines, "crash", "file", file);
	ASSERT_NE(NULL, crash);
	EXPECT_STREQ(cwd, cw_str(crash, "cwd"));
	EXPECT_EQ(DEPTH * (NAME_BYTES + 1), (int)strlen(cw_str(crash, "cgroup")));
	EXPECT_STREQ("[\"argv\",\"domain\",\"tree\"]", cw_raw(crash, "cut"));
	cw_list(crash, "tree", &n);
	EXPECT_EQ(64, n);
	CW_EXPECT_NOTHING_WRONG(accounts());
}

/* L-01: the next record after a loss carries the count, and no other record does */
TEST_F(ring, only_a_loss_is_told_as_lost)
{
	long dropped, lost = 0;
	struct cw_lines lines;
	size_t i;

	cw_tiny();
	ASSERT_EQ(0, cw_load(""));
	ASSERT_LT(0, storm(200));
	dropped = cw_stat("dropped");
	lines = cw_lines("events");
	for (i = 0; i < lines.count; i++)
		if (cw_has(lines.line[i], "lost"))
			lost += cw_num(lines.line[i], "lost");
	EXPECT_EQ(dropped, lost);
}

TEST_HARNESS_MAIN
