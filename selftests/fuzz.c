// SPDX-License-Identifier: GPL-2.0
/*
 * Whatever hostile programs do, every record is whole, has nothing of anybody else, and is
 * accounted for (L-01). A round loads the module with parameters of its own, lets hostile.c do
 * what it likes, and holds the records against what that says it did.
 *
 * CW_FUZZ_SEED=N begins with round N, CW_FUZZ_ROUNDS is how many there are.
 */
#include "cw_test.h"
#include "../module/abi/crashwatch.h"
#include "hostile.h"
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>

#define CPUS 64
#define WORKERS 3
#define SOME 150000	/* bytes */
#define DEEP 15		/* directories with names of 250 bytes are nearly PATH_MAX */
#define CGROUP "/sys/fs/cgroup/fuzz"

CW_FIXTURE(fuzz)

static struct hostile *h;

/* What a follower has seen of each processor so far */
struct tally {
	unsigned long records[CPUS], lost[CPUS];
};

/* === Tokens === */

/* Step to the next token. 1: *run is its run, or 0 if it is of another round; 0: none; -1: torn */
static int next_token(const char **at, const char *end, uint32_t *run)
{
	char whole[TOKEN_BYTES];
	uint32_t token = 0;
	int i;

	*at = memchr(*at, TOKEN_MARK, end - *at);
	if (!*at)
		return 0;
	for (i = 1; i < TOKEN_BYTES - 1 && *at + i < end; i++) {
		const char *digit = memchr(hostile_digits, (*at)[i], 32);

		if (!digit)
			break;
		token = token << 5 | (digit - hostile_digits);
	}
	hostile_token(whole, token);
	if (*at + TOKEN_BYTES > end || memcmp(whole, *at, TOKEN_BYTES)) {
		++*at;
		return -1;
	}
	*at += TOKEN_BYTES;
	*run = (token - h->first) % TOKENS;
	if (*run > h->runs)
		*run = 0;
	return 1;
}

/* May @process tell of this run? It may of its ancestors' and of its own. */
static bool is_of(uint32_t run, uint32_t process)
{
	uint32_t of = h->run[run].process;

	while (process && process != of)
		process = h->process[process].parent;
	return process;
}

/* A process that is not known may tell of anybody who is. What is wrong, or NULL. */
static const char *check_tokens(const char *at, size_t len, int pid, bool torn)
{
	uint32_t process = pid > 0 && pid < HOSTILE_PIDS ? h->by_pid[pid] : 0, run;
	const char *end = at + len;
	int found;

	while ((found = next_token(&at, end, &run))) {
		if (found < 0 && torn)
			continue;
		if (found < 0)
			return cw_format("half a token at \"%.20s\"", at - 1);
		if (!run)
			return cw_format("a token of another round: %.6s", at - TOKEN_BYTES);
		if (process && !is_of(run, process))
			return cw_format("process %u has a token of process %u, run %u", process,
					 h->run[run].process, run);
	}
	return NULL;
}

/* === Text === */

static const char *check_line(const char *line)
{
	const char *pid = strstr(line, "pid="), *at = cw_keys_of(line), *key, *value;
	size_t key_len, len;

	while (cw_next_key(&at, &key, &key_len, &value, &len))
		;
	if (!at)
		return "malformed";
	if (strstr(line, "%0000!"))
		return "a piece of the environment";
	/* A name may be changed while it is read: what is left of tokens is for check_entry() */
	return check_tokens(line, strlen(line), pid ? atoi(pid + 4) : 0, true);
}

/* Its lines are taken apart and put together again */
static const char *check_text(char *text)
{
	char *end, *line;
	const char *wrong;

	for (line = text; *line; line = end + 1) {
		end = strchr(line, '\n');
		if (!end)
			return cw_format("not ended: %.200s", line);
		*end = 0;
		wrong = *line == '#' ? NULL : check_line(line);
		if (wrong)
			return cw_format("%s: %s", wrong, line);
		*end = '\n';
	}
	return NULL;
}

/* === Binary records === */

struct key {
	const char *name;
	enum { NUM, INT, HEX, SIGNAME, ERRNAME, STR, LIST, DOMAIN, TREE } kind;
};

#define CW_EVENT(id, number, name, text, ring, when) static const struct key name##_keys[] = {
#define CW_FIELD(id, kind, key, what) { #key, kind },
#define CW_END(id, name) };
#include "../module/abi/events.def"

