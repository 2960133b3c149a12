BPF_ARRAY(lengths, u64, 1);

HOTPROBE("xdp:lo")
int length(struct __sk_buff *skb)
{
	lengths.increment(0, skb->len);
	return XDP_PASS;
}

int syscall__getpgid(struct xdp_md *ctx)
{
	return ctx->data != 0;
}

/* What it is attached to matters only to those that look into it. */
RAW_TRACEPOINT_PROBE(sys_enter)
{
	return 0;
}

HOTPROBE("raw_tracepoint:sys_exit")
int on_exit(struct tracepoint__raw_syscalls__sys_exit *args)
{
	return args->ret < 0;
}

HOTPROBE("raw_tracepoint:sys_exit")
int on_any(struct pt_regs *ctx)
{
	lengths.increment(0);
	return 0;
}
