// SPDX-License-Identifier: GPL-2.0
/* A death is told once, by the thread that died, with what it died of (C-01, C-02, C-05) */
#include "cw_test.h"
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>

extern const char fault_insn[];
static char *self_exe;
static void *volatile target;	/* what the next one will touch */
static int volatile zero;

CW_FIXTURE(death)

/* === Ways to die === */

static __attribute__((noinline, noclone)) void die_write(void)
{
#if defined(__x86_64__)
	asm volatile(".globl fault_insn\nfault_insn: movb $0, (%0)" ::"r"(target)
		     : "memory");
#elif defined(__aarch64__)
	asm volatile(".globl fault_insn\nfault_insn: strb wzr, [%0]" ::"r"(target)
		     : "memory");
#endif
}

static void die_jump(void)
{
	((void (*)(void))target)();
}

static void die_bus(void)
{
	int fd = open("short", O_RDWR | O_CREAT, 0600);

	if (ftruncate(fd, 8192))
		_exit(98);
	mmap((void *)((unsigned long)target & -4096UL) - 4096, 8192, PROT_READ | PROT_WRITE,
	     MAP_SHARED | MAP_FIXED, fd, 0);
	if (ftruncate(fd, 100))
		_exit(98);
	die_write();
}

static void die_abort(void)
{
	abort();
}

static void die_seccomp(void)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog prog = { .len = 4, .filter = filter };

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog);
	syscall(SYS_getppid);
}

#if defined(__x86_64__)
extern const char div_insn[], ill_insn[], trap_insn[];

static __attribute__((noinline, noclone)) void die_divide(void)
{
	/* clang-format off */
	asm volatile(".globl div_insn\nxor %%edx, %%edx\nmov $1, %%eax\ndiv_insn: divl %0"
		     :: "m" (zero) : "eax", "edx");
	/* clang-format on */
}

static __attribute__((noinline, noclone)) void die_illegal(void)
{
	asm volatile(".globl ill_insn\nill_insn: ud2");
}

static __attribute__((noinline, noclone)) void die_trap(void)
{
	asm volatile(".globl trap_insn\nint3\ntrap_insn: nop");
}

/* The one is told behind the instruction, and without an address */
#define ILLEGAL_CODE ILL_ILLOPN
#define TRAP_CODE SI_KERNEL
#define TRAP_ADDR NULL
#define TRAP_PLACE NULL
#elif defined(__aarch64__)
extern const char ill_insn[], trap_insn[];

static __attribute__((noinline, noclone)) void die_illegal(void)
{
	asm volatile(".globl ill_insn\nill_insn: .inst 0");
}

static __attribute__((noinline, noclone)) void die_trap(void)
{
	asm volatile(".globl trap_insn\ntrap_insn: brk 0");
}

#define ILLEGAL_CODE ILL_ILLOPC
#define TRAP_CODE TRAP_BRKPT
#define TRAP_ADDR HEX(trap_insn)
#define TRAP_PLACE place(trap_insn)
#endif

static void die_kill(void)
{
	kill(getpid(), (long)target);
}

/* Let a child die. Core files are not wanted unless a test says so. */
static pid_t dies(void (*how)(void), void *what, int *status)
{
	pid_t pid = fork();

	if (!pid) {
		target = what;
		how();
		_exit(99);
	}
	*status = cw_reap(pid);
	return pid;
}

/* How many records of a type a process has in a file */
static int told(const char *file, const char *type, pid_t pid)
{
	struct cw_lines lines = cw_lines(file);

	return cw_count(&lines, type, "pid", cw_format("%d", pid));
}

/* How often a process's death was told, in whatever way */
static int deaths_among(const struct cw_lines *lines, pid_t pid)
{
	const char *number = cw_format("%d", pid);

	return cw_count(lines, "crash", "pid", number) + cw_count(lines, "killed", "pid", number) +
	       cw_count(lines, "exit", "pid", number);
}

static int deaths(pid_t pid)
{
	struct cw_lines lines = cw_lines("events");

	return deaths_among(&lines, pid);
}

/* "path+0xoffset" of a mapped address, by /proc/self/maps; NULL if none */
static char *place(const void *addr)
{
	unsigned long from, to, off, at = (unsigned long)addr;
	FILE *maps = fopen("/proc/self/maps", "re");
	char path[PATH_MAX], line[PATH_MAX + 100];
	char *found = NULL;

	while (!found && fgets(line, sizeof(line), maps))
		if (sscanf(line, "%lx-%lx %*s %lx %*s %*s %s", &from, &to, &off, path) == 4 &&
		    at >= from && at < to)
			found = cw_format("\"%s+0x%lx\"", path, at - from + off);
	fclose(maps);
	return found;
}

/* The first line a command prints */
static char *output(const char *command)
{
	char line[PATH_MAX] = "";
	FILE *f = popen(command, "re");

	if (!fgets(line, sizeof(line), f))
		return NULL;
	pclose(f);
	line[strcspn(line, "\n")] = 0;
	return strdup(line);
}

static void __attribute__((constructor)) begin(void)
{
	struct rlimit none = { 0, RLIM_INFINITY };

	setrlimit(RLIMIT_CORE, &none);
	self_exe = realpath("/proc/self/exe", NULL);
}

