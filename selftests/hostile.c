// SPDX-License-Identifier: GPL-2.0
/*
 * Does to the recorder what a hostile program can: fuzz.c starts it and judges the records.
 *
 * What it does follows from the seed it is given, its children's seeds from its own; only time and
 * who is killed meanwhile are left to chance. Its arguments are hostile, too, so that what it needs
 * comes in the environment: HOSTILE="descriptor run seed depth directory".
 */
#define _GNU_SOURCE
#include "hostile.h"
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define DEPTH 5		/* execs and forks in a row */
#define NAME_BYTES 255
#define ARGS 400
#define HUGE_BYTES (2 << 20)
#define HUGE_ARGS 24	/* one argument may have 128 KiB */

static struct hostile *h;
static int shared;		/* its descriptor */
static uint32_t me;		/* run */
static uint32_t process;
static uint32_t program;	/* the run that executed what runs here */
static uint64_t state;
static int depth;
static const char *dir;		/* where the programs are */
static bool inner;		/* in a pid namespace of its own */
static char **argv0;
static size_t argv0_bytes;

static uint32_t rnd(uint32_t below)
{
	return (hostile_random(&state) >> 32) % below;
}

static bool one_in(uint32_t n)
{
	return !rnd(n);
}

/* === Hostile bytes === */

static const char *const pieces[] = {
	"\n",
	"\t",
	"\r",
	"\x01",
	"\x7f",
	"\b\a\v\f",
	"\x1b",
	"\x1b[31m",
	"\x1b]0;x\x07",
	"\x9b",
	"\xc2\x9b",
	"\xc2\x80",
	"\xc2\x9f",
	"\xc2\xa0",
	"\xc2",
	"\xff\xfe",
	"\xc0\xaf",
	"\xe0\x80\xaf",
	"\xed\xa0\x80",
	"\xf4\x90\x80\x80",
	"\xf0\x9f\x98\x80",
	"\xf0\x9f\x98",
	"\xe2\x82\xac",
	"\xe2\x82",
	"\xe2\x80\xa6",
	"\xe2\x80\xa8",
	"\"",
	"\\",
	"\\\"",
	"\\n",
	"\\x41",
	"\\040",
	"\\134",
	" ",
	"  ",
	"'",
	"]",
	"[",
	"\",\"",
	"\"]",
	"\" pid=1 uid=0 x=\"",
	"cut=[\"argv\"]",
	" lost=9 ",
	"\n[    1.000000000] #0.1 exec pid=1 ",
	"(1)",
	" (deleted)",
	"$(reboot)",
	"`",
	"*",
	"-",
	".",
	"plain",
};

/* @len bytes without a NUL and without the mark; nor a slash, if it is for a name */
static void fill(char *to, size_t len, bool name)
{
	size_t done, part;

	for (done = 0; done < len; done += part) {
		uint32_t which = rnd(2 * sizeof(pieces) / sizeof(pieces[0]));

		if (which < sizeof(pieces) / sizeof(pieces[0])) {
			part = strlen(pieces[which]);
			if (part > len - done)
				part = len - done;
			memcpy(to + done, pieces[which], part);
		} else {
			part = 1;
			to[done] = 1 + rnd(255);
			if (to[done] == TOKEN_MARK || (name && to[done] == '/'))
				to[done] = 'x';
		}
	}
	to[len] = 0;
}

/* The same with the token of @run in it, early enough for what keeps the beginning only */
static char *text(uint32_t run, size_t least, size_t most, bool name)
{
	size_t len = least + rnd(most - least + 1), room = len - TOKEN_BYTES + 1;
	char *to = malloc(len + 1);

	fill(to, len, name);
	hostile_token(to + rnd(room < 16 ? room : 16), h->first + run);
	return to;
}

static char *name_of(uint32_t run)
{
	return text(run, TOKEN_BYTES, one_in(8) ? NAME_BYTES : 24, true);
}

/* === Who is who === */

