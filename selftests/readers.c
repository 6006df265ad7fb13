// SPDX-License-Identifier: GPL-2.0
/* Readers see every record whole, once and in the order of time, and nobody waits (L-01, L-02) */
#include "cw_test.h"
#include "../module/abi/crashwatch.h"
#include <linux/userfaultfd.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#define CPUS 64

CW_FIXTURE(readers)

/* Nothing but the test itself runs from here on */
static int load(const char *parameters)
{
	cw_tiny();
	return cw_load(parameters);
}

/* Programs that come and go until they are stopped, on two processors */
static pid_t storm_begin(void)
{
	pid_t pid = fork();
	int status;

	if (pid)
		return pid;
	setpgid(0, 0);
	cw_pin(fork() ? 0 : sysconf(_SC_NPROCESSORS_ONLN) > 1);
	for (;;)
		CW_RUN(&status, cw_tiny());
}

static int open_file(const char *name, int flags)
{
	return open(cw_format(CW_DEBUGFS "%s", name), O_RDONLY | O_CLOEXEC | flags);
}

/* Read @step bytes at a time to the end or to EAGAIN. *parts: how many reads split a line */
static char *drain(int fd, size_t step, size_t *bytes, int *parts)
{
	size_t len = 0, size = 0;
	char *text = NULL;
	ssize_t n;

	*parts = 0;
	do {
		if (size - len < step + 1)
			text = realloc(text, size = 2 * size + step + 1);
		n = read(fd, text + len, step);
		len += n > 0 ? n : 0;
		*parts += n > 0 && text[len - 1] != '\n';
	} while (n > 0);
	text[len] = 0;
	*bytes = n < 0 && errno != EAGAIN ? 0 : len;
	return text;
}

/* What one processor told a reader */
struct tally {
	unsigned long first, last, lines, lost;
	unsigned long gaps;	/* of lost: those between the first line and the last one */
	unsigned long behind;	/* of lost: those behind the last one so far */
};

/* Count the lines of each processor in a text. What is wrong with it? */
static const char *check(const char *text, struct tally *tally)
{
	unsigned long long s, ns, time = 0;
	int i;

	memset(tally, 0, CPUS * sizeof(*tally));
	for (; *text; text = strchr(text, '\n') + 1) {
		unsigned long seq, lost;
		unsigned int cpu;

		if (!strchr(text, '\n'))
			return cw_format("not ended: %s", text);
		if (*text == '#')
			continue;
		if (sscanf(text, "[%llu.%llu] lost cpu=%u", &s, &ns, &cpu) == 3) {
			lost = strtoul(strstr(text, " count=") + 7, NULL, 10);
			tally[cpu].lost += lost;
			tally[cpu].behind += tally[cpu].first ? lost : 0;
			continue;
		}
		if (sscanf(text, "[%llu.%llu] #%u.%lu ", &s, &ns, &cpu, &seq) != 4)
			return cw_format("malformed: %.100s", text);
		if (s * 1000000000 + ns < time)
			return cw_format("time goes back: %.100s", text);
		time = s * 1000000000 + ns;
		if (!tally[cpu].first)
			tally[cpu].first = seq;
		if (seq <= tally[cpu].last)
			return cw_format("sequence goes back: %.100s", text);
		tally[cpu].last = seq;
		tally[cpu].lines++;
		tally[cpu].gaps += tally[cpu].behind;
		tally[cpu].behind = 0;
	}
	for (i = 0; i < CPUS; i++, tally++)
		if (tally->lines &&
		    tally->lines + tally->gaps != tally->last - tally->first + 1)
			return cw_format("CPU %d: %lu lines and %lu lost from %lu to %lu", i,
					 tally->lines, tally->gaps, tally->first, tally->last);
	return NULL;
}

static char *body(char *text)
{
	return strchr(text, '\n') + 1;
}

