// SPDX-License-Identifier: GPL-2.0
/* What an exec record says, whatever is executed and however. */
#include "cw_test.h"

#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/socket.h>

#define EXEC_KEYS "pid ppid uid comm exe file argv argc cwd domain"
#define FAILED_KEYS EXEC_KEYS " error"
#define DOTS "\u2026"

CW_FIXTURE(exec)

/* Run in a new process; its pid, once it has ended; the status must be 0 to 255 */
#define IN_CHILD(status, ...) ({ \
	int *cw_to = (status); \
	pid_t cw_pid = fork(); \
	if (!cw_pid) { \
		__VA_ARGS__; \
		_exit(255); \
	} \
	*cw_to = cw_reap(cw_pid); \
	*cw_to = WIFEXITED(*cw_to) ? WEXITSTATUS(*cw_to) : -1; \
	cw_pid; \
})

#define ARGS(...) ((char *[]){ __VA_ARGS__, NULL })

static char *no_env[] = { NULL };

static const char *exec_of(pid_t pid)
{
	return cw_of_pid("events", "exec", pid);
}

static int execve_at(int dir, const char *path, char *const argv[], int flags)
{
	return syscall(SYS_execveat, dir, path, argv, no_env, flags);
}

static void exec_from(const char *dir, char *path)
{
	if (!chdir(dir))
		execv(path, ARGS(path));
}

static void expect_paths(struct __test_metadata *_metadata, const char *line, const char *exe,
			 const char *file, const char *domain)
{
	ASSERT_NE(NULL, line)
	TH_LOG("no record");
	EXPECT_STREQ(EXEC_KEYS, cw_keys(line));
	EXPECT_STREQ(exe, cw_str(line, "exe"));
	EXPECT_STREQ(file, cw_str(line, "file"));
	EXPECT_STREQ(domain, cw_str(line, "domain"));
}

/* Where the test is: its own directory, as the kernel knows it */
static char *here(void)
{
	return getcwd(NULL, 0);
}

static char *in_here(const char *name)
{
	return cw_format("%s/%s", here(), name);
}

static char *after(const char *domain, const char *path)
{
	return cw_format("%s %s", domain, path);
}

/* === The record === */

TEST_F(exec, has_exactly_its_keys_in_order)
{
	char *program = in_here("program");
	const char *line;
	int status;
	pid_t pid;

	ASSERT_EQ(0, cw_copy(cw_program("tiny"), "program"));
	ASSERT_EQ(0, cw_load(""));
	pid = CW_RUN(&status, program, "one", "");
	ASSERT_EQ(3, WEXITSTATUS(status));
	line = exec_of(pid);
	expect_paths(_metadata, line, program, program, after(cw_own_domain(), program));
	EXPECT_EQ(pid, cw_num(line, "pid"));
	EXPECT_EQ(getpid(), cw_num(line, "ppid"));
	EXPECT_EQ(0, cw_num(line, "uid"));
	EXPECT_STREQ("\"program\"", cw_raw(line, "comm"));
	EXPECT_STREQ(cw_format("[\"%s\",\"one\",\"\"]", program), cw_raw(line, "argv"));
	EXPECT_STREQ("3", cw_raw(line, "argc"));
	EXPECT_STREQ(here(), cw_str(line, "cwd"));
}

TEST_F(exec, names_the_user_and_the_login_user)
{
	const char *line;
	int status;
	pid_t pid;

	ASSERT_EQ(0, cw_copy(cw_program("tiny"), "program"));
	ASSERT_EQ(0, cw_load(""));
	pid = IN_CHILD(&status, {
		if (!cw_write("/proc/self/loginuid", "1001") && !setresuid(4321, 1234, 1234))
			execv("program", ARGS("program"));
	});
	ASSERT_EQ(1, status);
	line = exec_of(pid);
	EXPECT_STREQ("pid ppid uid auid comm exe file argv argc cwd domain", cw_keys(line));
	EXPECT_STREQ("4321", cw_raw(line, "uid"));
	EXPECT_STREQ("1001", cw_raw(line, "auid"));
}

TEST_F(exec, is_not_recorded_but_remembered_without_log_exec)
{
	char *program = in_here("program");
	struct cw_lines lines;
	int status;
	pid_t pid;

	ASSERT_EQ(0, cw_copy(cw_program("tiny"), "program"));
	ASSERT_EQ(0, cw_load("log_exec=0"));
	pid = CW_RUN(&status, program);
	lines = cw_lines("events");
	EXPECT_EQ(0, cw_count(&lines, "exec", NULL, NULL));
	EXPECT_STREQ(after(cw_own_domain(), program),
		     cw_str(cw_of_pid("events", "exit", pid), "domain"));
}

/* === Paths === */