static uint32_t take(uint32_t *count)
{
	uint32_t n = __atomic_add_fetch(count, 1, __ATOMIC_SEQ_CST);

	if (n >= HOSTILE_RUNS)
		_exit(0);
	return n;
}

static uint32_t new_run(uint32_t of)
{
	uint32_t run = take(&h->runs);

	h->run[run].process = of;
	return run;
}

static uint32_t new_process(void)
{
	uint32_t made = take(&h->processes);

	h->process[made].parent = process;
	return made;
}

static bool spent(void)
{
	return __atomic_load_n(&h->runs, __ATOMIC_RELAXED) > h->budget;
}

static void is_pid(uint32_t of, int pid)
{
	if (pid <= 0 || pid >= HOSTILE_PIDS)
		return;
	h->by_pid[pid] = of;
	h->process[of].pid = pid;
}

/* Where procfs is not seen the pid stays unknown */
static void say_pid(uint32_t of)
{
	char pid[16] = "";

	if (!inner)
		is_pid(of, getpid());
	else if (readlink("/proc/self", pid, sizeof(pid) - 1) > 0)
		is_pid(of, atoi(pid));
}

static int reap(uint32_t of, int pid)
{
	int status;

	if (pid < 0)
		return -1;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	h->process[of].status = status;
	h->process[of].ended = true;
	return status;
}

static void act(void);

/* Go on as a child: a process, and a run without an exec */
static void be_child(uint32_t made, uint32_t run, uint64_t seed)
{
	process = made;
	me = run;
	state = seed;
	depth++;
	say_pid(made);
}

/* === Arguments === */

struct args {
	char *v[ARGS + 1];
	int count;
	char *bytes;	/* one behind the other */
	size_t len;
};

static void add(struct args *args, const char *s)
{
	size_t len = strlen(s) + 1;

	args->bytes = realloc(args->bytes, args->len + len);
	memcpy(args->bytes + args->len, s, len);
	args->len += len;
	args->v[args->count++] = strdup(s);
}

/* They will be what the record has to have */
static void tell(const struct args *args, uint32_t run)
{
	size_t len = args->len < h->argv_bytes ? args->len : h->argv_bytes;

	h->run[run].bytes = args->len;
	h->run[run].hash = hostile_hash(args->bytes, len);
	h->run[run].tell = true;
}

/* As much as there can be */
static void add_huge(struct args *args, uint32_t run)
{
	char *s = text(run, HUGE_BYTES / HUGE_ARGS, HUGE_BYTES / HUGE_ARGS, false);
	int n;

	for (n = HUGE_ARGS; n; n--)
		add(args, s);
}

/* Arguments for a run, of one of many shapes */
static void make_args(struct args *args, uint32_t run)
{
	int n;

	memset(args, 0, sizeof(*args));
	switch (rnd(16)) {
	case 0:		/* none at all */
		return;
	case 1:		/* many empty ones */
		add(args, text(run, 6, 12, false));
		for (n = rnd(100); n; n--)
			add(args, "");
		break;
	case 2:		/* very many */
		for (n = 300; n; n--)
			add(args, text(run, 6, 9, false));
		break;
	case 3:		/* very long */
		add(args, text(run, 6, 24, false));
		add(args, text(run, 3000, 40000, false));
		break;
	case 4:		/* maybe huge ones */
		add(args, text(run, 6, 24, false));
		if (one_in(6))
			add_huge(args, run);
		break;
	default:
		for (n = 1 + rnd(5); n; n--)
			add(args, text(run, 6, 40, false));
	}
	tell(args, run);
}

static char *const *environment(uint32_t run)
{
	static char own[4200];
	/* Arguments end where the environment begins: a mark that is no token must not be seen */
	static char *const all[] = { "%0000!%0000!%0000!%0000!%0000!%0000!%0000!", own, NULL };

	snprintf(own, sizeof(own), "HOSTILE=%d %u %llu %d %s", shared, run,
		 (unsigned long long)hostile_random(&state), depth + 1, dir);
	return all;
}

