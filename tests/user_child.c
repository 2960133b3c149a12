/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A process to be probed in user space.
 *
 *   user_child usdt N       reaches user:values N times, with the arguments that user_test.c knows,
 *                           and user:guarded as often if its semaphore is up; prints how often
 *   user_child library N    calls user_library_add(i, 2 * i) N times, and a64l("user")
 *   user_child stack N      calls outer, middle, inner N times
 *   user_child serve MODE   the same once for each byte on standard input, answering with a byte
 *                           and the semaphore's value
 */
#define _SDT_HAS_SEMAPHORES 1
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sdt.h>
#include <unistd.h>

int user_library_add(int a, int b);

#define SEMAPHORE(name)                                                                            \
	__extension__ volatile unsigned short name __attribute__((section(".probes"), used))

SEMAPHORE(user_values_semaphore);
SEMAPHORE(user_guarded_semaphore);
SEMAPHORE(user_twice_semaphore);

/* Outside of the functions, so that they are operands in memory. */
struct {
	int8_t small;
	uint16_t medium;
	int32_t large[4];
} values = {-8, 50000, {1, -2, 3, -4}};
char text[16] = "some text";
static volatile int sink;

static int reach_probes(int i)
{
	volatile int64_t local = -((int64_t)i << 33) - 1;
	int guarded = user_guarded_semaphore != 0;

	text[0] = 's'; /* in memory for sure */
	DTRACE_PROBE9(user, values, i, local, values.small, values.medium, values.large[i & 3],
		      text, (uint8_t)200, -7, (uint64_t)1 << 63);
	if (guarded)
		DTRACE_PROBE1(user, guarded, i);
	return guarded;
}

/* One probe at two places, with its argument in different ones. */
static __attribute__((noinline)) void reach_twice(int i, const int *p)
{
	DTRACE_PROBE2(user, twice, i, 1);
	sink = *p;
	DTRACE_PROBE2(user, twice, p[0] + 1, (int64_t)2);
}

/* A name as C++ has it. */
int middle(int i) __asm__("_ZN4user6middleEi");
int inner(int i);
int outer(int i);

__attribute__((noinline)) int inner(int i)
{
	sink = i;
	return i + 1;
}

__attribute__((noinline)) int middle(int i)
{
	return inner(i) + 1;
}

__attribute__((noinline)) int outer(int i)
{
	return middle(i) + 1;
}

static int work(const char *mode, int i)
{
	if (!strcmp(mode, "usdt")) {
		reach_twice(i, &values.large[0]);
		return reach_probes(i);
	}
	if (!strcmp(mode, "library")) {
		sink = (int)a64l("user");
		return user_library_add(i, 2 * i);
	}
	return outer(i);
}

static int serve(const char *mode)
{
	char byte;

	for (int i = 0; read(STDIN_FILENO, &byte, 1) == 1; i++) {
		work(mode, i);
		byte = (char)user_guarded_semaphore;
		if (write(STDOUT_FILENO, &byte, 1) != 1)
			return 1;
	}
	return 0;
}

int main(int argc, char **argv)
{
	int count = 0;

	if (argc != 3)
		return 2;
	if (!strcmp(argv[1], "serve"))
		return serve(argv[2]);
	for (int i = 0; i < atoi(argv[2]); i++)
		count += work(argv[1], i);
	printf("%d\n", count);
	return 0;
}
