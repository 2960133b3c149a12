/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the fuzzers have in common. Each is one file NAME_fuzz.c with one execution and the inputs
 * to start from; fuzz.mk says which sources it is about. With libFuzzer it looks for new inputs
 * (make fuzz), with replay.c it runs those that are known and some made of them (make test).
 */
#ifndef HOTPROBE_FUZZ_H
#define HOTPROBE_FUZZ_H

#include <stddef.h>
#include <stdint.h>

enum {
	FUZZ_SIZE_MAX = 4096, /* of an input, bytes */
};

/* One execution. It keeps nothing, so that it does the same each time. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Writes the input number n to start from, at most FUZZ_SIZE_MAX bytes. Returns its size, 0 if
   there are no more. */
size_t fuzz_seed(unsigned n, uint8_t *data);
/* For seeds that are text: the number n of a list that ends with NULL. */
size_t fuzz_seed_text(const char *const *texts, unsigned n, uint8_t *data);

/* Ends the process with the input as a finding, unless what must hold does. */
#define REQUIRE(what) ((what) ? (void)0 : fuzz_fail(#what, __FILE__, __LINE__))
_Noreturn void fuzz_fail(const char *what, const char *file, int line);

/* Memory of exactly that size, so that a sanitizer sees a byte too many. Never NULL. */
void *fuzz_copy(const void *data, size_t size);
/* The same with a NUL behind it. */
char *fuzz_text(const void *data, size_t size);

/* Numbers out of an input, 0 when it has ended. */
struct fuzz_input {
	const uint8_t *at;
	size_t left;
};
uint64_t fuzz_take(struct fuzz_input *in, size_t bytes);

#endif