TEST_F(exec, X_08_relative_program_is_absolute)
{
	char *domain, *program = in_here("program");
	int status;
	pid_t pid;

	ASSERT_EQ(0, cw_copy(cw_program("tiny"), "program"));
	ASSERT_EQ(0, mkdir("d", 0755));
	ASSERT_EQ(0, cw_load(""));
	domain = after(cw_own_domain(), program);
	pid = CW_RUN(&status, "./program");
	expect_paths(_metadata, exec_of(pid), program, program, domain);
	EXPECT_STREQ("[\"./program\"]", cw_raw(exec_of(pid), "argv"));
	pid = CW_RUN(&status, "program");
	expect_paths(_metadata, exec_of(pid), program, program, domain);
	pid = IN_CHILD(&status, exec_from("d", "../program"));
	EXPECT_EQ(1, status);
	expect_paths(_metadata, exec_of(pid), program, program, domain);
	EXPECT_STREQ(in_here("d"), cw_str(exec_of(pid), "cwd"));
}

TEST_F(exec, link_is_named_as_file_and_its_target_as_exe)
{
	char *program = in_here("program"), *link = in_here("link");
	int status;
	pid_t pid;

	ASSERT_EQ(0, cw_copy(cw_program("tiny"), "program"));
	ASSERT_EQ(0, symlink("program", "link"));
	ASSERT_EQ(0, cw_load(""));
	pid = CW_RUN(&status, link);
	expect_paths(_metadata, exec_of(pid), program, link, after(cw_own_domain(), link));
}

TEST_F(exec, path_and_arguments_of_any_bytes_survive)
{
	char *program = in_here("a b\"q\\b\nn\tt\x01\xff\u00e9");
	const char *line, *domain;
	int status, count;
	char **argv;
	pid_t pid;

	ASSERT_EQ(0, cw_copy(cw_program("tiny"), program));
	ASSERT_EQ(0, cw_load(""));
	pid = CW_RUN(&status, program, "a b", "q\"q", "b\\b", "n\nt\t", "\x01\x1f\x7f\x80\xff",
		     "\u00e9\u20ac\U0001f600", "\xc3(", "\xed\xa0\x80", "[\"x\",\"y\"]");
	ASSERT_EQ(10, WEXITSTATUS(status));
	line = exec_of(pid);
	/* In a domain a blank and a backslash are \040 and \134: blanks part its programs */
	domain = in_here("a\\040b\"q\\134b\nn\tt\x01\xff\u00e9");
	expect_paths(_metadata, line, program, program, after(cw_own_domain(), domain));
	EXPECT_STREQ(cw_format("\"%s/a b\\\"q\\\\b\\nn\\tt\\x01\\xff\u00e9\"", here()),
		     cw_raw(line, "exe"));
	argv = cw_list(line, "argv", &count);
	ASSERT_EQ(10, count);
	EXPECT_STREQ(program, argv[0]);
	EXPECT_STREQ("\x01\x1f\x7f\x80\xff", argv[5]);
	EXPECT_STREQ("\xed\xa0\x80", argv[8]);
	EXPECT_STREQ(cw_format("[%s,%s]", cw_raw(line, "exe"),
			       "\"a b\",\"q\\\"q\",\"b\\\\b\",\"n\\nt\\t\","
			       "\"\\x01\\x1f\\x7f\\x80\\xff\","
			       "\"\u00e9\u20ac\U0001f600\",\"\\xc3(\",\"\\xed\\xa0\\x80\","
			       "\"[\\\"x\\\",\\\"y\\\"]\""),
		     cw_raw(line, "argv"));
}

TEST_F(exec, path_too_long_to_be_told_is_marked)
{
	char name[201], *domain;
	const char *line;
	int status, i;
	pid_t pid;

	memset(name, 'n', 200);
	name[200] = 0;
	for (i = 0; i < 25; i++) {
		ASSERT_EQ(0, mkdir(name, 0755));
		ASSERT_EQ(0, chdir(name));
	}
	ASSERT_EQ(0, cw_copy(cw_program("tiny"), "program"));
	ASSERT_EQ(0, cw_write_script("script", "#!/bin/true\n"));
	ASSERT_EQ(0, cw_load(""));
	domain = cw_own_domain();
	pid = CW_RUN(&status, "./program");
	ASSERT_EQ(1, WEXITSTATUS(status));
	line = exec_of(pid);
	EXPECT_STREQ(EXEC_KEYS " cut", cw_keys(line));
	EXPECT_STREQ("[\"exe\",\"file\",\"cwd\",\"domain\"]", cw_raw(line, "cut"));
	EXPECT_STREQ("\"" DOTS "\"", cw_raw(line, "exe"));
	EXPECT_STREQ("\"" DOTS "\"", cw_raw(line, "file"));
	EXPECT_STREQ(cw_format("%s" DOTS, domain), cw_str(line, "domain"));
	EXPECT_STREQ("[\"./program\"]", cw_raw(line, "argv"));
	pid = CW_RUN(&status, "./script");
	line = exec_of(pid);
	EXPECT_STREQ("[\"file\",\"cwd\",\"domain\"]", cw_raw(line, "cut"));
	EXPECT_NE(0, cw_stat("path_cut"));
}

/* === Scripts === */

