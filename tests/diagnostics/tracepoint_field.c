TRACEPOINT_PROBE(syscalls, sys_enter_openat)
{
	return args->path != NULL;
}
