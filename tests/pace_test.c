/* SPDX-License-Identifier: Apache-2.0 */
/* When the reader of a ring buffer looks next: with times that the test makes up. */
#include "support.h"

#include <stdlib.h>

#include "pace.h"

enum {
	RECORD = 80,
	SECOND = 1000000000,
};

/* Records at an even rate, all taken whenever the pace says so, or at each of them while that waits
   to be woken. Returns the number of looks. */
static uint64_t run_at(struct pace *pace, uint64_t *now, uint64_t rate, uint64_t duration)
{
	uint64_t end = *now + duration, distance = SECOND / rate, looks = 0, due = *now;

	while (*now < end) {
		uint64_t from = *now, records;

		due = *now + (pace->delay ? pace->delay : distance);
		records = (due - from + distance / 2) / distance;
		*now = due;
		pace_look(pace, *now, records, records * RECORD);
		looks++;
	}
	return looks;
}

START_TEST(slow_records_are_waited_for_one_by_one)
{
	struct pace pace = {.size = 1 << 19, .cpus = 2};
	uint64_t now = 5;

	ck_assert_uint_eq(run_at(&pace, &now, 1000, SECOND), 1000);
	ck_assert_uint_eq(pace.delay, 0);
}
END_TEST

START_TEST(fast_records_gather)
{
	struct pace pace = {.size = 1 << 19, .cpus = 2};
	uint64_t now = 5;

	/* Far fewer looks than records, and none later than it may be. */
	ck_assert_uint_lt(run_at(&pace, &now, 500000, SECOND), 2200);
	ck_assert_uint_eq(pace.delay, PACE_MAX_NS);
}
END_TEST

START_TEST(what_gathers_has_ample_room)
{
	/* A small ring, large records: at this rate it would be full after 26 us. */
	struct pace pace = {.size = 1 << 16, .cpus = 1};
	uint64_t now = SECOND;

	for (int i = 0; i < 10000; i++) {
		now += pace.delay ? pace.delay : 1000;
		pace_look(&pace, now, 1, 2500);
	}
	ck_assert_uint_eq(pace.delay, 0);
	/* With room for more, no more of it than a part is counted on. */
	pace = (struct pace){.size = 1 << 20, .cpus = 1};
	for (int i = 0; i < 10000; i++) {
		uint64_t period = pace.delay ? pace.delay : 1000;

		now += period;
		pace_look(&pace, now, period / 1000, period / 1000 * 2500);
	}
	ck_assert_uint_gt(pace.delay, 0);
	ck_assert_uint_lt(pace.delay * 2500 / 1000, (1 << 20) / 3);
}
END_TEST

START_TEST(it_is_woken_again_once_records_come_slowly)
{
	struct pace pace = {.size = 1 << 19, .cpus = 2};
	uint64_t now = 5;

	run_at(&pace, &now, 500000, SECOND);
	ck_assert_uint_gt(pace.delay, 0);
	/* Looks by others within the period tell nothing. */
	for (int i = 0; i < 3; i++)
		ck_assert(!pace_look(&pace, now + 1, 0, 0));
	now += pace.delay;
	ck_assert(pace_look(&pace, now, 1, RECORD));
	ck_assert_uint_eq(pace.delay, 0);
	/* And a burst after a pause is not taken for a rate. */
	now += SECOND;
	pace_look(&pace, now, 100, 100 * RECORD);
	ck_assert_uint_eq(pace.delay, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("pace");

	add_test(suite, slow_records_are_waited_for_one_by_one, 10);
	add_test(suite, fast_records_gather, 10);
	add_test(suite, what_gathers_has_ample_room, 10);
	add_test(suite, it_is_woken_again_once_records_come_slowly, 10);
	return run_suite(suite);
}