TEST_F(exec, X_08_script_is_the_file_and_its_interpreter_the_exe)
{
	char *program = in_here("program"), *script = in_here("d/script"), *domain;
	const char *line;
	int status;
	pid_t pid;

	ASSERT_EQ(0, mkdir("d", 0755));
	ASSERT_EQ(0, mkdir("e", 0755));
	ASSERT_EQ(0, cw_copy(cw_program("tiny"), "program"));
	ASSERT_EQ(0, cw_write_script(script, cw_format("#!%s -w  x\t\n", program)));
	ASSERT_EQ(0, cw_load(""));
	domain = after(cw_own_domain(), script);

	/* All that follows the interpreter's name is one argument */
	pid = CW_RUN(&status, script, "one");
	EXPECT_EQ(4, WEXITSTATUS(status));
	line = exec_of(pid);
	expect_paths(_metadata, line, program, script, domain);
	EXPECT_STREQ("script", cw_str(line, "comm"));
	EXPECT_STREQ(cw_format("[\"%s\",\"-w  x\",\"%s\",\"one\"]", program, script),
		     cw_raw(line, "argv"));
	EXPECT_EQ(4, cw_num(line, "argc"));

	pid = CW_RUN(&status, "d/script");
	expect_paths(_metadata, exec_of(pid), program, script, domain);
	pid = CW_RUN(&status, "./d/script");
	expect_paths(_metadata, exec_of(pid), program, script, domain);
	EXPECT_STREQ(cw_format("[\"%s\",\"-w  x\",\"./d/script\"]", program),
		     cw_raw(exec_of(pid), "argv"));
	pid = IN_CHILD(&status, exec_from("d", "./script"));
	expect_paths(_metadata, exec_of(pid), program, script, domain);
	pid = IN_CHILD(&status, exec_from("e", "../d/script"));
	expect_paths(_metadata, exec_of(pid), program, script, domain);
	EXPECT_STREQ(in_here("e"), cw_str(exec_of(pid), "cwd"));
	pid = IN_CHILD(&status, exec_from("e", ".././d/script"));
	expect_paths(_metadata, exec_of(pid), program, script, domain);
	/* From the root no slash is doubled, and nothing lies above it */
	pid = IN_CHILD(&status, exec_from("/", script + 1));
	expect_paths(_metadata, exec_of(pid), program, script, domain);
	pid = IN_CHILD(&status, exec_from("/", cw_format("../..%s", script)));
	expect_paths(_metadata, exec_of(pid), program, script, domain);
}

TEST_F(exec, X_08_interpreter_that_is_a_script)
{
	char *program = in_here("program"), *outer = in_here("outer"), *inner = in_here("inner");
	const char *line;
	int status;
	pid_t pid;

	ASSERT_EQ(0, cw_copy(cw_program("tiny"), "program"));
	ASSERT_EQ(0, cw_write_script("inner", cw_format("#!%s i\n", program)));
	ASSERT_EQ(0, cw_write_script("outer", cw_format("#!%s o\n", inner)));
	ASSERT_EQ(0, cw_load(""));
	pid = CW_RUN(&status, "./outer", "one");
	EXPECT_EQ(6, WEXITSTATUS(status));
	line = exec_of(pid);
	expect_paths(_metadata, line, program, outer, after(cw_own_domain(), outer));
	EXPECT_STREQ(cw_format("[\"%s\",\"i\",\"%s\",\"o\",\"./outer\",\"one\"]", program, inner),
		     cw_raw(line, "argv"));
	EXPECT_EQ(6, cw_num(line, "argc"));
}

TEST_F(exec, X_08_binfmt_misc_file_is_the_file)
{
	static const char dir[] = "/proc/sys/fs/binfmt_misc";
	char *program = in_here("program"), *file = in_here("file");
	const char *line;
	int status;
	pid_t pid;

	CW_RUN(&status, "/sbin/modprobe", "binfmt_misc");
	if (mount("binfmt_misc", dir, "binfmt_misc", 0, NULL) && errno != EBUSY)
		SKIP(return, "this kernel has no binfmt_misc");
	ASSERT_EQ(0, cw_copy(cw_program("tiny"), "program"));
	ASSERT_EQ(0, cw_write_script("file", "CWMAGIC\n"));
	ASSERT_EQ(0, cw_write(cw_format("%s/register", dir),
			      cw_format(":crashwatch:M::CWMAGIC::%s:", program)));
	EXPECT_EQ(0, cw_load(""));
	pid = CW_RUN(&status, "./file", "one");
	line = exec_of(pid);
	EXPECT_EQ(0, cw_write(cw_format("%s/crashwatch", dir), "-1"));
	EXPECT_EQ(3, WEXITSTATUS(status));
	expect_paths(_metadata, line, program, file, after(cw_own_domain(), file));
	EXPECT_STREQ(cw_format("[\"%s\",\"./file\",\"one\"]", program), cw_raw(line, "argv"));
}

/* === By descriptor === */

