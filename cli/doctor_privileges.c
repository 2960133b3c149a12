/* SPDX-License-Identifier: Apache-2.0 */
/* What the kernel lets this process do. */
#include "doctor_privileges.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "doctor.h"
#include "doctor_try.h"

/* ---- Capabilities -------------------------------------------------------------------------
 */

uint64_t capabilities_read(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {{0}};

	if (syscall(SYS_capget, &header, data))
		return 0;
	return data[0].effective | (uint64_t)data[1].effective << 32;
}

static const struct {
	int number;
	const char *name; /* without CAP_ */
} names[] = {
	{CAP_BPF, "BPF"},
	{CAP_PERFMON, "PERFMON"},
	{CAP_SYS_ADMIN, "SYS_ADMIN"},
	{CAP_NET_ADMIN, "NET_ADMIN"},
	{CAP_NET_RAW, "NET_RAW"},
	{CAP_SYS_RESOURCE, "SYS_RESOURCE"},
	{CAP_SYS_PTRACE, "SYS_PTRACE"},
	{CAP_SYSLOG, "SYSLOG"},
};

static void add_names(struct text *text, uint64_t capabilities, const char *prefix,
		      const char *separator)
{
	size_t begin = text->length;

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (capabilities & CAPABILITY(names[i].number))
			text_format(text, "%s%s%s", text->length > begin ? separator : "", prefix,
				    names[i].name);
}

void capability_names(struct text *text, uint64_t capabilities)
{
	add_names(text, capabilities, "CAP_", " and ");
}

void capability_remedy(struct finding *finding, uint64_t capabilities)
{
	struct text options = {0};

	add_names(&options, capabilities, "--cap-add ", " ");
	if (geteuid())
		finding_remedy(finding, "sudo hotprobe ...");
	else
		finding_remedy(finding, "docker run %s, or whatever started this container",
			       text_cstr(&options));
	text_free(&options);
}

static void check_capability(const struct doctor *doctor, struct finding *finding, int number,
			     enum mark without, const char *means, const char *cost)
{
	bool has = doctor->capabilities & CAPABILITY(number);

	if (has && !(capabilities_read() & CAPABILITY(number))) {
		finding_is(finding, MARK_OK, "not there, but CAP_SYS_ADMIN stands for it");
		return;
	}
	finding_is(finding, has ? MARK_OK : without, "%s", has ? means : cost);
	if (!has)
		capability_remedy(finding, CAPABILITY(number));
}

void check_cap_bpf(struct doctor *doctor, struct finding *finding)
{
	check_capability(doctor, finding, CAP_BPF, MARK_MISSING, "programs are loaded, tables made",
			 "no program can be loaded and no table made: hotprobe compiles, but "
			 "traces nothing");
}

void check_cap_perfmon(struct doctor *doctor, struct finding *finding)
{
	check_capability(doctor, finding, CAP_PERFMON, MARK_MISSING,
			 "programs are attached to what the kernel and processes do",
			 "nothing can be attached to functions, tracepoints and perf events, and "
			 "programs cannot read the kernel's memory");
}

void check_cap_sys_admin(struct doctor *doctor, struct finding *finding)
{
	check_capability(doctor, finding, CAP_SYS_ADMIN, MARK_LIMITED,
			 "all of hotprobe; tracefs also where it is not mounted",
			 "tracefs has to be mounted and readable for tracepoints and system calls; "
			 "no fentry of functions in modules; newer kernels allow no uprobes");
}

void check_cap_net_admin(struct doctor *doctor, struct finding *finding)
{
	check_capability(doctor, finding, CAP_NET_ADMIN, MARK_LIMITED,
			 "xdp:, tc: and cgroup: probes",
			 "xdp:, tc:, sockmap: and cgroup: probes need CAP_SYS_ADMIN in its place, "
			 "tc: before Linux 6.6 this itself");
}

void check_cap_net_raw(struct doctor *doctor, struct finding *finding)
{
	check_capability(doctor, finding, CAP_NET_RAW, MARK_LIMITED, "socket: probes",
			 "no socket: probes");
}

void check_cap_sys_resource(struct doctor *doctor, struct finding *finding)
{
	check_capability(doctor, finding, CAP_SYS_RESOURCE, MARK_LIMITED,
			 "limits of locked memory and open files can be raised",
			 "limits of locked memory and open files stay as they are, see below");
}

