BPF_HASH(letters, char);

TRACEPOINT_PROBE(syscalls, sys_enter_openat)
{
#ifdef MENDED
	char letter = 0;

	bpf_probe_read_user(&letter, sizeof(letter), args->filename);
#else
	char letter = *args->filename;
#endif

	letters.increment(letter);
	return 0;
}