static const struct type {
	int number;
	unsigned int keys;
	const struct key *key;
} types[] = {
#define CW_EVENT(id, number, name, text, ring, when) { number, CW_##id##_KEYS, name##_keys },
#include "../module/abi/events.def"
};

static const struct type *type_of(int number)
{
	size_t i;

	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (types[i].number == number)
			return &types[i];
	return NULL;
}

/* What hostile.c's agenda has to bring about in each round */
enum sight { HUGE_ARGV, DEEP_FILE, GONE_EXE, QUOTED_COMM, NEWLINE, ESCAPE, NOT_UTF8, SIGHTS };

static const char *const sight_names[] = {
	"two megabytes of arguments",
	"a path of nearly four kilobytes",
	"a program that is gone",
	"a name with quotes",
	"a newline",
	"an ESC",
	"a byte that is no UTF-8",
};

/* What a round's records tell, by run and by pid */
struct told {
	bool seen[SIGHTS];	/* in a record of an exec */
	unsigned int execs[HOSTILE_RUNS];
	unsigned int deaths[HOSTILE_PIDS];
	int status[HOSTILE_PIDS];
	unsigned long lost;
};

/* A record while it is looked at */
struct view {
	const struct cw_entry *entry;
	const struct cw_record *rec;
	const __u64 *slot;
	const char *tail;
	const struct type *type;
	int pid;
};

/* The value of a number, or -1; a string, or NULL */
static long long num_of(const struct view *view, const char *name)
{
	unsigned int i;

	for (i = 0; i < view->type->keys; i++)
		if (!strcmp(view->type->key[i].name, name))
			return view->rec->has >> i & 1 ? (long long)view->slot[i] : -1;
	return -1;
}

static const char *str_of(const struct view *view, const char *name, size_t *len, bool *cut)
{
	struct cw_str str;
	unsigned int i;

	for (i = 0; i < view->type->keys; i++) {
		if (strcmp(view->type->key[i].name, name) || !(view->rec->has >> i & 1))
			continue;
		memcpy(&str, &view->slot[i], sizeof(str));
		*len = str.len;
		*cut = view->rec->cut >> i & 1;
		return view->tail + str.off;
	}
	*len = 0;
	return NULL;
}

/* Where a string was cut, and at 15 bytes of a name, a token may be */
static bool may_be_torn(const struct view *view, unsigned int key, size_t len)
{
	return view->rec->cut >> key & 1 || (view->type->key[key].kind == STR && len == 15) ||
	       view->type->key[key].kind == TREE || num_of(view, "argv_fault") == 1;
}

/* A level of a tree: what is behind the end of a name was never part of it */
static const char *check_tree(const struct view *view, const char *s, size_t len)
{
	struct cw_tree_node node;
	const char *wrong, *rest;

	if (len % sizeof(node))
		return "a tree of no whole levels";
	for (; len; s += sizeof(node), len -= sizeof(node)) {
		memcpy(&node, s, sizeof(node));
		rest = node.comm + strnlen(node.comm, sizeof(node.comm));
		for (; rest < node.comm + sizeof(node.comm); rest++)
			if (*rest)
				return "something behind a name in the tree";
		wrong = check_tokens(node.comm, sizeof(node.comm), view->pid, true);
		if (wrong)
			return wrong;
	}
	return NULL;
}

/* It begins with the name of a process, of which there are 15 bytes */
static const char *check_domain(const struct view *view, const char *s, const char *end,
				unsigned int key)
{
	const char *blank = memchr(s, ' ', end - s) ?: end;
	const char *wrong = check_tokens(s, blank - s, view->pid, true);

	return wrong ?: check_tokens(blank, end - blank, view->pid, may_be_torn(view, key, 0));
}

