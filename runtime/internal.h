/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The handle and what hangs on it, shared by the library's modules. The data goes one way:
 * source -> compile -> image -> load -> attach -> events; a module may use those before it.
 */
#ifndef HOTPROBE_INTERNAL_H
#define HOTPROBE_INTERNAL_H

#include <linux/bpf.h>

#include "array.h"
#include "bytecode.h"
#include "hotprobe.h"
#include "image.h"
#include "source.h"

struct hotprobe_type {
	const struct image *image;
	uint32_t index; /* in image->types */
};

struct hotprobe_table {
	struct hotprobe *hp;
	const struct image_table *image;
	const char *name;
	uint32_t map_type;
	uint32_t map_flags;
	uint32_t max_entries;
	int fd;			     /* -1 until loaded */
	int given_fd;		     /* of a map that stands for it, or -1 */
	const char *anew;	     /* of hotprobe_table_anew() */
	ARRAY(int) perf_events;	     /* that were opened for a BPF_PERF_ARRAY */
	bool uses_ring;		     /* a perf_output that goes over a ring buffer: submit.h */
	ARRAY(uint32_t) sizes;	     /* of a perf_output: all that is submitted to it, unless... */
	bool sizes_unknown;	     /* ...some of it is of a size that the code does not tell */
	struct event_buffer *events; /* of a perf_output or ringbuf, once it is loaded */
};

/* Of table.c: is it a BPF_PERF_OUTPUT, and not the like-typed BPF_PERF_ARRAY? */
bool table_takes_perf_events(const struct hotprobe_table *table);

/* What the kernel is to hold of a function: its type, and how its code sees its context. */
struct plan {
	enum bpf_prog_type type;
	enum bpf_attach_type expected_attach_type;
	enum view view;
	/* Of the kernel's function that it is loaded for, where the type has it so: the id in BTF,
	   and that of the module's BTF object (0: vmlinux). Known from provider.resolve() on. */
	uint32_t attach_btf_id, attach_btf_object;
	uint32_t flags;			   /* BPF_F_ of loading */
	const struct usdt_arguments *usdt; /* of a USDT probe's site; usdt_keep() has it */
	struct signature signature;	   /* of that function, for a view that needs it */
};

/* Of load.c: do they make the same of a program? */
bool plan_equal(const struct plan *a, const struct plan *b);

/* A place to attach to, as a convention name or the user gives it. */
struct target {
	const struct provider *provider; /* of its kind */
	char *name;			 /* function, syscall, event */
	char *group;			 /* category of a tracepoint, else NULL */
	uint64_t offset;
};

/* One program the kernel holds. */
struct variant {
	struct plan plan;
	int fd;
};

struct hotprobe_program {
	struct hotprobe *hp;
	const struct image_program *image;
	const char *name;
	struct plan plan; /* that of its last placement, else guessed from its context */
	bool placed;
	bool unconfined;
	ARRAY(struct variant) variants;
};

/* What is attached in place of a program that may be replaced: gate.h. */
struct gate {
	int array_fd; /* the programs that it may lead to */
	int prog_fd;
};

/* A probe: a program at a target. It is placed first, and attached when it holds descriptors. */
struct hotprobe_link {
	struct hotprobe_program *program;
	struct target target;
	struct plan plan;
	char *target_text;
	char *attached_text;	      /* NULL until attached */
	ARRAY(int) fds;		      /* perf events and links; closing them detaches */
	void *own;		      /* the provider's own, freed once detached */
	ARRAY(struct gate) gates;     /* one for each form of the program that is attached */
	struct hotprobe_link *adopts; /* the predecessor's that it is about to take over */
	struct hotprobe_link *heir;   /* the successor's that is about to take it over */
	bool by_name;		      /* the function's name places it */
	bool settled;		      /* plan is what trampoline_resolve() chose */
};

struct diagnostic {
	struct hotprobe_diagnostic pub;
	char *strings; /* all of pub's strings in one allocation */
};

struct hotprobe {
	struct hotprobe_opts opts;
	ARRAY(char *) cflags; /* opts.cflags, copied */
	char *error;	      /* NULL with has_error: there was no memory for it */
	bool has_error;
	ARRAY(struct diagnostic) diags;

	struct source source;
	void *image_data;
	struct image image;
	struct image_facts facts; /* where the image's are another kernel's: those of this one */
	struct hotprobe_type *types;
	struct hotprobe_table *tables;
	size_t table_count;
	struct hotprobe_program *programs;
	size_t program_count;

	bool compiled; /* it can be loaded; one that failed to load cannot be again */
	bool loaded;
	int btf_fd;
	struct confinement *confinement;	  /* NULL unless opts.confine and loaded */
	struct command *command;		  /* NULL unless started */
	struct turn *turn;			  /* NULL unless opts.replaceable and loaded */
	unsigned place;				  /* of its programs in gates */
	struct hotprobe *predecessor, *successor; /* until one has succeeded the other */
	ARRAY(struct hotprobe_link *) links;
	struct event_loop *loop; /* NULL until loaded */
	ARRAY(struct usdt_arguments *) usdt;
	struct symbols *symbols;     /* NULL until it is needed */
	struct process_watch *watch; /* NULL unless a command's processes are watched */
	int lost_fd;		     /* array of lost counts per table, for rings; or -1 */
	uint64_t *lost_counts;	     /* its memory, or NULL */
	struct printk *printk;	     /* NULL unless a program calls bpf_trace_printk() */
	hotprobe_printk_fn on_printk;
	void *printk_ctx;
	struct btf *kernel_btf;		  /* of kernel_btf.c, NULL until it is needed */
	struct function_index *functions; /* of kernel_functions.c, NULL until it is needed */
	int tracefs_fd;			  /* root directory of tracefs, -1 until it is needed */
	int has_kprobes;		  /* -1 until it is asked */
};

/* Sets the message of hotprobe_error() and returns err (a negative errno). */
int fail(struct hotprobe *hp, int err, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* The same with a diagnostic of that place in the source. */
int fail_at(struct hotprobe *hp, int err, const char *file, unsigned line, unsigned column,
	    const char *hint, const char *format, ...) __attribute__((format(printf, 7, 8)));
int add_diagnostic(struct hotprobe *hp, enum hotprobe_severity severity, const char *file,
		   unsigned line, unsigned column, const char *text, const char *hint);
void free_diagnostics(struct hotprobe *hp);
/* A line of the source, or of the image that was made of it. Malloc'ed; NULL if it is not known. */
char *diagnostic_line(const struct hotprobe *hp, const char *file, unsigned line);
/* Gives one line to opts.log, if there is one. */
void note(const struct hotprobe *hp, enum hotprobe_severity severity, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