TEST_F(exec, X_08_memfd)
{
	char *exe = "/memfd:a b (deleted)", *domain;
	char *text = cw_read(cw_program("tiny"));
	int fd = memfd_create("a b", MFD_CLOEXEC), script = memfd_create("script", 0), status;
	struct stat st;
	pid_t pid;

	ASSERT_EQ(0, stat(cw_program("tiny"), &st));
	ASSERT_EQ(st.st_size, write(fd, text, st.st_size));
	ASSERT_EQ(0, cw_copy(cw_program("tiny"), "program"));
	text = cw_format("#!%s\n", in_here("program"));
	ASSERT_EQ((ssize_t)strlen(text), write(script, text, strlen(text)));
	ASSERT_EQ(0, cw_load(""));
	domain = cw_own_domain();

	pid = IN_CHILD(&status, fexecve(fd, ARGS("x", "y"), no_env));
	EXPECT_EQ(2, status);
	expect_paths(_metadata, exec_of(pid), exe, exe,
		     after(domain, "/memfd:a\\040b\\040(deleted)"));
	EXPECT_STREQ("[\"x\",\"y\"]", cw_raw(exec_of(pid), "argv"));

	pid = IN_CHILD(&status, execve_at(script, "", ARGS("x", "y"), AT_EMPTY_PATH));
	EXPECT_EQ(3, status);
	expect_paths(_metadata, exec_of(pid), in_here("program"), "/memfd:script (deleted)",
		     after(domain, "/memfd:script\\040(deleted)"));
	EXPECT_STREQ(cw_format("[\"%s\",\"/dev/fd/%d\",\"y\"]", in_here("program"), script),
		     cw_raw(exec_of(pid), "argv"));
}

TEST_F(exec, X_08_execveat_with_a_descriptor)
{
	char *program = in_here("d/program"), *script = in_here("d/script"), *domain;
	int dir, fd, status;
	pid_t pid;

	ASSERT_EQ(0, mkdir("d", 0755));
	ASSERT_EQ(0, mkdir("e", 0755));
	ASSERT_EQ(0, cw_copy(cw_program("tiny"), program));
	ASSERT_EQ(0, cw_write_script(script, cw_format("#!%s\n", program)));
	dir = open("d", O_PATH);
	ASSERT_LE(0, dir);
	fd = open("d/program", O_PATH | O_CLOEXEC);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, cw_load(""));
	domain = cw_own_domain();

	pid = IN_CHILD(&status, execve_at(dir, "program", ARGS("x", "y"), 0));
	EXPECT_EQ(2, status);
	expect_paths(_metadata, exec_of(pid), program, program, after(domain, program));

	pid = IN_CHILD(&status, execve_at(fd, "", ARGS("x"), AT_EMPTY_PATH));
	EXPECT_EQ(1, status);
	expect_paths(_metadata, exec_of(pid), program, program, after(domain, program));

	pid = IN_CHILD(&status, execve_at(dir, "script", ARGS("x", "y"), 0));
	EXPECT_EQ(3, status);
	expect_paths(_metadata, exec_of(pid), program, script, after(domain, script));
	EXPECT_STREQ(cw_format("[\"%s\",\"/dev/fd/%d/script\",\"y\"]", program, dir),
		     cw_raw(exec_of(pid), "argv"));

	pid = IN_CHILD(&status, execve_at(dir, "../d/script", ARGS("x"), 0));
	EXPECT_EQ(2, status);
	expect_paths(_metadata, exec_of(pid), program, script, after(domain, script));

	/* The descriptor does not matter for these */
	pid = IN_CHILD(&status, execve_at(dir, script, ARGS("x"), 0));
	expect_paths(_metadata, exec_of(pid), program, script, after(domain, script));
	pid = IN_CHILD(&status, execve_at(AT_FDCWD, "d/script", ARGS("x"), 0));
	expect_paths(_metadata, exec_of(pid), program, script, after(domain, script));
}

TEST_F(exec, X_08_deleted_program)
{
	char *program = in_here("program"), *name;
	int fd, status;
	pid_t pid;

	ASSERT_EQ(0, cw_copy(cw_program("tiny"), "program"));
	fd = open("program", O_PATH | O_CLOEXEC);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, unlink("program"));
	ASSERT_EQ(0, cw_load(""));
	name = cw_format("%s (deleted)", program);
	pid = IN_CHILD(&status, execve_at(fd, "", ARGS("x"), AT_EMPTY_PATH));
	EXPECT_EQ(1, status);
	expect_paths(_metadata, exec_of(pid), name, name,
		     after(cw_own_domain(), cw_format("%s\\040(deleted)", program)));
}

/* === Where paths mean something else === */

TEST_F(exec, X_08_chroot)
{
	char *domain;
	int status;
	pid_t pid;

	ASSERT_EQ(0, mkdir("root", 0755));
	ASSERT_EQ(0, mkdir("root/d", 0755));
	ASSERT_EQ(0, cw_copy(cw_program("tiny"), "root/program"));
	ASSERT_EQ(0, cw_write_script("root/d/script", "#!/program\n"));
	ASSERT_EQ(0, cw_load(""));
	domain = cw_own_domain();
	pid = IN_CHILD(&status, {
		if (!chroot("root") && !chdir("/d"))
			execv("/program", ARGS("x"));
	});
	EXPECT_EQ(1, status);
	expect_paths(_metadata, exec_of(pid), "/program", "/program", after(domain, "/program"));
	EXPECT_STREQ("/d", cw_str(exec_of(pid), "cwd"));
	pid = IN_CHILD(&status, {
		if (!chroot("root") && !chdir("/d"))
			execv("./script", ARGS("x"));
	});
	EXPECT_EQ(2, status);
	expect_paths(_metadata, exec_of(pid), "/program", "/d/script",
		     after(domain, "/d/script"));
}

