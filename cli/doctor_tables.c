/* SPDX-License-Identifier: Apache-2.0 */
/* Ways from programs to hotprobe: the programs are run by hand, in this process. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/btf.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "doctor.h"
#include "doctor_privileges.h"
#include "doctor_try.h"

#define MAGIC 0x686f7470 /* what the programs send */

/* Of such a program; map_fd is that of its table. */
#define ARGUMENT(n, with, ...)                                                                     \
	{                                                                                          \
		.code = BPF_ALU64 | BPF_MOV | (with), .dst_reg = BPF_REG_##n, __VA_ARGS__          \
	}
#define TABLE(n)                                                                                   \
	{.code = BPF_LD | BPF_DW | BPF_IMM,                                                        \
	 .dst_reg = BPF_REG_##n,                                                                   \
	 .src_reg = BPF_PSEUDO_MAP_FD,                                                             \
	 .imm = map_fd},                                                                           \
	{                                                                                          \
		0                                                                                  \
	}
#define MAGIC_ON_STACK                                                                             \
	{                                                                                          \
		.code = BPF_ST | BPF_MEM | BPF_DW, .dst_reg = BPF_REG_10, .off = -8, .imm = MAGIC  \
	}
#define ON_STACK(n)                                                                                \
	ARGUMENT(n, BPF_X, .src_reg = BPF_REG_10),                                                 \
	{                                                                                          \
		.code = BPF_ALU64 | BPF_ADD | BPF_K, .dst_reg = BPF_REG_##n, .imm = -8             \
	}

/* Loads a program that sends MAGIC to the table by that helper. Both have the table, a place on the
   stack and its size among their arguments, but not in the same order. */
static int load_sender(struct finding *finding, int map_fd, bool ring)
{
	const struct bpf_insn to_ring[] = {
		MAGIC_ON_STACK,
		TABLE(1),
		ON_STACK(2),
		ARGUMENT(3, BPF_K, .imm = 8),
		ARGUMENT(4, BPF_K, .imm = 0),
		{.code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_ringbuf_output},
		ARGUMENT(0, BPF_K, .imm = 0),
		{.code = BPF_JMP | BPF_EXIT},
	};
	const struct bpf_insn to_perf[] = {
		MAGIC_ON_STACK,
		TABLE(2),
		/* BPF_F_CURRENT_CPU: all 32 lower bits */
		{.code = BPF_ALU | BPF_MOV | BPF_K, .dst_reg = BPF_REG_3, .imm = -1},
		ON_STACK(4),
		ARGUMENT(5, BPF_K, .imm = 8),
		{.code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_perf_event_output},
		ARGUMENT(0, BPF_K, .imm = 0),
		{.code = BPF_JMP | BPF_EXIT},
	};
	int fd = bpf_prog_load(BPF_PROG_TYPE_RAW_TRACEPOINT, "hotprobe_sender", "GPL",
			       ring ? to_ring : to_perf,
			       (ring ? sizeof(to_ring) : sizeof(to_perf)) / sizeof(*to_ring), NULL);

	finding_tried(finding, fd < 0 ? fd : 0, "load a program that sends an event");
	return fd;
}

/* On that CPU, -1: on any. */
static int run_sender(struct finding *finding, int prog_fd, int cpu)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts);
	int err;

	if (cpu >= 0) {
		opts.flags = BPF_F_TEST_RUN_ON_CPU;
		opts.cpu = (uint32_t)cpu;
	}
	err = bpf_prog_test_run_opts(prog_fd, &opts);
	return finding_tried(finding, err, "run it");
}

static void conclude(const struct doctor *doctor, struct finding *finding, int err, bool came,
		     const struct trial_words *words)
{
	if (!err && !came)
		err = finding_tried(finding, -ENODATA, "receive the event");
	if (err)
		finding_refused(doctor, finding, err, TRACING_CAPABILITIES, words->fails,
				words->remedy);
	else
		finding_is(finding, MARK_OK, "%s", words->works);
}

/* ---- Ring buffers -------------------------------------------------------------------------
 */

static int see_record(void *ctx, void *data, size_t size)
{
	bool *came = ctx;

	*came = size == 8 && *(uint32_t *)data == MAGIC;
	return 0;
}

static int try_ring(struct finding *finding, int map_fd, bool *came)
{
	int prog_fd = load_sender(finding, map_fd, true), err = prog_fd < 0 ? prog_fd : 0;
	struct ring_buffer *ring = NULL;

	if (!err) {
		ring = ring_buffer__new(map_fd, see_record, came, NULL);
		err = finding_tried(finding, ring ? 0 : -errno, "map it");
	}
	if (!err)
		err = run_sender(finding, prog_fd, -1);
	if (!err)
		ring_buffer__consume(ring);
	ring_buffer__free(ring);
	if (prog_fd >= 0)
		close(prog_fd);
	return err;
}

void check_ring_buffer(struct doctor *doctor, struct finding *finding)
{
	static const struct trial_words words = {
		.works = "events come in the order in which they were sent, over one buffer",
		.fails = "events come over perf buffers, one for each CPU; no BPF_RINGBUF_OUTPUT",
		.remedy = "use Linux 5.8 or later",
	};
	int map_fd = bpf_map_create(BPF_MAP_TYPE_RINGBUF, "hotprobe_ring", 0, 0,
				    (uint32_t)getpagesize(), NULL);
	int err = finding_tried(finding, map_fd < 0 ? map_fd : 0, "make a ring buffer");
	bool came = false;

	if (!err)
		err = try_ring(finding, map_fd, &came);
	conclude(doctor, finding, err, came, &words);
	if (map_fd >= 0)
		close(map_fd);
}

