/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tracepoints and perf events. The events are those of this thread: its new name, which is the old
 * one, sched_rr_get_interval(2), page faults.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/btf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "doctor.h"
#include "doctor_privileges.h"
#include "doctor_try.h"

static void rename_task(const struct trial *trial)
{
	char name[16] = "";

	(void)trial;
	prctl(PR_GET_NAME, name);
	prctl(PR_SET_NAME, name);
}

static void call_syscall(const struct trial *trial)
{
	struct timespec interval;

	(void)trial;
	syscall(SYS_sched_rr_get_interval, 0, &interval);
}

static void fault_page(const struct trial *trial)
{
	char *page = mmap(NULL, 1, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)trial;
	if (page == MAP_FAILED)
		return;
	*(volatile char *)page = 1;
	munmap(page, 1);
}

/* Returns 0 or a negative errno. */
static int find_tracepoint(const struct doctor *doctor, struct finding *finding, const char *event,
			   struct perf_event_attr *attr)
{
	char path[128], number[32] = "";
	int fd = doctor->tracefs_fd, err;

	snprintf(path, sizeof(path), "events/%s/id", event);
	if (fd >= 0)
		fd = openat(fd, path, O_RDONLY | O_CLOEXEC);
	else
		errno = -fd;
	err = fd < 0 ? -errno : 0;
	if (!err && read(fd, number, sizeof(number) - 1) <= 0)
		err = -EIO;
	if (fd >= 0)
		close(fd);
	*attr = (struct perf_event_attr){
		.type = PERF_TYPE_TRACEPOINT,
		.config = strtoull(number, NULL, 10),
		.sample_period = 1,
	};
	return finding_tried(finding, err, "read %s in tracefs", path);
}

/* ---- Tracepoints --------------------------------------------------------------------------
 */

static void no_tracefs(const struct doctor *doctor, struct finding *finding, const char *means)
{
	finding_is(finding, MARK_MISSING, "%s: tracefs cannot be %s", means,
		   doctor->tracefs_fd == -EACCES ? "read" : "opened");
	finding_remedy(finding, "see tracefs");
}

static void try_tracepoint(const struct doctor *doctor, struct finding *finding, const char *event,
			   void (*call)(const struct trial *trial), const struct trial_words *words)
{
	const struct trial_kind kind = {.type = BPF_PROG_TYPE_TRACEPOINT};
	struct perf_event_attr attr;
	struct trial trial = TRIAL(doctor, finding);
	int err = trial_load(&trial, &kind);
	bool loaded = !err;

	if (!err)
		err = find_tracepoint(doctor, finding, event, &attr);
	if (loaded && doctor->tracefs_fd < 0) {
		no_tracefs(doctor, finding, words->fails);
	} else {
		if (!err)
			err = trial_perf_event(&trial, &attr, "attach it");
		trial_conclude(&trial, err, TRACING_CAPABILITIES, call, words);
	}
	trial_free(&trial);
}

void check_tracepoint(struct doctor *doctor, struct finding *finding)
{
	static const struct trial_words words = {
		.works = "TRACEPOINT_PROBE, tracepoint__ functions",
		.fails = "no TRACEPOINT_PROBE, no tracepoint__ functions",
		.remedy = "use a kernel with CONFIG_TRACEPOINTS and CONFIG_BPF_EVENTS",
	};

	try_tracepoint(doctor, finding, "task/task_rename", rename_task, &words);
}

void check_syscall_tracepoint(struct doctor *doctor, struct finding *finding)
{
	static const struct trial_words words = {
		.works = "syscall__ functions, also where there are no kprobes",
		.fails = "syscall__ functions take kprobes",
		.remedy = "use a kernel with CONFIG_FTRACE_SYSCALLS",
	};

	try_tracepoint(doctor, finding, "syscalls/sys_enter_sched_rr_get_interval", call_syscall,
		       &words);
}

/* event: NULL if the program was loaded for it. */
static void try_raw(const struct doctor *doctor, struct finding *finding,
		    const struct trial_kind *kind, const char *event,
		    const struct trial_words *words)
{
	struct trial trial = TRIAL(doctor, finding);
	int err = trial_load(&trial, kind);

	if (!err)
		err = trial_attached(&trial, bpf_raw_tracepoint_open(event, trial.prog_fd),
				     "attach it to task_rename");
	trial_conclude(&trial, err, TRACING_CAPABILITIES, rename_task, words);
	trial_free(&trial);
}