TEST_F(exec, X_08_private_mount_namespace)
{
	char *program = in_here("mnt/program"), *script = in_here("mnt/script");
	int status;
	pid_t pid;

	ASSERT_EQ(0, mkdir("mnt", 0755));
	ASSERT_EQ(0, cw_copy(cw_program("tiny"), "program"));
	ASSERT_EQ(0, cw_load(""));
	pid = IN_CHILD(&status, {
		if (!unshare(CLONE_NEWNS) &&
		    !mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) &&
		    !mount("cw", "mnt", "tmpfs", 0, NULL) && !cw_copy("program", "mnt/program") &&
		    !cw_write_script("mnt/script", cw_format("#!%s\n", program)))
			execv("mnt/script", ARGS("x"));
	});
	EXPECT_EQ(2, status);
	EXPECT_NE(0, access(script, F_OK));
	expect_paths(_metadata, exec_of(pid), program, script, after(cw_own_domain(), script));
}

/* === Arguments === */

/* @first and @count others of @bytes each, no two alike */
static char **many_args(char *first, int count, size_t bytes)
{
	char **argv = calloc(count + 2, sizeof(*argv));
	int i;

	argv[0] = first;
	for (i = 1; i <= count; i++) {
		argv[i] = malloc(bytes + 16);
		memset(argv[i], 'a' + i % 26, bytes + 15);
		argv[i][snprintf(argv[i], 16, "%d", i)] = '.';
		argv[i][bytes] = 0;
	}
	return argv;
}

static void *exec_in_thread(void *argv)
{
	execv("./program", argv);
	_exit(255);
}

TEST_F(exec, X_02_300_arguments_from_a_thread_that_is_not_the_leader)
{
	char **argv = many_args("program", 300, 8), **seen;
	char *program = in_here("program");
	const char *line;
	int status, count, i;
	pid_t pid;

	ASSERT_EQ(0, cw_copy(cw_program("tiny"), "program"));
	ASSERT_EQ(0, cw_load(""));
	pid = IN_CHILD(&status, {
		pthread_t thread;

		pthread_create(&thread, NULL, exec_in_thread, argv);
		pause();
	});
	EXPECT_EQ(301 & 0xff, status);
	line = exec_of(pid);
	expect_paths(_metadata, line, program, program, after(cw_own_domain(), program));
	EXPECT_EQ(301, cw_num(line, "argc"));
	seen = cw_list(line, "argv", &count);
	ASSERT_EQ(301, count);
	for (i = 0; i < 301; i++)
		ASSERT_STREQ(argv[i], seen[i]);
	EXPECT_EQ(0, cw_stat("argv_cut"));
}

/* How many bytes of the arguments are in the record; their last must be marked as cut */
static size_t bytes_kept(struct __test_metadata *_metadata, const char *line, char *const *argv)
{
	int count, i;
	char **seen = cw_list(line, "argv", &count);
	size_t kept = 0, len;

	ASSERT_LT(0, count);
	for (i = 0; i < count - 1; i++) {
		EXPECT_STREQ(argv[i], seen[i]);
		kept += strlen(argv[i]) + 1;
	}
	len = strlen(seen[i]);
	ASSERT_LE(strlen(DOTS), len);
	EXPECT_STREQ(DOTS, seen[i] + len - strlen(DOTS));
	len -= strlen(DOTS);
	EXPECT_EQ(0, strncmp(argv[i], seen[i], len));
	return kept + len;
}

static void two_mib(struct __test_metadata *_metadata, size_t limit)
{
	struct rlimit stack = { .rlim_cur = 64 << 20, .rlim_max = RLIM_INFINITY };
	char **argv = many_args("program", 16, 131071);
	const char *line;
	int status;
	pid_t pid;

	ASSERT_EQ(0, cw_copy(cw_program("tiny"), "program"));
	ASSERT_EQ(0, cw_load(cw_format("argv_bytes=%zu", limit)));
	pid = IN_CHILD(&status, {
		if (!setrlimit(RLIMIT_STACK, &stack))
			execv("./program", argv);
	});
	ASSERT_EQ(17, status);
	line = exec_of(pid);
	ASSERT_NE(NULL, line);
	EXPECT_STREQ("pid ppid uid comm exe file argv argc argv_bytes cwd domain cut",
		     cw_keys(line));
	EXPECT_STREQ("[\"argv\"]", cw_raw(line, "cut"));
	EXPECT_EQ(17, cw_num(line, "argc"));
	EXPECT_EQ(2097152 + 8, cw_num(line, "argv_bytes"));
	EXPECT_EQ(limit, bytes_kept(_metadata, line, argv));
	EXPECT_EQ(1, cw_stat("argv_cut"));
}

TEST_F(exec, X_02_2_MiB_of_arguments_are_cut_at_4096)
{
	two_mib(_metadata, 4096);
}

TEST_F(exec, X_02_2_MiB_of_arguments_are_cut_at_64)
{
	two_mib(_metadata, 64);
}

TEST_F(exec, X_02_2_MiB_of_arguments_are_cut_at_32768)
{
	two_mib(_metadata, 32768);
}

