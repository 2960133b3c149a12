/* SPDX-License-Identifier: Apache-2.0 */
/* A perf event handler, as llcstat has it. */
#include <uapi/linux/bpf_perf_event.h>
#include <uapi/linux/ptrace.h>
#include <linux/perf_event.h>
struct key_t {
	int cpu;
	int pid;
	char name[100];
};
static inline __attribute__((always_inline)) void get_key(struct key_t *key)
{
	key->cpu = bpf_get_smp_processor_id();
	key->pid = bpf_get_current_pid_tgid();
	bpf_get_current_comm(&(key->name), sizeof(key->name));
}
BPF_HASH(ref_count, struct key_t);
int on_cache_miss(struct bpf_perf_event_data *ctx)
{
	struct key_t key = {};
	get_key(&key);
	u64 zero = 0, *val;
	val = ref_count.lookup_or_try_init(&key, &zero);
	if (val)
		(*val) += ctx->sample_period;
	if (ctx->regs.ip > PAGE_OFFSET)
		return 0;
	struct bpf_perf_event_value v = {};
	if (bpf_perf_prog_read_value(ctx, (void *)&v, sizeof(v)) < 0)
		return 0;
	return 0;
}
