// SPDX-License-Identifier: GPL-2.0
/* As many processes as there may be: each has its history, and none is lost. */
#include "cw_test.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/sysinfo.h>

CW_FIXTURE(many_children)

#define WORKERS 20	/* of the kernel, which come and go */

/* Does memory do for so many processes at so many bytes each? */
static bool room_for(int count, int bytes)
{
	struct sysinfo info;

	return !sysinfo(&info) && info.totalram * info.mem_unit / bytes > (unsigned long)count;
}

/* Raise a limit; the limit as it is then, or 0 */
static long at_least(const char *limit, long want)
{
	char *is = cw_read(limit);

	if (is && atol(is) >= want)
		return atol(is);
	return cw_write(limit, cw_format("%ld", want)) ? 0 : want;
}

/* Let there be so many processes more than there are; the highest pid there can be, or 0 */
static long allow(int count)
{
	if (!at_least("/proc/sys/kernel/threads-max", 2 * count + 4096))
		return 0;
	return at_least("/proc/sys/kernel/pid_max", 2 * count + 4096);
}

/* From when @written was so much on, @count records were made; the rings need not hold them all */
static void expect_records(struct __test_metadata *_metadata, long long written, int count)
{
	EXPECT_LE(written + count, cw_stat("written"));
	EXPECT_EQ(cw_stat("written"),
		  cw_stat("readable") + cw_stat("overwritten") + cw_stat("dropped"));
	EXPECT_EQ(0, cw_stat("dropped"));
	EXPECT_EQ(0, cw_stat("no_memory"));
	EXPECT_EQ(0, cw_no_history());
}

/* === Each only forked === */

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

static int near(long long expected, long long is)
{
	return llabs(expected - is) <= WORKERS;
}

TEST_F_TIMEOUT(many_children, X_06_all_are_known_while_they_live_and_none_afterwards, 400)
{
	int count = cw_number("CW_CHILDREN", 33500, 1000), made = 0, listed = 0, to[2], status;
	long long tasks, bytes, written;
	struct cw_lines lines;
	char *seen, *domain;
	double start;
	long highest;
	pid_t parent;
	size_t i;

	/* 16 KiB of stack, the task, its histories; more than a third for the rest */
	if (!room_for(count, 45000))
		SKIP(return, "less memory than %d children need", count);
	highest = allow(count);
	ASSERT_LT(0, highest);
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
	EXPECT_TRUE(CW_WAIT(near(tasks + count + 1, cw_stat("tasks")), 20));
	EXPECT_GT(bytes + count * 200LL, cw_stat("history_bytes"));

	start = cw_now();
	lines = cw_lines("tasks");
	seen = calloc(highest + 1, 1);
	for (i = 0; i < lines.count; i++) {
		const char *line = lines.line[i];
		long long pid = cw_num(line, "pid");

		ASSERT_TRUE(pid > 0 && pid <= highest);
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
	EXPECT_TRUE(CW_WAIT(near(tasks, cw_stat("tasks")), 10))
	TH_LOG("%lld, not %lld", cw_stat("tasks"), tasks);
	EXPECT_TRUE(CW_WAIT(cw_stat("history_bytes") < bytes + 4096, 30))
	TH_LOG("%lld, not %lld", cw_stat("history_bytes"), bytes);
	expect_records(_metadata, written, count + 1);	/* each death has been told */
}

/* === Each with a program and arguments of its own === */

#define EACH 10		/* processes of a history */
#define ARGS_BYTES 100	/* their arguments, each with its NUL */

/* Number @nr of the processes that @names parents start, each of @names programs @EACH times */
static char *child_path(const char *dir, int names, int nr)
{
	return cw_format("%s/t%d", dir, nr / EACH % names);
}

static char *child_number(const char *path, int nr)
{
	return cw_format("%0*d", ARGS_BYTES - (int)(strlen(path) + 1 + sizeof("pause") + 1), nr);
}

/* Start those of parent @which, report their number, and end when they have all ended */
static void start_all(int names, int which)
{
	char *dir = getcwd(NULL, 0), *none[] = { NULL };
	int first = which * names * EACH, n;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	setpgid(0, 0);
	for (n = 0; n < names * EACH; n++) {
		char *path = child_path(dir, names, first + n);
		char *const argv[] = { path, "pause", child_number(path, first + n), NULL };
		pid_t pid = vfork();

		if (!pid) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			execve(path, argv, none);
			_exit(1);
		}
		if (pid < 0)
			break;
	}
	setpgid(0, getppid());
	if (write(STDOUT_FILENO, &n, sizeof(n)) != sizeof(n))
		_exit(255);
	while (wait(NULL) > 0)
		;
	_exit(0);
}

__attribute__((constructor)) static void help(int argc, char **argv)
{
	if (argc == 4 && !strcmp(argv[1], "start"))
		start_all(atoi(argv[2]), atoi(argv[3]));
}

static pid_t start_parent(const char *dir, int names, int which, int to)
{
	char *path = cw_format("%s/p%d", dir, which);
	char *number = cw_format("%d", which);
	char *const argv[] = { path, "start", cw_format("%d", names), number, NULL };
	pid_t pid = fork();

	if (!pid) {
		dup2(to, STDOUT_FILENO);
		execv(path, argv);
		_exit(255);
	}
	return pid;
}

