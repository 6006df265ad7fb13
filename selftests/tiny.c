// SPDX-License-Identifier: GPL-2.0
/*
 * The smallest program: ends with the number of its arguments as its status. Or it does what its
 * first argument says: "pause" for ever, "segv". Build with -static -nostdlib -ffreestanding.
 */
#include <asm/unistd.h>

static long call(long nr, long a, long b, long c, long d)
{
#if defined(__x86_64__)
	register long r10 asm("r10") = d;
	long ret;

	asm volatile("syscall"
		     : "=a"(ret)
		     : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10)
		     : "rcx", "r11", "memory");
	return ret;
#elif defined(__aarch64__)
	register long x8 asm("x8") = nr;
	register long x0 asm("x0") = a;
	register long x1 asm("x1") = b;
	register long x2 asm("x2") = c;
	register long x3 asm("x3") = d;

	asm volatile("svc 0"
		     : "+r"(x0)
		     : "r"(x8), "r"(x1), "r"(x2), "r"(x3)
		     : "memory");
	return x0;
#else
#error "how does this machine make a system call?"
#endif
}

static int same(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	return *a == *b;
}

__attribute__((used)) static void tiny(long *stack)
{
	long argc = stack[0];
	char **argv = (char **)(stack + 1);
	int *volatile nowhere = (int *)16;

	if (argc > 1 && same(argv[1], "pause"))
		for (;;)
			call(__NR_ppoll, 0, 0, 0, 0);
	if (argc > 1 && same(argv[1], "segv"))
		*nowhere = 0;
	for (;;)
		call(__NR_exit_group, argc & 0xff, 0, 0, 0);
}

#if defined(__x86_64__)
asm(".globl _start\n_start:\n\tmov %rsp, %rdi\n\tand $-16, %rsp\n\tcall tiny\n");
#elif defined(__aarch64__)
asm(".globl _start\n_start:\n\tmov x0, sp\n\tb tiny\n");
#endif