static const char *check_string(const struct view *view, unsigned int key, char *claimed)
{
	const struct key *info = &view->type->key[key];
	const struct cw_str *str = (const void *)&view->slot[key];
	const char *s = view->tail + str->off;

	if (str->off > view->rec->tail || str->len > view->rec->tail - str->off)
		return "outside of the record";
	memset(claimed + str->off, 1, str->len);
	if (info->kind == TREE)
		return check_tree(view, s, str->len);
	if (info->kind == STR && memchr(s, 0, str->len))
		return "a NUL in it";
	if (info->kind == LIST && str->len && s[str->len - 1] && !may_be_torn(view, key, 0))
		return "the end of the list is missing";
	if (info->kind == DOMAIN && str->len < sizeof(struct cw_domain_tail))
		return "no domain";
	if (info->kind == DOMAIN)
		return check_domain(view, s + sizeof(struct cw_domain_tail), s + str->len, key);
	return check_tokens(s, str->len, view->pid, may_be_torn(view, key, str->len));
}

/* Everything about it that is only its own business */
static const char *check_shape(struct view *view)
{
	const struct cw_entry *entry = view->entry;
	const struct cw_record *rec = (const void *)(entry + 1);
	size_t fixed = sizeof(*entry) + sizeof(*rec), bytes, at;
	static char claimed[1 << 20];
	const char *wrong;
	unsigned int i;

	view->rec = rec;
	view->type = type_of(rec->type);
	if (!view->type)
		return cw_format("type %u", rec->type);
	view->slot = (const void *)(rec + 1);
	view->tail = (const char *)(view->slot + rec->fields);
	bytes = fixed + 8 * rec->fields + rec->tail;
	if (rec->fields != view->type->keys)
		return cw_format("%u keys", rec->fields);
	if (entry->len != (bytes + 7) / 8 * 8 || entry->reserved || entry->flags)
		return "its head is wrong";
	if (rec->fields < 64 && rec->has >> rec->fields)
		return "it has keys that there are not";
	if (rec->cut & ~rec->has)
		return "a key is cut that it has not";
	for (at = bytes; at < entry->len; at++)
		if (((const char *)entry)[at])
			return "something behind its end";
	view->pid = num_of(view, "pid");
	memset(claimed, 0, rec->tail);
	for (i = 0; i < rec->fields; i++) {
		if (!(rec->has >> i & 1)) {
			if (view->slot[i])
				return cw_format("%s is unknown and set",
						 view->type->key[i].name);
			continue;
		}
		if (view->type->key[i].kind < STR && rec->cut >> i & 1)
			return cw_format("%s is a number and cut", view->type->key[i].name);
		wrong = view->type->key[i].kind < STR ? NULL : check_string(view, i, claimed);
		if (wrong)
			return cw_format("%s: %s", view->type->key[i].name, wrong);
	}
	if (rec->tail && memchr(claimed, 0, rec->tail))
		return "bytes that belong to no key";
	return NULL;
}

/* Arguments are all of one run, and as that has made them */
static const char *check_argv(const struct view *view)
{
	const char *s, *at, *end;
	uint32_t run = 0, want, found;
	bool cut = false;
	size_t len;
	int ret;

	s = str_of(view, "argv", &len, &cut);
	for (at = s, end = s + len; s && (ret = next_token(&at, end, &found));) {
		if (ret > 0 && run && found != run)
			return cw_format("arguments of the runs %u and %u", run, found);
		run = ret > 0 ? found : run;
	}
	if (!run || !h->run[run].tell || view->rec->type == CW_EXEC_FAILED)
		return NULL;
	want = h->run[run].bytes;
	if (len != (want < h->argv_bytes ? want : h->argv_bytes) ||
	    hostile_hash(s, len) != h->run[run].hash)
		return cw_format("not the arguments of run %u: %zu bytes of %u", run, len, want);
	if (cut ? len == want : len < want)
		return "arguments are not cut as they were";
	if (cut && view->rec->type != CW_REBOOT && num_of(view, "argv_bytes") != want)
		return "not told how many arguments there were";
	return NULL;
}

/* The run that an exec is of: the newest of its process that its strings name */
static uint32_t run_of(const struct view *view)
{
	static const char *const keys[] = { "argv", "exe", "file" };
	uint32_t process = h->by_pid[view->pid], newest = 0, run;
	size_t i, len;
	bool cut;

	for (i = 0; i < 3; i++) {
		const char *s = str_of(view, keys[i], &len, &cut), *at = s;
		int ret;

		while (s && (ret = next_token(&at, s + len, &run)))
			if (ret > 0 && run > newest && (!process || h->run[run].process == process))
				newest = run;
	}
	return newest;
}

