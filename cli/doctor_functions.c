/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Probes on functions of the kernel. The functions that they are tried on are called by next to no
 * one but this process: unshare(2) with nothing to unshare, and sched_rr_get_interval(2).
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <linux/btf.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "doctor.h"
#include "doctor_privileges.h"
#include "doctor_try.h"

/* It is in another file than its caller, so that no compiler puts it into that. */
#define FUNCTION "unshare_nsproxy_namespaces"
#define HOOK "task_getscheduler"

static void call_function(const struct trial *trial)
{
	(void)trial;
	unshare(0);
}

static void call_hook(const struct trial *trial)
{
	(void)trial;
	syscall(SYS_sched_getscheduler, 0);
}

/* ---- kprobes ------------------------------------------------------------------------------
 */

static int attach_kprobe(struct trial *trial, struct perf_event_attr *attr, bool is_return)
{
	int bit = find_config_bit("kprobe", "retprobe");

	if (is_return)
		attr->config = 1ULL << (bit < 0 ? 0 : bit);
	return trial_perf_event(trial, attr,
				is_return ? "attach a kretprobe to " FUNCTION
					  : "attach a kprobe to " FUNCTION);
}

static void try_kprobe(const struct doctor *doctor, struct finding *finding, bool is_return,
		       const struct trial_words *words)
{
	const struct trial_kind kind = {.type = BPF_PROG_TYPE_KPROBE};
	struct perf_event_attr attr = {.kprobe_func = (uintptr_t)FUNCTION};
	struct trial trial = TRIAL(doctor, finding);
	int err = find_probe_type(finding, "kprobe", &attr.type);

	if (!err)
		err = trial_load(&trial, &kind);
	if (!err)
		err = attach_kprobe(&trial, &attr, is_return);
	trial_conclude(&trial, err, TRACING_CAPABILITIES, call_function, words);
	trial_free(&trial);
}

void check_kprobe(struct doctor *doctor, struct finding *finding)
{
	static const struct trial_words words = {
		.works = "kprobe__ functions, and offsets in functions",
		.fails = "kprobe__ functions on anything but system calls cannot be attached; "
			 "system calls are traced by their tracepoints",
		.remedy = "use a kernel with CONFIG_KPROBES and CONFIG_KPROBE_EVENTS, or hotprobe "
			  "guest run",
	};

	try_kprobe(doctor, finding, false, &words);
}

void check_kretprobe(struct doctor *doctor, struct finding *finding)
{
	static const struct trial_words words = {
		.works = "kretprobe__ functions",
		.fails = "kretprobe__ functions on anything but system calls cannot be attached; "
			 "returns of system calls are traced by their tracepoints",
		.remedy = "use a kernel with CONFIG_KPROBES and CONFIG_KPROBE_EVENTS, or hotprobe "
			  "guest run",
	};

	try_kprobe(doctor, finding, true, &words);
}

void check_kprobe_multi(struct doctor *doctor, struct finding *finding)
{
	static const struct trial_kind kind = {.type = BPF_PROG_TYPE_KPROBE,
					       .attach_type = BPF_TRACE_KPROBE_MULTI};
	static const struct trial_words words = {
		.works = "patterns (kprobe:vfs_*) are attached at once",
		.fails = "patterns (kprobe:vfs_*) take a kprobe for each function, which is slow "
			 "to attach and detach",
		.remedy = "use a kernel with CONFIG_FPROBE (Linux 5.18)",
	};
	const char *names[] = {FUNCTION};
	LIBBPF_OPTS(bpf_link_create_opts, opts, .kprobe_multi.syms = names, .kprobe_multi.cnt = 1);
	struct trial trial = TRIAL(doctor, finding);
	int err = trial_load(&trial, &kind);

	if (!err)
		err = trial_attached(
			&trial, bpf_link_create(trial.prog_fd, 0, BPF_TRACE_KPROBE_MULTI, &opts),
			"attach a multi-kprobe to " FUNCTION);
	trial_conclude(&trial, err, TRACING_CAPABILITIES, call_function, &words);
	trial_free(&trial);
}

