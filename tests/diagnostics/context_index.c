BPF_HASH(values, u64);

RAW_TRACEPOINT_PROBE(sys_enter)
{
	u32 which = bpf_get_prandom_u32() & 1;
	u64 value = 0;

#ifdef MENDED
	bpf_probe_read_kernel(&value, sizeof(value), &ctx->args[which]);
#else
	value = ctx->args[which];
#endif
	values.increment(value);
	return 0;
}