/* What a death by a fault must say, exactly; NULL: the key must not be there */
struct expected {
	int sig;
	const char *signame;
	int si_code;
	const char *addr, *addr_map, *ip, *map;
};

#define EXPECT_KEY(want, line, key) do { \
	const char *key_ = (key); \
	EXPECT_STREQ((want) ?: CW_ABSENT, cw_raw(line, key_)) \
		TH_LOG("key %s", key_); \
} while (0)

#define EXPECT_FAULT(how, what, ...) do { \
	struct expected want = { __VA_ARGS__ }; \
	const char *crash; \
	int status_; \
	pid_t pid_ = dies(how, (void *)(what), &status_); \
	EXPECT_EQ(want.sig, WTERMSIG(status_)); \
	EXPECT_EQ(1, deaths(pid_)); \
	EXPECT_EQ(1, told("incidents", "crash", pid_)); \
	crash = cw_of_pid("incidents", "crash", pid_); \
	EXPECT_EQ(want.sig, cw_num(crash, "sig")); \
	EXPECT_STREQ(want.signame, cw_str(crash, "signame")); \
	EXPECT_STREQ(cw_format("%d", want.si_code), cw_raw(crash, "si_code")); \
	EXPECT_KEY(want.addr, crash, "addr"); \
	EXPECT_KEY(want.addr_map, crash, "addr_map"); \
	EXPECT_STREQ(want.ip, cw_raw(crash, "ip")); \
	EXPECT_KEY(want.map, crash, "map"); \
	EXPECT_STREQ("0", cw_raw(crash, "core")); \
} while (0)

#define HEX(x) cw_format("0x%lx", (unsigned long)(x))

/* === C-01: what it died of and where === */

/* C-01 */
TEST_F(death, a_fault_tells_address_instruction_mapping_and_build_id)
{
	const char *build_id, *crash;
	int status;
	pid_t pid;

	ASSERT_EQ(0, cw_load(""));
	EXPECT_FAULT(die_write, 0xdead0, SIGSEGV, "SIGSEGV", SEGV_MAPERR, "0xdead0", NULL,
		     HEX(fault_insn), place(fault_insn));
	build_id = output(cw_format("readelf -n %s | sed -n 's/.*Build ID: //p'", self_exe));
	ASSERT_NE(NULL, build_id);
	pid = dies(die_write, (void *)0xdead0, &status);
	crash = cw_of_pid("incidents", "crash", pid);
	EXPECT_STREQ(build_id, cw_str(crash, "build_id"));
}

/* C-01 */
TEST_F(death, a_write_to_program_text_tells_the_mapping_of_the_address)
{
	ASSERT_EQ(0, cw_load(""));
	EXPECT_FAULT(die_write, fault_insn, SIGSEGV, "SIGSEGV", SEGV_ACCERR, HEX(fault_insn),
		     place(fault_insn), HEX(fault_insn), place(fault_insn));
}

/* C-01 */
TEST_F(death, a_jump_into_nothing_has_no_mapping)
{
	ASSERT_EQ(0, cw_load(""));
	EXPECT_FAULT(die_jump, 0xdead0, SIGSEGV, "SIGSEGV", SEGV_MAPERR, "0xdead0", NULL,
		     "0xdead0", NULL);
}

/* C-01: not even the kernel can read what is there */
TEST_F(death, a_jump_into_secret_memory_has_its_mapping_and_no_build_id)
{
#ifdef SYS_memfd_secret
	int fd = syscall(SYS_memfd_secret, O_CLOEXEC), status;
#else
	int fd = syscall(447, O_CLOEXEC), status;
#endif
	char *at, *map;
	pid_t pid;

	if (fd < 0)
		SKIP(return, "this kernel has no memfd_secret(2), or is not booted with secretmem.enable=1");
	ASSERT_EQ(0, ftruncate(fd, 4096));
	at = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	ASSERT_NE(MAP_FAILED, at);
	memcpy(at, "\177ELF", 4);
	ASSERT_EQ(0, cw_load(""));
	map = "\"/secretmem (deleted)+0x10\"";
	EXPECT_FAULT(die_jump, at + 16, SIGSEGV, "SIGSEGV", SEGV_ACCERR, HEX(at + 16), map,
		     HEX(at + 16), map);
	pid = dies(die_jump, at + 16, &status);
	EXPECT_FALSE(cw_has(cw_of_pid("incidents", "crash", pid), "build_id"));
}