static bool has_byte(const struct view *view, const char *key, char byte)
{
	size_t len;
	bool cut;
	const char *s = str_of(view, key, &len, &cut);

	return s && memchr(s, byte, len);
}

static void see(const struct view *view, struct told *told)
{
	size_t len;
	bool cut;
	const char *exe;

	told->seen[HUGE_ARGV] |= num_of(view, "argv_bytes") >= 2 << 20;
	str_of(view, "file", &len, &cut);
	told->seen[DEEP_FILE] |= len >= 3700;
	exe = str_of(view, "exe", &len, &cut);
	told->seen[GONE_EXE] |= exe && memmem(exe, len, " (deleted)", 10);
	told->seen[QUOTED_COMM] |= has_byte(view, "comm", '"') && has_byte(view, "comm", '\\');
	told->seen[NEWLINE] |= has_byte(view, "comm", '\n') && has_byte(view, "argv", '\n');
	told->seen[ESCAPE] |= has_byte(view, "file", '\x1b') && has_byte(view, "argv", '\x1b');
	told->seen[NOT_UTF8] |= has_byte(view, "file", '\xff') && has_byte(view, "argv", '\xc0');
}

static const char *check_entry(const struct cw_entry *entry, struct told *told)
{
	struct view view = { .entry = entry };
	const char *wrong = check_shape(&view);

	if (!wrong)
		wrong = check_argv(&view);
	if (wrong)
		return wrong;
	told->lost += entry->lost;
	if (view.pid <= 0 || view.pid >= HOSTILE_PIDS)
		return NULL;
	switch (view.rec->type) {
	case CW_EXEC:
		see(&view, told);
		told->execs[run_of(&view)]++;
		break;
	case CW_EXIT:
	case CW_CRASH:
	case CW_KILLED:
		told->deaths[view.pid]++;
		told->status[view.pid] = view.rec->type == CW_EXIT ?
						 num_of(&view, "code") << 8 :
						 num_of(&view, "sig");
	}
	return NULL;
}

/* @text: the same records, to show what is wrong */
static const char *check_raw(const char *data, size_t bytes, const char *text, struct told *told)
{
	size_t at = ((const struct cw_block *)data)->bytes;
	static __u64 seq[CPUS];
	__u64 time = 0;

	memset(seq, 0, sizeof(seq));
	while (at < bytes) {
		const struct cw_entry *entry = (const void *)(data + at);
		const char *wrong = NULL, *line;

		if (at + sizeof(*entry) > bytes || entry->len < sizeof(*entry) ||
		    entry->len > bytes - at || entry->cpu >= CPUS)
			return cw_format("entry at %zu of %zu is none", at, bytes);
		if (entry->time_ns < time)
			wrong = "time goes back";
		if (entry->seq && entry->seq <= seq[entry->cpu])
			wrong = "the sequence goes back";
		time = entry->time_ns;
		seq[entry->cpu] = entry->seq ?: seq[entry->cpu];
		if (!wrong)
			wrong = check_entry(entry, told);
		if (wrong) {
			line = strstr(text, cw_format("] #%u.%llu ", entry->cpu, entry->seq));
			return cw_format("%s: #%u.%llu%.*s", wrong, entry->cpu, entry->seq,
					 line ? (int)strcspn(line, "\n") : 0, line ?: "");
		}
		at += entry->len;
	}
	return NULL;
}

/* The records in which the token of @run stands, or that tell of @pid */
static char *lines_of(const char *text, uint32_t run, int pid)
{
	char token[TOKEN_BYTES], *found = strdup(""), *key = cw_format(" pid=%d ", pid);
	const char *end;

	hostile_token(token, (h->first + run) % TOKENS);
	for (; (end = strchr(text, '\n')); text = end + 1)
		if (memmem(text, end - text, token, TOKEN_BYTES) ||
		    memmem(text, end - text, key, strlen(key)))
			found = cw_format("%s%.*s\n", found, (int)(end - text), text);
	return found;
}

