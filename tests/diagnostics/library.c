BPF_HISTOGRAM(sizes);

int syscall__getpgid(struct pt_regs *ctx, int pid)
{
	char name[] = "cat", comm[16];

	bpf_get_current_comm(comm, sizeof(comm));
	if (!strncmp(comm, name, sizeof(name)))
		printf("%d\n", pid);
	strcpy(comm, name);
	sizes.increment(log2(pid));
	return 0;
}
