/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What hosts do, while something fails: each scenario is a handle's life. It either succeeds, with
 * all results as they have to be, or a call fails and says why.
 *
 * Nothing in here fails the running test, and nothing needs memory of its own.
 */
#ifndef HOTPROBE_TESTS_FAULTS_SCENARIOS_H
#define HOTPROBE_TESTS_FAULTS_SCENARIOS_H

#include <stdbool.h>
#include <stddef.h>

/* Where the scenarios find things. */
struct stage_set {
	const char *worker, *child, *user_child, *user_library, *scratch;
	const char *image;  /* of scenario_source, saved */
	const char *source; /* a file with it */
	const char *cache;  /* a directory for what was compiled */
};

struct outcome {
	int err;	   /* 0: all went well; else the negative errno of the call that failed */
	char call[64];	   /* that call */
	char message[256]; /* what the library said of it */
	bool nameless;	   /* a function that has a name was found without */
	unsigned warnings; /* that the log was told */
	char wrong[128];   /* a result that is not as it has to be, though no call failed; "" */
};

struct scenario {
	const char *name;
	void (*run)(const struct stage_set *set, struct outcome *outcome);
};

extern const struct scenario scenarios[];
extern const size_t scenario_count;

/* A program for the scenarios, to be freed. */
char *scenario_source(void);

#endif