/* What D/tasks must say of that process, behind its pid */
static char *expected_task(const char *dir, const char *domain, int names, int nr, pid_t parent)
{
	char *path = child_path(dir, names, nr), *number = child_number(path, nr), *line;

	line = cw_format(" ppid=%d uid=0 comm=\"t%d\" exe=\"%s/tiny\" file=\"%s\" "
			 "argv=[\"%s\",\"pause\",\"%s\"] "
			 "domain=\"%s %s/p%d %s\"",
			 parent, nr / EACH % names, dir, path, path, number, domain, dir,
			 nr / EACH / names, path);
	free(path);
	free(number);
	return line;
}

/* Every one of them is in D/tasks once, and with its own history and arguments */
static void expect_tasks(struct __test_metadata *_metadata, const char *dir, const char *domain,
			 int names, const pid_t *parent)
{
	int count = names * names * EACH, listed = 0, nr;
	struct cw_lines lines = cw_lines("tasks");
	char *seen = calloc(count, 1), *want;
	const char *pause, *behind;
	size_t i;

	for (i = 0; i < lines.count; i++) {
		pause = strstr(lines.line[i], ",\"pause\",\"");
		if (!pause)
			continue;
		nr = strtol(pause + strlen(",\"pause\",\""), NULL, 10);
		ASSERT_TRUE(nr >= 0 && nr < count);
		ASSERT_EQ(0, seen[nr]++)
		TH_LOG("twice: %s", lines.line[i]);
		want = expected_task(dir, domain, names, nr, parent[nr / EACH / names]);
		behind = strchrnul(lines.line[i], ' ');
		ASSERT_STREQ(want, behind);
		free(want);
		listed++;
	}
	EXPECT_EQ(count, listed);
}

/* CW_NAMES squared histories, each of EACH processes; the wider suite has 100 names */
TEST_F_TIMEOUT(many_children, X_09_all_have_histories_and_arguments_of_their_own, 1100)
{
	int names = cw_number("CW_NAMES", 16, 8), count = names * names * EACH, to[2], i, n;
	long long tasks, domains, bytes, written, most = 65536LL * 1024 * count / 100000;
	char *dir = getcwd(NULL, 0), *domain;
	pid_t *parent = calloc(names, sizeof(*parent));
	double start;

	/* 16 KiB of stack, the task, its page tables and pages */
	if (!room_for(count, 80000))
		SKIP(return, "less memory than %d processes need", count);
	ASSERT_LT(0, allow(count));
	cw_tiny();
	for (i = 0; i < names; i++) {
		ASSERT_EQ(0, symlink("/proc/self/exe", cw_format("p%d", i)));
		ASSERT_EQ(0, symlink("tiny", cw_format("t%d", i)));
	}
	ASSERT_EQ(0, pipe2(to, O_CLOEXEC));
	/* 64 MiB for 100,000 of them */
	ASSERT_EQ(0, cw_load(cw_format("max_mem_kb=%lld", most / 1024)));
	domain = cw_own_domain();
	tasks = cw_stat("tasks");
	domains = cw_stat("domains");
	bytes = cw_stat("history_bytes");
	written = cw_stat("written");

	start = cw_now();
	for (i = 0; i < names; i++)
		parent[i] = start_parent(dir, names, i, to[1]);
	for (i = 0; i < names; i++) {
		ASSERT_EQ((ssize_t)sizeof(n), read(to[0], &n, sizeof(n)));
		ASSERT_EQ(names * EACH, n);
	}
	EXPECT_TRUE(CW_WAIT(cw_stat("written") == written + names + count, 60));
	/* Whoever told its exec keeps its processor until that is in its history too */
	for (i = 0; i < sysconf(_SC_NPROCESSORS_ONLN); i++)
		cw_pin(i);
	TH_LOG("%d processes made in %.1f s", count, cw_now() - start);
	TH_LOG("%lld bytes of %lld", cw_stat("history_bytes"), most);
	/* A kernel's worker more or less is none of ours */
	EXPECT_TRUE(CW_WAIT(near(tasks + names + count, cw_stat("tasks")), 20));
	EXPECT_EQ(domains + names + names * names, cw_stat("domains"));
	EXPECT_EQ(0, cw_stat("domain_evicted"));
	EXPECT_EQ(0, cw_stat("no_memory"));
	EXPECT_EQ(0, cw_no_history());
	EXPECT_EQ(0, cw_stat("domain_cut"));
	EXPECT_GE(most, cw_stat("history_bytes"));

	start = cw_now();
	expect_tasks(_metadata, dir, domain, names, parent);
	TH_LOG("listed in %.1f s", cw_now() - start);

	start = cw_now();
	for (i = 0; i < names; i++)
		ASSERT_EQ(0, kill(-parent[i], SIGKILL));
	for (i = 0; i < names; i++)
		ASSERT_EQ(0, cw_reap(parent[i]));
	TH_LOG("ended in %.1f s", cw_now() - start);
	EXPECT_TRUE(CW_WAIT(near(tasks, cw_stat("tasks")), 10))
	TH_LOG("%lld, not %lld", cw_stat("tasks"), tasks);
	/* Their domains are idle and stay: a text each and what finds it */
	EXPECT_TRUE(CW_WAIT(cw_stat("history_bytes") < bytes + names * (names + 1) * 512, 30))
	TH_LOG("%lld, not %lld", cw_stat("history_bytes"), bytes);
	expect_records(_metadata, written, 2 * (names + count));
}

TEST_HARNESS_MAIN