/* C-01 */
TEST_F(death, an_access_behind_the_end_of_a_file_is_a_bus_error)
{
	char *at = mmap(NULL, 8192, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ASSERT_EQ(0, cw_load(""));
	EXPECT_FAULT(die_bus, at + 4096 + 16, SIGBUS, "SIGBUS", BUS_ADRERR, HEX(at + 4096 + 16),
		     cw_format("\"%s/short+0x1010\"", self->room.dir), HEX(fault_insn),
		     place(fault_insn));
}

/* C-01 */
TEST_F(death, abort_and_seccomp_are_crashes_without_an_address)
{
	int status;
	pid_t pid;

	ASSERT_EQ(0, cw_load(""));
	pid = dies(die_abort, NULL, &status);
	EXPECT_EQ(SIGABRT, WTERMSIG(status));
	EXPECT_EQ(1, deaths(pid));
	EXPECT_STREQ("\"SIGABRT\"", cw_raw(cw_of_pid("incidents", "crash", pid), "signame"));
	EXPECT_STREQ("-6", cw_raw(cw_of_pid("incidents", "crash", pid), "si_code"));
	EXPECT_STREQ(CW_ABSENT, cw_raw(cw_of_pid("incidents", "crash", pid), "addr"));
	pid = dies(die_seccomp, NULL, &status);
	EXPECT_EQ(SIGSYS, WTERMSIG(status));
	EXPECT_EQ(1, deaths(pid));
	EXPECT_STREQ("\"SIGSYS\"", cw_raw(cw_of_pid("incidents", "crash", pid), "signame"));
	/* Once seccomp ended a process without sending it a signal */
	EXPECT_STREQ(cw_kernel_before(5, 16) ? CW_ABSENT : "1",
		     cw_raw(cw_of_pid("incidents", "crash", pid), "si_code"));
	EXPECT_STREQ(CW_ABSENT, cw_raw(cw_of_pid("incidents", "crash", pid), "addr"));
}

/* C-01 */
TEST_F(death, illegal_instruction_and_trap_tell_their_instruction)
{
	ASSERT_EQ(0, cw_load(""));
	EXPECT_FAULT(die_illegal, NULL, SIGILL, "SIGILL", ILLEGAL_CODE, HEX(ill_insn),
		     place(ill_insn), HEX(ill_insn), place(ill_insn));
	EXPECT_FAULT(die_trap, NULL, SIGTRAP, "SIGTRAP", TRAP_CODE, TRAP_ADDR, TRAP_PLACE,
		     HEX(trap_insn), place(trap_insn));
}

/* C-01 */
TEST_F(death, division_tells_its_instruction)
{
#if defined(__x86_64__)
	ASSERT_EQ(0, cw_load(""));
	EXPECT_FAULT(die_divide, NULL, SIGFPE, "SIGFPE", FPE_INTDIV, HEX(div_insn),
		     place(div_insn), HEX(div_insn), place(div_insn));
#else
	SKIP(return, "this processor makes 0 of a division by 0");
#endif
}

/* C-01: the processor does not say which address a general protection fault was about */
TEST_F(death, a_non_canonical_address_is_not_made_up)
{
#if defined(__x86_64__)
	ASSERT_EQ(0, cw_load(""));
	EXPECT_FAULT(die_write, 0x8000000000000000, SIGSEGV, "SIGSEGV", SI_KERNEL, NULL, NULL,
		     HEX(fault_insn), place(fault_insn));
#else
	SKIP(return, "this processor tells every address");
#endif
}

static void pause_and_die(void)
{
	cw_sleep_ms(50);
	prctl(PR_SET_NAME, "na\"me\n", 0, 0, 0);
	target = (void *)0xdead0;
	die_write();
}

/* C-01: every key of section 2.4 that this death has, in its order */
TEST_F(death, a_crash_record_is_complete)
{
	/* clang-format off */
	static const char keys[] =
		"pid vpid tid ppid uid comm exe file argv argc cwd sig signame "
		"si_code addr ip map build_id core cpu lifetime_ns cgroup ns domain tree";
	static const char * const names[] = { "pid", "user", "uts", "ipc", "net", "cgroup" };
	/* clang-format on */
	char link[64], **list, cwd[PATH_MAX];
	const char *crash;
	double before;
	int status, n, i;
	pid_t pid;

	ASSERT_NE(NULL, getcwd(cwd, sizeof(cwd)));
	ASSERT_EQ(0, cw_load(""));
	before = cw_now();
	pid = dies(pause_and_die, NULL, &status);
	crash = cw_of_pid("incidents", "crash", pid);
	ASSERT_NE(NULL, crash);
	EXPECT_STREQ(keys, cw_keys(crash));
	EXPECT_EQ(pid, cw_num(crash, "vpid"));
	EXPECT_EQ(pid, cw_num(crash, "tid"));
	EXPECT_EQ(getpid(), cw_num(crash, "ppid"));
	EXPECT_STREQ("\"na\\\"me\\n\"", cw_raw(crash, "comm"));
	EXPECT_STREQ(self_exe, cw_str(crash, "exe"));
	EXPECT_STREQ(self_exe, cw_str(crash, "file"));
	EXPECT_LE(50000000, cw_num(crash, "lifetime_ns"));
	EXPECT_GT((cw_now() - before) * 1e9, cw_num(crash, "lifetime_ns"));
	EXPECT_GT(sysconf(_SC_NPROCESSORS_CONF), cw_num(crash, "cpu"));
	EXPECT_LE(0, cw_num(crash, "cpu"));
	EXPECT_STREQ("/", cw_str(crash, "cgroup"));
	list = cw_list(crash, "ns", &n);
	ASSERT_EQ(6, n);
	for (i = 0; i < n; i++) {
		ssize_t len = readlink(cw_format("/proc/self/ns/%s", names[i]), link,
				       sizeof(link) - 1);

		ASSERT_LT(0, len);
		link[len - 1] = 0;	/* name:[inode] */
		EXPECT_STREQ(cw_format("%s:%s", names[i], strchr(link, '[') + 1), list[i]);
	}
	list = cw_list(crash, "tree", &n);
	EXPECT_LE(3, n);
	EXPECT_STREQ(cw_format("%d:na\"me\n", pid), list[0]);
	EXPECT_STREQ(cw_format("%d:death", getpid()), list[1]);
	EXPECT_EQ(0, strncmp(list[n - 1], "1:", 2));
}

/* === C-02: one record a process === */

static pthread_barrier_t barrier;
static void (*thread_how)(void);
static pid_t *shared_tid;	/* shared memory: the thread that is to be named */
static int fatal_thread;	/* number of the one that dies, or -1: all of them, 0: none */

static void *thread_main(void *arg)
{
	int number = (long)arg;

	prctl(PR_SET_NAME, cw_format("worker-%d", number), 0, 0, 0);
	if (number == fatal_thread)
		*shared_tid = syscall(SYS_gettid);
	pthread_barrier_wait(&barrier);
	if (number == fatal_thread || fatal_thread < 0)
		thread_how();
	for (;;)
		pause();
	return NULL;
}

static void threads(int count)
{
	pthread_t thread;
	long i;

	pthread_barrier_init(&barrier, NULL, count + 1);
	for (i = 1; i <= count; i++)
		pthread_create(&thread, NULL, thread_main, (void *)i);
	pthread_barrier_wait(&barrier);
	/* All are there */
}

static void twenty_threads(void)
{
	threads(20);
	for (;;)
		pause();
}

static void *shared(void)
{
	return mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
}

/* C-02, with and without a core file, where the other threads wait for it to be written */
TEST_F(death, of_twenty_threads_the_one_that_faulted_is_named)
{
	struct rlimit core = { 0, RLIM_INFINITY };
	const char *crash;
	int status, i;
	pid_t pid;

	shared_tid = shared();
	thread_how = die_write;
	fatal_thread = 7;
	ASSERT_EQ(0, cw_load(""));
	for (i = 0; i < 20; i++) {
		core.rlim_cur = i % 2 ? RLIM_INFINITY : 0;
		setrlimit(RLIMIT_CORE, &core);
		pid = dies(twenty_threads, (void *)0xdead0, &status);
		ASSERT_EQ(SIGSEGV, WTERMSIG(status));
		ASSERT_EQ(1, deaths(pid));
		crash = cw_of_pid("incidents", "crash", pid);
		ASSERT_NE(NULL, crash);
		EXPECT_EQ(*shared_tid, cw_num(crash, "tid"));
		EXPECT_NE(pid, cw_num(crash, "tid"));
		EXPECT_STREQ("worker-7", cw_str(crash, "thread"));
		EXPECT_STREQ("death", cw_str(crash, "comm"));
		EXPECT_STREQ("0xdead0", cw_raw(crash, "addr"));
		EXPECT_STREQ(place(fault_insn), cw_raw(crash, "map"));
		EXPECT_EQ(!!WCOREDUMP(status), cw_num(crash, "core"));
		EXPECT_EQ(i % 2, !!WCOREDUMP(status));
	}
}

static void *renamed_twice(void *name)
{
	prctl(PR_SET_NAME, "a-longer-name");
	prctl(PR_SET_NAME, name);
	die_write();
	return NULL;
}

static void of_one_name(void)
{
	char name[] = "alike";
	pthread_t thread;

	prctl(PR_SET_NAME, name);
	pthread_create(&thread, NULL, renamed_twice, name);
	for (;;)
		pause();
}

/* C-02; before 5.17 what a longer name leaves behind a shorter one is there and no part of it */
TEST_F(death, a_thread_with_the_name_of_its_process_is_not_named_apart)
{
	const char *crash;
	int status;
	pid_t pid;

	ASSERT_EQ(0, cw_load(""));
	pid = dies(of_one_name, (void *)0xdead0, &status);
	ASSERT_EQ(SIGSEGV, WTERMSIG(status));
	crash = cw_of_pid("incidents", "crash", pid);
	ASSERT_NE(NULL, crash);
	EXPECT_NE(pid, cw_num(crash, "tid"));
	EXPECT_STREQ("alike", cw_str(crash, "comm"));
	EXPECT_STREQ(CW_ABSENT, cw_str(crash, "thread"));
}

/* C-02 */
TEST_F(death, threads_that_fault_at_once_make_one_record)
{
	int status, i;
	pid_t pid;

	thread_how = die_write;
	fatal_thread = -1;
	ASSERT_EQ(0, cw_load(""));
	for (i = 0; i < 30; i++) {
		const char *crash;

		pid = dies(twenty_threads, (void *)0xdead0, &status);
		ASSERT_EQ(SIGSEGV, WTERMSIG(status));
		ASSERT_EQ(1, deaths(pid));
		crash = cw_of_pid("incidents", "crash", pid);
		EXPECT_STREQ("0xdead0", cw_raw(crash, "addr"));
		EXPECT_STREQ(HEX(fault_insn), cw_raw(crash, "ip"));
		EXPECT_EQ(0, strncmp("worker-", cw_str(crash, "thread"), 7));
	}
}

static void fifty_threads_and_tell(void)
{
	threads(50);
	if (write((long)target, "", 1) == 1)
		for (;;)
			pause();
}

/* C-02 */
TEST_F(death, a_kill_of_fifty_threads_makes_one_record)
{
	int ready[2], status, i;
	const char *killed;
	char c;

	fatal_thread = 0;
	ASSERT_EQ(0, cw_load(""));
	for (i = 0; i < 10; i++) {
		pid_t pid;

		ASSERT_EQ(0, pipe(ready));
		pid = fork();
		if (!pid) {
			target = (void *)(long)ready[1];
			fifty_threads_and_tell();
		}
		ASSERT_EQ(1, read(ready[0], &c, 1));
		ASSERT_EQ(0, kill(pid, i % 2 ? SIGTERM : SIGKILL));
		status = cw_reap(pid);
		EXPECT_EQ(i % 2 ? SIGTERM : SIGKILL, WTERMSIG(status));
		EXPECT_EQ(1, deaths(pid));
		killed = cw_of_pid("incidents", "killed", pid);
		EXPECT_EQ(i % 2 ? SIGTERM : SIGKILL, cw_num(killed, "sig"));
		EXPECT_STREQ(i % 2 ? "SIGTERM" : "SIGKILL", cw_str(killed, "signame"));
		EXPECT_FALSE(cw_has(killed, "addr") || cw_has(killed, "core"));
		close(ready[0]);
		close(ready[1]);
	}
}

/* === C-05: which deaths are recorded === */

#define EXPECT_KILLED(signal, events, incidents) do { \
	int status_, sig_ = (signal); \
	pid_t pid_ = dies(die_kill, (void *)(long)sig_, &status_); \
	EXPECT_EQ(sig_, WTERMSIG(status_)); \
	EXPECT_EQ(events, deaths(pid_)) \
		TH_LOG("signal %d", sig_); \
	EXPECT_EQ(incidents, told("incidents", "killed", pid_) + told("incidents", "crash", pid_)) \
		TH_LOG("signal %d", sig_); \
} while (0)