/* Section 2.2: a snapshot is repeatable */
TEST_F(readers, two_readers_at_once_see_the_same_bytes)
{
	char *text[2] = { strdup(""), strdup("") }, buf[1000], *other;
	int fd[3], i, more = 3, parts;
	size_t bytes;
	ssize_t n;

	ASSERT_EQ(0, load(""));
	cw_some(100);
	for (i = 0; i < 2; i++)
		fd[i] = open_file("events", 0);
	for (i = 0; more; i = !i) {
		n = read(fd[i], buf, sizeof(buf) - 1);
		ASSERT_LE(0, n);
		if (!n)
			more &= ~(1 << i);
		buf[n] = 0;
		text[i] = cw_format("%s%s", text[i], buf);
	}
	/* The header has the difference of two clocks that are read one after the other */
	EXPECT_EQ(0, strcmp(body(text[0]), body(text[1])));
	fd[2] = open_file("events", 0);
	other = drain(fd[2], 16, &bytes, &parts);
	EXPECT_EQ(0, strcmp(body(text[0]), body(other)));
	EXPECT_LT(100 * 100, (long)bytes);
	EXPECT_EQ(0, strncmp(text[0], "# crashwatch 1 boot_id=", 23));
	EXPECT_NE(NULL, strstr(text[0], " clock=monotonic"));
	for (i = 0; i < 3; i++) {
		/* At the end it stays at the end */
		EXPECT_EQ(0, read(fd[i], buf, sizeof(buf)));
		close(fd[i]);
	}
}

/* Section 2.2, L-02: both see everything, the end comes, and nothing from after the beginning */
TEST_F(readers, a_snapshot_ends_and_is_whole_while_events_pour_in)
{
	pid_t pid, other;
	int i, fd, parts, status;

	ASSERT_EQ(0, load("ring_kb=128"));
	pid = storm_begin();
	EXPECT_TRUE(CW_WAIT(cw_stat("written") > 200, 20));
	other = fork();
	for (i = 0; i < 10; i++) {
		struct tally tally[CPUS];
		unsigned long long s, ns, last;
		struct timespec now;
		const char *wrong;
		double start;
		size_t bytes;
		char *text;

		fd = open_file("events", 0);
		clock_gettime(CLOCK_MONOTONIC, &now);
		start = cw_now();
		text = drain(fd, i % 2 ? 65536 : 4096, &bytes, &parts);
		close(fd);
		EXPECT_GT(20 * cw_slow(), cw_now() - start);
		EXPECT_LT(10000, (long)bytes);
		EXPECT_EQ(0, parts);
		wrong = check(text, tally);
		EXPECT_EQ(NULL, wrong)
		TH_LOG("%s", wrong);
		last = 0;
		for (text = body(text); *text; text = body(text))
			if (sscanf(text, "[%llu.%llu]", &s, &ns) == 2)
				last = s * 1000000000 + ns;
		EXPECT_GE(now.tv_sec * 1000000000ULL + now.tv_nsec, last);
	}
	if (!other)
		_exit(_metadata->passed ? 0 : 1);
	status = cw_reap(other);
	EXPECT_EQ(0, status);
	cw_storm_end(pid);
}

/* Section 2.2: a snapshot whose reader was overtaken says what it lacks */
TEST_F(readers, an_overtaken_snapshot_tells_what_it_lacks)
{
	struct tally before[CPUS], after[CPUS];
	char *text, *head, *rest;
	int fd, parts, cpu;
	size_t bytes;

	ASSERT_EQ(0, load("ring_kb=128"));
	cw_pin(0);
	cw_some(50);
	text = cw_read("events");
	EXPECT_EQ(NULL, check(text, before));
	fd = open_file("events", 0);
	head = calloc(1, 4097);
	ASSERT_LT(0, read(fd, head, 4096));
	cw_some(400);
	rest = drain(fd, 4096, &bytes, &parts);
	EXPECT_EQ(NULL, check(cw_format("%s%s", head, rest), after));
	EXPECT_LT(0UL, after[0].behind);
	for (cpu = 0; cpu < CPUS; cpu++) {
		EXPECT_EQ(before[cpu].lines, after[cpu].lines + after[cpu].lost)
		TH_LOG("CPU %d", cpu);
	}
	close(fd);
}

