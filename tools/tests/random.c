// SPDX-License-Identifier: GPL-2.0
/* Damage that is the same for a seed everywhere. */
#include <string.h>

#include "tests/image.h"
#include "tests/random.h"

/**
 * cw_random_next() - the next number: splitmix64
 * @random: the sequence
 *
 * Return: the number.
 */
__u64 cw_random_next(struct cw_random *random)
{
	__u64 z = random->state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return z ^ z >> 31;
}

/**
 * cw_random_extreme() - a number that lengths, counts and addresses go wrong with
 * @random: the sequence
 *
 * Return: the number.
 */
__u64 cw_random_extreme(struct cw_random *random)
{
	static const __u64 values[] = {
		0,
		1,
		7,
		8,
		24,
		31,
		32,
		63,
		64,
		255,
		4095,
		4096,
		0x7fffffff,
		0x80000000,
		0xfffffff8,
		0xffffffff,
		1ULL << 24,
		1ULL << 40,
		0x7fffffffffffffffULL,
		0x8000000000000000ULL,
		0xfffffffffffffff8ULL,
		~0ULL,
		CW_IMAGE_BLOCK * CW_IMAGE_PAGE,
		CW_IMAGE_RINGS * CW_IMAGE_PAGE,
		CW_IMAGE_BYTES,
		CW_IMAGE_KERNEL,
		CW_IMAGE_KERNEL + CW_IMAGE_KNOWN * CW_IMAGE_PAGE,
		CW_IMAGE_KERNEL + CW_IMAGE_BUCKETS * CW_IMAGE_PAGE,
		CW_IMAGE_KERNEL + CW_IMAGE_TASKS * CW_IMAGE_PAGE + 16,
	};

	return values[cw_random_next(random) % (sizeof(values) / sizeof(values[0]))];
}

/**
 * cw_random_damage() - change a few places
 * @random: where and how
 * @bytes: what
 * @len: bytes of it
 */
void cw_random_damage(struct cw_random *random, char *bytes, size_t len)
{
	unsigned int changes = 1 + cw_random_next(random) % 8;

	while (changes--) {
		size_t at = cw_random_next(random) % len, from = at & ~(size_t)4095;
		__u64 value = cw_random_extreme(random);

		switch (cw_random_next(random) % 8) {
		case 0:
			memset(bytes + from, 0, len - from < 4096 ? len - from : 4096);
			break;
		case 1:
		case 2:
			bytes[at] ^= 1 << cw_random_next(random) % 8;
			break;
		case 3:
			bytes[at] = cw_random_next(random);
			break;
		case 4:
			at &= ~(size_t)3;
			memcpy(bytes + at, &value, len - at < 4 ? len - at : 4);
			break;
		default:
			at &= ~(size_t)7;
			memcpy(bytes + at, &value, len - at < 8 ? len - at : 8);
		}
	}
}
