/*
 * TODO: what does your tool show? Say it here.
 */
#include <uapi/linux/ptrace.h>

/* TODO: your tables and functions. */