/* Section 2.3: records of different CPUs are ordered by time */
TEST_F(readers, records_of_two_processors_are_ordered_by_time)
{
	struct cw_lines lines;
	unsigned int cpu, i;
	int n;

	if (sysconf(_SC_NPROCESSORS_ONLN) < 2)
		SKIP(return, "needs two processors");
	ASSERT_EQ(0, load(""));
	for (i = 0; i < 100; i++) {
		cw_pin(i % 2);
		cw_some(1);
	}
	lines = cw_lines("events");
	ASSERT_EQ(200U, lines.count);
	for (i = 0; i < lines.count; i++) {
		n = sscanf(lines.line[i], "[%*[^]]] #%u.", &cpu);
		ASSERT_EQ(1, n);
		EXPECT_EQ(i / 2 % 2, cpu);
		EXPECT_TRUE(cw_is(lines.line[i], i % 2 ? "exit" : "exec"));
	}
}

/* Section 2.2 */
TEST_F(readers, incidents_has_incidents_only_and_events_has_all)
{
	struct cw_lines events, incidents;
	int i;

	ASSERT_EQ(0, load(""));
	for (i = 0; i < 3; i++) {
		pid_t pid = fork();

		if (!pid)
			raise(i ? SIGKILL : SIGSEGV);
		cw_reap(pid);
		cw_some(2);
	}
	events = cw_lines("events");
	incidents = cw_lines("incidents");
	EXPECT_EQ(3U, incidents.count);
	EXPECT_EQ(1, cw_count(&incidents, "crash", NULL, NULL));
	EXPECT_EQ(2, cw_count(&incidents, "killed", NULL, NULL));
	EXPECT_EQ(6, cw_count(&events, "exec", NULL, NULL));
	EXPECT_EQ(6, cw_count(&events, "exit", NULL, NULL));
	EXPECT_EQ(15U, events.count);
	EXPECT_TRUE(cw_is(events.line[0], "crash"));
	EXPECT_TRUE(cw_is(events.line[5], "killed"));
	EXPECT_TRUE(cw_is(events.line[10], "killed"));
}

/* === events_pipe === */

static void later(int ms)
{
	if (fork())
		return;
	cw_sleep_ms(ms);
	cw_some(1);
	_exit(0);
}

/* Section 2.2 */
TEST_F(readers, events_pipe_blocks_until_there_is_something)
{
	char buf[4096];
	double start;
	size_t bytes;
	int fd, parts;
	ssize_t n;

	ASSERT_EQ(0, load(""));
	fd = open_file("events_pipe", O_NONBLOCK);
	drain(fd, 4096, &bytes, &parts);
	EXPECT_LT(0, (long)bytes);
	EXPECT_EQ(-1, read(fd, buf, sizeof(buf)));
	EXPECT_EQ(EAGAIN, errno);
	ASSERT_EQ(0, fcntl(fd, F_SETFL, 0));
	start = cw_now();
	later(500);
	n = read(fd, buf, sizeof(buf) - 1);
	ASSERT_LT(0, n);
	buf[n] = 0;
	EXPECT_LT(0.5, cw_now() - start);
	EXPECT_NE(NULL, strstr(buf, " exec pid="));
	EXPECT_NE(NULL, strstr(buf, "/tiny\""));
	close(fd);
	wait(NULL);
}