/* === Programs === */

/* The path of a program that was there before, and has no token */
static const char *path_of(const char *which)
{
	static char path[4200];

	snprintf(path, sizeof(path), "%s/%s", dir, which);
	return path;
}

static void write_file(const char *path, const char *bytes, size_t len)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);

	if (fd < 0)
		return;
	if (write(fd, bytes, len) < 0)
		unlink(path);
	close(fd);
}

/* A script; the kernel looks at 255 bytes of its first line */
static void write_script(const char *path, const char *interpreter, uint32_t run)
{
	char line[8192];
	int len = snprintf(line, sizeof(line), "#!%s%s\n", interpreter,
			   one_in(2) ? text(run, 6, 20, false) : "");

	write_file(path, line, len);
}

/* Ways to execute a program; those with a name are also gone for certain, once a round */
enum way { WAY_GONE = 3, WAY_RENAMED = 4, WAY_DEEP = 7, WAY_PLAIN = 8, WAYS = 16 };

/* Execute a program by a hostile name, or fail to */
static void execute(const char *which, uint32_t run, struct args *args, enum way way, char *name)
{
	char *const *env = environment(run);
	char *other, path[8400];
	int fd, from;

	do {	/* of two names that are but the token, the one would be written into the other */
		other = name_of(run);
	} while (!strcmp(other, name));
	switch ((int)way) {
	case 0:		/* a link, of which a record has not the name but what it leads to */
		if (args->count && !symlink(path_of(which), name))
			execve(name, args->v, env);
		break;
	case 1:		/* a script, of which the interpreter has a hostile name */
		h->run[run].tell = false;
		if (!link(path_of(which), other))
			write_script(name, other, run);
		execve(name, args->v, env);
		break;
	case 2:		/* a program that is in no directory */
		from = open(path_of(which), O_RDONLY | O_CLOEXEC);
		fd = memfd_create(name, 0);
		if (sendfile(fd, from, NULL, 16 << 20) <= 0)
			break;
		snprintf(path, sizeof(path), "/dev/fd/%d", fd);
		execve(path, args->v, env);
		break;
	case WAY_GONE:	/* one that is gone already */
		if (link(path_of(which), name))
			break;
		fd = open(name, O_PATH | (one_in(2) ? O_CLOEXEC : 0));
		unlink(name);
		syscall(SYS_execveat, fd, "", args->v, env, AT_EMPTY_PATH);
		break;
	case WAY_RENAMED:	/* one that has another name in the meantime */
		if (link(path_of(which), name))
			break;
		fd = open(name, O_PATH);
		rename(name, other);
		syscall(SYS_execveat, fd, "", args->v, env, AT_EMPTY_PATH);
		break;
	case 5:		/* a detour */
		if (mkdir(other, 0755) || link(path_of(which), name))
			break;
		snprintf(path, sizeof(path), "%s/..//./%s", other, name);
		execve(path, args->v, env);
		break;
	case 6:		/* from the root */
		if (link(path_of(which), name) || !getcwd(path, 4096) || *path != '/')
			break;
		strcat(strcat(path, "/"), name);
		execve(path, args->v, env);
		break;
	case WAY_DEEP:	/* nearly as deep as a path can name */
		snprintf(path, sizeof(path), "%s/deep", dir);
		if (!chdir(path))
			while (!chdir("d"))
				;
		/* fall through */
	default:
		if (!link(path_of(which), name))
			execve(name, args->v, env);
	}
	h->run[run].tell = false;
}

