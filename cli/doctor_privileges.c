/* SPDX-License-Identifier: Apache-2.0 */
/* What the kernel lets this process do. */
#include "doctor_privileges.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "doctor.h"
#include "doctor_files.h"
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
		finding_remedy(finding, "let what starts it leave it that: docker run %s",
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
	bool is_admin = doctor->capabilities & CAPABILITY(CAP_SYS_ADMIN);

	check_capability(doctor, finding, CAP_NET_ADMIN, MARK_LIMITED,
			 "xdp:, tc: and cgroup: probes",
			 is_admin ? "no tc: probes" : "no xdp:, tc:, sockmap: and cgroup: probes");
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
		finding_remedy(finding, "mount -t proc proc /proc");
	else if (!strcmp(setting, "2"))
		finding_remedy(finding, "sysctl kernel.kptr_restrict=1");
	else
		capability_remedy(finding, CAPABILITY(CAP_SYSLOG));
}

/* ---- Lockdown -----------------------------------------------------------------------------
 */

/* The word in [] of "none [integrity] confidentiality". */
static bool read_lockdown(char *mode, size_t size)
{
	char line[128] = "", *begin, *end;
	int dir = open_file_system(&file_system_security, NULL), fd = -1;
	ssize_t n = -1;

	if (dir >= 0)
		fd = openat(dir, "lockdown", O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		n = read(fd, line, sizeof(line) - 1);
		close(fd);
	}
	if (dir >= 0)
		close(dir);
	begin = n > 0 ? strchr(line, '[') : NULL;
	end = begin ? strchr(begin, ']') : NULL;
	if (!end)
		return false;
	snprintf(mode, size, "%.*s", (int)(end - begin - 1), begin + 1);
	return true;
}

/* Lockdown at confidentiality hides the helpers that read the kernel's memory. */
static int load_reader(void)
{
	const struct bpf_insn insns[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = BPF_REG_1, .src_reg = BPF_REG_10},
		{.code = BPF_ALU64 | BPF_ADD | BPF_K, .dst_reg = BPF_REG_1, .imm = -8},
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_2, .imm = 8},
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_3},
		{.code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_probe_read_kernel},
		{.code = BPF_ALU64 | BPF_MOV | BPF_K},
		{.code = BPF_JMP | BPF_EXIT},
	};
	int fd = bpf_prog_load(BPF_PROG_TYPE_RAW_TRACEPOINT, "hotprobe_reader", "GPL", insns,
			       sizeof(insns) / sizeof(*insns), NULL);

	if (fd < 0)
		return fd;
	close(fd);
	return 0;
}

void check_lockdown(struct doctor *doctor, struct finding *finding)
{
	char mode[32] = "";
	bool known = read_lockdown(mode, sizeof(mode));
	int err = finding_tried(finding, load_reader(), "load a program that reads kernel memory");
	bool locked = !strcmp(mode, "confidentiality");

	if (known)
		finding_value(finding, "%s", mode);
	if (!err) {
		finding_is(finding, MARK_OK, "programs may read the kernel's memory");
	} else if (locked || err == -EINVAL) {
		finding_is(finding, MARK_MISSING,
			   "programs may not read the kernel's memory: nearly none loads");
		finding_remedy(finding, "boot with lockdown=integrity, or without Secure Boot");
	} else {
		finding_refused(doctor, finding, err, TRACING_CAPABILITIES,
				"programs that read the kernel's memory cannot be loaded", NULL);
	}
}

/* ---- Limits -------------------------------------------------------------------------------
 */

/* In a child that may lock nothing: past libbpf, which would raise the limit. */
static int make_map_without_limit(void)
{
	const struct rlimit none = {0};
	union bpf_attr attr = {.map_type = BPF_MAP_TYPE_ARRAY,
			       .key_size = 4,
			       .value_size = 4096,
			       .max_entries = 64};
	pid_t pid = fork();
	int status = 0;

	if (pid < 0)
		return -errno;
	if (!pid) {
		if (setrlimit(RLIMIT_MEMLOCK, &none))
			_exit(errno);
		_exit(syscall(SYS_bpf, BPF_MAP_CREATE, &attr, sizeof(attr)) < 0 ? errno : 0);
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) ? -WEXITSTATUS(status) : -EINTR;
}

