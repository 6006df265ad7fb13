// SPDX-License-Identifier: GPL-2.0
/* A thousand execs that sleep at once on a slow file system are all recorded. */
#include "cw_test.h"

#include <linux/fuse.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>

#define SLEEPERS 1000	/* at most */

/* What the file system's process and the test share */
struct shared {
	int asleep;	/* execs whose open() is not answered yet; written by the file system */
	int released;	/* answer them; written by the test */
};

FIXTURE(slow_exec)
{
	struct cw_room room;
	struct shared *shared;
	pid_t server;
	char *dir;
};

/* === The file system: names p0, p1 ... that are all the same program === */

struct request {
	struct fuse_in_header head;
	char body[140000];
};

struct server {
	int fd;
	char *program;
	size_t bytes;
	struct shared *shared;
	uint64_t asleep[SLEEPERS];
};

static void answer(struct server *server, uint64_t unique, int error, const void *body,
		   size_t bytes)
{
	struct fuse_out_header *head;
	char buf[140000];

	head = (struct fuse_out_header *)buf;
	head->len = sizeof(*head) + bytes;
	head->error = -error;
	head->unique = unique;
	memcpy(head + 1, body, bytes);
	/* One that was interrupted is not waited for any more: ENOENT */
	if (write(server->fd, buf, head->len) < 0 && errno != ENOENT)
		_exit(3);
}

static void set_attr(struct server *server, struct fuse_attr *attr, uint64_t node)
{
	attr->ino = node;
	attr->mode = node == FUSE_ROOT_ID ? S_IFDIR | 0755 : S_IFREG | 0755;
	attr->nlink = 1;
	attr->size = node == FUSE_ROOT_ID ? 0 : server->bytes;
	attr->blksize = 4096;
}

static void answer_open(struct server *server, uint64_t unique)
{
	struct fuse_open_out out = { .open_flags = FOPEN_KEEP_CACHE };

	answer(server, unique, 0, &out, sizeof(out));
}

static void serve_one(struct server *server, struct request *request)
{
	uint64_t unique = request->head.unique, node = request->head.nodeid;
	const struct fuse_init_in *init = (void *)request->body;
	const struct fuse_read_in *read = (void *)request->body;
	struct fuse_init_out hello = {
		.major = FUSE_KERNEL_VERSION,
		.minor = FUSE_KERNEL_MINOR_VERSION,
		.max_readahead = 131072,
		.max_write = 131072,
	};
	struct fuse_attr_out attr = { .attr_valid = 3600 };
	struct fuse_entry_out entry = { .entry_valid = 3600, .attr_valid = 3600 };
	size_t bytes;
	int nr, n = 0;

	switch (request->head.opcode) {
	case FUSE_INIT:
		hello.minor = init->minor < hello.minor ? init->minor : hello.minor;
		answer(server, unique, 0, &hello, sizeof(hello));
		return;
	case FUSE_LOOKUP:
		if (sscanf(request->body, "p%d%n", &nr, &n) != 1 || request->body[n]) {
			answer(server, unique, ENOENT, NULL, 0);
			return;
		}
		entry.nodeid = FUSE_ROOT_ID + 1 + nr;
		set_attr(server, &entry.attr, entry.nodeid);
		answer(server, unique, 0, &entry, sizeof(entry));
		return;
	case FUSE_GETATTR:
		set_attr(server, &attr.attr, node);
		answer(server, unique, 0, &attr, sizeof(attr));
		return;
	case FUSE_OPEN:
		if (server->shared->released) {
			answer_open(server, unique);
		} else {
			if (server->shared->asleep == SLEEPERS)
				_exit(4);
			server->asleep[server->shared->asleep++] = unique;
		}
		return;
	case FUSE_READ:
		bytes = read->offset < server->bytes ? server->bytes - read->offset : 0;
		bytes = bytes < read->size ? bytes : read->size;
		answer(server, unique, 0, server->program + read->offset, bytes);
		return;
	case FUSE_FLUSH:
	case FUSE_RELEASE:
		answer(server, unique, 0, NULL, 0);
		return;
	case FUSE_FORGET:
	case FUSE_BATCH_FORGET:
	case FUSE_INTERRUPT:
		return;
	default:
		answer(server, unique, ENOSYS, NULL, 0);
	}
}

static void serve(struct server *server)
{
	struct request *request = malloc(sizeof(*request));
	struct pollfd poll_fd = { .fd = server->fd, .events = POLLIN };
	bool woken = false;
	int i;

	for (;;) {
		if (poll(&poll_fd, 1, 10) > 0) {
			if (read(server->fd, request, sizeof(*request)) > 0)
				serve_one(server, request);
			else if (errno != EINTR && errno != EAGAIN && errno != ENOENT)
				_exit(0);	/* unmounted */
		}
		if (woken || !__atomic_load_n(&server->shared->released, __ATOMIC_ACQUIRE))
			continue;
		woken = true;
		for (i = 0; i < server->shared->asleep; i++)
			answer_open(server, server->asleep[i]);
	}
}

