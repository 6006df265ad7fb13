// SPDX-License-Identifier: GPL-2.0
/* Writes a made-up stream: mkraw KIND [AGE]; AGE is seconds between boot and now. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "tests/sample.h"

#define NS_PER_S 1000000000LL
#define BOOT_S 1795219200LL /* 2026-11-21 00:00:00 UTC */

int main(int argc, char **argv)
{
	struct cw_sample sample;
	__s64 boot = BOOT_S;

	if (argc > 2)
		boot = time(NULL) - atoll(argv[2]);
	if (argc < 2 || !cw_sample_make(&sample, argv[1], boot * NS_PER_S)) {
		fputs("usage: mkraw plain|hostile|lost|late|deep|pathless|restarts|future|names|many|empty [AGE]\n",
		      stderr);
		return 2;
	}
	fwrite(sample.bytes, 1, sample.len, stdout);
	free(sample.bytes);
	return fclose(stdout) ? 1 : 0;
}