/* C-05 */
TEST_F(death, everyday_signals_are_no_incidents_unless_named)
{
	ASSERT_EQ(0, cw_load(""));
	EXPECT_KILLED(SIGTERM, 1, 1);
	EXPECT_KILLED(SIGPIPE, 1, 0);
	EXPECT_KILLED(SIGINT, 1, 0);
	EXPECT_KILLED(SIGHUP, 1, 0);
	EXPECT_KILLED(SIGRTMIN + 1, 1, 1);
	ASSERT_EQ(0, cw_set("signals", "all"));
	EXPECT_KILLED(SIGPIPE, 1, 1);
	EXPECT_KILLED(SIGINT, 1, 1);
	EXPECT_KILLED(SIGHUP, 1, 1);
	ASSERT_EQ(0, cw_set("signals", "default"));
	EXPECT_KILLED(SIGINT, 1, 0);
	ASSERT_EQ(0, cw_load("signals=all"));
	EXPECT_KILLED(SIGHUP, 1, 1);
	ASSERT_EQ(0, cw_load("signals=PIPE,TERM"));
	EXPECT_KILLED(SIGPIPE, 1, 1);
	EXPECT_KILLED(SIGHUP, 0, 0);
}

/* C-05 */
TEST_F(death, what_signals_leaves_out_is_counted)
{
	ASSERT_EQ(0, cw_load("signals=SEGV,9"));
	EXPECT_EQ(0, cw_stat("filtered"));
	EXPECT_KILLED(SIGTERM, 0, 0);
	EXPECT_KILLED(SIGABRT, 0, 0);
	EXPECT_EQ(2, cw_stat("filtered"));
	EXPECT_KILLED(SIGSEGV, 1, 1);
	EXPECT_KILLED(SIGKILL, 1, 1);
	EXPECT_EQ(2, cw_stat("filtered"));
	ASSERT_EQ(0, cw_set("signals", "sigterm"));
	EXPECT_KILLED(SIGTERM, 1, 1);
	EXPECT_KILLED(SIGKILL, 0, 0);
	EXPECT_EQ(3, cw_stat("filtered"));
}