void check_memlock(struct doctor *doctor, struct finding *finding)
{
	bool may_raise = doctor->capabilities & CAPABILITY(CAP_SYS_RESOURCE);
	struct rlimit limit;
	int err;

	if (!getrlimit(RLIMIT_MEMLOCK, &limit) && limit.rlim_cur != RLIM_INFINITY)
		finding_value(finding, "%llu KiB", (unsigned long long)limit.rlim_cur / 1024);
	else
		finding_value(finding, "unlimited");
	err = finding_tried(finding, make_map_without_limit(),
			    "make a table where no memory may be locked");
	if (!err)
		finding_is(finding, MARK_OK, "tables do not count against it");
	else if (!(doctor->capabilities & CAPABILITY(CAP_BPF)))
		finding_refused(doctor, finding, err, CAPABILITY(CAP_BPF),
				"whether tables count against it is not known", NULL);
	else if (limit.rlim_cur == RLIM_INFINITY || may_raise)
		finding_is(finding, MARK_OK, "tables count against it, but it is no limit");
	else {
		finding_is(finding, MARK_LIMITED,
			   "tables count against it: large ones cannot be made");
		finding_remedy(finding, "ulimit -l unlimited");
	}
}

void check_open_files(struct doctor *doctor, struct finding *finding)
{
	const unsigned long enough =
		256; /* a program with tables and a probe for each of some CPUs */
	struct rlimit limit;

	(void)doctor;
	if (getrlimit(RLIMIT_NOFILE, &limit)) {
		finding_is(finding, MARK_LIMITED, "cannot be read");
		return;
	}
	if (limit.rlim_cur == RLIM_INFINITY)
		finding_value(finding, "unlimited");
	else
		finding_value(finding, "%llu", (unsigned long long)limit.rlim_cur);
	if (limit.rlim_cur >= enough) {
		finding_is(finding, MARK_OK,
			   "each table and probe, and each CPU's perf buffer, takes one");
		return;
	}
	finding_is(finding, MARK_LIMITED,
		   "each table and probe, and each CPU's perf buffer, takes one: it is little");
	finding_remedy(finding, "ulimit -n 1024");
}

/* ---- Namespaces ---------------------------------------------------------------------------
 */

enum {
	/* PROC_PID_INIT_INO and PROC_USER_INIT_INO of include/linux/proc_ns.h. */
	INITIAL_PID_NS = 0xEFFFFFFC,
	INITIAL_USER_NS = 0xEFFFFFFD,
};

/* Returns 1 if it is the initial one, 0 if not, or a negative errno. */
static int is_initial(const char *path, ino_t initial)
{
	struct stat st;

	if (stat(path, &st))
		return -errno;
	return st.st_ino == initial;
}

void check_pid_namespace(struct doctor *doctor, struct finding *finding)
{
	int initial = is_initial("/proc/self/ns/pid", INITIAL_PID_NS);

	finding_tried(finding, initial < 0 ? initial : 0, "look at /proc/self/ns/pid");
	if (initial < 0)
		initial = doctor->tgid == (uint32_t)getpid();
	finding_value(finding, initial ? "the initial one" : "one of its own");
	if (initial) {
		finding_is(finding, MARK_OK, "commands (--) and processes (--pid) are told apart");
		return;
	}
	finding_is(finding, MARK_LIMITED,
		   "commands (--) and processes (--pid) cannot be traced singly: only the whole "
		   "system can");
	finding_remedy(finding, "run it outside the container, or with docker run --pid=host");
}

void check_user_namespace(struct doctor *doctor, struct finding *finding)
{
	int initial = is_initial("/proc/self/ns/user", INITIAL_USER_NS);

	(void)doctor;
	finding_tried(finding, initial < 0 ? initial : 0, "look at /proc/self/ns/user");
	if (initial < 0) {
		finding_is(finding, MARK_LIMITED, "cannot be known without /proc");
		finding_remedy(finding, "mount -t proc proc /proc");
		return;
	}
	finding_value(finding, initial ? "the initial one" : "one of its own");
	if (initial) {
		finding_is(finding, MARK_OK, "capabilities count");
		return;
	}
	finding_is(finding, MARK_MISSING,
		   "capabilities in here, root's too, do not count for bpf(2) and perf events");
	finding_remedy(finding, "run it as the machine's root, outside the container");
}

static const char *find_container(char *name, size_t size)
{
	if (read_line("/run/systemd/container", name, size) && *name)
		return name;
	if (!access("/run/.containerenv", F_OK))
		return "podman";
	if (!access("/.dockerenv", F_OK))
		return "docker";
	return NULL;
}

void check_container(struct doctor *doctor, struct finding *finding)
{
	char name[32];
	const char *container = find_container(name, sizeof(name));

	(void)doctor;
	finding_value(finding, "%s", container ? container : "none is seen");
	finding_is(finding, MARK_OK, "%s",
		   container ? "kernel and probes are the whole machine's; paths of uprobes and "
			       "the cache are the container's"
			     : "paths and processes are the machine's");
}
