// SPDX-License-Identifier: GPL-2.0
/* Exec histories without pids: a thousand instances of one chain share one. */
#include <linux/random.h>
#include <linux/siphash.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "abi/crashwatch.h"
#include "domain.h"
#include "mem.h"
#include "ring.h"

/* A history that may not exist yet: @from and one more word */
struct wanted {
	const struct cw_domain *from;
	const char *word;
	u32 len;
	u32 hash;
};

static u32 key_hash(const void *data, u32 len, u32 seed)
{
	return ((const struct wanted *)data)->hash;
}

static u32 obj_hash(const void *data, u32 len, u32 seed)
{
	return ((const struct cw_domain *)data)->hash;
}

static int differs(struct rhashtable_compare_arg *arg, const void *obj)
{
	const struct wanted *want = arg->key;
	const struct cw_domain *have = obj;
	u32 before = want->from ? want->from->len + 1 : 0;

	if (have->hash != want->hash || have->len != before + want->len)
		return 1;
	if (memcmp(have->text + before, want->word, want->len))
		return 1;
	return before && (have->text[before - 1] != ' ' ||
			  memcmp(have->text, want->from->text, before - 1));
}

static const struct rhashtable_params params = {
	.head_offset = offsetof(struct cw_domain, node),
	.hashfn = key_hash,
	.obj_hashfn = obj_hash,
	.obj_cmpfn = differs,
	/* A burst must not outrun the worker that makes the table grow: inserting would fail */
	.nelem_hint = 12288,
	.min_size = 16384,
	.automatic_shrinking = true,
};

static struct rhashtable table;
static hsiphash_key_t secret;

/* Whoever can choose paths must not be able to choose where in the table they come together. */
static u32 hash(const struct wanted *want)
{
	hsiphash_key_t key = secret;

	key.key[0] ^= want->from ? want->from->hash : 0;
	return hsiphash(want->word, want->len, &key);
}

/* A word as it stands in a history: blanks part words, so a blank in one becomes octal. */
static u32 encode(char *to, const char *word, u32 len)
{
	char *at = to;

	for (; len; word++, len--) {
		if (*word == ' ' || *word == '\\') {
			*at++ = '\\';
			*at++ = '0' + (*word >> 6);
			*at++ = '0' + (*word >> 3 & 7);
			*at++ = '0' + (*word & 7);
		} else {
			*at++ = *word;
		}
	}
	return at - to;
}

/* Is one of these eight bytes @c? */
static bool has_byte(u64 bytes, u8 c)
{
	u64 differ = bytes ^ c * 0x0101010101010101ULL;

	return (differ - 0x0101010101010101ULL) & ~differ & 0x8080808080808080ULL;
}

static u32 encoded_len(const char *word, u32 len)
{
	u32 more = 0, i;

	/* Hardly any path needs it: eight bytes at a time until one does */
	for (i = 0; i + 8 <= len; i += 8) {
		u64 bytes;

		memcpy(&bytes, word + i, sizeof(bytes));
		if (has_byte(bytes, ' ') || has_byte(bytes, '\\'))
			break;
	}
	for (; i < len; i++)
		if (word[i] == ' ' || word[i] == '\\')
			more += 3;
	return len + more;
}

/**
 * cw_domain_get() - one more user
 * @domain: with at least one user already
 *
 * Context: any.
 * Return: @domain.
 */
struct cw_domain *cw_domain_get(struct cw_domain *domain)
{
	atomic_inc(&domain->users);
	return domain;
}

/**
 * cw_domain_put() - one user less; the last one leaves it idle, ready to be used again
 * @domain: it, or NULL
 *
 * Context: any.
 */
void cw_domain_put(struct cw_domain *domain)
{
	if (!domain)
		return;
	WRITE_ONCE(domain->idle_since, jiffies);
	atomic_dec_return_release(&domain->users);
}

static struct cw_domain *make(const struct wanted *want)
{
	u32 before = want->from ? want->from->len + 1 : 0;
	struct cw_domain *domain = cw_mem_alloc(sizeof(*domain) + before + want->len);

	if (!domain)
		return NULL;
	atomic_set(&domain->users, 1);
	domain->idle_since = jiffies;
	domain->hash = want->hash;
	domain->len = before + want->len;
	if (before) {
		memcpy(domain->text, want->from->text, before - 1);
		domain->text[before - 1] = ' ';
	}
	memcpy(domain->text + before, want->word, want->len);
	return domain;
}

static void discard(struct cw_domain *domain)
{
	cw_mem_free(domain, domain ? sizeof(*domain) + domain->len : 0);
}

static struct cw_domain *find_or_make(const struct wanted *want)
{
	struct cw_domain *have, *made = NULL;
	int tries;

	rcu_read_lock();
	/* Again only if the one found was being given up at that moment */
	for (tries = 0; tries < 4; tries++) {
		have = rhashtable_lookup(&table, want, params);
		if (!have) {
			if (!made)
				made = make(want);
			if (!made)
				break;
			have = rhashtable_lookup_get_insert_key(&table, want, &made->node, params);
			if (!have) {
				rcu_read_unlock();
				return made;
			}
			if (IS_ERR(have))
				break;
		}
		if (atomic_inc_unless_negative(&have->users)) {
			discard(made);
			rcu_read_unlock();
			return have;
		}
		cpu_relax();
	}
	rcu_read_unlock();
	discard(made);
	return NULL;
}

