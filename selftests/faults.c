// SPDX-License-Identifier: GPL-2.0
/*
 * Memory that cannot be had, one allocation after the other and one in ten, and what is never given
 * back. Only a kernel built for it does the first and sees the second (`make check-debug`).
 */
#include "cw_test.h"

CW_FIXTURE(faults)

/*
 * What kmemleak has found since the first test, "" for nothing. A scan takes a minute. For want of
 * memory 6.1 loses the name of a cache when it makes its directory: that is not told.
 */
static const char *leaks(void)
{
	static const char begin[] = "unreferenced object";
	char *text, *found = "", *next;
	int i;

	/* It takes for lost only what is five seconds old, and twice not found */
	for (i = 0; i < 2; i++) {
		cw_sleep_ms(6000);
		if (cw_write(CW_KERNEL_DEBUG "kmemleak", "scan"))
			return "kmemleak has given up";
	}
	text = cw_read(CW_KERNEL_DEBUG "kmemleak");
	if (!text)
		return "kmemleak cannot be read";
	for (; *text; text = next) {
		next = strstr(text + 1, begin) ?: text + strlen(text);
		if (!memmem(text, next - text, "sysfs_slab_add", 14))
			found = cw_format("%s%.*s", found, (int)(next - text), text);
	}
	return found;
}

/* finit_module() with the @nth allocation failing; 0 or -errno, *@failed: there were so many */
static int load_without(int nth, const char *parameters, bool *failed)
{
	int module = open(cw_beside("CRASHWATCH_KO", "../crashwatch.ko"), O_RDONLY | O_CLOEXEC);
	int fail = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
	char text[16] = "";
	int ret;

	if (module < 0 || fail < 0 || dprintf(fail, "%d", nth) < 0)
		return -EBADF;
	ret = syscall(SYS_finit_module, module, parameters, 0) ? -errno : 0;
	*failed = pread(fail, text, sizeof(text) - 1, 0) > 0 && !atoi(text);
	pwrite(fail, "0", 1, 0);
	close(fail);
	close(module);
	return ret;
}

/* An exec and an exit on each processor: how many were neither recorded nor counted as dropped? */
static int unaccounted(void)
{
	long long before = cw_stat("written") + cw_stat("dropped_no_ring");
	int cpus = sysconf(_SC_NPROCESSORS_ONLN), cpu, status;

	for (cpu = 0; cpu < cpus; cpu++) {
		cw_pin(cpu);
		CW_RUN(&status, cw_tiny());
	}
	return before + 2 * cpus - cw_stat("written") - cw_stat("dropped_no_ring");
}

/* A file that is not there, though the kernel log, read by @log, does not say so; or NULL */
static const char *missing_file(int log)
{
	static const char *const file[] = { "events", "events_pipe", "events_raw", "incidents",
					    "tasks", "probes", "stats" };
	const char *said = cw_log_read(log);
	size_t i;

	for (i = 0; i < sizeof(file) / sizeof(file[0]); i++)
		if (access(cw_format(CW_KERNEL_DEBUG "crashwatch/%s", file[i]), F_OK) &&
		    !strstr(said, cw_format(" %s is not in debugfs ", file[i])) &&
		    !strstr(said, " its directory is not in debugfs "))
			return file[i];
	return NULL;
}

/* The memory that debug sets aside for persist=, or none */
static const char *parameters(void)
{
	return strstr(cw_read("/proc/cmdline"), "memmap=4M$0x20000000") ?
		       "ring_kb=128 persist=4M@0x20000000" :
		       "ring_kb=128";
}

/* Record something, for the next load to find; false if it will not */
static bool leave_something(void)
{
	int status;

	CW_RUN(&status, cw_tiny());
	return strstr(parameters(), "persist") && cw_stat("readable") > 0;
}

/* what was left is found although a load has failed since */
static void expect_it_is_found(struct __test_metadata *_metadata, int nth)
{
	ASSERT_EQ(0, cw_load(parameters()));
	EXPECT_LT(0, (long)cw_lines("previous/events").count)
	TH_LOG("the load without allocation %d has erased what was left", nth);
	ASSERT_TRUE(leave_something());
	ASSERT_EQ(0, cw_unload());
}

