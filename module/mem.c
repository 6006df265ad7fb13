// SPDX-License-Identifier: GPL-2.0
/* Memory for handlers: never sleeps, never exceeds max_mem_kb. */
#include <linux/atomic.h>
#include <linux/irq_work.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/percpu.h>
#include <linux/slab.h>
#include <linux/workqueue.h>
#include <asm/local.h>

#include "context.h"
#include "exec.h"
#include "history.h"
#include "mem.h"
#include "params.h"
#include "ring.h"

/*
 * What may still be handed out. A CPU draws a batch from @left and serves its handlers from that,
 * so that the shared counter is written once a batch; what lies in batches counts as used.
 */
static atomic_long_t left;
static DEFINE_PER_CPU(local_t, credit);
static long total, batch;

#define STASH_OBJECTS 64

/* Ready to be handed out again on this CPU; only with interrupts off */
struct stash {
	unsigned int n;
	void *obj[STASH_OBJECTS];
};

/* What is freed after a grace period comes back cold: keep it at hand, not in the allocator */
struct pool {
	struct kmem_cache *cache;
	struct stash __percpu *stash;
	long bytes;
};

static struct pool pools[CW_MEM_POOLS];

/* On PREEMPT_RT the second is for handlers that run with preemption off */
#define SCRATCHES (1 + IS_ENABLED(CONFIG_PREEMPT_RT))

struct scratches {
	struct cw_scratch *of[SCRATCHES];
};

static DEFINE_PER_CPU(struct scratches, scratches);
static atomic_t fail_tick;

static long (*pressure_handler)(long wanted);
static void pressure_work_fn(struct work_struct *work);
static DECLARE_WORK(pressure_work, pressure_work_fn);

static void pressure_work_fn(struct work_struct *work)
{
	long wanted;

	/* What is given up comes back after a grace period only: begin early, go on long */
	while ((wanted = total / 8 * 3 - atomic_long_read(&left)) > 0 && pressure_handler(wanted))
		rcu_barrier();
}

/* Queueing work takes locks that a handler may have interrupted: go through an interrupt. */
static void pressure_irq_fn(struct irq_work *work)
{
	schedule_work(&pressure_work);
}

static struct irq_work pressure_irq;

static bool draw(long bytes)
{
	long want = max(bytes, batch);

	if (atomic_long_sub_return(want, &left) < 0) {
		atomic_long_add(want, &left);
		irq_work_queue(&pressure_irq);
		want = bytes;
		if (atomic_long_sub_return(want, &left) < 0) {
			atomic_long_add(want, &left);
			return false;
		}
	} else if (unlikely(atomic_long_read(&left) < total / 4)) {
		irq_work_queue(&pressure_irq);
	}
	local_add(want, this_cpu_ptr(&credit));
	return true;
}

static bool charge(long bytes)
{
	bool granted = true;
	local_t *mine;

	preempt_disable_notrace();
	mine = this_cpu_ptr(&credit);
	if (local_sub_return(bytes, mine) < 0 && !draw(bytes)) {
		local_add(bytes, mine);
		granted = false;
	}
	preempt_enable_notrace();
	return granted;
}

static void uncharge(long bytes)
{
	local_t *mine;

	preempt_disable_notrace();
	mine = this_cpu_ptr(&credit);
	if (local_add_return(bytes, mine) > 2 * batch) {
		local_sub(batch, mine);
		atomic_long_add(batch, &left);
	}
	preempt_enable_notrace();
}

static bool should_fail(void)
{
	unsigned long every = READ_ONCE(cw_params.fail_alloc);

	return every && atomic_inc_return(&fail_tick) % every == 0;
}

/**
 * cw_mem_cost() - what the kernel's allocator really takes
 * @bytes: for so many
 *
 * Context: any.
 * Return: bytes.
 */
long cw_mem_cost(size_t bytes)
{
	if (bytes > 64 && bytes <= 96)
		return 96;
	if (bytes > 128 && bytes <= 192)
		return 192;
	return roundup_pow_of_two(max_t(size_t, bytes, 8));
}

/**
 * cw_mem_alloc() - memory for a handler
 * @bytes: how much
 *
 * Context: handler, no lock held; process context. Counts a refusal.
 * Return: memory for cw_mem_free(), or NULL.
 */