/* What has happened and was not told, or not once, or not as it was; nothing was lost */
static const char *check_told(const struct told *told, const char *text, int *execs,
			      int *deaths)
{
	uint32_t i;

	*execs = 0;
	*deaths = 0;
	for (i = 1; i <= h->runs; i++) {
		*execs += h->run[i].executed;
		if (told->execs[i] > 1 || (!told->execs[i] && h->run[i].executed))
			return cw_format("run %u has %u records of its exec:\n%s", i,
					 told->execs[i], lines_of(text, i, 0));
	}
	for (i = 1; i <= h->processes; i++) {
		int pid = h->process[i].pid, status = h->process[i].status & ~0x80;

		if (!h->process[i].ended || h->process[i].restarts || !pid)
			continue;
		++*deaths;
		if (told->deaths[pid] != 1)
			return cw_format("process %u has %u records of its death, 0x%x:\n%s", i,
					 told->deaths[pid], status, lines_of(text, 0, pid));
		if (told->status[pid] != status)
			return cw_format("process %u died of 0x%x, told 0x%x:\n%s", i, status,
					 told->status[pid], lines_of(text, 0, pid));
	}
	return NULL;
}

/* === Readers === */

static void count_text(char *text, size_t len, struct tally *tally)
{
	char *end;

	text[len] = 0;
	for (; (end = strchr(text, '\n')); text = end + 1) {
		unsigned int cpu;
		char *count;

		*end = 0;
		if (sscanf(text, "[%*[^]]] #%u.", &cpu) == 1 && cpu < CPUS) {
			tally->records[cpu]++;
		} else if (sscanf(text, "[%*[^]]] lost cpu=%u", &cpu) == 1 && cpu < CPUS) {
			count = strstr(text, " count=");
			tally->lost[cpu] += strtoul(count + 7, NULL, 10);
		}
		*end = '\n';
	}
}

/* Follow a file for ever, into @to; text is counted */
static pid_t follow(const char *name, const char *to, struct tally *tally)
{
	pid_t pid = fork();
	size_t len = 0, size = 1 << 20;
	struct pollfd poll_fd;
	char *buf;
	ssize_t n;
	int out;

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	buf = malloc(size + 1);
	poll_fd.fd = open(cw_format(CW_DEBUGFS "%s", name), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	poll_fd.events = POLLIN;
	out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	for (;;) {
		n = read(poll_fd.fd, buf + len, size - len);
		if (n < 0 && errno == EAGAIN) {
			poll(&poll_fd, 1, -1);
			continue;
		}
		if (n <= 0 || write(out, buf + len, n) != n)
			_exit(1);
		/* Of a line that did not fit the rest comes next */
		len += n;
		if (tally && buf[len - 1] != '\n' && len < size)
			continue;
		if (tally)
			count_text(buf, len, tally);
		len = 0;
	}
}

/* Look at everything again and again. The first thing that is wrong is left in @to. */
static pid_t look(const char *to)
{
	static const char *const files[] = { "events", "incidents", "tasks", "probes" };
	pid_t pid = fork();
	const char *wrong;
	char *text;
	int i;

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (i = 0;; i++) {
		text = cw_read(files[i % 4]);
		wrong = text ? check_text(text) : "cannot be read";
		if (wrong) {
			cw_write(to, cw_format("%s: %s", files[i % 4], wrong));
			_exit(1);
		}
		free(text);
		cw_sleep_ms(50);
	}
}

/* === A round === */

static uint64_t state;

static uint32_t rnd(uint32_t below)
{
	return (hostile_random(&state) >> 32) % below;
}

#define PICK(...) ({ \
	static const int of[] = { __VA_ARGS__ }; \
	of[rnd(sizeof(of) / sizeof(of[0]))]; \
})

/* The directories that the way to a very long path leads through, made anew */
static void make_deep(void)
{
	char *name = cw_format("%0*d", 250, 0);
	int here = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), i;

	if (mkdir("deep", 0755) || chdir("deep"))
		return;
	for (i = 0; i < DEEP; i++)
		if (mkdir(name, 0755) || symlink(name, "d") || chdir(name))
			break;
	i = fchdir(here);
	close(here);
}

static void remove_cgroups(void)
{
	int status;

	CW_RUN(&status, "/usr/bin/find", CGROUP, "-depth", "-type", "d", "-delete");
}