TEST_F(exec, X_02_arguments_that_just_fit_are_not_cut)
{
	char **argv;
	const char *line;
	int status;
	pid_t pid;

	ASSERT_EQ(0, cw_copy(cw_program("tiny"), "program"));
	ASSERT_EQ(0, cw_load("argv_bytes=64"));
	argv = many_args("x", 1, 61);	/* 2 + 62 bytes */
	pid = IN_CHILD(&status, execv("./program", argv));
	line = exec_of(pid);
	EXPECT_STREQ(EXEC_KEYS, cw_keys(line));
	EXPECT_STREQ(cw_format("[\"x\",\"%s\"]", argv[1]), cw_raw(line, "argv"));
	argv = many_args("x", 1, 62);	/* its NUL is one too many */
	pid = IN_CHILD(&status, execv("./program", argv));
	line = exec_of(pid);
	EXPECT_STREQ("[\"argv\"]", cw_raw(line, "cut"));
	EXPECT_EQ(65, cw_num(line, "argv_bytes"));
	EXPECT_STREQ(cw_format("[\"x\",\"%s" DOTS "\"]", argv[1]), cw_raw(line, "argv"));
}

TEST_F(exec, no_arguments_at_all)
{
	const char *line;
	int status;
	pid_t pid;

	ASSERT_EQ(0, cw_copy(cw_program("tiny"), "program"));
	ASSERT_EQ(0, cw_load(""));
	pid = IN_CHILD(&status, execv("./program", &no_env[0]));
	line = exec_of(pid);
	ASSERT_NE(NULL, line);
	/* Since 5.18 the kernel makes up an empty one: the status is what the program found */
	EXPECT_EQ(status, cw_num(line, "argc"));
	EXPECT_STREQ(status ? "[\"\"]" : CW_ABSENT, cw_raw(line, "argv"));
	EXPECT_FALSE(cw_has(line, "argv_fault"));
}

/* === Started by the kernel === */

/* The newest exec of a file, waited for: nobody here is its parent */
static const char *exec_of_file(const char *file)
{
	struct cw_lines lines;
	const char *line = NULL;
	char *raw = cw_format("\"%s\"", file);

	CW_WAIT((lines = cw_lines("events"), line = cw_newest(&lines, "exec", "file", raw)), 20);
	return line;
}

TEST_F(exec, X_08_core_handler)
{
	static const char pattern[] = "/proc/sys/kernel/core_pattern";
	struct rlimit unlimited = { RLIM_INFINITY, RLIM_INFINITY };
	char *old = cw_read(pattern), *handler = in_here("handler");
	const char *line;
	int status, ret;
	pid_t pid;

	ASSERT_EQ(0, cw_copy(cw_program("tiny"), "program"));
	ASSERT_EQ(0, cw_write_script("handler", "#!/bin/sh\nexec cat >/dev/null\n"));
	ASSERT_EQ(0, cw_load(""));
	ASSERT_EQ(0, setrlimit(RLIMIT_CORE, &unlimited));
	ASSERT_EQ(0, cw_write(pattern, cw_format("|%s %%p %%s", handler)));
	pid = CW_RUN(&status, "./program", "segv");
	ret = cw_write(pattern, old);
	ASSERT_EQ(0, ret);
	ASSERT_TRUE(WIFSIGNALED(status));
	ASSERT_EQ(SIGSEGV, WTERMSIG(status));
	line = exec_of_file(handler);
	expect_paths(_metadata, line, realpath("/bin/sh", NULL), handler,
		     after("kthreadd(2)", handler));
	EXPECT_STREQ(cw_format("[\"/bin/sh\",\"%s\",\"%d\",\"11\"]", handler, pid),
		     cw_raw(line, "argv"));
	/* What the kernel starts is where its threads are, and in newer kernels where init is */
	EXPECT_STREQ(realpath(cw_kernel_before(7, 3) ? "/proc/2/cwd" : "/proc/1/cwd", NULL),
		     cw_str(line, "cwd"));
	/* And what the handler itself executes goes on from there */
	line = exec_of_file(realpath("/bin/cat", NULL));
	EXPECT_STREQ(cw_format("kthreadd(2) %s %s", handler, realpath("/bin/cat", NULL)),
		     cw_str(line, "domain"));
}

TEST_F(exec, X_08_modprobe)
{
	static const char setting[] = "/proc/sys/kernel/modprobe";
	char *old = cw_read(setting), *helper = in_here("modprobe");
	const char *line;
	int ret;

	if (!old)
		SKIP(return, "this kernel starts no modprobe");
	ASSERT_EQ(0, cw_copy(cw_program("tiny"), "modprobe"));
	ASSERT_EQ(0, cw_load(""));
	ASSERT_EQ(0, cw_write(setting, helper));
	EXPECT_GT(0, socket(24, SOCK_DGRAM, 0));	/* none has this family since 2.4 */
	ret = cw_write(setting, old);
	ASSERT_EQ(0, ret);
	line = exec_of_file(helper);
	expect_paths(_metadata, line, helper, helper, after("kthreadd(2)", helper));
	EXPECT_STREQ(cw_format("[\"%s\",\"-q\",\"--\",\"net-pf-24\"]", helper),
		     cw_raw(line, "argv"));
}

/* === Failures === */