/* Section 2.2: also what was committed while the reader looked if there is more */
TEST_F(readers, a_reader_that_blocks_sees_the_last_record_of_each_burst)
{
	int bursts = cw_number("CW_BURSTS", 300, 30), i, status;
	struct tally *seen = mmap(NULL, sizeof(*seen), PROT_READ | PROT_WRITE,
				  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	static char buf[65536];
	pid_t reader;

	ASSERT_EQ(0, load(""));
	reader = fork();
	if (!reader) {
		int fd = open_file("events_pipe", 0);
		ssize_t n;

		cw_pin(1);
		while ((n = read(fd, buf, sizeof(buf))) > 0)
			while (n--)
				if (buf[n] == '\n')
					__atomic_add_fetch(&seen->lines, 1, __ATOMIC_SEQ_CST);
		_exit(1);
	}
	cw_pin(0);
	for (i = 0; i < bursts; i++) {
		CW_RUN(&status, cw_tiny());
		/* Beside the records there is the header */
		EXPECT_TRUE(CW_WAIT((long)__atomic_load_n(&seen->lines, __ATOMIC_SEQ_CST) ==
					    cw_stat("written") + 1,
				    10))
		TH_LOG("burst %d: %lu lines of %lld records", i, seen->lines, cw_stat("written"));
		if (!_metadata->passed)
			break;
	}
	kill(reader, SIGKILL);
	cw_reap(reader);
}

/* Section 2.2 */
TEST_F(readers, poll_wakes_within_a_tenth_of_a_second)
{
	struct pollfd poll_fd = { .events = POLLIN };
	struct timespec now;
	double when;
	int i, n, parts, late = 0;
	size_t bytes;
	char *text;

	ASSERT_EQ(0, load(""));
	poll_fd.fd = open_file("events_pipe", O_NONBLOCK);
	EXPECT_EQ(1, poll(&poll_fd, 1, 0));
	for (i = 0; i < 5; i++) {
		while (poll(&poll_fd, 1, 500) == 1)
			drain(poll_fd.fd, 4096, &bytes, &parts);
		EXPECT_EQ(0, poll(&poll_fd, 1, 0));
		later(300);
		ASSERT_EQ(1, poll(&poll_fd, 1, 10000));
		clock_gettime(CLOCK_MONOTONIC, &now);
		EXPECT_EQ(POLLIN, poll_fd.revents);
		text = drain(poll_fd.fd, 4096, &bytes, &parts);
		n = sscanf(text, "[%lf]", &when);
		ASSERT_EQ(1, n);
		EXPECT_NE(NULL, strstr(text, " exec pid="));
		late += now.tv_sec + now.tv_nsec / 1e9 >= when + 0.1 * cw_slow();
		EXPECT_LE(when, now.tv_sec + now.tv_nsec / 1e9);
		wait(NULL);
	}
	/* A busy machine may well keep an emulated one waiting for so long, but not each time */
	EXPECT_GE(4, late);
	close(poll_fd.fd);
}

/* Section 2.2: whatever the size of the reads, the same lines, and none split that would fit */
TEST_F(readers, events_pipe_never_splits_a_line_that_fits)
{
	static const size_t step[] = { 1, 16, 50, 1000, 4096, 65536 };
	char *text[6];
	size_t i, bytes;
	int parts;

	ASSERT_EQ(0, load(""));
	cw_some(100);
	for (i = 0; i < 6; i++) {
		int fd = open_file("events_pipe", O_NONBLOCK);

		text[i] = body(drain(fd, step[i], &bytes, &parts));
		EXPECT_EQ(0, strcmp(text[0], text[i]));
		EXPECT_LT(10000, (long)bytes);
		EXPECT_EQ(step[i] < 1000, !!parts);
		close(fd);
	}
}

/* L-01: what was read and what was told as lost is everything there was */
TEST_F(readers, an_overtaken_reader_is_told_how_many_it_missed)
{
	struct tally tally[CPUS];
	char *head = calloc(1, 8193), *rest;
	int fd, other, cpu, parts, lines;
	const char *wrong;
	size_t bytes;

	ASSERT_EQ(0, load("ring_kb=128"));
	cw_pin(0);
	cw_some(50);
	fd = open_file("events_pipe", O_NONBLOCK);
	other = open_file("events_pipe", O_NONBLOCK);
	drain(other, 4096, &bytes, &parts);
	ASSERT_LT(0, read(fd, head, 8192));
	cw_some(400);
	rest = drain(fd, 4096, &bytes, &parts);
	wrong = check(cw_format("%s%s", head, rest), tally);
	EXPECT_EQ(NULL, wrong)
	TH_LOG("%s", wrong);
	for (cpu = 0, lines = 0; cpu < sysconf(_SC_NPROCESSORS_ONLN); cpu++) {
		EXPECT_EQ(cw_stat(cw_format("cpu%d_written", cpu)),
			  (long)(tally[cpu].lines + tally[cpu].lost));
		lines += tally[cpu].lost > 0;
	}
	EXPECT_LT(0, lines);
	/* Each has a cursor of its own: one that had read all missed something else */
	check(drain(other, 4096, &bytes, &parts), tally);
	EXPECT_EQ(2 * 400UL, tally[0].lines + tally[1].lines + tally[0].lost + tally[1].lost);
	close(fd);
	close(other);
}

/* === events_raw === */

/* The text line of an entry up to its first key */
static char *head_of(const struct cw_entry *entry)
{
	const struct cw_record *record = (const void *)(entry + 1);
	const char *type = "?";

	switch (record->type) {
#define CW_EVENT(id, number, name, text, ring, when) case CW_##id: type = text; break;
#include "../module/abi/events.def"
	}
	return cw_format("[%5llu.%09llu] #%u.%llu %s pid=%llu ", entry->time_ns / 1000000000,
			 entry->time_ns % 1000000000, entry->cpu, entry->seq, type,
			 *(const __u64 *)(record + 1));
}

/* Section 2.2, R-08: the binary records are the same records, and describe themselves */
TEST_F(readers, events_raw_has_the_records_of_events)
{
	static const char magic[] = CW_BLOCK_MAGIC;
	const struct cw_entry *entry;
	const struct cw_block *block;
	size_t bytes, at, i = 0;
	struct cw_lines lines;
	int fd, parts;
	char *data;
	pid_t pid;

	ASSERT_EQ(0, load(""));
	cw_some(100);
	pid = fork();
	if (!pid)
		raise(SIGSEGV);
	cw_reap(pid);
	fd = open_file("events_raw", O_NONBLOCK);
	EXPECT_EQ(-1, read(fd, &at, sizeof(at)));	/* no part of a record */
	EXPECT_EQ(EINVAL, errno);
	data = drain(fd, 262144, &bytes, &parts);
	close(fd);
	lines = cw_lines("events");
	block = (const void *)data;
	ASSERT_LT(sizeof(*block), bytes);
	EXPECT_EQ(0, memcmp(block->magic, magic, 16));
	EXPECT_EQ((unsigned int)CW_ABI, block->abi);
	EXPECT_EQ(sizeof(*block) + 8 * block->cpus + block->fields_len + block->counters_len,
		  block->bytes);
	EXPECT_EQ(0U, block->phys);
	for (at = 0; at < block->cpus; at++)
		EXPECT_EQ(0U, block->cpu[at]);
	EXPECT_EQ(sysconf(_SC_PAGESIZE), (long)block->page_size);
	EXPECT_EQ(0, strncmp(block->boot_id, cw_read("/proc/sys/kernel/random/boot_id"), 36));
	EXPECT_STREQ(CW_VERSION, block->version);
	EXPECT_EQ(sizeof(struct cw_entry), block->entry_bytes);
	EXPECT_EQ(sizeof(struct cw_record), block->record_bytes);
	EXPECT_EQ(sizeof(struct cw_cpu), block->cpu_bytes);
	EXPECT_EQ(0, strncmp(data + block->fields_off, "1 exec pid:", 11))
	TH_LOG("%.80s", data + block->fields_off);
	EXPECT_EQ(block->fields_len - 1, strlen(data + block->fields_off));
	EXPECT_EQ(0, strncmp(data + block->counters_off, "dropped_nested ", 15));
	for (at = block->bytes; at < bytes; at += entry->len, i++) {
		const struct cw_record *record;

		entry = (const void *)(data + at);
		record = (const void *)(entry + 1);
		ASSERT_LE(at + sizeof(*entry), bytes);
		ASSERT_LE(at + entry->len, bytes);
		ASSERT_EQ(0U, entry->len % 8);
		EXPECT_EQ(0U, entry->flags);
		EXPECT_EQ(0U, entry->reserved);
		ASSERT_LE(sizeof(*entry) + sizeof(*record) + 8 * record->fields + record->tail,
			  entry->len);
		ASSERT_GT(lines.count, i);
		EXPECT_EQ(0, strncmp(lines.line[i], head_of(entry), strlen(head_of(entry))))
		TH_LOG("%s\n%s", head_of(entry), lines.line[i]);
	}
	EXPECT_EQ(lines.count, i);
	EXPECT_EQ(2 * 100 + 1U, i);
}

/* Section 2.2: what makes them readable under lockdown, and nothing that could change them */
TEST_F(readers, the_files_can_be_read_and_nothing_else)
{
	static const char *const files[] = {
		"events",
		"events_pipe",
		"events_raw",
		"incidents",
		"tasks",
		"probes",
		"stats",
	};
	size_t i;

	ASSERT_EQ(0, load(""));
	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		char *path = cw_format(CW_DEBUGFS "%s", files[i]);
		int fd = open(path, O_RDWR | O_NONBLOCK);
		struct stat st;

		ASSERT_EQ(0, stat(path, &st));
		EXPECT_EQ(S_IFREG | 0400U, st.st_mode);
		EXPECT_EQ(0U, st.st_uid + st.st_gid);
		/* Root may open it, so the file itself has to refuse */
		if (fd >= 0) {
			EXPECT_EQ(-1, write(fd, "x", 1));
			close(fd);
		}
		fd = open_file(files[i], O_NONBLOCK);
		ASSERT_LE(0, fd);
		EXPECT_EQ(-1, ioctl(fd, 0x1234, 0));
		EXPECT_EQ(ENOTTY, errno);
		EXPECT_EQ(MAP_FAILED, mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0));
		EXPECT_EQ(ENODEV, errno);
		close(fd);
	}
}

