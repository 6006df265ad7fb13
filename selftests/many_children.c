// SPDX-License-Identifier: GPL-2.0
/* As many processes as there may be: each has its history, and none is lost. */
#include "cw_test.h"

#include <sched.h>
#include <signal.h>
#include <sys/sysinfo.h>

CW_FIXTURE(many_children)

#define STACK 1024	/* a child calls nothing but the kernel */

static int sleep_for_ever(void *unused)
{
	(void)unused;
	for (;;)
		syscall(SYS_ppoll, NULL, 0, NULL, NULL, 0);
	return 0;
}

/*
 * Clone them, in a process group of their own, and report their number; when they have all been
 * reaped, report that too. They share memory: else each would cost a page table.
 */
static void be_parent(int count, int to)
{
	char *stacks = malloc((size_t)count * STACK);
	int n;

	setpgid(0, 0);
	for (n = 0; n < count; n++)
		if (clone(sleep_for_ever, stacks + (size_t)(n + 1) * STACK, SIGCHLD | CLONE_VM,
			  NULL) < 0)
			break;
	setpgid(0, getppid());
	if (write(to, &n, sizeof(n)) != sizeof(n))
		_exit(255);
	while (wait(NULL) > 0)
		;
	_exit(0);
}

TEST_F_TIMEOUT(many_children, X_06_all_are_known_while_they_live_and_none_afterwards, 400)
{
	int count = atoi(getenv("CW_CHILDREN") ?: "33500"), made = 0, listed = 0, to[2], status;
	long long tasks, bytes, written;
	struct cw_lines lines;
	struct sysinfo info;
	double start;
	char *seen, *domain;
	pid_t parent;
	size_t i;

	/* 16 KiB of stack, the task, its histories; more than a third for the rest */
	ASSERT_EQ(0, sysinfo(&info));
	if ((long long)info.totalram * info.mem_unit < count * 45000LL)
		SKIP(return, "less memory than %d children need", count);
	ASSERT_EQ(0, cw_write("/proc/sys/kernel/pid_max", cw_format("%d", 2 * count + 4096)));
	ASSERT_EQ(0, cw_write("/proc/sys/kernel/threads-max", cw_format("%d", 2 * count)));
	ASSERT_EQ(0, pipe(to));
	ASSERT_EQ(0, cw_load(""));
	domain = cw_own_domain();
	tasks = cw_stat("tasks");
	bytes = cw_stat("history_bytes");
	written = cw_stat("written");

	start = cw_now();
	parent = fork();
	if (!parent)
		be_parent(count, to[1]);
	ASSERT_EQ((ssize_t)sizeof(made), read(to[0], &made, sizeof(made)));
	ASSERT_EQ(count, made);
	TH_LOG("%d children made in %.1f s", made, cw_now() - start);
	EXPECT_EQ(tasks + count + 1, cw_stat("tasks"));
	EXPECT_GT(bytes + count * 200LL, cw_stat("history_bytes"));

	start = cw_now();
	lines = cw_lines("tasks");
	seen = calloc(2 * count + 4096 + 1, 1);
	for (i = 0; i < lines.count; i++) {
		const char *line = lines.line[i];
		long long pid = cw_num(line, "pid");

		ASSERT_TRUE(pid > 0 && pid <= 2 * count + 4096);
		ASSERT_EQ(0, seen[pid]++)
		TH_LOG("%lld twice", pid);
		if (cw_num(line, "ppid") != parent)
			continue;
		listed++;
		ASSERT_STREQ(domain, cw_str(line, "domain"));
	}
	EXPECT_EQ(count, listed);
	TH_LOG("listed in %.1f s", cw_now() - start);

	start = cw_now();
	ASSERT_EQ(0, kill(-parent, SIGKILL));
	status = cw_reap(parent);
	EXPECT_EQ(0, status);
	TH_LOG("ended in %.1f s", cw_now() - start);
	EXPECT_TRUE(CW_WAIT(cw_stat("tasks") == tasks, 10))
	TH_LOG("%lld, not %lld", cw_stat("tasks"), tasks);
	EXPECT_TRUE(CW_WAIT(cw_stat("history_bytes") < bytes + 4096, 30))
	TH_LOG("%lld, not %lld", cw_stat("history_bytes"), bytes);
	/* Each death has been told; the rings need not hold them all */
	EXPECT_LE(written + count + 1, cw_stat("written"));
	EXPECT_EQ(cw_stat("written"),
		  cw_stat("readable") + cw_stat("overwritten") + cw_stat("dropped"));
	EXPECT_EQ(0, cw_stat("dropped"));
	EXPECT_EQ(0, cw_stat("no_memory"));
	EXPECT_EQ(0, cw_stat("no_history"));
}

TEST_HARNESS_MAIN