/* C-05, R-01: each change of a parameter is a record of who made it */
TEST_F(death, a_change_of_signals_is_a_config_record)
{
	const char *config;
	struct cw_lines lines;

	ASSERT_EQ(0, cw_load("signals=SEGV"));
	ASSERT_EQ(0, cw_set("signals", "TERM,11\n"));
	EXPECT_EQ(-EINVAL, cw_set("signals", "NOSUCH"));
	EXPECT_STREQ("TERM,11\n", cw_read(CW_PARAMETERS "signals"));
	lines = cw_lines("events");
	EXPECT_EQ(1, cw_count(&lines, "config", NULL, NULL));
	config = cw_of_pid("events", "config", getpid());
	ASSERT_NE(NULL, config);
	EXPECT_STREQ("name old new pid uid comm domain", cw_keys(config));
	EXPECT_STREQ("signals", cw_str(config, "name"));
	EXPECT_STREQ("SEGV", cw_str(config, "old"));
	EXPECT_STREQ("TERM,11", cw_str(config, "new"));
	EXPECT_STREQ("0", cw_raw(config, "uid"));
	EXPECT_STREQ("death", cw_str(config, "comm"));
}

/* C-04 */
TEST_F(death, core_says_whether_one_was_written)
{
	struct rlimit core = { RLIM_INFINITY, RLIM_INFINITY };
	char *old = cw_read("/proc/sys/kernel/core_pattern");
	const char *crash;
	int status, i;
	pid_t pid;

	ASSERT_EQ(0, cw_load(""));
	ASSERT_EQ(0, cw_write("/proc/sys/kernel/core_pattern",
			      cw_format("%s/core.%%p", self->room.dir)));
	for (i = 0; i < 2; i++) {
		core.rlim_cur = i ? RLIM_INFINITY : 0;
		setrlimit(RLIMIT_CORE, &core);
		pid = dies(die_write, (void *)0xdead0, &status);
		crash = cw_of_pid("incidents", "crash", pid);
		EXPECT_EQ(i, !!WCOREDUMP(status));
		EXPECT_EQ(i, !access(cw_format("core.%d", pid), F_OK));
		EXPECT_EQ(i, cw_num(crash, "core"));
		EXPECT_EQ(1, deaths(pid));
	}
	cw_write("/proc/sys/kernel/core_pattern", old);
}