/* Mount it on @dir; its process, 0 if there is no FUSE here, -1 */
static pid_t mount_slow(const char *dir, struct shared *shared)
{
	struct server server = { .shared = shared };
	struct stat st;
	int status;
	pid_t pid;

	CW_RUN(&status, "/sbin/modprobe", "fuse");
	server.program = cw_read(cw_program("tiny"));
	if (!server.program || stat(cw_program("tiny"), &st))
		return -1;
	server.bytes = st.st_size;
	server.fd = open("/dev/fuse", O_RDWR | O_CLOEXEC | O_NONBLOCK);
	if (server.fd < 0)
		return 0;
	if (mkdir(dir, 0755) ||
	    mount("cw", dir, "fuse", 0,
		  cw_format("fd=%d,rootmode=40000,user_id=0,group_id=0,allow_other", server.fd)))
		return -1;
	pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		serve(&server);
	}
	/* Its process alone has it: when that dies nobody sleeps on */
	close(server.fd);
	return pid;
}

/* === The test === */

FIXTURE_SETUP(slow_exec)
{
	self->shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, (void *)self->shared);
	ASSERT_TRUE(cw_enter(&self->room));
	self->dir = cw_format("%s/slow", self->room.dir);
	self->server = mount_slow(self->dir, self->shared);
	ASSERT_LE(0, self->server);
}

FIXTURE_TEARDOWN(slow_exec)
{
	if (self->server > 0) {
		kill(self->server, SIGKILL);
		cw_reap(self->server);
		EXPECT_EQ(0, umount2(self->dir, MNT_DETACH));
	}
	CW_EXPECT_NOTHING_WRONG(cw_leave(&self->room));
}

TEST_F_TIMEOUT(slow_exec, X_04_a_thousand_execs_asleep_at_once_are_all_recorded, 240)
{
	/* Always more than the return probe has instances */
	int sleepers = cw_number(NULL, SLEEPERS, 400), i, status, execs = 0, exits = 0;
	char **program, *domain;
	struct cw_lines lines;
	const char *line;
	long long missed;
	pid_t *pid;

	if (!self->server)
		SKIP(return, "this kernel has no FUSE");
	program = calloc(sleepers, sizeof(*program));
	pid = calloc(sleepers, sizeof(*pid));
	ASSERT_EQ(0, cw_load("ring_kb=4096 log_failed_exec=1"));
	domain = cw_own_domain();
	for (i = 0; i < sleepers; i++) {
		program[i] = cw_format("%s/p%d", self->dir, i);
		pid[i] = fork();
		ASSERT_LE(0, pid[i]);
		if (!pid[i]) {
			execv(program[i], (char *[]){ program[i], "asleep", NULL });
			_exit(255);
		}
	}
	ASSERT_TRUE(CW_WAIT(self->shared->asleep == sleepers, 120))
	TH_LOG("%d asleep", self->shared->asleep);
	lines = cw_lines("events");
	EXPECT_EQ(0, cw_count(&lines, "exec", NULL, NULL));
	__atomic_store_n(&self->shared->released, 1, __ATOMIC_RELEASE);
	for (i = 0; i < sleepers; i++) {
		status = cw_reap(pid[i]);
		ASSERT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 2);
	}

	lines = cw_lines("events");
	for (i = 0; i < (int)lines.count; i++) {
		int nr = -1;

		line = lines.line[i];
		if (sscanf(cw_str(line, "file"), cw_format("%s/p%%d", self->dir), &nr) == 1) {
			ASSERT_TRUE(cw_is(line, "exec") && nr < sleepers);
			EXPECT_STREQ(program[nr], cw_str(line, "exe"));
			EXPECT_STREQ(cw_format("[\"%s\",\"asleep\"]", program[nr]),
				     cw_raw(line, "argv"));
			EXPECT_EQ(pid[nr], cw_num(line, "pid"));
			EXPECT_STREQ(cw_format("%s %s", domain, program[nr]),
				     cw_str(line, "domain"));
			execs++;
		} else if (cw_is(line, "exit")) {
			exits += cw_num(line, "code") == 2;
		}
	}
	EXPECT_EQ(sleepers, execs);
	EXPECT_EQ(sleepers, exits);

	/*
	 * Of the return probe there were not enough, and that is counted, by the kernel: two that
	 * two processors miss at the same moment are one for it.
	 */
	line = cw_probe("do_execveat_common");
	ASSERT_STREQ("set", cw_str(line, "state"));
	missed = cw_num(line, "missed");
	EXPECT_LE(sleepers - 256 - sleepers / 100, missed);
	EXPECT_GE(sleepers, missed + cw_num(line, "hits"));
	EXPECT_LE(sleepers - sleepers / 100, missed + cw_num(line, "hits"));
	EXPECT_EQ(missed, cw_stat("probe_missed"));
	line = cw_probe("sched_process_exec");
	EXPECT_EQ(sleepers, cw_num(line, "hits"));
	EXPECT_EQ(0, cw_num(line, "missed"));
}

TEST_HARNESS_MAIN