void *cw_mem_alloc(size_t bytes)
{
	long cost = cw_mem_cost(bytes);
	void *p;

	if (unlikely(should_fail() || !cw_context_may_lock() || !charge(cost)))
		goto refuse;
	p = kmalloc(bytes, GFP_NOWAIT | __GFP_NOWARN);
	if (likely(p))
		return p;
	uncharge(cost);
refuse:
	cw_ring_count(CW_COUNT_NO_MEMORY);
	return NULL;
}

/**
 * cw_mem_free() - give memory back
 * @p: from cw_mem_alloc(), or NULL
 * @bytes: as many as were asked for
 *
 * Context: process or softirq context.
 */
void cw_mem_free(void *p, size_t bytes)
{
	if (!p)
		return;
	uncharge(cw_mem_cost(bytes));
	kfree(p);
}

/**
 * cw_mem_pool_get() - memory of a size that is wanted at every fork or exec
 * @id: which size
 *
 * Context: as cw_mem_alloc().
 * Return: memory for cw_mem_pool_put(), or NULL.
 */
void *cw_mem_pool_get(enum cw_mem_pool id)
{
	struct pool *pool = &pools[id];
	struct stash *stash;
	unsigned long flags;
	unsigned int n;
	void *p = NULL;

	if (unlikely(should_fail() || !cw_context_may_lock()))
		goto refuse;
	local_irq_save(flags);
	stash = this_cpu_ptr(pool->stash);
	n = stash->n;
	if (likely(n)) {
		p = stash->obj[--n];
		WRITE_ONCE(stash->n, n);	/* cw_mem_used() looks at it */
	}
	local_irq_restore(flags);
	if (likely(p))
		return p;
	if (unlikely(!charge(pool->bytes)))
		goto refuse;
	p = kmem_cache_alloc(pool->cache, GFP_NOWAIT | __GFP_NOWARN);
	if (likely(p))
		return p;
	uncharge(pool->bytes);
refuse:
	cw_ring_count(CW_COUNT_NO_MEMORY);
	return NULL;
}

/**
 * cw_mem_pool_put() - give it back
 * @id: as it was got
 * @p: from cw_mem_pool_get()
 *
 * Context: process or softirq context.
 */
void cw_mem_pool_put(enum cw_mem_pool id, void *p)
{
	struct pool *pool = &pools[id];
	struct stash *stash;
	unsigned long flags;
	unsigned int n;
	bool kept = false;

	local_irq_save(flags);
	stash = this_cpu_ptr(pool->stash);
	n = stash->n;
	if (likely(n < STASH_OBJECTS)) {
		stash->obj[n] = p;
		WRITE_ONCE(stash->n, n + 1);
		kept = true;
	} else {
		uncharge(pool->bytes);
	}
	local_irq_restore(flags);
	if (unlikely(!kept))
		kmem_cache_free(pool->cache, p);
}

static void pool_exit(struct pool *pool)
{
	unsigned int cpu;

	for_each_possible_cpu(cpu) {
		struct stash *stash = per_cpu_ptr(pool->stash, cpu);

		for (; stash->n; uncharge(pool->bytes))
			kmem_cache_free(pool->cache, stash->obj[--stash->n]);
	}
	free_percpu(pool->stash);
	pool->stash = NULL;
	kmem_cache_destroy(pool->cache);
}

/* A cache of its own shows in slabinfo, and complains of what is left when it goes */
static int pool_init(struct pool *pool, const char *name, size_t bytes, size_t from_user)
{
	pool->stash = alloc_percpu(struct stash);
	if (!pool->stash)
		return -ENOMEM;
	pool->cache = kmem_cache_create_usercopy(name, bytes, 0, 0, 0, from_user, NULL);
	if (!pool->cache) {
		free_percpu(pool->stash);
		return -ENOMEM;
	}
	pool->bytes = kmem_cache_size(pool->cache);
	return 0;
}

/**
 * cw_mem_used() - memory that handlers hold
 *
 * Context: any.
 * Return: bytes, less than a batch a CPU too many.
 */
unsigned long cw_mem_used(void)
{
	long used = total - atomic_long_read(&left);
	unsigned int cpu;

	int id;

	for_each_possible_cpu(cpu) {
		used -= local_read(per_cpu_ptr(&credit, cpu));
		for (id = 0; id < CW_MEM_POOLS && pools[id].stash; id++)
			used -= pools[id].bytes * READ_ONCE(per_cpu_ptr(pools[id].stash, cpu)->n);
	}
	return max(used, 0L);
}

static size_t scratch_bytes(void)
{
	return sizeof(struct cw_scratch) + cw_exec_spare_bytes();
}

