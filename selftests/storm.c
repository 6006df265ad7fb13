// SPDX-License-Identifier: GPL-2.0
/*
 * Runs tiny very often, on all CPUs at once; or, for "-", fails to run what there is not, which
 * makes records fastest.
 */
#define _GNU_SOURCE
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static int run(char *program)
{
	char *const argv[] = { program, NULL };
	pid_t pid = vfork();
	int status;

	if (!pid) {
		execv(program, argv);
		_exit(127);
	}
	/* tiny ends with the number of its arguments */
	return pid > 0 && waitpid(pid, &status, 0) == pid && status == 1 << 8;
}

static int fail(void)
{
	char *const argv[] = { "-", NULL };

	return execv("/nonexistent", argv) == -1;
}

static void work(int cpu, char *program, long count)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	sched_setaffinity(0, sizeof(set), &set);
	while (count--)
		if (!(strcmp(program, "-") ? run(program) : fail()))
			_exit(1);
	_exit(0);
}

int main(int argc, char **argv)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN), count = argc == 3 ? atol(argv[2]) : 0;
	int failed = 0, status, cpu;

	if (count < 1) {
		fprintf(stderr, "usage: storm TINY|- COUNT\n");
		return 2;
	}
	for (cpu = 0; cpu < cpus; cpu++)
		if (!fork())
			work(cpu, argv[1], count / cpus + (cpu < count % cpus));
	while (wait(&status) > 0)
		failed |= status;
	return failed != 0;
}