/**
 * cw_domain_enter() - the history that goes on with one more exec
 * @from: the history so far, or NULL for a new one that starts with @file
 * @file: path of what is executed, or the name of the process a new one starts with
 * @len: its length in bytes
 *
 * Context: handler in process context.
 * Return: the history with a user more; NULL: no memory, or longer than CW_DOMAIN_BYTES.
 */
struct cw_domain *cw_domain_enter(const struct cw_domain *from, const char *file, size_t len)
{
	struct wanted want = { .from = from, .word = file, .len = len };
	struct cw_domain *domain;
	char *word = NULL;
	u32 enc;

	enc = encoded_len(file, len);
	if (enc + (from ? from->len + 1 : 0) > CW_DOMAIN_BYTES)
		return NULL;
	if (enc != len) {
		word = cw_mem_alloc(enc);
		if (!word)
			return NULL;
		want.word = word;
		want.len = encode(word, file, len);
	}
	want.hash = hash(&want);
	domain = find_or_make(&want);
	cw_mem_free(word, enc);
	return domain;
}

/**
 * cw_domain_count() - how many histories there are
 *
 * Context: any.
 * Return: their number, idle ones among them.
 */
unsigned int cw_domain_count(void)
{
	return atomic_read(&table.nelems);
}

/**
 * cw_domain_table() - where a reader of a dump finds the histories
 *
 * Context: any.
 * Return: the table.
 */
const struct rhashtable *cw_domain_table(void)
{
	return &table;
}

static void free_rcu(struct rcu_head *rcu)
{
	discard(container_of(rcu, struct cw_domain, rcu));
}

/* Ages of idle domains in jiffies: exact below 8, then the leading four bits of each */
#define AGE_BITS	3
#define AGES		(BITS_PER_LONG << AGE_BITS)
#define AT_ONCE		1024	/* looked at without a pause */

/* There is one worker. */
static struct {
	unsigned long now;	/* jiffies */
	long bytes[AGES];	/* that idle ones of each age have */
	unsigned int least;	/* age of those that go */
	long wanted, gone;	/* bytes */
} eviction;

static unsigned int age_of(const struct cw_domain *domain)
{
	unsigned long since = READ_ONCE(domain->idle_since);
	unsigned long age = eviction.now - since;
	unsigned int shift;

	if (time_after(since, eviction.now))
		return 0;
	if (age < 1 << AGE_BITS)
		return age;
	shift = __fls(age) - AGE_BITS;
	return (shift + 1) << AGE_BITS | (age >> shift & ((1 << AGE_BITS) - 1));
}

static long bytes_of(const struct cw_domain *domain)
{
	return cw_mem_cost(sizeof(*domain) + domain->len);
}

static void add_up(struct cw_domain *domain)
{
	eviction.bytes[age_of(domain)] += bytes_of(domain);
}

static void give_up(struct cw_domain *domain)
{
	long bytes = bytes_of(domain);

	if (eviction.gone >= eviction.wanted || age_of(domain) < eviction.least ||
	    atomic_cmpxchg(&domain->users, 0, INT_MIN / 2) ||
	    rhashtable_remove_fast(&table, &domain->node, params))
		return;
	cw_ring_count(CW_COUNT_DOMAIN_EVICTED);
	call_rcu(&domain->rcu, free_rcu);
	eviction.gone += bytes;
}

static void walk_idle(void (*look)(struct cw_domain *))
{
	struct cw_domain *domain;
	struct rhashtable_iter iter;
	unsigned int n = 0;

	rhashtable_walk_enter(&table, &iter);
	rhashtable_walk_start(&iter);
	while ((domain = rhashtable_walk_next(&iter))) {
		if (IS_ERR(domain)) /* the table has another size: the walk begins anew */
			memset(eviction.bytes, 0, sizeof(eviction.bytes));
		else if (!atomic_read(&domain->users))
			look(domain);
		if (++n % AT_ONCE)
			continue;
		rhashtable_walk_stop(&iter);
		cond_resched();
		if (rhashtable_walk_start_check(&iter))
			memset(eviction.bytes, 0, sizeof(eviction.bytes));
	}
	rhashtable_walk_stop(&iter);
	rhashtable_walk_exit(&iter);
}

/**
 * cw_domain_evict() - give up the histories that have been idle longest
 * @wanted: bytes of memory that should come back
 *
 * Of those whose ages differ by less than an eighth it is left open which goes first.
 *
 * Context: process context, may sleep; one call at a time.
 * Return: bytes that come back after a grace period; 0 if none is idle.
 */
long cw_domain_evict(long wanted)
{
	unsigned int age = AGES;
	long bytes = 0;

	memset(eviction.bytes, 0, sizeof(eviction.bytes));
	eviction.now = jiffies;
	walk_idle(add_up);
	while (age && bytes < wanted)
		bytes += eviction.bytes[--age];
	eviction.least = age;
	eviction.wanted = wanted;
	eviction.gone = 0;
	if (bytes)
		walk_idle(give_up);
	return eviction.gone;
}

/**
 * cw_domain_init() - an empty table
 *
 * Context: process context, may sleep.
 * Return: 0 or an error of rhashtable_init().
 */
int cw_domain_init(void)
{
	get_random_bytes(&secret, sizeof(secret));
	return rhashtable_init(&table, &params);
}

static void free_one(void *domain, void *unused)
{
	discard(domain);
}

/**
 * cw_domain_exit() - free all; nobody may hold or look for one any more
 *
 * Context: process context, may sleep.
 */
void cw_domain_exit(void)
{
	rcu_barrier();	/* free_rcu() */
	rhashtable_free_and_destroy(&table, free_one, NULL);
}