/* On PREEMPT_RT the holder of a CPU's first room may be preempted there, or move to another CPU. */
static struct cw_scratch *any_scratch(void)
{
	bool stays = !cw_context_may_lock();
	struct cw_scratch *scratch = raw_cpu_read(scratches.of[stays]);

	if (scratch && !xchg(&scratch->busy, true))
		return scratch;
	if (stays)
		return NULL;
	scratch = kmalloc(scratch_bytes(), GFP_NOWAIT | __GFP_NOWARN);
	if (scratch)
		scratch->extra = true;
	return scratch;
}

/**
 * cw_mem_scratch_get() - this CPU's room for putting a record together
 *
 * Context: handler, until cw_mem_scratch_put().
 * Return: the room, or NULL if it is in use (an interrupt during a handler) or was never to be had.
 */
struct cw_scratch *cw_mem_scratch_get(void)
{
	struct cw_scratch *scratch;

	if (IS_ENABLED(CONFIG_PREEMPT_RT))
		return any_scratch();
	scratch = this_cpu_read(scratches.of[0]);
	if (!scratch || scratch->busy)
		return NULL;
	scratch->busy = true;
	barrier();	/* an interrupt on this CPU must find it busy before it is touched */
	return scratch;
}

/**
 * cw_mem_scratch_put() - done with it
 * @scratch: from cw_mem_scratch_get(), or NULL
 *
 * Context: as cw_mem_scratch_get().
 */
void cw_mem_scratch_put(struct cw_scratch *scratch)
{
	if (!scratch)
		return;
	if (IS_ENABLED(CONFIG_PREEMPT_RT) && scratch->extra) {
		kfree(scratch);
		return;
	}
	smp_store_release(&scratch->busy, false);	/* pairs with cw_mem_scratch_get() */
}

/**
 * cw_mem_prepare_cpu() - give a CPU its room before it runs anything
 * @cpu: its number
 *
 * Context: process context, may sleep.
 * Return: 0 or -ENOMEM.
 */
int cw_mem_prepare_cpu(unsigned int cpu)
{
	struct cw_scratch **scratch = per_cpu(scratches.of, cpu);
	int i;

	for (i = 0; i < SCRATCHES; i++) {
		if (!scratch[i])
			scratch[i] = kvzalloc(scratch_bytes(), GFP_KERNEL);
		if (!scratch[i])
			return -ENOMEM;
	}
	return 0;
}

/**
 * cw_mem_init() - open the account
 * @pressure: called from a worker when three quarters are used, until it is five eighths; gives
 *	up so many bytes of what is not needed, and returns how many, 0 if there is nothing
 *
 * Context: process context, may sleep.
 * Return: 0 or -ENOMEM.
 */
int cw_mem_init(long (*pressure)(long wanted))
{
	int ret;

	ret = pool_init(&pools[CW_MEM_TASK], "crashwatch_task", sizeof(struct cw_task), 0);
	if (ret)
		return ret;
	/* Arguments are copied into it straight from user space */
	ret = pool_init(&pools[CW_MEM_EXEC], "crashwatch_exec", CW_MEM_EXEC_BYTES,
			CW_MEM_EXEC_BYTES);
	if (ret) {
		pool_exit(&pools[CW_MEM_TASK]);
		return ret;
	}
	pressure_handler = pressure;
	init_irq_work(&pressure_irq, pressure_irq_fn);
	total = cw_params.max_mem_kb * 1024;
	batch = clamp(total / (16L * num_possible_cpus()), 1024L, 65536L);
	atomic_long_set(&left, total);
	return 0;
}

/**
 * cw_mem_calm() - no more calls of the pressure handler
 *
 * Context: process context, may sleep; no hook may run any more.
 */
void cw_mem_calm(void)
{
	irq_work_sync(&pressure_irq);
	cancel_work_sync(&pressure_work);
}

/**
 * cw_mem_exit() - close it; everything must have been freed
 *
 * Context: process context, may sleep.
 */
void cw_mem_exit(void)
{
	unsigned int cpu;
	int i;

	pool_exit(&pools[CW_MEM_EXEC]);
	pool_exit(&pools[CW_MEM_TASK]);
	WARN_ONCE(cw_mem_used(), "crashwatch: %lu bytes leaked\n", cw_mem_used());
	for_each_possible_cpu(cpu) {
		for (i = 0; i < SCRATCHES; i++) {
			kvfree(per_cpu(scratches.of, cpu)[i]);
			per_cpu(scratches.of, cpu)[i] = NULL;
		}
	}
}
