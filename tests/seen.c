/* SPDX-License-Identifier: Apache-2.0 */
#include "seen.h"

#include <stdlib.h>
#include <string.h>

#include "support.h"

struct seen *new_seen(void)
{
	struct seen *seen = calloc(1, sizeof(*seen));

	ck_assert_ptr_nonnull(seen);
	return seen;
}

static void see(void *ctx, int cpu, const void *data, size_t size)
{
	struct seen *seen = ctx;

	(void)cpu;
	/* A perf buffer rounds up. */
	ck_assert_uint_ge(size, sizeof(struct event));
	ck_assert_uint_lt(seen->count, SEEN_MAX);
	memcpy(&seen->event[seen->count++], data, sizeof(struct event));
}

void prepare(struct hotprobe *hp, const char *text, struct seen *seen)
{
	open_text(hp, text);
	load_program(hp);
	ck_hp(hp, hotprobe_on_event(hp, "events", see, NULL, seen));
}

int consume_all(struct hotprobe *hp)
{
	int all = 0, n;

	while ((n = ck_hp(hp, hotprobe_consume(hp))))
		all += n;
	return all;
}
