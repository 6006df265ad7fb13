/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What hostile programs say of themselves, for fuzz.c to hold against the records.
 *
 * A run is an exec that was tried, or a fork. It has a token, which stands in every string that it
 * brings into the kernel and in no other. It is shared memory, made by fuzz.c: a run is entered
 * before its token is used.
 */
#ifndef HOSTILE_H
#define HOSTILE_H

#include <stdbool.h>
#include <stdint.h>
#include <stddef.h>

#define HOSTILE_RUNS	16384
#define HOSTILE_PIDS	32768
#define AGENDA		(-1)	/* a depth: do what has to be done in each round */
#define TOKEN_BYTES	6	/* a mark, four digits to the base of 32, and a check digit */
#define TOKEN_MARK	'%'
#define TOKENS		(1U << 20)

/**
 * struct hostile_run - an exec that was tried, or a fork
 * @process: whose
 * @executed: the new program was seen to run
 * @tell: the arguments are as @bytes and @hash tell, and have the token
 * @bytes: of the arguments, of which @hash is over the first hostile::argv_bytes at most
 */
struct hostile_run {
	uint32_t process;
	bool executed;
	bool tell;
	uint32_t bytes;
	uint64_t hash;
};

/**
 * struct hostile_process - a process
 * @parent: who made it, 0 for fuzz.c
 * @pid: in the initial pid namespace, 0 while that is not known
 * @status: as waitpid() has it
 * @ended: it has been waited for, and the status is what it died with
 * @restarts: what wait() says of it is how its pid namespace restarts, and nobody dies of that
 */
struct hostile_process {
	uint32_t parent;
	int32_t pid;
	int32_t status;
	bool ended;
	bool restarts;
};

/* Indices count from 1 */
struct hostile {
	uint32_t first;		/* token of run 0: those of other rounds are strangers */
	uint32_t argv_bytes;
	uint32_t budget;	/* runs; then all come to an end */
	uint32_t runs, processes;
	uint32_t by_pid[HOSTILE_PIDS];	/* processes */
	struct hostile_run run[HOSTILE_RUNS];
	struct hostile_process process[HOSTILE_RUNS];
};

static const char hostile_digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

static inline uint32_t hostile_check(uint32_t token)
{
	return (token * 2654435761U) >> 27;
}

static inline void hostile_token(char *to, uint32_t token)
{
	int i;

	*to++ = TOKEN_MARK;
	for (i = 15; i >= 0; i -= 5)
		*to++ = hostile_digits[token >> i & 31];
	*to = hostile_digits[hostile_check(token)];
}

static inline uint64_t hostile_hash(const char *bytes, size_t len)
{
	uint64_t hash = 0xcbf29ce484222325;

	while (len--)
		hash = (hash ^ (unsigned char)*bytes++) * 0x100000001b3;
	return hash;
}

/* The next number of a sequence; sequences of neighbouring states have nothing in common */
static inline uint64_t hostile_random(uint64_t *state)
{
	uint64_t z = (*state += 0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

#endif