/* ---- Perf buffers -------------------------------------------------------------------------
 */

/* One page of records behind that of the kernel's notes on them. Returns a descriptor or a negative
   errno. */
static int open_output(int map_fd, int cpu, struct perf_event_mmap_page **page)
{
	struct perf_event_attr attr = {
		.size = sizeof(attr),
		.type = PERF_TYPE_SOFTWARE,
		.config = PERF_COUNT_SW_BPF_OUTPUT,
		.sample_type = PERF_SAMPLE_RAW,
		.sample_period = 1,
	};
	size_t size = 2 * (size_t)getpagesize();
	int fd = (int)syscall(SYS_perf_event_open, &attr, -1, cpu, -1, PERF_FLAG_FD_CLOEXEC);
	int err = -errno;

	if (fd < 0)
		return err;
	*page = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (*page != MAP_FAILED && !bpf_map_update_elem(map_fd, &cpu, &fd, BPF_ANY))
		return fd;
	err = -errno;
	if (*page != MAP_FAILED)
		munmap(*page, size);
	close(fd);
	return err;
}

/* A record is a header, the size of what was sent, and that. */
static bool has_event(const struct perf_event_mmap_page *page)
{
	const struct perf_event_header *record = (const void *)((const char *)page + getpagesize());
	const uint32_t *sent = (const uint32_t *)(record + 1) + 1;

	return __atomic_load_n(&page->data_head, __ATOMIC_ACQUIRE) &&
	       record->type == PERF_RECORD_SAMPLE && *sent == MAGIC;
}

static int try_perf_buffer(struct finding *finding, int map_fd, int cpu, bool *came)
{
	struct perf_event_mmap_page *page = NULL;
	int fd = open_output(map_fd, cpu, &page), prog_fd, err;

	if (finding_tried(finding, fd < 0 ? fd : 0, "open a perf buffer on CPU %d", cpu))
		return fd;
	prog_fd = load_sender(finding, map_fd, false);
	err = prog_fd < 0 ? prog_fd : run_sender(finding, prog_fd, cpu);
	*came = !err && has_event(page);
	munmap(page, 2 * (size_t)getpagesize());
	close(fd);
	if (prog_fd >= 0)
		close(prog_fd);
	return err;
}

void check_perf_buffer(struct doctor *doctor, struct finding *finding)
{
	static const struct trial_words words = {
		.works = "BPF_PERF_OUTPUT also where no ring buffer can serve (packet data, "
			 "--perf-buffer)",
		.fails = "no events that ring buffers cannot take: packet data, records of "
			 "computed size",
		.remedy = "use a kernel with CONFIG_PERF_EVENTS and CONFIG_BPF_EVENTS",
	};
	int cpu = sched_getcpu(), map_fd, err;
	bool came = false;

	if (cpu < 0)
		cpu = 0;
	map_fd = bpf_map_create(BPF_MAP_TYPE_PERF_EVENT_ARRAY, "hotprobe_perf", 4, 4,
				(uint32_t)cpu + 1, NULL);
	err = finding_tried(finding, map_fd < 0 ? map_fd : 0, "make a table of perf events");
	if (!err)
		err = try_perf_buffer(finding, map_fd, cpu, &came);
	conclude(doctor, finding, err, came, &words);
	if (map_fd >= 0)
		close(map_fd);
}

/* ---- Iterators ----------------------------------------------------------------------------
 */

static void read_iterator(const struct trial *trial)
{
	int fd = bpf_iter_create(trial->link_fd);
	char bytes[16];

	finding_tried(trial->finding, fd < 0 ? fd : 0, "open it");
	if (fd < 0)
		return;
	while (read(fd, bytes, sizeof(bytes)) > 0)
		;
	close(fd);
}

/* Over the elements of the trial's own table, so that no one else's are touched. */
static int attach_iterator(struct trial *trial)
{
	union bpf_iter_link_info info = {.map.map_fd = (uint32_t)trial->map_fd};
	LIBBPF_OPTS(bpf_link_create_opts, opts, .iter_info = &info, .iter_info_len = sizeof(info));

	return trial_attached(trial, bpf_link_create(trial->prog_fd, 0, BPF_TRACE_ITER, &opts),
			      "attach it to the elements of its own table");
}

void check_iterator(struct doctor *doctor, struct finding *finding)
{
	static const struct trial_kind kind = {
		.type = BPF_PROG_TYPE_TRACING,
		.attach_type = BPF_TRACE_ITER,
		.btf_name = "bpf_iter_bpf_map_elem",
		.btf_kind = BTF_KIND_FUNC,
	};
	static const struct trial_words words = {
		.works = "BPF_ITER(KIND)",
		.fails = "no BPF_ITER(KIND)",
		.remedy = "use Linux 5.8 or later with BTF",
	};
	struct trial trial = TRIAL(doctor, finding);
	int err = trial_load(&trial, &kind);

	if (!err)
		err = attach_iterator(&trial);
	trial_conclude(&trial, err, TRACING_CAPABILITIES, read_iterator, &words);
	trial_free(&trial);
}