/* Let a hostile program run; @depth: how many were before it, or AGENDA. Its status. */
static int run_hostile(int shared, const char *dir, uint64_t seed, int depth)
{
	char *const argv[] = { "worker", NULL };
	uint32_t made = __atomic_add_fetch(&h->processes, 1, __ATOMIC_SEQ_CST);
	uint32_t run = __atomic_add_fetch(&h->runs, 1, __ATOMIC_SEQ_CST);
	char *const env[] = { cw_format("HOSTILE=%d %u %llu %d %s", shared, run,
					(unsigned long long)seed, depth, dir),
			      NULL };
	int status;
	pid_t pid;

	h->run[run].process = made;
	pid = fork();
	if (!pid) {
		h->by_pid[getpid()] = made;
		h->process[made].pid = getpid();
		execve(cw_format("%s/hostile", dir), argv, env);
		_exit(200);
	}
	status = cw_reap(pid);
	h->process[made].status = status;
	h->process[made].ended = true;
	/* There is nothing to be told from a run that has no token in its strings */
	h->run[run].executed = false;
	return status;
}

static void worker(int shared, const char *dir, uint64_t seed)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (h->runs < h->budget)
		run_hostile(shared, dir, hostile_random(&seed), 0);
	_exit(0);
}

/*
 * Wait for whoever belongs to this process group; false if that takes too long. Some wait for
 * others who were killed: they are killed, too.
 */
static bool all_gone(pid_t group)
{
	double start = cw_now(), last = start;
	uint32_t process;
	int status;
	pid_t pid;

	while ((pid = waitpid(-group, &status, WNOHANG)) >= 0) {
		process = pid > 0 && pid < HOSTILE_PIDS ? h->by_pid[pid] : 0;
		if (process) {
			h->process[process].status = status;
			h->process[process].ended = true;
		}
		if (pid) {
			last = cw_now();
			continue;
		}
		if (cw_now() > start + 600)
			return false;
		cw_sleep_ms(10);
		if (cw_now() < last + 60)
			continue;
		kill(-group, SIGKILL);
		last = cw_now();
	}
	return true;
}

static long stat_of(int cpu, const char *name)
{
	return cw_stat(cw_format("cpu%d_%s", cpu, name));
}

/* L-01 as a follower sees it */
static bool all_seen(const struct tally *tally)
{
	int cpu;

	for (cpu = 0; cpu < sysconf(_SC_NPROCESSORS_ONLN); cpu++)
		if ((long)(tally->records[cpu] + tally->lost[cpu]) !=
		    stat_of(cpu, "written") - stat_of(cpu, "dropped"))
			return false;
	return true;
}

/* Is each record in the file of the follower of binary records, or has it told that it lost it? */
static bool all_kept(const char *file)
{
	const struct cw_entry *entry;
	const struct cw_record *rec;
	struct stat st;
	size_t at, end;
	char *data;
	long n = 0;

	/* In this order: the file grows, in the middle of an entry too */
	data = stat(file, &st) ? NULL : cw_read(file);
	end = st.st_size;
	if (!data || end < sizeof(struct cw_block))
		return false;
	for (at = ((const struct cw_block *)data)->bytes; at + sizeof(*entry) <= end;) {
		entry = (const void *)(data + at);
		if (entry->len < sizeof(*entry) || entry->len > end - at)
			break;
		at += entry->len;
		rec = (const void *)(entry + 1);
		n += rec->type == CW_LOST ? (long)((const __u64 *)(rec + 1))[CW_LOST_count] : 1;
	}
	free(data);
	return n >= cw_stat("written") - cw_stat("dropped");
}

/* L-01 as it is in the end, what can be read counted by reading */
static const char *check_sums(char *events)
{
	struct tally tally = { 0 };
	int cpu;

	count_text(events, strlen(events), &tally);
	for (cpu = 0; cpu < sysconf(_SC_NPROCESSORS_ONLN); cpu++) {
		if (stat_of(cpu, "written") != stat_of(cpu, "readable") +
						       stat_of(cpu, "overwritten") +
						       stat_of(cpu, "dropped"))
			return cw_format("the sum of CPU %d:\n%s", cpu, cw_read("stats"));
		if ((long)tally.records[cpu] != stat_of(cpu, "readable"))
			return cw_format("CPU %d: %ld readable, %lu lines", cpu,
					 stat_of(cpu, "readable"), tally.records[cpu]);
	}
	return NULL;
}

