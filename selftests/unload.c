// SPDX-License-Identifier: GPL-2.0
/*
 * The module comes and goes while all goes on that its hooks see (L-04)
 *
 * Emulated processors that run side by side have been seen to run code that is half patched: to be
 * run where they take turns.
 */
#include "cw_test.h"
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>

#define CPU1 "/sys/devices/system/cpu/cpu1/online"

CW_FIXTURE(unload)

/* === What goes on, each for ever === */

static void execs(void)
{
	int status;

	for (;;)
		CW_RUN(&status, cw_tiny());
}

static void failed_execs(void)
{
	char *const argv[] = { "./tiny", NULL };

	for (;;) {
		execv("./nowhere", argv);
		execv("/tmp", argv);
	}
}

static void *nothing(void *unused)
{
	return unused;
}

static void *exec_in_thread(void *unused)
{
	execl(cw_tiny(), cw_tiny(), NULL);
	return unused;
}

static void exits(void)
{
	pthread_t thread[4];
	int i;

	for (;;) {
		if (!fork()) {
			for (i = 0; i < 4; i++)
				pthread_create(&thread[i], NULL, nothing, NULL);
			_exit(0);
		}
		if (!fork()) {
			pthread_create(&thread[0], NULL, exec_in_thread, NULL);
			pause();
		}
		while (wait(NULL) > 0)
			;
	}
}

/* Deaths by another's hand and by their own, with threads and without */
static void signals(void)
{
	const int sig[] = { SIGKILL, SIGTERM, SIGSEGV, SIGHUP, SIGABRT, SIGRTMIN };
	pthread_t thread;
	unsigned int i;
	pid_t pid;

	for (i = 0;; i++) {
		pid = fork();
		if (!pid) {
			if (i % 2)
				pthread_create(&thread, NULL, nothing, NULL);
			if (i % 3)
				raise(sig[i % 6]);
			for (;;)
				pause();
		}
		kill(pid, SIGSTOP);
		kill(pid, SIGCONT);
		kill(pid, sig[i % 6]);
		cw_reap(pid);
	}
}

static void readers(void)
{
	static const char *const name[] = {
		"events", "events_raw", "incidents", "tasks", "probes", "stats",
	};
	char buf[16384];
	unsigned int i;
	int fd;

	for (i = 0;; i++) {
		fd = open(cw_format(CW_DEBUGFS "%s", name[i % 6]), O_RDONLY | O_NONBLOCK);
		if (fd >= 0) {
			while (read(fd, buf, sizeof(buf)) > 0)
				;
			close(fd);
		}
		cw_sleep_ms(20);
	}
}

static void changes(void)
{
	for (;;) {
		cw_set("log_failed_exec", "Y");
		cw_set("signals", "all");
		cw_set("tree_levels", "64");
		cw_set("log_failed_exec", "N");
		cw_set("signals", "SEGV,KILL");
		cw_set("reboot_panic", "off");
		cw_sleep_ms(1);
	}
}

static void processors(void)
{
	for (;;) {
		cw_write(CPU1, "0");
		cw_sleep_ms(20);
		cw_write(CPU1, "1");
		cw_sleep_ms(20);
	}
}

/* === Coming and going === */

/* Where CW_FAIL says so, with so many of a hundred allocations failing that may not sleep */
static pid_t begin(void (*work)(void))
{
	struct rlimit no_core = { 0 };
	const char *fail = getenv("CW_FAIL");
	pid_t pid = fork();

	if (!pid) {
		setpgid(0, 0);
		if (fail && (!cw_fail_allocations(fail, "Y") ||
			     cw_write("/proc/self/make-it-fail", "1")))
			_exit(97);
		setrlimit(RLIMIT_CORE, &no_core);
		work();
	}
	setpgid(pid, pid);
	return pid;
}

