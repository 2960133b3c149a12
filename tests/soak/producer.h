/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The processes that are traced in a soak: they call getppid(2) as fast as they can, count the
 * calls, and rest when they are told to, so that what was produced is known to the last call.
 *
 *   producer FILE COUNT CPU   COUNT processes, the first on CPU, the next on CPU + 1... (-1: on
 *                             any); FILE, of the size of struct control, is what tells them
 */
#ifndef HOTPROBE_TESTS_SOAK_PRODUCER_H
#define HOTPROBE_TESTS_SOAK_PRODUCER_H

#include <stdatomic.h>
#include <stdint.h>

enum {
	PRODUCERS_MAX = 8,
	ORDER_END = UINT32_MAX,
};

struct control {
	/* Counts up: even ones mean rest, odd ones work, ORDER_END the end. */
	_Atomic uint32_t order;
	struct {
		_Alignas(64) _Atomic uint64_t calls;
		_Atomic uint32_t obeyed; /* the last order to rest that it follows */
		_Atomic uint32_t ready;	 /* it runs, and follows orders */
	} producer[PRODUCERS_MAX];
};

#endif
