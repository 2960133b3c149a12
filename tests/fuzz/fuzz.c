/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the fuzzers; see fuzz.h. */
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
const char *__asan_default_options(void);

/* Most of the time goes into malloc() otherwise: stacks of its callers, memory that was freed. */
const char *__asan_default_options(void)
{
	return "malloc_context_size=2:quarantine_size_mb=1:thread_local_quarantine_size_kb=64:"
	       "max_malloc_fill_size=256:detect_stack_use_after_return=0:"
	       "allocator_may_return_null=1:handle_abort=1";
}

static void write_seeds(const char *directory)
{
	uint8_t data[FUZZ_SIZE_MAX];
	char path[4096];
	size_t size;

	for (unsigned n = 0; (size = fuzz_seed(n, data)); n++) {
		FILE *file;

		snprintf(path, sizeof(path), "%s/seed-%u", directory, n);
		file = fopen(path, "we");
		if (!file || fwrite(data, 1, size, file) != size || fclose(file)) {
			perror(path);
			exit(2);
		}
	}
}

/* --seeds=DIRECTORY writes the inputs to start from there; libFuzzer ignores the argument. */
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	for (int i = 1; i < *argc; i++)
		if (!strncmp((*argv)[i], "--seeds=", strlen("--seeds=")))
			write_seeds((*argv)[i] + strlen("--seeds="));
	return 0;
}

size_t fuzz_seed_text(const char *const *texts, unsigned n, uint8_t *data)
{
	for (unsigned i = 0; i < n; i++)
		if (!texts[i])
			return 0;
	if (!texts[n])
		return 0;
	memcpy(data, texts[n], strlen(texts[n]));
	return strlen(texts[n]);
}

void fuzz_fail(const char *what, const char *file, int line)
{
	fprintf(stderr, "%s:%d: ERROR: this does not hold: %s\n", file, line, what);
	abort();
}

void *fuzz_copy(const void *data, size_t size)
{
	void *copy = malloc(size ? size : 1);

	if (!copy)
		abort();
	if (size)
		memcpy(copy, data, size);
	return copy;
}

char *fuzz_text(const void *data, size_t size)
{
	char *copy = malloc(size + 1);

	if (!copy)
		abort();
	if (size)
		memcpy(copy, data, size);
	copy[size] = '\0';
	return copy;
}

uint64_t fuzz_take(struct fuzz_input *in, size_t bytes)
{
	uint64_t value = 0;

	if (bytes > in->left)
		bytes = in->left;
	if (bytes)
		memcpy(&value, in->at, bytes);
	in->at += bytes;
	in->left -= bytes;
	return value;
}