void check_raw_tracepoint(struct doctor *doctor, struct finding *finding)
{
	static const struct trial_kind kind = {.type = BPF_PROG_TYPE_RAW_TRACEPOINT};
	static const struct trial_words words = {
		.works = "RAW_TRACEPOINT_PROBE; the filter of commands and processes follows forks",
		.fails = "no RAW_TRACEPOINT_PROBE; commands (--) and processes (--pid) cannot be "
			 "followed",
		.remedy = "use a kernel with CONFIG_TRACEPOINTS and CONFIG_BPF_EVENTS",
	};

	try_raw(doctor, finding, &kind, "task_rename", &words);
}

void check_tp_btf(struct doctor *doctor, struct finding *finding)
{
	static const struct trial_kind kind = {
		.type = BPF_PROG_TYPE_TRACING,
		.attach_type = BPF_TRACE_RAW_TP,
		.btf_name = "btf_trace_task_rename",
		.btf_kind = BTF_KIND_TYPEDEF,
	};
	static const struct trial_words words = {
		.works = "the kernel has them; hotprobe uses raw tracepoints",
		.fails = "the kernel lacks them; hotprobe does not need them",
	};

	try_raw(doctor, finding, &kind, NULL, &words);
}

/* ---- Perf events --------------------------------------------------------------------------
 */

void check_perf_software(struct doctor *doctor, struct finding *finding)
{
	static const struct trial_kind kind = {.type = BPF_PROG_TYPE_PERF_EVENT};
	static const struct trial_words words = {
		.works = "perf_event: samples by time (cpu-clock), page-faults, context-switches",
		.fails = "no perf_event: probes, so no profiles",
		.remedy = "use a kernel with CONFIG_PERF_EVENTS and CONFIG_BPF_EVENTS",
	};
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.config = PERF_COUNT_SW_PAGE_FAULTS,
		.sample_period = 1,
	};
	struct trial trial = TRIAL(doctor, finding);
	int err = trial_load(&trial, &kind);

	if (!err)
		err = trial_perf_event(&trial, &attr, "attach it to page faults");
	trial_conclude(&trial, err, TRACING_CAPABILITIES, fault_page, &words);
	trial_free(&trial);
}

/* Counts while call is called. Returns 0 or a negative errno. */
static int try_counter(struct finding *finding, struct perf_event_attr *attr, const char *what,
		       void (*call)(const struct trial *trial))
{
	int fd = open_own_perf_event(attr), err = fd < 0 ? fd : 0;
	uint64_t count = 0;

	finding_tried(finding, err, "open a perf event: %s", what);
	if (err)
		return err;
	call(NULL);
	if (read(fd, &count, sizeof(count)) != sizeof(count) || !count)
		err = -ENODATA;
	close(fd);
	return finding_tried(finding, err, "count them");
}

static void work(const struct trial *trial)
{
	(void)trial;
	for (volatile int i = 0; i < 10000; i++)
		;
}

void check_perf_hardware(struct doctor *doctor, struct finding *finding)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_HARDWARE,
		.config = PERF_COUNT_HW_CPU_CYCLES,
	};
	int err = try_counter(finding, &attr, "cycles", work);
	bool refused = err == -EACCES;

	/* Who may not count the kernel's learns whether there is a counter. */
	if (refused) {
		attr.exclude_kernel = attr.exclude_hv = 1;
		err = try_counter(finding, &attr, "cycles in user mode", work);
	}
	if (refused && !err)
		err = -EACCES;
	if (err)
		finding_refused(doctor, finding, err, CAPABILITY(CAP_PERFMON),
				"no hardware counters (cycles, instructions, cache-misses): "
				"profile by cpu-clock",
				"in a virtual machine, let the hypervisor pass the counters on "
				"(QEMU: -cpu host,pmu=on)");
	else
		finding_is(finding, MARK_OK, "cycles, instructions, cache-misses can be sampled");
}

void check_perf_tracepoint(struct doctor *doctor, struct finding *finding)
{
	static const char means[] = "no tracepoints can be attached or counted";
	struct perf_event_attr attr;
	int err = find_tracepoint(doctor, finding, "task/task_rename", &attr);

	if (doctor->tracefs_fd < 0) {
		no_tracefs(doctor, finding, means);
		return;
	}
	if (!err)
		err = try_counter(finding, &attr, "task:task_rename", rename_task);
	if (err)
		finding_refused(doctor, finding, err, CAPABILITY(CAP_PERFMON), means, NULL);
	else
		finding_is(finding, MARK_OK, "what tracepoints are attached through");
}