/* Fail to execute something */
static void fail(void)
{
	uint32_t run = new_run(process);
	struct args args;
	char path[8400], *name = name_of(run);
	char *const *env;
	int fd;

	make_args(&args, run);
	h->run[run].tell = false;
	env = environment(run);
	switch (rnd(9)) {
	case 0:		/* there is none */
		execve(name, args.v, env);
		break;
	case 1:		/* not a program */
		fill(path, 200, false);
		write_file(name, path, 200);
		execve(name, args.v, env);
		break;
	case 2:		/* the beginning of one */
		fd = open(path_of("tiny"), O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			return;
		if (read(fd, path, 256) == 256)
			memset(path + 64 + rnd(150), rnd(256), 1 + rnd(40));
		close(fd);
		write_file(name, path, 256);
		execve(name, args.v, env);	/* which may get too far to come back */
		break;
	case 3:		/* the path is longer than can be */
		memset(path, '/', 4200);
		hostile_token(path + 4000, h->first + run);
		path[4200] = 0;
		execve(path, args.v, env);
		break;
	case 4:		/* arguments that nobody can read */
		syscall(SYS_execve, path_of("tiny"), 8, env);
		args.v[args.count / 2] = (char *)16;
		syscall(SYS_execve, path_of("tiny"), args.v, env);
		syscall(SYS_execve, 24, args.v, env);
		break;
	case 5:		/* a directory, and a script that is its own interpreter */
		execve(".", args.v, env);
		write_script(name, name, run);
		execve(name, args.v, env);
		break;
	case 6:		/* descriptors that are none */
		syscall(SYS_execveat, rnd(1000) + 500, name, args.v, env, 0);
		syscall(SYS_execveat, 999, "", args.v, env, AT_EMPTY_PATH);
		break;
	case 7:		/* one that is being written */
		fd = open(name, O_WRONLY | O_CREAT | O_CLOEXEC, 0755);
		execve(name, args.v, env);
		close(fd);
		break;
	case 8:		/* the arguments and more of them */
		name = text(run, 200000, 200000, false);
		args.v[0] = name;
		args.v[1] = NULL;
		execve(path_of("tiny"), args.v, env);
	}
}

/* === Deaths === */

static void in_foreign_memory(void)
{
	char *name = name_of(me);
	void (*code)(void);
	int fd;

	write_file(name, "", 0);
	if (truncate(name, 4096))
		return;
	fd = open(name, O_RDONLY | O_CLOEXEC);
	code = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
	if (code == MAP_FAILED)
		return;
	if (one_in(2))
		unlink(name);
	else if (one_in(2))
		rename(name, name_of(me));
	if (one_in(4) && truncate(name, 0))
		return;
	code();
}

static void overflow(void)
{
	const struct rlimit stack = { 1 << 20, 1 << 20 };
	volatile char *at = __builtin_frame_address(0);

	setrlimit(RLIMIT_STACK, &stack);
	for (;; at -= 1024)
		*at = 0;
}

/* A signal that ends the process, any of them */
static int deadly(void)
{
	static const int quiet[] = {
		SIGCHLD, SIGCONT, SIGURG, SIGWINCH, SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU, 32, 33,
	};
	size_t i;
	int sig;

again:
	sig = 1 + rnd(64);
	for (i = 0; i < sizeof(quiet) / sizeof(quiet[0]); i++)
		if (sig == quiet[i])
			goto again;
	return sig;
}

static void *die_in_thread(void *unused)
{
	(void)unused;
	prctl(PR_SET_NAME, text(me, 6, 15, false));
	switch (rnd(3)) {
	case 0:
		*(volatile int *)(uintptr_t)(rnd(1 << 16) << 12) = 0;
		break;
	case 1:
		raise(deadly());
		break;
	default:
		_exit(rnd(256));
	}
	return NULL;
}

static void *sleep_in_thread(void *unused)
{
	prctl(PR_SET_NAME, text(me, 6, 15, false));
	for (;;)
		pause();
	return unused;
}

static void *execute_in_thread(void *unused)
{
	uint32_t run = new_run(process);
	struct args args;

	make_args(&args, run);
	execute("tiny", run, &args, rnd(WAYS), name_of(run));
	_exit(1);
	return unused;
}

static void with_threads(void *(*what)(void *))
{
	pthread_attr_t small;
	pthread_t thread;
	int n;

	pthread_attr_init(&small);
	pthread_attr_setstacksize(&small, 65536);
	for (n = rnd(3); n; n--)
		pthread_create(&thread, &small, sleep_in_thread, NULL);
	if (pthread_create(&thread, &small, what, NULL))
		return;
	if (one_in(3))
		syscall(SYS_exit, 0);	/* the leader ends before the others */
	for (;;)
		pause();
}

static void die(void)
{
	alarm(20);	/* if it should not succeed */
	switch (rnd(12)) {
	case 0:
		*(volatile int *)(uintptr_t)(rnd(1 << 16) << 4) = 0;
		break;
	case 1:
		((void (*)(void))(uintptr_t)hostile_random(&state))();
		break;
	case 2:
		in_foreign_memory();
		break;
	case 3:
		overflow();
		break;
	case 4:
		with_threads(die_in_thread);
		break;
	case 5:
		with_threads(execute_in_thread);
		break;
	case 6:
		__builtin_trap();
		break;
	case 7:
	case 8:
		raise(deadly());
		break;
	}
	_exit(rnd(256));
}

/* === What can be done === */

static void rename_self(void)
{
	prctl(PR_SET_NAME, text(me, 6, 15, false));
}

static void go_elsewhere(void)
{
	char *name = name_of(me);

	if (mkdir(name, 0755) || chdir(name))
		return;
	if (one_in(3)) {
		char *other = name_of(me), from[300], to[300];

		snprintf(from, sizeof(from), "../%s", name);
		snprintf(to, sizeof(to), "../%s", other);
		if (!rename(from, to) && one_in(2))
			rmdir(to);	/* here is nowhere then */
	}
}

static void go_into_cgroup(void)
{
	char path[512], *name = name_of(me), *at;
	int fd;

	while ((at = strchr(name, '\n')))	/* which alone is refused */
		*at = '\t';
	snprintf(path, sizeof(path), "/sys/fs/cgroup/fuzz/%s", name);
	if (mkdir(path, 0755))
		return;
	strcat(path, "/cgroup.procs");
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	if (write(fd, "0", 1) == 1)
		rename_self();
	close(fd);
}

static void open_files(void)
{
	char *name = name_of(me), *other = name_of(me);

	write_file(name, name, strlen(name));
	rename(name, other);
	close(open(other, O_RDWR | O_CLOEXEC));
	close(open(name, O_RDONLY | O_CLOEXEC));
	if (one_in(2))
		unlink(other);
}

/* The program one runs oneself, if it has a name of its own */
static void lose_program(void)
{
	char path[4200], *slash;
	ssize_t len = readlink("/proc/self/exe", path, sizeof(path) - 1);

	if (len <= 0)
		return;
	path[len] = 0;
	slash = strrchr(path, '/');
	if (!slash || !strchr(slash, TOKEN_MARK))
		return;
	if (one_in(2)) {
		unlink(path);
	} else {
		char to[4600];

		*slash = 0;
		/* Others may run it as well: those that were forked from that run */
		snprintf(to, sizeof(to), "%s/%s", path, name_of(program));
		*slash = '/';
		rename(path, to);
	}
}

/* As a server does that shows its state in ps */
static void change_arguments(void)
{
	if (argv0_bytes <= 2 * TOKEN_BYTES)
		return;
	h->run[me].tell = false;
	fill(argv0[0], argv0_bytes - 1, false);
	hostile_token(argv0[0], h->first + me);
}

static void change_parameter(void)
{
	static const char path[] = "/sys/module/crashwatch/parameters/";
	char file[128], value[80];
	int fd, n;

	if (one_in(3)) {
		snprintf(file, sizeof(file), "%stree_levels", path);
		snprintf(value, sizeof(value), "%d\n", 1 + rnd(64));
	} else {
		static const char *const names[] = { "signals", "tree_levels", "reboot_panic" };

		snprintf(file, sizeof(file), "%s%s", path, names[rnd(3)]);
		snprintf(value, sizeof(value), "%.70s", text(me, 10, 70, false));
	}
	fd = open(file, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	n = write(fd, value, strlen(value));
	(void)n;
	close(fd);
}

/* What happens to the memory they share between vfork() and the exec is meant to */
static int start(const char *which, uint32_t made, uint32_t run, struct args *args, bool share)
{
	int pid = share ? vfork() : fork();

	if (!pid) {
		say_pid(made);
		if (!strcmp(which, "tiny"))	/* it may be told to wait for ever */
			prctl(PR_SET_PDEATHSIG, SIGKILL);
		execute(which, run, args, rnd(WAYS), name_of(run));
		_exit(200);
	}
	return pid;
}

static void run_tiny(void)
{
	uint32_t made = new_process(), run = new_run(made);
	const struct timespec moment = { .tv_nsec = 1000000 * rnd(3) };
	bool paused = one_in(6), crash = !paused && one_in(6);
	struct args args;
	int pid, status;

	make_args(&args, run);
	if (paused || crash) {
		/* It is told by its first argument what to do */
		memset(&args, 0, sizeof(args));
		add(&args, text(run, 6, 40, false));
		add(&args, paused ? "pause" : "segv");
		add(&args, text(run, 6, 40, false));
		tell(&args, run);
	}
	pid = start("tiny", made, run, &args, true);
	if (paused && pid > 0) {
		nanosleep(&moment, NULL);
		kill(pid, deadly());
		nanosleep(&moment, NULL);
		kill(pid, SIGKILL);
	}
	status = reap(made, pid);
	if (status < 0)
		return;
	/* It ends with the number of its arguments, which is never 200 */
	if (WIFSIGNALED(status))
		h->run[run].executed = crash && WTERMSIG(status) == SIGSEGV;
	else
		h->run[run].executed = WEXITSTATUS(status) != 200;
}

static void run_self(void)
{
	uint32_t made = new_process(), run = new_run(made);
	struct args args;

	make_args(&args, run);
	reap(made, start("hostile", made, run, &args, one_in(2)));
}

static void fork_self(void)
{
	uint32_t made = new_process(), run = new_run(made);
	uint64_t seed = hostile_random(&state);
	bool stop = one_in(4);
	int pid = fork();

	if (!pid) {
		be_child(made, run, seed);
		act();
	}
	if (pid > 0 && !inner)
		is_pid(made, pid);
	if (pid > 0 && stop)
		kill(pid, deadly());
	/* What is not waited for comes to fuzz.c in the end */
	if (one_in(4))
		return;
	if (pid > 0 && stop)
		kill(pid, SIGKILL);
	reap(made, pid);
}

/* reboot(2) in a pid namespace of its own, as its first process or not */
static void restart_container(void)
{
	static const unsigned int how[] = { 0xa1b2c3d4, 0x01234567, 0xcdef0123, 0x4321fedc };
	uint32_t made, run;
	uint64_t seed = hostile_random(&state);
	char *command = text(me, 20, 255, false);
	int pid;

	if (inner || unshare(CLONE_NEWPID))
		return;
	made = new_process();
	h->process[made].restarts = true;
	run = new_run(made);
	pid = fork();
	if (!pid) {
		inner = true;
		be_child(made, run, seed);
		rename_self();
		if (one_in(2))
			fork_self();
		syscall(SYS_reboot, 0xfee1dead, 672274793, how[rnd(4)], command);
		_exit(3);
	}
	if (pid > 0)
		is_pid(made, pid);
	reap(made, pid);
	die();	/* whose children would all be in the namespace that has ended */
}

static void go_into_chroot(void)
{
	if (chroot(dir))
		return;
	dir = "";
	if (one_in(2) && chdir("/"))
		return;
	unshare(CLONE_NEWNS);
}

/*
 * What has to happen in each round, alone, so that it is told for certain: fuzz.c looks for it. The
 * status says which item could not be done.
 */
static void agenda(void)
{
	static const struct {
		enum way way;
		const char *name, *arg;	/* behind the token; without @arg they are huge */
	} items[] = {
		{ WAY_PLAIN, "", NULL },
		{ WAY_DEEP, "", "deep" },
		{ WAY_GONE, "", "gone" },
		{ WAY_RENAMED, "", "renamed" },
		{ WAY_PLAIN, "\"'\\", "quoted \"comm\"" },
		{ WAY_PLAIN, "\n\x1b[\xff", "\n[    1.000000000] #0.1 \x1b]0;x\x07 \xc0\xaf" },
	};
	unsigned int i;

	for (i = 0; i < sizeof(items) / sizeof(items[0]); i++) {
		uint32_t made = new_process(), run = new_run(made);
		char name[64], arg[128] = "";
		struct args args = { 0 };
		int pid, status;

		memset(name, 0, sizeof(name));
		hostile_token(name, h->first + run);
		memcpy(arg, name, TOKEN_BYTES);
		strcat(name, items[i].name);
		add(&args, arg);
		if (items[i].arg)
			add(&args, strcat(arg, items[i].arg));
		else
			add_huge(&args, run);
		tell(&args, run);
		pid = fork();
		if (!pid) {
			say_pid(made);
			execute("tiny", run, &args, items[i].way, name);
			_exit(200);
		}
		status = reap(made, pid);
		h->run[run].executed = WIFEXITED(status) && WEXITSTATUS(status) != 200;
		if (!h->run[run].executed)
			_exit(i + 1);
	}
	_exit(0);
}

static void become_nobody(void)
{
	uint32_t uid = 1 + rnd(100000);

	if (setresgid(uid, uid, uid) || setresuid(uid, uid, uid))
		return;
}

static void act(void)
{
	static const struct {
		void (*what)(void);
		int weight;
	} can[] = {
		{ rename_self, 4 },
		{ go_elsewhere, 2 },
		{ go_into_cgroup, 1 },
		{ open_files, 2 },
		{ lose_program, 2 },
		{ change_arguments, 2 },
		{ change_parameter, 1 },
		{ run_tiny, 8 },
		{ run_self, 4 },
		{ fork_self, 4 },
		{ fail, 4 },
		{ restart_container, 1 },
		{ go_into_chroot, 1 },
	};
	int all = 0, more, at;
	size_t i;

	for (i = 0; i < sizeof(can) / sizeof(can[0]); i++)
		all += can[i].weight;
	for (more = 2 + rnd(4); more && depth < DEPTH && !spent(); more--) {
		at = rnd(all);
		for (i = 0; at >= can[i].weight; i++)
			at -= can[i].weight;
		can[i].what();
	}
	if (one_in(8))
		become_nobody();
	if (depth < DEPTH && !spent() && one_in(3)) {
		uint32_t run = new_run(process);
		struct args args;

		make_args(&args, run);
		execute(one_in(2) ? "hostile" : "tiny", run, &args, rnd(WAYS), name_of(run));
	}
	die();
}

int main(int argc, char **argv)
{
	const struct rlimit stack = { 64 << 20, 64 << 20 }, none = { 0, 0 };
	const char *env = getenv("HOSTILE");
	unsigned long long seed;
	int skip = 0;

	if (!env || sscanf(env, "%d %u %llu %d %n", &shared, &me, &seed, &depth, &skip) < 4)
		return 2;
	h = mmap(NULL, sizeof(*h), PROT_READ | PROT_WRITE, MAP_SHARED, shared, 0);
	if (h == MAP_FAILED)
		return 2;
	dir = strdup(env + skip);
	process = h->run[me].process;
	program = me;
	state = seed;
	argv0 = argv;
	if (argc && argv[argc - 1])
		argv0_bytes = argv[argc - 1] + strlen(argv[argc - 1]) + 1 - argv[0];
	h->run[me].executed = true;
	inner = getpid() != h->process[process].pid;
	say_pid(process);
	setrlimit(RLIMIT_STACK, &stack);
	setrlimit(RLIMIT_CORE, &none);
	if (depth == AGENDA)
		agenda();
	act();
}