/* Again and again it is loaded, sees what goes on, which makes records of this type, and goes */
static void come_and_go(struct __test_metadata *_metadata, void (*const work[])(void),
			const char *type)
{
	/* Nothing but an exec asks for memory in each handler */
	bool refused = getenv("CW_FAIL") && !strcmp(type, "exec");
	int rounds = cw_number("CW_ROUNDS", 1, 1), round, i, ret;
	struct cw_lines lines;
	pid_t pid[10];

	cw_tiny();
	for (i = 0; work[i]; i++)
		pid[i] = begin(work[i]);
	for (round = 0; round < rounds; round++) {
		ret = cw_load("ring_kb=128 log_failed_exec=Y");
		EXPECT_EQ(0, ret);
		if (ret)
			break;
		/* It has brought caches of its own */
		if (getenv("CW_FAIL"))
			cw_fail_caches();
		EXPECT_TRUE(CW_WAIT(cw_stat("written") > 200, 30))
		TH_LOG("%lld records", cw_stat("written"));
		EXPECT_TRUE(CW_WAIT((lines = cw_lines("events"),
				     cw_count(&lines, type, NULL, NULL) > 0),
				    30));
		if (refused)
			EXPECT_TRUE(CW_WAIT(cw_stat("no_memory") > 0, 30));
		ret = cw_unload();
		EXPECT_EQ(0, ret)
		TH_LOG("%s", strerror(-ret));
	}
	while (i--)
		cw_storm_end(pid[i]);
}

#define COME_AND_GO(type, ...) do { \
	void (*const work[])(void) = { __VA_ARGS__, NULL }; \
	come_and_go(_metadata, work, type); \
} while (0)

TEST_F_TIMEOUT(unload, L_04_under_a_storm_of_execs, 300)
{
	COME_AND_GO("exec", execs, execs);
}

TEST_F_TIMEOUT(unload, L_04_under_a_storm_of_execs_that_fail, 300)
{
	COME_AND_GO("exec-failed", failed_execs, failed_execs);
}

TEST_F_TIMEOUT(unload, L_04_under_a_storm_of_exits, 300)
{
	COME_AND_GO("exit", exits, exits);
}

TEST_F_TIMEOUT(unload, L_04_under_a_storm_of_signals, 300)
{
	COME_AND_GO("killed", signals, signals);
}

TEST_F_TIMEOUT(unload, L_04_under_all_of_them_with_readers_and_changes_of_parameters, 300)
{
	COME_AND_GO("exec", execs, failed_execs, exits, signals, readers, changes);
}

TEST_F_TIMEOUT(unload, L_04_while_a_processor_comes_and_goes, 300)
{
	if (access(CPU1, W_OK))
		SKIP(return, "no second processor that could be taken away");
	COME_AND_GO("exec", processors, execs, signals);
	cw_write(CPU1, "1");
}

static void forks(void)
{
	for (;;) {
		if (!fork())
			_exit(0);
		while (wait(NULL) > 0)
			;
	}
}

static int load_in_a_storm_of_forks(void)
{
	pid_t storm[2] = { begin(forks), begin(forks) };
	/* The probe that stands in takes longer to be set */
	int ret = cw_load("ring_kb=128 skip_hooks=sched_process_exit");

	cw_storm_end(storm[0]);
	cw_storm_end(storm[1]);
	return ret;
}

/* a process whose end is not seen has no history, and none stays behind */
TEST_F_TIMEOUT(unload, X_06_after_a_load_in_a_storm_of_forks_only_the_living_are_known, 300)
{
	int rounds = cw_number("CW_ROUNDS", 5, 2), round;

	for (round = 0; round < rounds; round++) {
		ASSERT_EQ(0, load_in_a_storm_of_forks());
		/* The file has those that there are; the last ones may be on their way yet */
		EXPECT_TRUE(CW_WAIT(cw_stat("tasks") == (long long)cw_lines("tasks").count, 10))
		TH_LOG("round %d: %lld known, %zu there", round, cw_stat("tasks"),
		       cw_lines("tasks").count);
		ASSERT_EQ(0, cw_unload());
	}
}

TEST_HARNESS_MAIN