/* The longest line, and as many of the others as the parser can take its time for */
static void write_some(const char *name, const char *text)
{
	const char *at, *longest = "";
	size_t len, some = 0;
	char *to, *end;

	for (at = text; *at; at += strcspn(at, "\n") + 1)
		if (*at != '#' && strcspn(at, "\n") > strcspn(longest, "\n"))
			longest = at;
	to = malloc(SOME + strcspn(longest, "\n") + 2);
	for (at = text, end = to; *at; at += len) {
		len = strcspn(at, "\n") + 1;
		if (at != longest && (len > SOME / 16 || some + len > SOME))
			continue;
		some += at == longest ? 0 : len;
		end = mempcpy(end, at, len);
	}
	*end = 0;
	cw_write(name, to);
	free(to);
}

/* A file that the parser takes, of the lines of D/tasks, which have neither time nor sequence */
static char *as_records(const char *tasks)
{
	const char *end;
	char *text, *to;
	size_t lines = 1, len;
	int n;

	for (end = tasks; (end = strchr(end, '\n')); end++)
		lines++;
	text = malloc(strlen(tasks) + lines * 64 + 256);
	to = text + sprintf(text, "# crashwatch 1 boot_id=%032d clock=monotonic\n", 0);
	for (n = 1; *tasks; tasks += len + 1) {
		len = strcspn(tasks, "\n");
		to += sprintf(to, "[    0.000000000] #0.%d task %.*s\n", n++, (int)len, tasks);
	}
	return text;
}

/* The independent parser's opinion of these files */
static const char *parse(char *const files[])
{
	const char *tests = getenv("CRASHWATCH_TESTS") ?: cw_beside("", "..");
	char *argv[16] = { "/usr/bin/python3", cw_format("%s/strict_parse.py", tests),
			   "--type", "task" };
	int status, i;

	for (i = 0; files[i]; i++)
		argv[i + 4] = files[i];
	cw_run(argv, &status);
	return status ? cw_format("strict_parse.py ends with 0x%x", status) : NULL;
}

