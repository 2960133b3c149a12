/* SPDX-License-Identifier: Apache-2.0 */
/* What keeps a process from what its privileges allow. */
#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "doctor.h"
#include "doctor_files.h"
#include "doctor_privileges.h"
#include "doctor_try.h"

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

/* Past libbpf, which would raise the limit. */
static int make_map_without_limit(void *arg)
{
	const struct rlimit none = {0};
	union bpf_attr attr = {.map_type = BPF_MAP_TYPE_ARRAY,
			       .key_size = 4,
			       .value_size = 4096,
			       .max_entries = 64};

	(void)arg;
	if (setrlimit(RLIMIT_MEMLOCK, &none))
		return -errno;
	return syscall(SYS_bpf, BPF_MAP_CREATE, &attr, sizeof(attr)) < 0 ? -errno : 0;
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
	err = finding_tried(finding, in_child(make_map_without_limit, NULL),
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
	const rlim_t enough = 256; /* for a dozen each on a machine of some CPUs */
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

bool is_in_user_namespace(void)
{
	return !is_initial("/proc/self/ns/user", INITIAL_USER_NS);
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
