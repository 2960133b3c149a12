/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A fuzzer without libFuzzer: runs its seeds, files, and inputs made of both. The same each time.
 *
 *     NAME_fuzz RUNS [FILE|DIRECTORY]...
 *
 * An input that fails is left in the file that HOTPROBE_FUZZ_FINDING names.
 */
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../runtime/array.h"
#include "fuzz.h"

struct input {
	uint8_t *data;
	size_t size;
};

struct inputs {
	ARRAY(struct input) list;
};

/* For the signal's handler: the input that runs. */
static const uint8_t *running;
static size_t running_size;

static void add(struct inputs *inputs, const uint8_t *data, size_t size)
{
	struct input input = {fuzz_copy(data, size), size};

	if (array_push(&inputs->list, input))
		abort();
}

static void run(const uint8_t *data, size_t size)
{
	running = data;
	running_size = size;
	LLVMFuzzerTestOneInput(data, size);
}

static void keep_finding(int signal_number)
{
	const char *path = getenv("HOTPROBE_FUZZ_FINDING");
	int fd = path ? open(path, O_WRONLY | O_CREAT | O_TRUNC, 0666) : -1;

	if (fd >= 0 && write(fd, running, running_size) == (ssize_t)running_size)
		close(fd);
	signal(signal_number, SIG_DFL);
	raise(signal_number);
}

static void add_file(struct inputs *inputs, const char *path)
{
	static uint8_t data[1 << 20];
	FILE *file = fopen(path, "re");
	size_t size;

	if (!file) {
		perror(path);
		exit(2);
	}
	size = fread(data, 1, sizeof(data), file);
	fclose(file);
	add(inputs, data, size);
}

static int compare(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static void add_path(struct inputs *inputs, const char *path)
{
	struct dirent **entries;
	struct stat st;
	char name[4096];
	int count;

	if (stat(path, &st) || !S_ISDIR(st.st_mode)) {
		add_file(inputs, path);
		return;
	}
	count = scandir(path, &entries, NULL, compare);
	for (int i = 0; i < count; i++) {
		snprintf(name, sizeof(name), "%s/%s", path, entries[i]->d_name);
		if (!stat(name, &st) && S_ISREG(st.st_mode))
			add_file(inputs, name);
		free(entries[i]);
	}
	free(count >= 0 ? entries : NULL);
}

/* ---- Inputs made of others ---- */

static uint64_t random_number(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static size_t below(uint64_t *state, size_t limit)
{
	return limit ? random_number(state) % limit : 0;
}

/* Writes over bytes, or puts bytes in, or takes some out. */
static size_t change(uint8_t *data, size_t size, uint64_t *state)
{
	static const uint32_t numbers[] = {0,	   1,	       0x7f,	   0xff,
					   0xffff, 0x7fffffff, 0x80000000, 0xffffffff};
	size_t at = below(state, size), length = 1 + below(state, 16);
	uint32_t number = numbers[below(state, sizeof(numbers) / sizeof(*numbers))];

	switch (below(state, 6)) {
	case 0:
		if (size)
			data[at] ^= (uint8_t)(1 << below(state, 8));
		break;
	case 1:
		if (size)
			data[at] = (uint8_t)random_number(state);
		break;
	case 2:
		if (size - at >= sizeof(number))
			memcpy(data + at, &number, sizeof(number));
		break;
	case 3:
		if (length > size - at)
			length = size - at;
		memmove(data + at, data + at + length, size - at - length);
		return size - length;
	case 4:
		if (size + length > FUZZ_SIZE_MAX)
			break;
		memmove(data + at + length, data + at, size - at);
		memset(data + at, (int)random_number(state), length);
		return size + length;
	default:
		if (length > size - at)
			length = size - at;
		memmove(data + below(state, size - length + 1), data + at, length);
	}
	return size;
}

static void run_changed(const struct inputs *inputs, uint64_t *state)
{
	const struct input *from = &inputs->list.at[below(state, inputs->list.count)];
	size_t size = from->size < FUZZ_SIZE_MAX ? from->size : FUZZ_SIZE_MAX;
	uint8_t data[FUZZ_SIZE_MAX];

	memcpy(data, from->data, size);
	for (size_t n = 1 + below(state, 6); n; n--)
		size = change(data, size, state);
	run(data, size);
}

int main(int argc, char **argv)
{
	unsigned long runs = argc > 1 ? strtoul(argv[1], NULL, 10) : 0;
	uint64_t state = 0x9e3779b97f4a7c15;
	struct inputs inputs = {0};
	uint8_t data[FUZZ_SIZE_MAX];
	size_t size;

	signal(SIGABRT, keep_finding);
	signal(SIGSEGV, keep_finding);
	for (unsigned n = 0; (size = fuzz_seed(n, data)); n++)
		add(&inputs, data, size);
	for (int i = 2; i < argc; i++)
		add_path(&inputs, argv[i]);
	for (size_t i = 0; i < inputs.list.count; i++)
		run(inputs.list.at[i].data, inputs.list.at[i].size);
	for (unsigned long i = 0; inputs.list.count && i < runs; i++)
		run_changed(&inputs, &state);
	printf("%zu inputs, %lu made of them\n", inputs.list.count, runs);
	for (size_t i = 0; i < inputs.list.count; i++)
		free(inputs.list.at[i].data);
	array_free(&inputs.list);
	return 0;
}
