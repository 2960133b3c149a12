/* SPDX-License-Identifier: Apache-2.0 */
#include "doctor_try.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define DEVICES "/sys/bus/event_source/devices"
#define COUNT(array) (sizeof(array) / sizeof(*(array)))

/* ---- Programs -----------------------------------------------------------------------------
 */

#define CURRENT_TGID                                                                               \
	{.code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_get_current_pid_tgid},                        \
	{                                                                                          \
		.code = BPF_ALU64 | BPF_RSH | BPF_K, .dst_reg = BPF_REG_0, .imm = 32               \
	}

void trial_learn_tgid(struct doctor *doctor)
{
	const struct bpf_insn insns[] = {CURRENT_TGID, {.code = BPF_JMP | BPF_EXIT}};
	LIBBPF_OPTS(bpf_test_run_opts, opts);
	int fd = bpf_prog_load(BPF_PROG_TYPE_RAW_TRACEPOINT, "hotprobe_tgid", "GPL", insns,
			       COUNT(insns), NULL);

	doctor->tgid = (uint32_t)getpid();
	if (fd < 0)
		return;
	if (!bpf_prog_test_run_opts(fd, &opts) && opts.retval)
		doctor->tgid = opts.retval;
	close(fd);
}

/* What it is to be loaded for. Returns 0 or a negative errno. */
static int find_btf_id(const struct doctor *doctor, const struct trial_kind *kind, uint32_t *id)
{
	int found;

	*id = 0;
	if (!kind->btf_name)
		return 0;
	if (!doctor->btf)
		return doctor->btf_error;
	found = btf__find_by_name_kind(doctor->btf, kind->btf_name, kind->btf_kind);
	if (found < 0)
		return found;
	*id = (uint32_t)found;
	return 0;
}

static int load(const struct trial *trial, const struct trial_kind *kind, uint32_t btf_id)
{
	LIBBPF_OPTS(bpf_prog_load_opts, opts, .expected_attach_type = kind->attach_type,
		    .attach_btf_id = btf_id);
	const struct bpf_insn insns[] = {
		CURRENT_TGID,
		{.code = BPF_JMP32 | BPF_JNE | BPF_K, .off = 4, .imm = (int)trial->doctor->tgid},
		{.code = BPF_LD | BPF_DW | BPF_IMM,
		 .dst_reg = BPF_REG_1,
		 .src_reg = BPF_PSEUDO_MAP_VALUE,
		 .imm = trial->map_fd},
		{0},
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_2, .imm = 1},
		{.code = BPF_STX | BPF_MEM | BPF_DW, .dst_reg = BPF_REG_1, .src_reg = BPF_REG_2},
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .imm = kind->result},
		{.code = BPF_JMP | BPF_EXIT},
	};
	const size_t filter = 3; /* instructions */
	size_t skip = kind->unfiltered ? filter : 0;

	return bpf_prog_load(kind->type, "hotprobe_doctor", "GPL", insns + skip,
			     COUNT(insns) - skip, &opts);
}

int trial_load(struct trial *trial, const struct trial_kind *kind)
{
	uint32_t btf_id;
	int err = find_btf_id(trial->doctor, kind, &btf_id);

	if (err)
		return finding_tried(trial->finding, err, "find %s in BTF", kind->btf_name);
	trial->map_fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "hotprobe_doctor", sizeof(uint32_t),
				       sizeof(uint64_t), 1, NULL);
	if (trial->map_fd < 0)
		return finding_tried(trial->finding, trial->map_fd, "make a table");
	trial->prog_fd = load(trial, kind, btf_id);
	return finding_tried(trial->finding, trial->prog_fd < 0 ? trial->prog_fd : 0,
			     "load a program");
}

int trial_attached(struct trial *trial, int fd, const char *how)
{
	if (fd >= 0)
		trial->link_fd = fd;
	return finding_tried(trial->finding, fd < 0 ? fd : 0, "%s", how);
}

int open_own_perf_event(struct perf_event_attr *attr)
{
	int fd;

	attr->size = sizeof(*attr);
	fd = (int)syscall(SYS_perf_event_open, attr, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int trial_perf_event(struct trial *trial, struct perf_event_attr *attr, const char *how)
{
	int fd = open_own_perf_event(attr), err;

	if (fd >= 0 && (ioctl(fd, PERF_EVENT_IOC_SET_BPF, trial->prog_fd) ||
			ioctl(fd, PERF_EVENT_IOC_ENABLE, 0))) {
		err = -errno;
		close(fd);
		fd = err;
	}
	return trial_attached(trial, fd, how);
}

static bool has_run(const struct trial *trial)
{
	uint32_t key = 0;
	uint64_t ran = 0;

	bpf_map_lookup_elem(trial->map_fd, &key, &ran);
	finding_tried(trial->finding, ran ? 0 : -ENODATA, "have it run");
	return ran;
}

void trial_conclude(const struct trial *trial, int err, uint64_t capabilities,
		    void (*call)(const struct trial *trial), const struct trial_words *words)
{
	struct finding *finding = trial->finding;

	if (err) {
		finding_refused(trial->doctor, finding, err, capabilities, words->fails,
				words->remedy);
		if (err == -ENODEV && access(DEVICES, F_OK))
			finding_remedy(finding, "mount -t sysfs sysfs /sys");
		return;
	}
	if (call)
		call(trial);
	if (!call || has_run(trial))
		finding_is(finding, MARK_OK, "%s", words->works);
	else
		finding_is(finding, MARK_LIMITED, "it can be attached, but it is not run");
}

static void close_if_open(int fd)
{
	if (fd >= 0)
		close(fd);
}

void trial_free(struct trial *trial)
{
	close_if_open(trial->link_fd);
	close_if_open(trial->prog_fd);
	close_if_open(trial->map_fd);
}

int in_child(int (*work)(void *arg), void *arg)
{
	pid_t pid = fork();
	int status = 0;

	if (pid < 0)
		return -errno;
	if (!pid) {
		int err = -work(arg);

		_exit(err > 255 ? EOPNOTSUPP : err); /* such as ENOTSUPP, 524 */
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) ? -WEXITSTATUS(status) : -EINTR;
}

int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}

/* ---- Files of the kernel's ----------------------------------------------------------------
 */

bool read_line(const char *path, char *line, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, line, size - 1);

	close_if_open(fd);
	line[n > 0 ? n : 0] = '\0';
	line[strcspn(line, "\n")] = '\0';
	return n >= 0;
}

bool read_number(const char *path, long *number)
{
	char line[64], *end;

	if (!read_line(path, line, sizeof(line)))
		return false;
	*number = strtol(line, &end, 10);
	return end != line;
}

int find_probe_type(struct finding *finding, const char *pmu, uint32_t *type)
{
	char path[128];
	long number = 0;
	bool found;

	snprintf(path, sizeof(path), DEVICES "/%s/type", pmu);
	found = read_number(path, &number);
	*type = (uint32_t)number;
	return finding_tried(finding, found ? 0 : -ENODEV, "read %s", path);
}

int find_config_bit(const char *pmu, const char *field)
{
	char path[128], line[64];
	int bit;

	snprintf(path, sizeof(path), DEVICES "/%s/format/%s", pmu, field);
	if (!read_line(path, line, sizeof(line)) || sscanf(line, "config:%d", &bit) != 1)
		return -1;
	return bit;
}