/* === How it lived: exit records and what all deaths tell about the process === */

/* Section 2.4 */
TEST_F(death, every_exit_code_is_told_once)
{
	struct cw_lines lines;
	double before, took[256];
	const char *exit;
	pid_t pid[256];
	int code, status;

	ASSERT_EQ(0, cw_load("ring_kb=2048"));
	for (code = 0; code < 256; code++) {
		before = cw_now();
		pid[code] = fork();
		if (!pid[code])
			_exit(code);
		status = cw_reap(pid[code]);
		ASSERT_EQ(W_EXITCODE(code, 0), status);
		took[code] = cw_now() - before;
	}
	lines = cw_lines("events");
	for (code = 0; code < 256; code++) {
		ASSERT_EQ(1, deaths_among(&lines, pid[code]));
		exit = cw_newest(&lines, "exit", "pid", cw_format("%d", pid[code]));
		EXPECT_EQ(code, cw_num(exit, "code"));
		EXPECT_LT(0, cw_num(exit, "lifetime_ns"));
		EXPECT_GT(took[code] * 1e9, cw_num(exit, "lifetime_ns"));
	}
	lines = cw_lines("incidents");
	EXPECT_EQ(0, cw_count(&lines, "exit", NULL, NULL));
	EXPECT_STREQ("pid ppid uid comm code lifetime_ns domain", cw_keys(exit));
	EXPECT_EQ(getpid(), cw_num(exit, "ppid"));
}

static int thread_code;

static void end_thread(void)
{
	syscall(SYS_exit, thread_code);
}

static void end_process(void)
{
	syscall(SYS_exit_group, thread_code);
}

static void end_last(void)
{
	cw_sleep_ms(100);
	syscall(SYS_exit, thread_code);
}

static void execute(void)
{
	char *const argv[] = { cw_program("tiny"), NULL };

	execv(argv[0], argv);
}

static void leader_ends(void)
{
	threads(10);
	syscall(SYS_exit, 3);
}

/* However the threads end, the process ends once, with the code wait() has */
static void expect_one_exit_each(struct __test_metadata *_metadata)
{
	static const struct {
		void (*leader)(void);
		void (*thread)(void);
		int which;
	} how[] = {
		{ leader_ends, end_last, -1 },	/* the last thread, after the leader */
		{ leader_ends, end_thread, -1 },	/* all at once */
		{ twenty_threads, end_process, 5 },
		{ twenty_threads, end_process, -1 },
		{ twenty_threads, execute, 5 },
	};
	int count = cw_number(NULL, 100, 25), i, doubled = 0, status[count];
	struct cw_lines lines, tasks;
	const char *exit;
	pid_t pid[count];

	shared_tid = shared();
	thread_code = 77;
	for (i = 0; i < count; i++) {
		thread_how = how[i % 5].thread;
		fatal_thread = how[i % 5].which;
		pid[i] = dies(how[i % 5].leader, NULL, &status[i]);
		ASSERT_TRUE(WIFEXITED(status[i]));
		/* Which thread's code it is has changed between kernels; tiny counts arguments */
		if (i % 5 > 1)
			ASSERT_EQ(i % 5 == 4 ? 1 : 77, WEXITSTATUS(status[i]));
	}
	lines = cw_lines("events");
	tasks = cw_lines("tasks");
	for (i = 0; i < count; i++) {
		exit = cw_newest(&lines, "exit", "pid", cw_format("%d", pid[i]));
		EXPECT_EQ(WEXITSTATUS(status[i]), cw_num(exit, "code"));
		ASSERT_LT(0, deaths_among(&lines, pid[i]));
		doubled += deaths_among(&lines, pid[i]) - 1;
		EXPECT_EQ(i % 5 == 4, cw_count(&lines, "exec", "pid", cw_format("%d", pid[i])));
		EXPECT_EQ(0, cw_count(&tasks, "", "pid", cw_format("%d", pid[i])));
	}
	EXPECT_EQ(0, doubled);
}