void check_cap_sys_ptrace(struct doctor *doctor, struct finding *finding)
{
	check_capability(doctor, finding, CAP_SYS_PTRACE, MARK_LIMITED,
			 "symbols and probes of all users' processes",
			 "no symbols and no uprobe:@PID probes of other users' processes");
}

void check_cap_syslog(struct doctor *doctor, struct finding *finding)
{
	check_capability(doctor, finding, CAP_SYSLOG, MARK_LIMITED,
			 "the kernel may show its addresses: see kernel symbols",
			 "the kernel may hide its addresses: see kernel symbols");
}

/* ---- The user and what is allowed to all --------------------------------------------------
 */

void check_user(struct doctor *doctor, struct finding *finding)
{
	bool traces = (doctor->capabilities & TRACING_CAPABILITIES) == TRACING_CAPABILITIES;
	const struct passwd *user = getpwuid(geteuid());

	finding_value(finding, "uid %u%s%s", (unsigned)geteuid(), user ? ", " : "",
		      user ? user->pw_name : "");
	if (traces) {
		finding_is(finding, MARK_OK, "may trace");
		return;
	}
	finding_is(finding, MARK_LIMITED,
		   "may compile (hotprobe build), and trace in a virtual machine (hotprobe guest), "
		   "but not trace this machine");
	capability_remedy(finding, TRACING_CAPABILITIES & ~doctor->capabilities);
}

void check_unprivileged_bpf(struct doctor *doctor, struct finding *finding)
{
	long value;

	(void)doctor;
	if (!read_number("/proc/sys/kernel/unprivileged_bpf_disabled", &value)) {
		finding_is(finding, MARK_LIMITED, "cannot be read; hotprobe does not depend on it");
		return;
	}
	finding_value(finding, "unprivileged_bpf_disabled %ld", value);
	finding_is(finding, MARK_OK,
		   value ? "bpf(2) is for those with CAP_BPF; hotprobe needs no more"
			 : "bpf(2) is open to all users, but what hotprobe does still takes "
			   "CAP_BPF and CAP_PERFMON");
}

void check_perf_paranoid(struct doctor *doctor, struct finding *finding)
{
	bool has = doctor->capabilities & CAPABILITY(CAP_PERFMON);
	long value;

	if (!read_number("/proc/sys/kernel/perf_event_paranoid", &value)) {
		finding_is(finding, MARK_LIMITED, "cannot be read");
		return;
	}
	finding_value(finding, "%ld", value);
	if (has)
		finding_is(finding, MARK_OK, "does not concern who has CAP_PERFMON");
	else
		finding_is(finding, MARK_LIMITED,
			   "perf events take CAP_PERFMON here; programs on them do at any value");
}

void check_kernel_symbols(struct doctor *doctor, struct finding *finding)
{
	FILE *file = fopen("/proc/kallsyms", "re");
	unsigned long long address = 0;
	char setting[16] = "";
	int err = file ? 0 : -errno;

	(void)doctor;
	/* The first may be at 0 where per-CPU variables are: some are looked at. */
	for (int i = 0; file && !address && i < 64; i++)
		if (fscanf(file, "%llx%*[^\n]", &address) != 1)
			break;
	if (file)
		fclose(file);
	if (read_line("/proc/sys/kernel/kptr_restrict", setting, sizeof(setting)))
		finding_value(finding, "kptr_restrict %s", setting);
	finding_tried(finding,
		      err	? err
		      : address ? 0
				: -EPERM,
		      "read an address from /proc/kallsyms");
	if (address) {
		finding_is(finding, MARK_OK, "kernel stacks and addresses get names");
		return;
	}
	finding_is(finding, err ? MARK_MISSING : MARK_LIMITED,
		   "kernel stacks and addresses stay numbers");
	if (err)
		finding_remedy(finding, access("/proc/self", F_OK)
						? "mount -t proc proc /proc"
						: "use a kernel with CONFIG_KALLSYMS");
	else if (!strcmp(setting, "2"))
		finding_remedy(finding, "sysctl kernel.kptr_restrict=1");
	else
		capability_remedy(finding, CAPABILITY(CAP_SYSLOG));
}