/* === Readers that stop in the middle === */

/* One that has read some of a file when it stops, and reads the rest when it may go on */
struct stopped {
	const char *name;
	size_t step;	/* bytes it reads at a time */
	pid_t pid;
	int out;	/* what it has read */
};

static void be_stopped(const struct stopped *who)
{
	char *buf = malloc(who->step);
	int fd = open_file(who->name, O_NONBLOCK);
	ssize_t n = read(fd, buf, who->step);

	if (n <= 0 || write(who->out, buf, n) != n)
		_exit(1);
	raise(SIGSTOP);
	while ((n = read(fd, buf, who->step)) > 0)
		if (write(who->out, buf, n) != n)
			_exit(2);
	_exit(n < 0 && errno != EAGAIN ? 3 : 0);
}

/* One that waits for events when it is stopped from outside, and never reads to an end */
static void be_waiting(const struct stopped *who)
{
	char *buf = malloc(who->step);
	int fd = open_file(who->name, 0);
	ssize_t n;

	while ((n = read(fd, buf, who->step)) > 0)
		if (write(who->out, buf, n) != n)
			_exit(2);
	_exit(3);
}

static pid_t start(struct stopped *who, void (*be)(const struct stopped *who))
{
	who->out = memfd_create(who->name, MFD_CLOEXEC);
	who->pid = fork();
	if (!who->pid)
		be(who);
	return who->pid;
}

