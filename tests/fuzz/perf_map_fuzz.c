/* SPDX-License-Identifier: Apache-2.0 */
/* Any text as /tmp/perf-PID.map, which the traced process writes: entries are in order, and an
   address is found in one that has it. */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "perf_map.h"

static void check_find(const struct perf_map *map, uint64_t address, const char *end)
{
	uint64_t offset = 0;
	const char *name = perf_map_find(map, address, &offset);

	if (!name)
		return;
	REQUIRE(name > map->text && name < end && *name && !strchr(name, '\n'));
	REQUIRE(offset <= address);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct perf_map map = {.text = fuzz_text(data, size)};
	const char *end = map.text + size;

	REQUIRE(!perf_map_parse(&map));
	for (size_t i = 0; i < map.entries.count; i++) {
		const struct perf_map_entry *e = &map.entries.at[i], *before = e - 1;
		uint64_t offset;

		REQUIRE(!i || before->start < e->start ||
			(before->start == e->start && before->order < e->order));
		check_find(&map, e->start, end);
		check_find(&map, e->start - 1, end);
		check_find(&map, e->start + e->size, end);
		/* The newest of those that begin there. */
		if (e->size && (i + 1 == map.entries.count || e[1].start > e->start))
			REQUIRE(perf_map_find(&map, e->start, &offset) == map.text + e->name &&
				!offset);
	}
	check_find(&map, 0, end);
	check_find(&map, UINT64_MAX, end);
	perf_map_free(&map);
	return 0;
}

size_t fuzz_seed(unsigned n, uint8_t *data)
{
	static const char *const texts[] = {
		"7f0000001000 20 LazyCompile:~add /tmp/a.js:1\n7f0000001020 10 add\n",
		"1000 20 first\n1000 40 second\n0x1010 8 in hex\nffffffffffffffff 1 last\n",
		"no number\n12 \n12 34\n12 34 \n-1 -1 minus\n\n 10 10 blank\n10 0 empty",
		NULL,
	};

	return fuzz_seed_text(texts, n, data);
}