/* ---- Trampolines --------------------------------------------------------------------------
 */

static void try_trampoline(const struct doctor *doctor, struct finding *finding,
			   const struct trial_kind *kind, void (*call)(const struct trial *trial),
			   const struct trial_words *words)
{
	struct trial trial = TRIAL(doctor, finding);
	int err = trial_load(&trial, kind);

	if (!err)
		err = trial_attached(&trial, bpf_raw_tracepoint_open(NULL, trial.prog_fd),
				     "attach it");
	trial_conclude(&trial, err, TRACING_CAPABILITIES, call, words);
	trial_free(&trial);
}

#define TRAMPOLINE_REMEDY                                                                          \
	"use a kernel with BTF, CONFIG_FUNCTION_TRACER and "                                       \
	"CONFIG_DYNAMIC_FTRACE_WITH_DIRECT_CALLS"

void check_fentry(struct doctor *doctor, struct finding *finding)
{
	static const struct trial_kind kind = {
		.type = BPF_PROG_TYPE_TRACING,
		.attach_type = BPF_TRACE_FENTRY,
		.btf_name = FUNCTION,
		.btf_kind = BTF_KIND_FUNC,
	};
	static const struct trial_words words = {
		.works = "KFUNC_PROBE, and the cheapest way for entries of functions, which "
			 "hotprobe takes by itself from Linux 6.12 on",
		.fails = "no KFUNC_PROBE; entries of functions and system calls take dearer ways",
		.remedy = TRAMPOLINE_REMEDY,
	};

	try_trampoline(doctor, finding, &kind, call_function, &words);
}

void check_fexit(struct doctor *doctor, struct finding *finding)
{
	static const struct trial_kind kind = {
		.type = BPF_PROG_TYPE_TRACING,
		.attach_type = BPF_TRACE_FEXIT,
		.btf_name = FUNCTION,
		.btf_kind = BTF_KIND_FUNC,
	};
	static const struct trial_words words = {
		.works = "KRETFUNC_PROBE, and the cheapest way for returns of functions, which "
			 "hotprobe takes by itself from Linux 6.12 on",
		.fails = "no KRETFUNC_PROBE; returns of functions and system calls take dearer "
			 "ways",
		.remedy = TRAMPOLINE_REMEDY,
	};

	try_trampoline(doctor, finding, &kind, call_function, &words);
}

void check_fmod_ret(struct doctor *doctor, struct finding *finding)
{
	static const struct trial_kind kind = {
		.type = BPF_PROG_TYPE_TRACING,
		.attach_type = BPF_MODIFY_RETURN,
		.btf_name = "security_" HOOK,
		.btf_kind = BTF_KIND_FUNC,
	};
	static const struct trial_words words = {
		.works = "KMOD_RET on security_ functions and those that allow error injection",
		.fails = "no KMOD_RET",
		.remedy = TRAMPOLINE_REMEDY,
	};

	try_trampoline(doctor, finding, &kind, call_hook, &words);
}

void check_lsm(struct doctor *doctor, struct finding *finding)
{
	static const struct trial_kind kind = {
		.type = BPF_PROG_TYPE_LSM,
		.attach_type = BPF_LSM_MAC,
		.btf_name = "bpf_lsm_" HOOK,
		.btf_kind = BTF_KIND_FUNC,
	};
	static const struct trial_words words = {
		.works = "LSM_PROBE",
		.fails = "no LSM_PROBE",
		.remedy = "use a kernel with CONFIG_BPF_LSM and what fentry needs, booted with bpf "
			  "in lsm=",
	};

	try_trampoline(doctor, finding, &kind, call_hook, &words);
	if (finding->mark != MARK_LIMITED)
		return;
	/* The hook is there, but the kernel was started without its BPF security module. */
	finding_is(finding, MARK_MISSING,
		   "no LSM_PROBE: the kernel was booted without its BPF security module");
	finding_remedy(finding, "add bpf to lsm= on the kernel's command line (the list is in "
				"/sys/kernel/security/lsm), and boot");
}