static void round_of(struct __test_metadata *_metadata, uint64_t seed)
{
	int shared = memfd_create("hostile", 0), execs = 0, deaths = 0, fail, i;
	struct told *told = calloc(1, sizeof(*told));
	char *dir = getcwd(NULL, 0), *raw_file = cw_format("%s/raw", dir);
	char *parameters, *text, *raw, *events;
	static uint32_t first;
	unsigned long records = 0, lost = 0;
	char *files[5] = { "text", "incidents", "tasks", "events", NULL };
	struct tally *tally;
	const char *wrong;
	pid_t reader[3], pid, group = 0;
	double start;
	struct stat st;

	state = seed;
	ASSERT_EQ(0, ftruncate(shared, sizeof(*h)));
	h = mmap(NULL, sizeof(*h), PROT_READ | PROT_WRITE, MAP_SHARED, shared, 0);
	ASSERT_NE(MAP_FAILED, h);
	tally = mmap(NULL, sizeof(*tally), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		     -1, 0);
	ASSERT_NE(MAP_FAILED, tally);
	h->first = first;
	h->budget = atoi(getenv("CW_FUZZ_RUNS") ?: "150");
	h->argv_bytes = PICK(64, 1000, 4096, 32768);
	parameters = cw_format("log_failed_exec=1 argv_bytes=%u", h->argv_bytes);
	/* One round in four, the first, can lose nothing: what happened is held against it */
	parameters = cw_format("%s ring_kb=%d", parameters, seed % 4 ? PICK(128, 512) : 4096);
	parameters = cw_format("%s incident_kb=%d", parameters, PICK(256, 1024));
	parameters = cw_format("%s tree_levels=%d", parameters, PICK(1, 4, 32, 64));
	fail = seed % 4 ? PICK(0, 0, 0, 0, 3, 20) : 0;
	parameters = cw_format("%s fail_alloc=%d", parameters, fail);
	parameters = cw_format("%s max_mem_kb=%d", parameters, PICK(65536, 65536, 1024, 256));
	TH_LOG("CW_FUZZ_SEED=%llu is this round: %s", (unsigned long long)seed, parameters);
	/* So that it is known even if the kernel does not survive it */
	cw_write("/dev/kmsg", cw_format("fuzz: CW_FUZZ_SEED=%llu", (unsigned long long)seed));
	ASSERT_EQ(0, cw_load(parameters));
	start = cw_now();
	mkdir(CGROUP, 0755);	/* where there are cgroups */
	reader[0] = follow("events_pipe", "text", tally);
	reader[1] = follow("events_raw", "raw", NULL);
	reader[2] = look("wrong");
	EXPECT_EQ(0, run_hostile(shared, dir, hostile_random(&state), AGENDA));
	EXPECT_TRUE(CW_WAIT(all_seen(tally) && all_kept(raw_file), 20));
	for (i = 0; i < WORKERS; i++) {
		uint64_t own = hostile_random(&state);

		pid = fork();
		group = group ?: pid;
		setpgid(pid, group);
		if (!pid)
			worker(shared, dir, own);
	}
	EXPECT_TRUE(all_gone(group));
	EXPECT_EQ(0, kill(reader[2], SIGKILL));
	cw_reap(reader[2]);
	EXPECT_NE(0, access("wrong", F_OK))
	TH_LOG("%s", cw_read(cw_format("%s/wrong", dir)));
	/* Whoever is killed while it writes has written a part */
	EXPECT_TRUE(CW_WAIT(all_seen(tally) && all_kept(raw_file), 20))
	TH_LOG("%s", cw_read("stats"));
	events = cw_read("events");
	CW_EXPECT_NOTHING_WRONG(check_sums(events));
	write_some("incidents", cw_read("incidents"));
	write_some("tasks", as_records(cw_read("tasks")));
	EXPECT_EQ(NULL, memmem(cw_read("tasks"), strlen(cw_read("tasks")), dir, strlen(dir)));
	for (i = 0; i < 2; i++) {
		EXPECT_EQ(0, kill(reader[i], SIGKILL));
		cw_reap(reader[i]);
	}
	for (i = 0; i < CPUS; i++) {
		records += tally->records[i];
		lost += tally->lost[i];
	}
	TH_LOG("%.1f s: %u runs, %lu records, %lu lost", cw_now() - start, h->runs, records, lost);

	text = cw_read(cw_format("%s/text", dir));
	raw = cw_read(raw_file);
	ASSERT_EQ(0, stat("raw", &st));
	wrong = check_text(text);
	wrong = wrong ?: check_raw(raw, st.st_size, text, told);
	/* Without memory there may be fewer keys */
	for (i = 0; i < SIGHTS && !wrong && !fail; i++) {
		EXPECT_TRUE(told->seen[i])
		TH_LOG("no record has %s", sight_names[i]);
	}
	if (!wrong && !lost)
		wrong = check_told(told, text, &execs, &deaths);
	write_some("events", events);
	write_some("text", text);
	/* If nothing was overwritten the follower was told the same */
	if (!strcmp(strchr(events, '\n'), strchr(text, '\n')))
		files[3] = NULL;
	if (!wrong)
		wrong = parse(files);
	EXPECT_EQ(NULL, wrong)
	TH_LOG("%s", wrong);
	EXPECT_EQ(0, cw_stat("dropped"));
	TH_LOG("%.1f s: %d execs and %d deaths told as they were", cw_now() - start, execs, deaths);
	if (seed % 4 == 0) {
		EXPECT_EQ(0, (long)lost);
		EXPECT_LT(0, execs);
		EXPECT_LT(0, deaths);
	}
	first = (first + h->runs + 1) % TOKENS;
	ASSERT_EQ(0, cw_unload());
	remove_cgroups();
}

/* CW_FUZZ_ROUNDS: the wider suite has more */
TEST_F_TIMEOUT(fuzz, L_01_hostile_programs_leave_each_record_whole_and_to_its_process, 20000)
{
	uint64_t seed = strtoull(getenv("CW_FUZZ_SEED") ?: "0", NULL, 10);
	int rounds = cw_number("CW_FUZZ_ROUNDS", 3, 1);
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	seed = seed ?: (now.tv_sec * 1000ULL + now.tv_nsec / 1000000) & ~3ULL;
	ASSERT_EQ(0, prctl(PR_SET_CHILD_SUBREAPER, 1));
	ASSERT_EQ(0, cw_write("/proc/sys/kernel/pid_max", cw_format("%d", HOSTILE_PIDS)));
	ASSERT_EQ(0, cw_copy(cw_program("hostile"), "hostile"));
	cw_tiny();
	make_deep();
	while (rounds--) {
		round_of(_metadata, seed++);
		if (!_metadata->passed)
			break;
	}
}

TEST_HARNESS_MAIN