/* Section 2.4, C-02 */
TEST_F(death, a_process_of_threads_exits_once)
{
	ASSERT_EQ(0, cw_load(""));
	expect_one_exit_each(_metadata);
}

/* X-01, C-02: what stands in for a tracepoint is as exact as that */
TEST_F(death, a_process_of_threads_exits_once_without_sched_process_exit)
{
	ASSERT_EQ(0, cw_load("skip_hooks=sched_process_exit"));
	expect_one_exit_each(_metadata);
}

/* C-02, X-09: no thread finds its process among those that are known, or only some do */
TEST_F(death, a_process_of_threads_exits_once_without_memory)
{
	struct cw_lines lines;
	int status, i;
	pid_t pid[20];

	ASSERT_EQ(0, cw_load(""));
	ASSERT_EQ(0, cw_set("fail_alloc", "1"));
	expect_one_exit_each(_metadata);
	thread_how = die_write;
	fatal_thread = -1;
	for (i = 0; i < 20; i++) {
		pid[i] = dies(twenty_threads, (void *)0xdead0, &status);
		ASSERT_EQ(SIGSEGV, WTERMSIG(status));
	}
	lines = cw_lines("events");
	for (i = 0; i < 20; i++)
		ASSERT_EQ(1, deaths_among(&lines, pid[i]));
	ASSERT_EQ(0, cw_set("fail_alloc", "2"));
	expect_one_exit_each(_metadata);
	EXPECT_EQ(0, cw_stat("dropped"));
}

static void in_pid_namespace(void)
{
	int status, pipes[2];
	char said;
	pid_t pid;

	if (unshare(CLONE_NEWPID) || pipe(pipes))
		_exit(98);
	pid = fork();
	if (!pid) {
		/* The namespace's init; its first child dies, then somebody outside kills it */
		dies(die_write, (void *)0xdead0, &status);
		write(pipes[1], "", 1);
		for (;;)
			pause();
	}
	if (read(pipes[0], &said, 1) != 1)
		_exit(97);
	kill(pid, SIGKILL);
	cw_reap(pid);
	_exit(0);
}

/* C-01, A-05: both pids */
TEST_F(death, both_pids_are_told_in_a_pid_namespace)
{
	const char *crash, *killed;
	struct cw_lines lines;
	int status, n;

	ASSERT_EQ(0, cw_load(""));
	dies(in_pid_namespace, NULL, &status);
	ASSERT_EQ(0, status);
	lines = cw_lines("incidents");
	ASSERT_EQ(2U, lines.count);
	crash = cw_newest(&lines, "crash", "vpid", "2");
	killed = cw_newest(&lines, "killed", "vpid", "1");
	ASSERT_NE(NULL, crash);
	ASSERT_NE(NULL, killed);
	EXPECT_EQ(SIGKILL, cw_num(killed, "sig"));
	EXPECT_EQ(cw_num(killed, "pid"), cw_num(crash, "ppid"));
	EXPECT_EQ(cw_num(killed, "pid") + 1, cw_num(crash, "pid"));
	EXPECT_STREQ(cw_list(killed, "ns", &n)[0], cw_list(crash, "ns", &n)[0]);
	EXPECT_EQ(0, strncmp("pid:", cw_list(crash, "ns", &n)[0], 4));
	EXPECT_EQ(NULL, strstr(output("readlink /proc/self/ns/pid"),
			       cw_list(crash, "ns", &n)[0] + 4));
}

static void as_somebody(void)
{
	if (cw_write("/sys/fs/cgroup/cw-test/cgroup.procs", "0") ||
	    cw_write("/proc/self/loginuid", "1234") || setresuid(65534, 4321, 4321))
		_exit(98);
	die_write();
}

/* A-05, C-01 */
TEST_F(death, user_login_user_and_cgroup_are_those_of_the_process)
{
	const char *crash;
	int status;
	pid_t pid;

	if (mkdir("/sys/fs/cgroup/cw-test", 0755))
		ASSERT_EQ(EEXIST, errno);
	ASSERT_EQ(0, cw_load(""));
	pid = dies(as_somebody, (void *)0xdead0, &status);
	EXPECT_EQ(SIGSEGV, WTERMSIG(status));
	crash = cw_of_pid("incidents", "crash", pid);
	EXPECT_EQ(65534, cw_num(crash, "uid"));
	EXPECT_EQ(1234, cw_num(crash, "auid"));
	EXPECT_STREQ("/cw-test", cw_str(crash, "cgroup"));
	EXPECT_TRUE(CW_WAIT(!rmdir("/sys/fs/cgroup/cw-test"), 10));
}

static void chain_of(long levels)
{
	pid_t pid;

	while (--levels > 0) {
		pid = fork();
		if (!pid)
			continue;
		cw_reap(pid);
		_exit(0);
	}
	*shared_tid = getpid();
	target = (void *)0xdead0;
	die_write();
}

