/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hotprobe doctor: what this machine can do, found out by trying it.
 *
 * doctor_checks[] is the list of all checks, in the order in which they are made and shown. Each is
 * a function that fills a finding; those of a subject are in one file, doctor_SUBJECT.c. What they
 * attach, they attach to places that only this process comes to, or filter by its number in the
 * kernel, and detach at once.
 */
#ifndef HOTPROBE_CLI_DOCTOR_H
#define HOTPROBE_CLI_DOCTOR_H

#include <stdbool.h>
#include <stdint.h>

#include "hotprobe.h"
#include "output.h"
#include "text.h"

enum mark {
	MARK_OK,
	MARK_LIMITED, /* there, but not all of it */
	MARK_MISSING,
	MARKS,
};

/* Their names in the output. */
extern const char *const mark_names[MARKS];

/* What was tried, and its result: 0 or a negative errno. */
struct attempt {
	struct text what;
	int error;
};

struct finding {
	enum mark mark;
	struct text value;  /* what was found, in a few words; may be empty */
	struct text means;  /* for a user of hotprobe */
	struct text remedy; /* one command or setting; empty if there is none or no need */
	struct attempt *attempts;
	size_t attempt_count;
};

/* What checks have in common, and what later ones need of earlier ones. */
struct doctor {
	/* The effective ones, a bit each; CAP_SYS_ADMIN stands for CAP_BPF and CAP_PERFMON, as in
	   the kernel. */
	uint64_t capabilities;
	uint32_t tgid;	 /* this process's, as the kernel's programs see it */
	struct btf *btf; /* the kernel's, NULL if there is none */
	int btf_error;	 /* why */
	int tracefs_fd;	 /* or a negative errno */
	bool own_net;	 /* it is in a network namespace of its own */
	bool has_compiler;
	struct hotprobe *hp; /* with doctor's own program; NULL: it does not compile */
	bool works;	     /* an event of that program came */
};

struct check {
	const char *group;
	const char *key;   /* in JSON */
	const char *title; /* for people */
	void (*run)(struct doctor *doctor, struct finding *finding);
};

/* Ended by a key that is NULL. */
extern const struct check doctor_checks[];

/* ---- Findings ----------------------------------------------------------------------------- */

/* They replace what was there. */
void finding_is(struct finding *finding, enum mark mark, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void finding_value(struct finding *finding, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void finding_remedy(struct finding *finding, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* Notes an attempt, and returns its result: error. */
int finding_tried(struct finding *finding, int error, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void finding_free(struct finding *finding);
/* "EPERM"; "errno 524" for one that has no name. */
const char *error_name(int error, char buf[24]);

/* For a try that failed. Says which of the capabilities (bits) that it takes are not there, if the
   kernel did not permit it, or that there are too few descriptors or too little memory; else sets
   what is given, remedy may be NULL. */
void finding_refused(const struct doctor *doctor, struct finding *finding, int error,
		     uint64_t capabilities, const char *means, const char *remedy);

/* ---- Printing ----------------------------------------------------------------------------- */

struct doctor_results {
	const struct doctor *doctor;
	const struct finding *findings; /* one for each of doctor_checks */
	bool verbose;
};

/* Append to out->buffer. */
void doctor_print_text(struct output *out, const struct doctor_results *results);
void doctor_print_json(struct output *out, const struct doctor_results *results);

/* ---- The checks --------------------------------------------------------------------------- */

typedef void doctor_check(struct doctor *doctor, struct finding *finding);

/* doctor_privileges.c */
doctor_check check_user, check_cap_bpf, check_cap_perfmon, check_cap_sys_admin, check_cap_net_admin,
	check_cap_net_raw, check_cap_sys_resource, check_cap_sys_ptrace, check_cap_syslog,
	check_unprivileged_bpf, check_perf_paranoid, check_kernel_symbols;

/* doctor_limits.c: what else keeps a process from what its privileges allow */
doctor_check check_lockdown, check_memlock, check_open_files, check_pid_namespace,
	check_user_namespace, check_container;

/* doctor_kernel.c */
doctor_check check_kernel, check_proc, check_sys, check_btf, check_module_btf, check_jit,
	check_jit_hardening, check_headers;

/* doctor_config.c */
doctor_check check_config;

/* doctor_files.c */
doctor_check check_tracefs, check_debugfs, check_bpffs;

/* doctor_functions.c: probes on functions of the kernel */
doctor_check check_kprobe, check_kretprobe, check_kprobe_multi, check_fentry, check_fexit,
	check_fmod_ret, check_lsm;

/* doctor_events.c: tracepoints and perf events */
doctor_check check_tracepoint, check_syscall_tracepoint, check_raw_tracepoint, check_tp_btf,
	check_perf_software, check_perf_hardware, check_perf_tracepoint;

/* doctor_user.c: probes on functions of programs */
doctor_check check_uprobe, check_uretprobe, check_usdt;

/* doctor_tables.c */
doctor_check check_ring_buffer, check_perf_buffer, check_iterator;

/* doctor_network.c */
doctor_check check_xdp, check_tc, check_socket_filter, check_cgroup;

/* doctor_hotprobe.c: hotprobe's own parts */
doctor_check check_versions, check_compiler, check_cache, check_guest;

/* doctor_trace.c: its work */
doctor_check check_compile, check_syscall_backend, check_function_backend, check_trace;

#endif