static const char *failed_of(pid_t pid)
{
	return cw_of_pid("events", "exec-failed", pid);
}

/* Try it in a child, which then ends; its pid */
#define TRY(...) ({ int cw_status; IN_CHILD(&cw_status, __VA_ARGS__); })

/* A return probe may not look at directories on PREEMPT_RT: what depends on one is marked as cut */
static const char *failed_keys(void)
{
	return cw_realtime() ? FAILED_KEYS " cut" : FAILED_KEYS;
}

static const char *looked_up(const char *path)
{
	return cw_realtime() ? "…" : path;
}

TEST_F(exec, failed_is_not_recorded_by_default)
{
	struct cw_lines lines;

	ASSERT_EQ(0, cw_load(""));
	TRY(execv("/no/such/program", ARGS("x")));
	lines = cw_lines("events");
	EXPECT_EQ(0, cw_count(&lines, "exec-failed", NULL, NULL));
}

TEST_F(exec, failed_has_the_same_keys_and_the_error)
{
	struct cw_lines lines;
	const char *line;
	char *own;
	pid_t pid;

	ASSERT_EQ(0, cw_write("file", "text\n"));
	ASSERT_EQ(0, cw_write_script("garbage", "no program\n"));
	ASSERT_EQ(0, cw_write_script("no-interpreter", "#!/no/such/interpreter\n"));
	ASSERT_EQ(0, mkdir("d", 0755));
	ASSERT_EQ(0, cw_load("log_failed_exec=1"));
	own = cw_own_domain();

	pid = TRY(execv("/no/such/program", ARGS("x", "a b", "")));
	line = failed_of(pid);
	ASSERT_NE(NULL, line);
	EXPECT_STREQ(failed_keys(), cw_keys(line));
	EXPECT_EQ(getpid(), cw_num(line, "ppid"));
	EXPECT_EQ(0, cw_num(line, "uid"));
	EXPECT_STREQ("exec", cw_str(line, "comm"));
	EXPECT_STREQ(realpath("/proc/self/exe", NULL), cw_str(line, "exe"));
	EXPECT_STREQ("\"/no/such/program\"", cw_raw(line, "file"));
	EXPECT_STREQ("[\"x\",\"a b\",\"\"]", cw_raw(line, "argv"));
	EXPECT_EQ(3, cw_num(line, "argc"));
	EXPECT_STREQ(looked_up(here()), cw_str(line, "cwd"));
	EXPECT_STREQ(own, cw_str(line, "domain"));
	EXPECT_STREQ("\"ENOENT\"", cw_raw(line, "error"));

	line = failed_of(TRY(execv("./file", ARGS("x"))));
	EXPECT_STREQ(looked_up(in_here("file")), cw_str(line, "file"));
	EXPECT_STREQ("\"EACCES\"", cw_raw(line, "error"));
	line = failed_of(TRY(exec_from("d", "../garbage")));
	EXPECT_STREQ(looked_up(in_here("garbage")), cw_str(line, "file"));
	EXPECT_STREQ(looked_up(in_here("d")), cw_str(line, "cwd"));
	EXPECT_STREQ("\"ENOEXEC\"", cw_raw(line, "error"));
	line = failed_of(TRY(execv("no-interpreter", ARGS("x"))));
	EXPECT_STREQ(looked_up(in_here("no-interpreter")), cw_str(line, "file"));
	EXPECT_STREQ("\"ENOENT\"", cw_raw(line, "error"));
	line = failed_of(TRY(execv("d", ARGS("x"))));
	EXPECT_STREQ("\"EACCES\"", cw_raw(line, "error"));
	line = failed_of(TRY(execv("file/x", ARGS("x"))));
	EXPECT_STREQ("\"ENOTDIR\"", cw_raw(line, "error"));

	lines = cw_lines("events");
	EXPECT_EQ(6, cw_count(&lines, "exec-failed", NULL, NULL));
	EXPECT_EQ(0, cw_count(&lines, "exec", NULL, NULL));
}

/* The return probe rests until the records are asked for, and rests again when they are not. */
TEST_F(exec, failed_is_recorded_while_it_is_asked_for)
{
	struct cw_lines lines;
	int status;

	ASSERT_EQ(0, cw_load(""));
	EXPECT_STREQ("idle", cw_str(cw_probe("do_execveat_common"), "state"));
	CW_RUN(&status, "/no/such/program");
	EXPECT_EQ(0, cw_num(cw_probe("do_execveat_common"), "hits"));
	ASSERT_EQ(0, cw_write(CW_PARAMETERS "log_failed_exec", "Y"));
	EXPECT_STREQ("set", cw_str(cw_probe("do_execveat_common"), "state"));
	CW_RUN(&status, "/no/such/program");
	EXPECT_LT(0, cw_num(cw_probe("do_execveat_common"), "hits"));
	ASSERT_EQ(0, cw_write(CW_PARAMETERS "log_failed_exec", "N"));
	EXPECT_STREQ("idle", cw_str(cw_probe("do_execveat_common"), "state"));
	CW_RUN(&status, "/no/such/program");
	lines = cw_lines("events");
	EXPECT_EQ(1, cw_count(&lines, "exec-failed", "file", "\"/no/such/program\""));
}