static void chain_of_40(void)
{
	chain_of(40);
}

static void orphan(void)
{
	pid_t parent = getpid();

	if (fork())
		_exit(0);
	while (getppid() == parent)
		cw_sleep_ms(10);
	chain_of(1);
}

/* Section 2.4: the live chain, victim first */
TEST_F(death, the_tree_has_the_levels_that_were_asked_for)
{
	const char *crash;
	int status, n, i;
	char **tree;

	shared_tid = shared();
	ASSERT_EQ(0, cw_load(""));
	dies(chain_of_40, NULL, &status);
	crash = cw_of_pid("incidents", "crash", *shared_tid);
	ASSERT_NE(NULL, crash);
	tree = cw_list(crash, "tree", &n);
	ASSERT_EQ(32, n);
	for (i = 0; i < 31; i++)	/* nobody else forks meanwhile */
		EXPECT_STREQ(cw_format("%d:death", *shared_tid - i), tree[i]);
	EXPECT_STREQ(cw_format("%d:death\u2026", *shared_tid - 31), tree[31]);
	EXPECT_STREQ("[\"tree\"]", cw_raw(crash, "cut"));
	ASSERT_EQ(0, cw_set("tree_levels", "1"));
	dies(chain_of_40, NULL, &status);
	crash = cw_of_pid("incidents", "crash", *shared_tid);
	EXPECT_STREQ(cw_format("[\"%d:death\u2026\"]", *shared_tid), cw_raw(crash, "tree"));
	ASSERT_EQ(0, cw_set("tree_levels", "64"));
	dies(chain_of_40, NULL, &status);
	crash = cw_of_pid("incidents", "crash", *shared_tid);
	tree = cw_list(crash, "tree", &n);
	EXPECT_LT(41, n);
	EXPECT_STREQ(cw_format("1:%s", output("cat /proc/1/comm")), tree[n - 1]);
	EXPECT_FALSE(cw_has(crash, "cut"));
}

/* Section 2.4, X-07 */
TEST_F(death, an_orphan_is_told_below_init_with_its_history)
{
	const char *crash, *domain;
	int status;

	shared_tid = shared();
	*shared_tid = 0;
	ASSERT_EQ(0, cw_load(""));
	dies(orphan, NULL, &status);
	ASSERT_TRUE(CW_WAIT(*shared_tid && told("incidents", "crash", *shared_tid), 10));
	crash = cw_of_pid("incidents", "crash", *shared_tid);
	EXPECT_EQ(1, cw_num(crash, "ppid"));
	EXPECT_STREQ(cw_format("[\"%d:death\",\"1:%s\"]", *shared_tid, output("cat /proc/1/comm")),
		     cw_raw(crash, "tree"));
	domain = cw_str(crash, "domain");
	EXPECT_STREQ(self_exe, domain + strlen(domain) - strlen(self_exe));
}

/* a process that was there before the module */
TEST_F(death, a_process_older_than_the_module_has_its_arguments)
{
	char *tiny = cw_program("tiny"), *argv[] = { "older", "pause", "x y", NULL };
	const char *crash;
	pid_t pid = fork();

	if (!pid) {
		execv(tiny, argv);
		_exit(98);
	}
	ASSERT_TRUE(CW_WAIT(!strcmp(output(cw_format("cat /proc/%d/comm", pid)), "tiny"), 10));
	ASSERT_EQ(0, cw_load(""));
	kill(pid, SIGSEGV);
	EXPECT_EQ(SIGSEGV, WTERMSIG(cw_reap(pid)));
	crash = cw_of_pid("incidents", "crash", pid);
	ASSERT_NE(NULL, crash);
	EXPECT_STREQ("[\"older\",\"pause\",\"x y\"]", cw_raw(crash, "argv"));
	EXPECT_STREQ(tiny, cw_str(crash, "exe"));
	EXPECT_STREQ("0", cw_raw(crash, "si_code"));
	EXPECT_FALSE(cw_has(crash, "addr"));
}

/* Story 1: what crashes among many is told as exactly as alone */
TEST_F(death, a_crash_in_a_storm_of_execs_is_complete)
{
	pid_t storm, pid;
	int status, i;

	ASSERT_EQ(0, cw_load("ring_kb=128"));
	storm = fork();
	if (!storm) {
		setpgid(0, 0);
		for (fork();;)
			CW_RUN(&status, cw_program("tiny"));
	}
	for (i = 0; i < 50; i++) {
		pid = dies(die_write, (void *)0xdead0, &status);
		EXPECT_EQ(1, told("incidents", "crash", pid));
		EXPECT_STREQ(place(fault_insn),
			     cw_raw(cw_of_pid("incidents", "crash", pid), "map"));
		EXPECT_STREQ("0xdead0", cw_raw(cw_of_pid("incidents", "crash", pid), "addr"));
	}
	kill(-storm, SIGKILL);
	cw_reap(storm);
	cw_sleep_ms(100);
	EXPECT_EQ(50, told("incidents", "crash", pid) + i - 1);
}

TEST_HARNESS_MAIN