static char *text_of(const struct stopped *who)
{
	return cw_read(cw_format("/proc/self/fd/%d", who->out));
}

/* Has it read much, and sleeps now? */
static bool is_waiting(const struct stopped *who)
{
	char *stat = cw_read(cw_format("/proc/%d/stat", who->pid));

	return lseek(who->out, 0, SEEK_CUR) > 10000 && stat && strrchr(stat, ')')[2] == 'S';
}

/* What all CPUs together told a reader and told it as lost */
static unsigned long total(const struct tally *tally)
{
	unsigned long sum = 0;
	int i;

	for (i = 0; i < CPUS; i++)
		sum += tally[i].lines + tally[i].lost;
	return sum;
}

/* Was it told of everything there was? */
static bool has_all(const struct stopped *who)
{
	struct tally tally[CPUS];

	return !check(text_of(who), tally) &&
	       total(tally) == (unsigned long)cw_stat("written");
}

/* Is each line whole? */
static bool well_formed(char *text)
{
	char *end;

	for (; *text; text = end + 1) {
		end = strchr(text, '\n');
		if (!end)
			return false;
		*end = 0;
		if (!strcmp(cw_keys(text), "<malformed>"))
			return false;
	}
	return true;
}

/* The module is asked to go; -EAGAIN: it is in use */
static int ask_to_go(void)
{
	return syscall(SYS_delete_module, "crashwatch", O_NONBLOCK) ? -errno : 0;
}