TEST_F(exec, failed_execveat)
{
	const char *line;
	int dir;

	ASSERT_EQ(0, mkdir("d", 0755));
	ASSERT_EQ(0, cw_write("d/file", "text\n"));
	dir = open("d", O_PATH);
	ASSERT_LE(0, dir);
	ASSERT_EQ(0, cw_load("log_failed_exec=1"));

	line = failed_of(TRY(execve_at(AT_FDCWD, "d/file", ARGS("x", "y"), 0)));
	ASSERT_NE(NULL, line);
	EXPECT_STREQ(failed_keys(), cw_keys(line));
	EXPECT_STREQ(looked_up(in_here("d/file")), cw_str(line, "file"));
	EXPECT_STREQ("[\"x\",\"y\"]", cw_raw(line, "argv"));
	EXPECT_STREQ("EACCES", cw_str(line, "error"));

	/* Relative to the descriptor's directory, not to the working directory */
	line = failed_of(TRY(execve_at(dir, "file", ARGS("x"), 0)));
	EXPECT_STREQ("EACCES", cw_str(line, "error"));
	EXPECT_STREQ(looked_up(in_here("d/file")), cw_str(line, "file"));
	line = failed_of(TRY(execve_at(dir, "nothing", ARGS("x"), 0)));
	EXPECT_STREQ("ENOENT", cw_str(line, "error"));
	EXPECT_STREQ(looked_up(in_here("d/nothing")), cw_str(line, "file"));
	line = failed_of(TRY(execve_at(dir, "", ARGS("x"), AT_EMPTY_PATH)));
	EXPECT_STREQ("EACCES", cw_str(line, "error"));
	EXPECT_STREQ(looked_up(in_here("d")), cw_str(line, "file"));
	/* No descriptor, so no path can be told: an unknown value is an absent key */
	line = failed_of(TRY(execve_at(1000, "x", ARGS("x"), 0)));
	EXPECT_STREQ("EBADF", cw_str(line, "error"));
	EXPECT_STREQ(CW_ABSENT, cw_str(line, "file"));
}

TEST_F(exec, X_03_fault_in_the_arguments_is_a_flag)
{
	char *hole = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char **argv = calloc(2, sizeof(*argv));
	const char *line;

	/*
	 * Of a successful exec this cannot be forced: the kernel has just written the pages of
	 * the new stack. One that fails leaves them to the old program, which can take them away.
	 */
	argv[0] = strdup("x");
	ASSERT_NE(MAP_FAILED, hole);
	ASSERT_EQ(0, munmap(hole + 4096, 4096));
	ASSERT_EQ(0, cw_load("log_failed_exec=1"));

	line = failed_of(TRY(execv("/bin/true", ARGS("x", "y", hole + 4096))));
	ASSERT_NE(NULL, line);
	EXPECT_STREQ("EFAULT", cw_str(line, "error"));
	EXPECT_STREQ("/bin/true", cw_str(line, "file"));
	EXPECT_STREQ("1", cw_raw(line, "argv_fault"));
	EXPECT_EQ(0, strncmp("[\"x\",\"y\"", cw_raw(line, "argv"), 8));
	EXPECT_EQ(1, cw_stat("argv_fault"));

	/* A string that goes on where there is no memory: its beginning is kept */
	memcpy(hole + 4096 - 4, "abcd", 4);
	line = failed_of(TRY(execv("/bin/true", ARGS("x", hole + 4096 - 4))));
	EXPECT_STREQ("1", cw_raw(line, "argv_fault"));
	EXPECT_STREQ("[\"x\",\"abcd\"]", cw_raw(line, "argv"));

	/* The list itself, and a list that ends where there is no memory */
	line = failed_of(TRY(execv("/bin/true", (char **)(hole + 4096))));
	EXPECT_STREQ("EFAULT", cw_str(line, "error"));
	EXPECT_STREQ("1", cw_raw(line, "argv_fault"));
	EXPECT_STREQ(CW_ABSENT, cw_raw(line, "argv"));

	/*
	 * And the path. Nobody has read the arguments then: a string of the program file would
	 * not be in the child's memory yet.
	 */
	line = failed_of(TRY(execv(hole + 4096, argv)));
	ASSERT_NE(NULL, line);
	EXPECT_STREQ("EFAULT", cw_str(line, "error"));
	EXPECT_STREQ("[\"x\"]", cw_raw(line, "argv"));
}

TEST_F(exec, X_06_failed_leaves_the_history_as_it_was)
{
	char *program = in_here("program");
	int status;
	pid_t pid;

	ASSERT_EQ(0, cw_copy(cw_program("tiny"), "program"));
	ASSERT_EQ(0, cw_load(""));
	pid = IN_CHILD(&status, {
		execv("/no/such/program", ARGS("x"));
		execv("/etc/passwd", ARGS("x"));
		execv(program, ARGS("x"));
	});
	EXPECT_EQ(1, status);
	expect_paths(_metadata, exec_of(pid), program, program, after(cw_own_domain(), program));
	EXPECT_STREQ(after(cw_own_domain(), program),
		     cw_str(cw_of_pid("events", "exit", pid), "domain"));
}

TEST_HARNESS_MAIN
