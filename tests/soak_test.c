/* SPDX-License-Identifier: Apache-2.0 */
/* The short form of make soak: each way to take events, for a moment. */
#include "soak/soak.h"
#include "support.h"

#include <unistd.h>

enum {
	MOST_PAGES = 2 * 64, /* of buffer for a CPU: those of a ring are rounded up */
	RECORD = 64,	     /* bytes, at least */
	GROWTH_KB = 512,     /* what the C library may take later than at the first checkpoint */
};

START_TEST(what_is_produced_is_delivered_or_reported_lost)
{
	const struct soak_mode *mode = &soak_modes[_i];
	size_t cpus = (size_t)sysconf(_SC_NPROCESSORS_CONF);
	size_t pagesize = (size_t)sysconf(_SC_PAGESIZE);
	struct soak_figures figures;
	char *dir;
	struct soak_options options = {
		.seconds = 0.6,
		.checkpoints = 4,
		.stall_ms = 200,
		.hotprobe = build_path("hotprobe"),
		.worker = build_path("hotprobe-cc"),
		.producer = build_path("tests/soak/producer"),
		.program = source_path("tests/soak/event.c"),
	};

	NEED(no_bpf());
	options.scratch = dir = make_dir();
	soak(mode, &options, &figures);
	ck_assert_msg(!*figures.wrong, "%s: %s", mode->name, figures.wrong);
	ck_assert_uint_eq(figures.checkpoints, options.checkpoints);
	ck_assert_uint_gt(figures.produced, 0);
	ck_assert_uint_gt(figures.delivered, 0);
	/* Each CPU's buffer gets a timer, and a second event beside its own that wakes no one, when
	   records come fast for the first time: channel.c. */
	ck_assert_uint_le(figures.last_fds, figures.first_fds + 2 * cpus);
	if (figures.stalled > MOST_PAGES * pagesize / RECORD * cpus)
		ck_assert_msg(figures.lost > 0, "%s: nothing was lost", mode->name);
	ck_assert_uint_le(figures.last_kb, figures.first_kb + GROWTH_KB);
	remove_dir(dir);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("soak");

	add_loop_test(suite, what_is_produced_is_delivered_or_reported_lost, 120,
		      (int)soak_mode_count);
	return run_suite(suite);
}
