/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the library asks of its compiler process, hotprobe-cc.
 *
 * The request is a byte string on the worker's standard input (a memfd): records, each a
 * struct request_record, its payload, and padding to 4 bytes. The answer is an image (image.h)
 * written to its standard output; what libbcc or clang write to standard error beyond that is
 * kept for diagnostics. Both sides are of one build, so there is no versioning here.
 *
 * A payload is one or more NUL-terminated strings, as listed; the last one may hold NULs and
 * ends where the payload ends (one NUL that the length does not count follows it).
 */
#ifndef HOTPROBE_REQUEST_H
#define HOTPROBE_REQUEST_H

#include <stddef.h>
#include <stdint.h>

enum request_kind {
	REQUEST_SOURCE = 1, /* name shown to the user, text */
	REQUEST_FILE,	    /* absolute path, text: a file of the user's that the source includes,
			       or of a -include flag; all that the compiler may read */
	REQUEST_CFLAG,	    /* one flag for clang: -DX, -Idir (absolute) */
	REQUEST_TRACEPOINT, /* category, event, the text of its format file in tracefs */
	REQUEST_BTF,	    /* path of the kernel's BTF; default /sys/kernel/btf/vmlinux */
	REQUEST_RELEASE,    /* uname -r of the kernel to compile for */
	REQUEST_KERNEL_ID,  /* its build id in hexadecimal, if it is known */
	REQUEST_HEADERS,    /* directory of real kernel headers, instead of BTF */
	REQUEST_OPTION,	    /* one of the words below */
	REQUEST_END,
};

/* Syscall arguments come straight from the context, not through the syscall wrapper's pt_regs:
   what the tracepoint back end wants (CONFIG_ARCH_HAS_SYSCALL_WRAPPER stays undefined). */
#define REQUEST_OPTION_DIRECT_SYSCALLS "direct-syscalls"

/* No program: the headers of the whole kernel. The answer is a record REQUEST_FILE for each, its
   path relative to the tree's top; or, if there is an error, an image with the diagnostic. */
#define REQUEST_OPTION_WHOLE_HEADERS "whole-headers"

struct request_record {
	uint32_t kind;
	uint32_t size; /* of the payload, bytes */
};

/* Grows by appending; zero-initialise it, free data with free(). */
struct request {
	char *data;
	size_t size, capacity;
	int failed; /* 0 or -ENOMEM */
};

void request_add(struct request *r, enum request_kind kind, const char *first, const char *second,
		 const void *last, size_t last_size);

/*
 * Walks the records: returns the one at *position and moves *position on, or NULL at the end or
 * where the rest is damaged. strings[] receives the payload's leading strings as the kind has
 * them (SOURCE and FILE 1, TRACEPOINT 2, else 0), *last and *last_size the last one.
 */
const struct request_record *request_next(const void *data, size_t size, size_t *position,
					  const char *strings[2], const char **last,
					  size_t *last_size);

#endif