/* L-02, L-04: they hold up nobody and keep the module; then they get what there is left for them */
TEST_F_TIMEOUT(readers, L_02_whoever_stops_in_the_middle_of_a_file_holds_up_nothing, 300)
{
	enum { EVENTS, INCIDENTS, PIPE, RAW, TASKS, WAITING, COUNT };
	struct stopped who[COUNT] = {
		[EVENTS] = { "events", 4096 },
		[INCIDENTS] = { "incidents", 1024 },
		[PIPE] = { "events_pipe", 4096 },
		[RAW] = { "events_raw", 65536 },
		[TASKS] = { "tasks", 512 },
		[WAITING] = { "events_pipe", 4096 },
	};
	struct tally before[CPUS], tally[CPUS];
	int i, status, crashes = 20;
	long long written, records;
	const char *wrong;

	ASSERT_EQ(0, load("ring_kb=128"));
	for (i = 0; i < crashes; i++)
		CW_RUN(&status, cw_tiny(), "segv");
	cw_some(200);
	EXPECT_EQ(NULL, check(cw_read("events"), before));
	for (i = 0; i < COUNT; i++)
		ASSERT_LT(0, start(&who[i], i == WAITING ? be_waiting : be_stopped));
	for (i = 0; i < WAITING; i++) {
		ASSERT_EQ(who[i].pid, waitpid(who[i].pid, &status, WUNTRACED));
		ASSERT_TRUE(WIFSTOPPED(status))
		TH_LOG("%s: status 0x%x", who[i].name, status);
	}
	EXPECT_TRUE(CW_WAIT(is_waiting(&who[WAITING]), 20));
	ASSERT_EQ(0, kill(who[WAITING].pid, SIGSTOP));
	ASSERT_EQ(who[WAITING].pid, waitpid(who[WAITING].pid, &status, WUNTRACED));

	/* The rings wrap, and nobody is held up */
	written = cw_stat("written");
	records = 0;
	for (i = 0; i < 5; i++) {
		EXPECT_EQ(-EAGAIN, ask_to_go());
		cw_some(200);
		records += 2 * 200;
		EXPECT_EQ(written + records, cw_stat("written"));
		CW_EXPECT_NOTHING_WRONG(cw_check_file("events"));
	}
	EXPECT_LT(written, cw_stat("overwritten"));
	EXPECT_EQ(0, cw_stat("dropped"));

	for (i = 0; i < COUNT; i++)
		ASSERT_EQ(0, kill(who[i].pid, SIGCONT));
	for (i = 0; i < WAITING; i++) {
		status = cw_reap(who[i].pid);
		EXPECT_EQ(0, status)
		TH_LOG("%s: status 0x%x", who[i].name, status);
	}
	/*
	 * What was there when it began, told or told as lost; of incidents nothing was lost. A gap
	 * in the sequence is no loss here: it may be an event in the other ring, or too new.
	 */
	wrong = check(text_of(&who[EVENTS]), tally);
	EXPECT_TRUE(!wrong || !strncmp(wrong, "CPU ", 4))
	TH_LOG("%s", wrong);
	EXPECT_EQ(total(before), total(tally));
	wrong = check(text_of(&who[INCIDENTS]), tally);
	EXPECT_TRUE(!wrong || !strncmp(wrong, "CPU ", 4))
	TH_LOG("%s", wrong);
	EXPECT_EQ((unsigned long)crashes, total(tally));
	/* All that there was from beginning to end, these readers' own ends among it */
	wrong = check(text_of(&who[PIPE]), tally);
	EXPECT_EQ(NULL, wrong)
	TH_LOG("%s", wrong);
	EXPECT_LE((unsigned long)(written + records), total(tally));
	EXPECT_TRUE(CW_WAIT(has_all(&who[WAITING]), 20));
	EXPECT_TRUE(well_formed(text_of(&who[TASKS])));
	EXPECT_NE(NULL, strstr(text_of(&who[TASKS]), "\"readers\""));
	EXPECT_LT(65536, lseek(who[RAW].out, 0, SEEK_CUR));

	/* One that ends where it was stopped lets go of the module too */
	kill(who[WAITING].pid, SIGSTOP);
	EXPECT_EQ(-EAGAIN, ask_to_go());
	kill(who[WAITING].pid, SIGKILL);
	cw_reap(who[WAITING].pid);
	EXPECT_EQ(0, cw_unload());
}

