// SPDX-License-Identifier: GPL-2.0
/* Counts what a process costs; under a clock that counts instructions, in instructions. */
#define _GNU_SOURCE
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const char *tiny;

static void run_exec(void)
{
	execl(tiny, tiny, "-a", "an argument", (char *)NULL);
	_exit(127);
}

static void run_exit(void)
{
	_exit(0);
}

static void run_crash(void)
{
	int *volatile nowhere = (int *)16;

	*nowhere = 1;
}

static const struct {
	const char *name;
	void (*child)(void);
	int status;		/* what wait() must say, or the figure means nothing */
} kinds[] = {
	{ "fork_exec_exit_wait", run_exec, 3 << 8 },	/* tiny: its number of arguments */
	{ "fork_exit_wait", run_exit, 0 },
	{ "crash", run_crash, 11 },
};

static long long now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000LL + ts.tv_nsec;
}

static long long each(int kind, int rounds)
{
	long long start = now();
	int i, status;
	pid_t pid;

	for (i = 0; i < rounds; i++) {
		pid = fork();
		if (!pid)
			kinds[kind].child();
		if (pid < 0 || waitpid(pid, &status, 0) != pid || status != kinds[kind].status) {
			fprintf(stderr, "bench: %s went wrong\n", kinds[kind].name);
			exit(1);
		}
	}
	return (now() - start) / rounds;
}

int main(int argc, char **argv)
{
	const struct sched_param batch = { 0 };
	struct rlimit none = { 0, 0 };
	int rounds = argc > 2 ? atoi(argv[2]) : 0;
	int kind;

	if (rounds < 1) {
		fprintf(stderr, "usage: bench TINY ROUNDS\n");
		return 2;
	}
	tiny = argv[1];
	setrlimit(RLIMIT_CORE, &none);
	/* Who runs first after a fork or a wake-up must not depend on who ran how long before */
	if (sched_setscheduler(0, SCHED_BATCH, &batch)) {
		perror("bench: sched_setscheduler");
		return 1;
	}
	for (kind = 0; kind < 3; kind++)
		printf("%s %lld\n", kinds[kind].name, each(kind, rounds));
	return 0;
}
