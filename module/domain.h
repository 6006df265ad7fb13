/* SPDX-License-Identifier: GPL-2.0 */
/* Exec histories without pids: a thousand instances of one chain share one. */
#ifndef CW_DOMAIN_H
#define CW_DOMAIN_H

#include <linux/atomic.h>
#include <linux/rhashtable.h>
#include <linux/types.h>

/**
 * struct cw_domain - one history; does not change once it is published
 * @node: in the table
 * @rcu: for freeing
 * @users: struct cw_exec that hold it; 0: idle; negative: being given up
 * @idle_since: jiffies when @users last became 0
 * @hash: of @text, with a key of this load
 * @len: bytes of @text
 * @text: as struct cw_domain_tail has it; not NUL-terminated
 */
struct cw_domain {
	struct rhash_head node;
	struct rcu_head rcu;
	atomic_t users;
	unsigned long idle_since;
	u32 hash;
	u32 len;
	char text[];
};

struct cw_domain *cw_domain_enter(const struct cw_domain *from, const char *file, size_t len);
struct cw_domain *cw_domain_get(struct cw_domain *domain);
void cw_domain_put(struct cw_domain *domain);
unsigned int cw_domain_count(void);
const struct rhashtable *cw_domain_table(void);
long cw_domain_evict(long wanted);
int cw_domain_init(void);
void cw_domain_exit(void);

#endif
