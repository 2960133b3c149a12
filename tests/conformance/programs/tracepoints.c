/* SPDX-License-Identifier: Apache-2.0 */
/* Tracepoints of several subsystems: data_loc fields, arrays, enums, signed fields. */
BPF_HASH(start, u32);
struct e_t {
	u64 sector;
	u32 dev;
	u32 bytes;
	char rwbs[8];
	char comm[TASK_COMM_LEN];
	char rx[16];
};
BPF_PERF_OUTPUT(events);
TRACEPOINT_PROBE(block, block_rq_issue)
{
	struct e_t e = {};
	e.sector = args->sector;
	e.dev = args->dev;
	e.bytes = args->bytes;
	bpf_probe_read_kernel(&e.rwbs, sizeof(e.rwbs), args->rwbs);
	TP_DATA_LOC_READ_CONST(&e.rx, cmd, 16);
	events.perf_submit(args, &e, sizeof(e));
	return 0;
}
TRACEPOINT_PROBE(sched, sched_process_exec)
{
	char fn[64] = {};
	TP_DATA_LOC_READ_STR(fn, filename, sizeof(fn));
	bpf_trace_printk("exec %s %d\n", fn, args->pid);
	return 0;
}
TRACEPOINT_PROBE(syscalls, sys_enter_openat)
{
	bpf_trace_printk("%s\n", args->filename);
	return 0;
}
TRACEPOINT_PROBE(net, net_dev_xmit)
{
	bpf_trace_printk("%d %d\n", args->len, args->rc);
	return 0;
}
TRACEPOINT_PROBE(sock, inet_sock_set_state)
{
	if (args->protocol == IPPROTO_TCP && args->newstate == TCP_CLOSE)
		bpf_trace_printk("%d\n", args->sport);
	return 0;
}
TRACEPOINT_PROBE(irq, softirq_entry)
{
	if (args->vec == NET_RX_SOFTIRQ)
		bpf_trace_printk("rx\n");
	return 0;
}
TRACEPOINT_PROBE(kmem, kmalloc)
{
	bpf_trace_printk("%lx %d\n", args->call_site, args->bytes_alloc);
	return 0;
}
TRACEPOINT_PROBE(sched, sched_switch)
{
	bpf_trace_printk("%s %d\n", args->prev_comm, args->prev_pid);
	return 0;
}
