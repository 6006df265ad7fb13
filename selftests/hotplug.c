// SPDX-License-Identifier: GPL-2.0
/* Processors that come and go: nothing they recorded is lost, and they go on (L-01, L-04) */
#include "cw_test.h"
#include <signal.h>
#include <sys/mman.h>

#define CPU1 "/sys/devices/system/cpu/cpu1/online"

FIXTURE(hotplug)
{
	struct cw_room room;
};

FIXTURE_SETUP(hotplug)
{
	if (access(CPU1, W_OK))
		SKIP(return, "no second processor that could be taken away");
	ASSERT_TRUE(cw_enter(&self->room));
	cw_tiny();
}

FIXTURE_TEARDOWN(hotplug)
{
	cw_write(CPU1, "1");
	CW_EXPECT_NOTHING_WRONG(cw_leave(&self->room));
}

/* Programs that come and go on whatever processor there is, until they are stopped */
static pid_t storm_begin(void)
{
	pid_t pid = fork();
	int status;

	if (pid)
		return pid;
	setpgid(0, 0);
	fork();
	fork();
	for (;;)
		CW_RUN(&status, cw_tiny());
}

/* Of all CPUs, or the one that @what names, each record that was written is accounted for */
#define EXPECT_ACCOUNTED(what) do { \
	const char *what_ = (what); \
	EXPECT_EQ(cw_stat(cw_format("%swritten", what_)), \
		  cw_stat(cw_format("%sreadable", what_)) + \
		  cw_stat(cw_format("%soverwritten", what_)) + \
		  cw_stat(cw_format("%sdropped", what_))); \
} while (0)

/* L-01: what it has recorded stays, and its sequence goes on without a gap */
TEST_F(hotplug, L_01_a_processor_that_comes_back_goes_on_where_it_was)
{
	struct cw_lines lines;
	size_t i, of_it = 0;
	int n;

	ASSERT_EQ(0, cw_load(""));
	cw_pin(1);
	cw_some(10);
	cw_pin(0);
	ASSERT_EQ(20, cw_stat("cpu1_written"));
	ASSERT_EQ(0, cw_write(CPU1, "0"));
	cw_some(10);
	EXPECT_EQ(20, cw_stat("cpu1_written"));
	EXPECT_EQ(20, cw_stat("cpu1_readable"));
	EXPECT_EQ(40U, cw_lines("events").count);
	ASSERT_EQ(0, cw_write(CPU1, "1"));
	cw_pin(1);
	cw_some(5);
	cw_pin(0);
	lines = cw_lines("events");
	for (i = 0; i < lines.count; i++) {
		unsigned int cpu;
		size_t seq;

		n = sscanf(lines.line[i], "[%*[^]]] #%u.%zu ", &cpu, &seq);
		ASSERT_EQ(2, n);
		if (cpu == 1)
			EXPECT_EQ(++of_it, seq);
	}
	EXPECT_EQ(30U, of_it);
	EXPECT_EQ(0, cw_stat("dropped"));
}

/* L-01: it gets its rings before it runs anything; who follows already sees its records */
TEST_F(hotplug, L_01_a_processor_that_was_away_at_the_load_is_recorded_too)
{
	char buf[65536];
	ssize_t n;
	int fd;

	ASSERT_EQ(0, cw_write(CPU1, "0"));
	ASSERT_EQ(0, cw_load(""));
	EXPECT_EQ(-1, cw_stat("cpu1_written"));
	fd = open(CW_DEBUGFS "events_pipe", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	ASSERT_LT(0, read(fd, buf, sizeof(buf)));
	ASSERT_EQ(0, cw_write(CPU1, "1"));
	cw_pin(1);
	cw_some(5);
	cw_pin(0);
	EXPECT_EQ(10, cw_stat("cpu1_written"));
	EXPECT_EQ(0, cw_stat("dropped_no_ring"));
	n = read(fd, buf, sizeof(buf) - 1);
	ASSERT_LT(0, n);
	buf[n] = 0;
	EXPECT_NE(NULL, strstr(buf, "] #1.1 exec "));
	EXPECT_NE(NULL, strstr(buf, "] #1.10 exit "));
	close(fd);
}

/* Read events_pipe until killed; what was told and what was told as lost, in @sum */
static void follow(long long *sum)
{
	FILE *file = fopen(CW_DEBUGFS "events_pipe", "re");
	char *line = NULL, *lost;
	size_t room = 0;

	if (!file)
		_exit(1);
	while (getline(&line, &room, file) > 0) {
		lost = strstr(line, "] lost cpu=") ? strstr(line, " count=") : NULL;
		if (lost)
			*sum += strtoll(lost + 7, NULL, 10);
		else if (*line == '[')
			++*sum;
	}
	_exit(2);
}

/* L-01, L-04: under load, with somebody following; and a module that is away may be unloaded */
TEST_F_TIMEOUT(hotplug, L_01_all_is_accounted_for_while_a_processor_comes_and_goes, 300)
{
	int rounds = cw_number("CW_ROUNDS", 5, 2), round;
	long long *sum = mmap(NULL, sizeof(*sum), PROT_READ | PROT_WRITE,
			      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	long long written;
	pid_t pid, reader;

	ASSERT_NE(MAP_FAILED, (void *)sum);
	ASSERT_EQ(0, cw_load("ring_kb=128"));
	reader = fork();
	if (!reader)
		follow(sum);
	pid = storm_begin();
	for (round = 0; round < rounds; round++) {
		ASSERT_EQ(0, cw_write(CPU1, "0"));
		written = cw_stat("written");
		EXPECT_TRUE(CW_WAIT(cw_stat("written") > written + 20, 30));
		ASSERT_EQ(0, cw_write(CPU1, "1"));
		written = cw_stat("cpu1_written");
		EXPECT_TRUE(CW_WAIT(cw_stat("cpu1_written") > written + 20, 30));
		CW_EXPECT_NOTHING_WRONG(cw_check_file("events"));
	}
	cw_storm_end(pid);
	EXPECT_ACCOUNTED("");
	EXPECT_ACCOUNTED("cpu0_");
	EXPECT_ACCOUNTED("cpu1_");
	EXPECT_EQ(0, cw_stat("dropped"));
	EXPECT_EQ(0, cw_stat("dropped_no_ring"));
	EXPECT_TRUE(CW_WAIT(__atomic_load_n(sum, __ATOMIC_RELAXED) >= cw_stat("written"), 30));
	EXPECT_EQ(cw_stat("written"), *sum);
	kill(reader, SIGKILL);
	cw_reap(reader);
	ASSERT_EQ(0, cw_write(CPU1, "0"));
	EXPECT_EQ(0, cw_unload());
}

TEST_HARNESS_MAIN
