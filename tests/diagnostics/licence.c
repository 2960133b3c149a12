#define BPF_LICENSE Proprietary

BPF_HASH(calls, u64);

RAW_TRACEPOINT_PROBE(sys_enter)
{
	u64 key = 0;

	bpf_probe_read_kernel(&key, sizeof(key), (void *)ctx->args[0]);
	calls.increment(key);
	return 0;
}