/* L-01, L-04, X-09: it is loaded or not, what it lacks then is counted, nothing stays behind */
TEST_F_TIMEOUT(faults, L_04_a_load_survives_the_failure_of_any_allocation, 600)
{
	int step = cw_number("CW_EVERY", 1, 1), most = 2000, nth, tried = 0, ret, loaded = 0, log;
	const char *missing;
	bool failed = true, left;

	/* Its own scans, every ten minutes, would find what is on its way while the module loads */
	if (access("/proc/thread-self/fail-nth", W_OK) || !cw_fail_allocations("0", "N") ||
	    cw_write(CW_KERNEL_DEBUG "kmemleak", "scan=off") ||
	    cw_write(CW_KERNEL_DEBUG "kmemleak", "clear"))
		SKIP(return, "this kernel injects no faults or has no kmemleak");
	ASSERT_EQ(0, cw_load(parameters()));
	left = leave_something();
	ASSERT_EQ(0, cw_unload());
	for (nth = cw_number("CW_FIRST", 1, 1); failed && nth <= most; nth += step, tried++) {
		log = cw_log_open();
		ret = load_without(nth, parameters(), &failed);
		ASSERT_TRUE(!ret || ret == -ENOMEM)
		TH_LOG("allocation %d: %s", nth, strerror(-ret));
		if (!ret) {
			missing = missing_file(log);
			EXPECT_EQ(NULL, missing)
			TH_LOG("allocation %d: %s", nth, missing);
			/* Without the counters nothing can be said of them */
			if (cw_stat("written") >= 0) {
				EXPECT_EQ(0, unaccounted())
				TH_LOG("allocation %d", nth);
			}
			left = leave_something();
			loaded++;
		} else if (left) {
			expect_it_is_found(_metadata, nth);
		}
		close(log);
		ASSERT_EQ(0, cw_unload());
		ASSERT_STREQ("", cw_read(CW_KERNEL_DEBUG "kprobes/list"))
		TH_LOG("allocation %d", nth);
	}
	TH_LOG("%d loads with one allocation failing, %d of them succeeded", tried, loaded);
	EXPECT_FALSE(failed);
	EXPECT_LT(10, tried);
}

/* L-01, L-04, X-09: handlers get no memory one time in ten, and the module comes and goes */
TEST_F_TIMEOUT(faults, X_09_storms_with_one_allocation_in_ten_failing, 600)
{
	int rounds = cw_number("CW_ROUNDS", 10, 3), round;
	long long refused = 0;
	char *storm = cw_format("exec 2>/dev/null; ./tiny segv; exec %s ./tiny 200",
				cw_program("storm"));
	pid_t pid;

	if (access("/proc/self/make-it-fail", W_OK) || !cw_fail_allocations("10", "Y"))
		SKIP(return, "this kernel injects no faults");
	cw_tiny();
	/* The mark is inherited; what may sleep for memory gets it, so the programs do start */
	pid = fork();
	if (!pid) {
		setpgid(0, 0);
		cw_write("/proc/self/make-it-fail", "1");
		for (;;)
			if (system(storm))
				cw_sleep_ms(1);
	}
	for (round = 0; round < rounds; round++) {
		EXPECT_EQ(0, cw_load("ring_kb=128 max_mem_kb=256"));
		cw_fail_caches();
		EXPECT_TRUE(CW_WAIT(cw_stat("written") > 1000, 60));
		refused += cw_stat("no_memory");
		EXPECT_EQ(0, cw_unload());
		EXPECT_STREQ("", cw_read(CW_KERNEL_DEBUG "kprobes/list"));
	}
	kill(-pid, SIGKILL);
	cw_reap(pid);
	cw_fail_allocations("0", "Y");
	TH_LOG("%lld times there was no memory", refused);
	EXPECT_LT(0, refused);
}

/* L-04: CW_LOADS times; kmemleak knows what no counter shows */
TEST_F_TIMEOUT(faults, L_04_loading_and_unloading_leaves_nothing_behind, 600)
{
	int count = cw_number("CW_LOADS", 20, 20), i, status;

	if (access(CW_KERNEL_DEBUG "kmemleak", R_OK))
		SKIP(return, "this kernel has no kmemleak");
	for (i = 0; i < count; i++) {
		ASSERT_EQ(0, cw_load("ring_kb=128"));
		if (i % 10 == 0) {
			CW_RUN(&status, cw_tiny(), "segv");
			cw_lines("events");
		}
		ASSERT_EQ(0, cw_unload());
		ASSERT_STREQ("", cw_read(CW_KERNEL_DEBUG "kprobes/list"));
	}
	TH_LOG("%d times", count);
	EXPECT_STREQ("", leaks());
}

TEST_HARNESS_MAIN