/* Memory that is not there until somebody says what is in it; the descriptor says where it lacks */
static char *memory_that_waits(size_t bytes, int *fd)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register where = {
		.range.len = bytes,
		.mode = UFFDIO_REGISTER_MODE_MISSING,
	};
	char *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	*fd = syscall(SYS_userfaultfd, O_CLOEXEC);
	where.range.start = (unsigned long)at;
	if (*fd < 0 || at == MAP_FAILED || ioctl(*fd, UFFDIO_API, &api) ||
	    ioctl(*fd, UFFDIO_REGISTER, &where))
		return NULL;
	return at;
}

struct asleep {
	const char *name;
	char *buf;
	ssize_t n;
};

static void *read_asleep(void *data)
{
	struct asleep *who = data;
	int fd = open_file(who->name, O_NONBLOCK);

	who->n = read(fd, who->buf, 65535);
	close(fd);
	return NULL;
}

/* L-02: a read() that sleeps half-way, since its own memory is slow, holds up nobody either */
TEST_F_TIMEOUT(readers, L_02_whoever_sleeps_in_the_middle_of_a_read_holds_up_nothing, 300)
{
	static const char *const name[] = {
		"events", "incidents", "events_pipe", "events_raw", "tasks", "probes", "stats",
	};
	struct uffdio_zeropage zero;
	struct tally tally[CPUS];
	struct uffd_msg message;
	struct asleep who;
	long long written;
	pthread_t thread;
	const char *wrong;
	size_t i, at;
	int fd;

	ASSERT_EQ(0, load("ring_kb=128"));
	for (i = 0; i < sizeof(name) / sizeof(name[0]); i++) {
		who.name = name[i];
		who.buf = memory_that_waits(65536, &fd);
		if (!who.buf)
			SKIP(return, "no userfaultfd: %s", strerror(errno));
		cw_some(100);
		ASSERT_EQ(0, pthread_create(&thread, NULL, read_asleep, &who));
		ASSERT_EQ((ssize_t)sizeof(message), read(fd, &message, sizeof(message)));
		written = cw_stat("written");
		cw_some(200);
		EXPECT_EQ(written + 2 * 200, cw_stat("written"));
		CW_EXPECT_NOTHING_WRONG(cw_check_file("events"));
		EXPECT_EQ(-EAGAIN, ask_to_go());
		for (at = 0; at < 65536; at += 4096) {
			zero.range.start = (unsigned long)who.buf + at;
			zero.range.len = 4096;
			zero.mode = 0;
			EXPECT_EQ(0, ioctl(fd, UFFDIO_ZEROPAGE, &zero));
		}
		ASSERT_EQ(0, pthread_join(thread, NULL));
		EXPECT_LT(0, who.n)
		TH_LOG("%s", who.name);
		if (strncmp(who.name, "events", 6) || !strcmp(who.name, "events_raw"))
			continue;
		who.buf[who.n] = 0;
		*(strrchr(who.buf, '\n') + 1) = 0;
		wrong = check(who.buf, tally);
		EXPECT_EQ(NULL, wrong)
		TH_LOG("%s: %s", who.name, wrong);
	}
	EXPECT_EQ(0, cw_stat("dropped"));
}

TEST_HARNESS_MAIN
