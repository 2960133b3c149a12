/* SPDX-License-Identifier: Apache-2.0 */
/*
 * System calls that fail: of one process, each call in turn, with each errno that it may have. A
 * process of its own sees them before the kernel does (seccomp's user notification, Linux 5.0) and
 * answers one of them; the processes that it starts are let alone.
 */
#ifndef HOTPROBE_TESTS_FAULTS_FAULTY_H
#define HOTPROBE_TESTS_FAULTS_FAULTY_H

#include <stdbool.h>
#include <stddef.h>

/* NULL, or why that is not possible here. */
const char *faulty_missing(void);

struct faulty_call {
	int number; /* of the system call */
	int err;    /* what it was answered, 0: it was let through */
};

struct faulty_run {
	int status;   /* as of waitpid(2) */
	bool hung;    /* it was killed for taking too long */
	size_t calls; /* that could have failed */
	struct faulty_call failed;
};

/* Runs work(arg) in a child of the caller's in which the nth call that can fail does (from 1; 0:
   none), with the errno at that index of its list; run->failed.err is 0 if the list has no such. */
void faulty_run(void (*work)(void *arg), void *arg, size_t nth, size_t errno_index,
		struct faulty_run *run);
const char *faulty_name(int number);

#endif
