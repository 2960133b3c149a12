/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tiny programs that note in a table that they ran. They are filtered by this process's number: for
 * others they do nothing.
 */
#ifndef HOTPROBE_CLI_DOCTOR_TRY_H
#define HOTPROBE_CLI_DOCTOR_TRY_H

#include <linux/bpf.h>
#include <linux/perf_event.h>
#include <stdbool.h>
#include <stdint.h>

#include "doctor.h"

struct trial_kind {
	enum bpf_prog_type type;
	enum bpf_attach_type attach_type; /* expected, where the type has it */
	const char *btf_name;		  /* of what it is loaded for in the kernel's BTF */
	uint32_t btf_kind;		  /* BTF_KIND_FUNC or BTF_KIND_TYPEDEF */
	int result;			  /* of the program */
	bool unfiltered;		  /* it is attached where no one else comes */
};

/* What a user of hotprobe has of it if it works, or has not if it fails, and how to mend that. */
struct trial_words {
	const char *works, *fails, *remedy; /* remedy may be NULL */
};

/* Descriptors, -1 where there is none. */
struct trial {
	const struct doctor *doctor;
	struct finding *finding;
	int map_fd, prog_fd, link_fd;
};

/* Learns the number that this process has in the initial PID namespace, doctor->tgid. */
void trial_learn_tgid(struct doctor *doctor);

#define TRIAL(doctor_, finding_)                                                                   \
	{                                                                                          \
		.doctor = (doctor_), .finding = (finding_), .map_fd = -1, .prog_fd = -1,           \
		.link_fd = -1,                                                                     \
	}

/* Makes the table and loads the program. Returns 0 or a negative errno. */
int trial_load(struct trial *trial, const struct trial_kind *kind);
/* Takes what attaching it gave, a descriptor or a negative errno. Returns 0 or the negative errno.
 */
int trial_attached(struct trial *trial, int fd, const char *how);
/* Opens a perf event of this thread with the program on it. As trial_attached(). */
int trial_perf_event(struct trial *trial, struct perf_event_attr *attr, const char *how);
/* The end of a trial: err is the result of its last step. If that is 0, call has to make the
   program run (NULL: that it is attached is enough); capabilities are those that all steps take. */
void trial_conclude(const struct trial *trial, int err, uint64_t capabilities,
		    void (*call)(const struct trial *trial), const struct trial_words *words);
void trial_free(struct trial *trial);

/* perf_event_open(2) on this thread. Returns a descriptor or a negative errno. */
int open_own_perf_event(struct perf_event_attr *attr);
/* The type of a PMU that makes probes, "kprobe" or "uprobe". Returns 0, or -ENODEV, noted. */
int find_probe_type(struct finding *finding, const char *pmu, uint32_t *type);
/* The lowest bit of a field of its perf_event_attr.config, -1 if it has none of that name. */
int find_config_bit(const char *pmu, const char *field);

/* Does the work in a child, for what is not to happen to this process, or has to be finished
   whatever happens to it. Work returns 0 or a negative errno, and so does this. */
int in_child(int (*work)(void *arg), void *arg);
/* Milliseconds of the monotonic clock. */
int64_t now_ms(void);
/* A number or a line out of a file of /proc or /sys; false if it cannot be read. */
bool read_line(const char *path, char *line, size_t size);
bool read_number(const char *path, long *number);

#endif
