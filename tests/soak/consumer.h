/* SPDX-License-Identifier: Apache-2.0 */
/* What soak.c and the two kinds of consumers have in common. */
#ifndef HOTPROBE_TESTS_SOAK_CONSUMER_H
#define HOTPROBE_TESTS_SOAK_CONSUMER_H

#include <sys/types.h>

#include "producer.h"
#include "soak.h"

struct soak;

struct consumer {
	/* Starts the producers, traced, and itself. False after soak_wrong(). */
	bool (*start)(struct soak *soak);
	/* Takes events for that time. */
	void (*take)(struct soak *soak, double seconds);
	/* Takes all that is left of what was produced so far; afterwards it is delivered or lost.
	 */
	void (*settle)(struct soak *soak);
	/* The producers end; so does it. */
	void (*end)(struct soak *soak);
};

extern const struct consumer soak_host;	   /* a callback in this process */
extern const struct consumer soak_command; /* hotprobe run */

struct soak {
	const struct soak_mode *mode;
	const struct soak_options *options;
	struct soak_figures *figures;
	const struct consumer *consumer;
	struct control *control;
	char control_file[256];
	char count[16];	    /* of producers */
	pid_t consumer_pid; /* whose memory and descriptors are looked at */
	uint64_t produced;  /* up to the last checkpoint */
	uint64_t delivered, lost;
	void *own; /* the consumer's */
};

/* Notes what does not hold, unless something did not before. */
void soak_wrong(struct soak *soak, const char *format, ...) __attribute__((format(printf, 2, 3)));
uint64_t soak_produced(const struct soak *soak);
double soak_now(void);
bool soak_wait(struct soak *soak, bool (*done)(const struct soak *soak), const char *what);

#endif
