BPF_HASH(calls, u32, u64);

RAW_TRACEPOINT_PROBE(sys_enter)
{
	u64 key = ctx->args[1];
	u64 *count = calls.lookup(&key);

	if (count)
		(*count)++;
	return 0;
}
