BPF_HASH(letters, char);

int syscall__openat(struct pt_regs *ctx, int dfd, const char *path, u32 at)
{
	char name[64];

	bpf_probe_read_user_str(name, sizeof(name), path);
#ifdef MENDED
	if (at >= ARRAY_SIZE(name))
		return 0;
#endif
	char letter = name[at];
	letters.increment(letter);
	return 0;
}
