/* SPDX-License-Identifier: Apache-2.0 */
/* The same as event.c for the peer with libbpf: compiled ahead by clang, over a ring buffer or,
   with PERF defined, over perf buffers. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "event.h"

struct {
#ifdef PERF
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__uint(key_size, 4);
	__uint(value_size, 4);
#else
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096); /* the host sets it */
#endif
} events SEC(".maps");

#if SIZE > 512
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, unsigned);
	__type(value, struct event);
} room SEC(".maps");
#endif

/* As with other programs of libbpf's kind, so that both buffers tell what they lost. */
unsigned long long lost;
/* Set by the host before it loads the program. */
const volatile unsigned pids[2];

static __always_inline void fill(struct event *e, unsigned long long id)
{
	e->time = bpf_ktime_get_ns();
	e->pid = id >> 32;
	e->tid = id;
#if SIZE > 16
	e->flags = 0x8000;
	e->inode = 123456789;
	e->uid = bpf_get_current_uid_gid();
	e->ret = -2;
	bpf_get_current_comm(e->comm, sizeof(e->comm));
#endif
#if SIZE > 64 && SIZE <= 512
	__builtin_memset(e->path, 0, sizeof(e->path));
#endif
}

SEC("tracepoint/syscalls/sys_enter_getppid")
int on_getppid(void *ctx)
{
	unsigned long long id = bpf_get_current_pid_tgid();

	if (id >> 32 != pids[0] && id >> 32 != pids[1])
		return 0;
#if SIZE > 512
	unsigned zero = 0;
	struct event *e = bpf_map_lookup_elem(&room, &zero);

	if (!e)
		return 0;
	fill(e, id);
#ifdef PERF
	bpf_perf_event_output(ctx, &events, BPF_F_CURRENT_CPU, e, sizeof(*e));
#else
	if (bpf_ringbuf_output(&events, e, sizeof(*e), 0))
		__sync_fetch_and_add(&lost, 1);
#endif
#elif defined(PERF)
	struct event e;

	fill(&e, id);
	bpf_perf_event_output(ctx, &events, BPF_F_CURRENT_CPU, &e, sizeof(e));
#else
	struct event *e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);

	if (!e) {
		__sync_fetch_and_add(&lost, 1);
		return 0;
	}
	fill(e, id);
	bpf_ringbuf_submit(e, 0);
#endif
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
