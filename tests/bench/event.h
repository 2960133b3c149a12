/* SPDX-License-Identifier: Apache-2.0 */
/* The event that every program of the benchmark sends, of SIZE bytes: 16, 64 or more. */
#ifndef HOTPROBE_BENCH_EVENT_H
#define HOTPROBE_BENCH_EVENT_H

struct event {
	unsigned long long time;
	unsigned pid, tid;
#if SIZE > 16
	unsigned long long flags, inode;
	unsigned uid;
	int ret;
	char comm[16];
#endif
#if SIZE > 64
	char path[SIZE - 64];
#endif
};

#endif
