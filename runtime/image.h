/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The image: a compiled program as the compiler hands it to the loader.
 *
 * One byte string holds everything: bytecode, tables, BTF, line info, types, facts about the
 * kernel it was made for, and the compiler's diagnostics. When a compile fails the image holds
 * the diagnostics alone. All numbers are little-endian, every section starts on 8 bytes and behind
 * the one that is listed before it:
 *
 *     struct image_header
 *     struct image_section[header.section_count]
 *     the sections
 *
 * A string is an offset into IMAGE_STRINGS, where it ends with a NUL; 0 is the empty string.
 * An index into a section that may be absent is stored plus one, so that 0 says "none".
 * The reader (image_parse) trusts nothing; what it accepts can be used without further checks. It
 * takes images of IMAGE_VERSION alone: a source is built again sooner than an old form is kept
 * alive.
 */
#ifndef HOTPROBE_IMAGE_H
#define HOTPROBE_IMAGE_H

#include <stddef.h>
#include <stdint.h>

#define IMAGE_MAGIC 0x4f504821u /* "!HPO" */
#define IMAGE_VERSION 2u
#define IMAGE_NONE 0xffffffffu

struct image_header {
	uint32_t magic;
	uint32_t version;
	uint64_t size; /* of the whole image, bytes */
	uint32_t section_count;
	uint32_t flags; /* IMAGE_F_ */
};

enum {
	IMAGE_F_COMPILED = 1,	     /* there is a program; without it only diagnostics */
	IMAGE_F_DIRECT_SYSCALLS = 2, /* compiled for syscalls' tracepoints, not for kprobes */
	IMAGE_F_COMPARABLE = 4,	     /* its uses are complete: it may fit other kernels, too */
};

struct image_section {
	uint32_t kind;	/* enum image_section_kind, each at most once */
	uint32_t count; /* records, or bytes for IMAGE_STRINGS and IMAGE_BTF */
	uint64_t offset;
	uint64_t size; /* bytes: count times the size of a record */
};

enum image_section_kind {
	IMAGE_STRINGS = 1, /* char */
	IMAGE_DIAGS,	   /* struct image_diag */
	IMAGE_TABLES,	   /* struct image_table */
	IMAGE_PROGRAMS,	   /* struct image_program */
	IMAGE_INSNS,	   /* struct bpf_insn: a map load holds the table's index as its imm */
	IMAGE_FUNC_INFO,   /* struct bpf_func_info, insn_off relative to its program */
	IMAGE_LINE_INFO,   /* struct bpf_line_info, the same */
	IMAGE_BTF,	   /* char: the program's own BTF, as libbpf's btf__new takes it */
	IMAGE_TYPES,	   /* struct image_type */
	IMAGE_MEMBERS,	   /* struct image_member */
	IMAGE_ENUMERATORS, /* struct image_enumerator */
	IMAGE_FACTS,	   /* struct image_facts, one */
	IMAGE_TOOLS,	   /* struct image_tool */
	IMAGE_TARGETS,	   /* struct image_target */
	IMAGE_USES,	   /* struct image_use */
	IMAGE_SECTION_KINDS,
};

/* Of a record of each section, bytes. */
extern const size_t image_record_size[IMAGE_SECTION_KINDS];

struct image_diag {
	uint32_t severity; /* enum hotprobe_severity */
	uint32_t file;	   /* string, "" if it concerns no place */
	uint32_t line;	   /* from 1; 0 if none */
	uint32_t column;   /* from 1, bytes; 0 if none */
	uint32_t text;	   /* string */
	uint32_t hint;	   /* string, one line of remedy, "" if none */
};

struct image_table {
	uint32_t name;	       /* string */
	uint32_t kind;	       /* string: BCC's word, such as "hash", "histogram", "perf_output" */
	uint32_t map_type;     /* enum bpf_map_type */
	uint32_t key_size;     /* bytes */
	uint32_t value_size;   /* bytes */
	uint32_t max_entries;  /* 0 for a perf_output: the loader sets it to the number of CPUs */
	uint32_t map_flags;    /* BPF_F_ of map creation */
	uint32_t inner;	       /* index + 1 of the table that is the inner map's template */
	uint32_t key_type;     /* index + 1 into IMAGE_TYPES */
	uint32_t value_type;   /* index + 1 into IMAGE_TYPES */
	uint32_t event_type;   /* index + 1: what is submitted to this perf_output or ringbuf */
	uint32_t btf_key_id;   /* in IMAGE_BTF, 0 if none */
	uint32_t btf_value_id; /* in IMAGE_BTF, 0 if none */
	uint32_t pin;	       /* string: path of a pinned table */
	uint32_t file;	       /* string: where it is declared */
	uint32_t line;
	uint32_t flags; /* IMAGE_TABLE_ */
	uint32_t reserved;
};

enum {
	IMAGE_TABLE_LOG2 = 1, /* a histogram whose slots are powers of two */
};

enum {
	IMAGE_PROGRAM_INDIRECT_SYSCALL = 1, /* reads syscall arguments from the pt_regs that the
					       first argument points to (wrapper), see arch.h */
};

struct image_program {
	uint32_t name;	     /* string: the function's */
	uint32_t context;    /* string: its first parameter's pointee, "struct pt_regs" */
	uint32_t first_insn; /* in IMAGE_INSNS */
	uint32_t insn_count;
	uint32_t first_func_info;
	uint32_t func_info_count;
	uint32_t first_line_info;
	uint32_t line_info_count;
	uint32_t file; /* string: where it is defined */
	uint32_t line;
	uint32_t column;
	uint32_t flags;	     /* IMAGE_PROGRAM_ */
	uint32_t parameters; /* that the function declares */
};

/* A place that the source itself names for a function, HOTPROBE("uprobe:/bin/bash:readline"), or
   that was given when the image was saved. */
struct image_target {
	uint32_t program; /* index */
	uint32_t spec;	  /* string: KIND:TARGET */
};

/*
 * How code reads an argument of a USDT probe, which is in another place at each site: it calls the
 * helper IMAGE_USDT_CALL + N (the argument, from 1) with the context in R1 and in R2 a u64 of
 * zeros on its stack, which receives the argument's bytes. The loader puts instructions in the
 * place of the call; R0 becomes 64 less the argument's bits, plus IMAGE_USDT_SIGNED.
 */
enum {
	IMAGE_USDT_CALL = 0x55534400, /* "USD" */
	IMAGE_USDT_ARGS = 12,
	IMAGE_USDT_SIGNED = 64,
};

enum image_type_kind {
	IMAGE_TYPE_VOID,
	IMAGE_TYPE_INT, /* encoding: IMAGE_INT_ */
	IMAGE_TYPE_FLOAT,
	IMAGE_TYPE_ENUM,    /* first, count: IMAGE_ENUMERATORS; encoding: IMAGE_INT_SIGNED or 0 */
	IMAGE_TYPE_POINTER, /* ref: the pointee, may be void */
	IMAGE_TYPE_ARRAY,   /* ref: the element; count: of elements */
	IMAGE_TYPE_STRUCT,  /* first, count: IMAGE_MEMBERS */
	IMAGE_TYPE_UNION,   /* the same */
	IMAGE_TYPE_TYPEDEF, /* ref: what it stands for */
	IMAGE_TYPE_KINDS,
};

enum {
	IMAGE_INT_SIGNED = 1,
	IMAGE_INT_CHAR = 2,
	IMAGE_INT_BOOL = 4,
};

struct image_type {
	uint32_t kind;
	uint32_t name;	   /* string: "u32", "data_t"; "" if it has none */
	uint32_t size;	   /* bytes */
	uint32_t encoding; /* IMAGE_INT_ */
	uint32_t ref;	   /* index into IMAGE_TYPES, lower than its own except for a pointer's */
	uint32_t first;
	uint32_t count;
	uint32_t reserved;
};

struct image_member {
	uint32_t name; /* string, "" for an anonymous struct or union */
	uint32_t type; /* index into IMAGE_TYPES, lower than that of the struct it is in */
	uint32_t bit_offset;
	uint32_t bit_size; /* 0 if it is no bit-field */
};

struct image_enumerator {
	uint32_t name; /* string */
	uint32_t reserved;
	uint64_t value; /* sign-extended */
};

/* What the loader has to know of the kernel and only BTF tells; IMAGE_NONE where it does not. */
struct image_facts {
	uint32_t release;      /* string: uname -r of the kernel it was compiled for */
	uint32_t version_code; /* LINUX_VERSION_CODE */
	uint32_t license;      /* string: the program's licence */
	uint32_t task_pid;     /* offset of task_struct.pid, bytes */
	uint32_t task_tgid;    /* of task_struct.tgid */
	uint32_t task_signal;  /* of task_struct.signal */
	uint32_t signal_live;  /* of signal_struct.live.counter */
	uint32_t task_comm;    /* of task_struct.comm */
	uint32_t kernel_id;    /* string: that kernel's build id in hexadecimal, "" if unknown */
	uint32_t machine;      /* string: uname -m there, "" if unknown */
};

/*
 * What the compiled code takes for granted of the kernel: places of members, sizes, values. On
 * another kernel than the one compiled for they are compared with what is there (uses.h).
 */
enum image_use_kind {
	IMAGE_USE_MEMBER,	  /* name: "struct sock"; member: "__sk_common.skc_daddr" */
	IMAGE_USE_SIZE,		  /* name: the struct, which is copied or counted by its size */
	IMAGE_USE_LAYOUT,	  /* name: the struct, all of which is handed on */
	IMAGE_USE_ENUMERATOR,	  /* name: the enumerator; member: "enum NAME" or "enum" */
	IMAGE_USE_HAS_MEMBER,	  /* the source asked HOTPROBE_HAS_FIELD or HOTPROBE_FIELD_SIZE */
	IMAGE_USE_HAS_TYPE,	  /* ... HOTPROBE_HAS_TYPE */
	IMAGE_USE_HAS_ENUMERATOR, /* ... HOTPROBE_HAS_ENUMERATOR */
	IMAGE_USE_CONFIG,	  /* name: CONFIG_X, which the source names */
	IMAGE_USE_VERSION,	  /* the source compares LINUX_VERSION_CODE; was: "FROM BELOW", the
				     versions between which every comparison has the same result */
	IMAGE_USE_RELEASE,	  /* the source names UTS_RELEASE */
	IMAGE_USE_FUNCTION,	  /* name: a kernel function; "btf_trace_EVENT": a raw tracepoint */
	IMAGE_USE_KINDS,
};

struct image_use {
	uint32_t kind;	 /* enum image_use_kind */
	uint32_t name;	 /* string */
	uint32_t member; /* string; "[]" stands for any element of an array, "~" in front for
			    any struct that it holds, however deep */
	uint32_t number; /* in the compiled code: MEMBER: its offset, bits; SIZE, LAYOUT: bytes;
			    FUNCTION: parameters used, IMAGE_NONE: all and the return value */
	uint32_t was;  /* string: how it is on the kernel compiled for. Until the image is saved, ""
			  where only BTF tells it */
	uint32_t file; /* string: where the source uses it first, "" if that is not known */
	uint32_t line;
	uint32_t reserved;
};

/* A file that compiled it: the compiler process, libbcc, LLVM. If one has changed since, a cached
   image is stale. */
struct image_tool {
	uint32_t path; /* string */
	uint32_t reserved;
	uint64_t size;	   /* bytes */
	uint64_t mtime_ns; /* of its content, since 1970 */
};

/* A parsed image: pointers into the byte string, which has to outlive it. */
struct image {
	const void *data;
	size_t size;
	uint32_t flags;
	const char *strings;
	const struct image_diag *diags;
	const struct image_table *tables;
	const struct image_program *programs;
	const struct bpf_insn *insns;
	const struct bpf_func_info *func_info;
	const struct bpf_line_info *line_info;
	const void *btf;
	const struct image_type *types;
	const struct image_member *members;
	const struct image_enumerator *enumerators;
	const struct image_facts *facts;
	const struct image_tool *tools;
	const struct image_target *targets;
	const struct image_use *uses;
	uint32_t count[IMAGE_SECTION_KINDS]; /* of each section's records */
};

/*
 * Checks the size bytes at data (aligned to 8) and fills in img. Returns 0, -EINVAL if they are
 * no image or a damaged one, -ENOTSUP for an image of a newer version, -ENOMEM. On failure *why
 * names the first thing that is wrong (a static string).
 */
int image_parse(struct image *img, const void *data, size_t size, const char **why);
/* The records of a section of a parsed image. */
const void *image_section(const struct image *img, enum image_section_kind kind);

/* The part of it that is about types (image_types.c); the sections are in their places. Returns 0,
   -EINVAL with *why set, or -ENOMEM with it set, too. */
int image_check_types(const struct image *img, const char **why);

/* The string at that offset of the program's own BTF, NULL if there is none. */
const char *image_btf_string(const struct image *img, uint32_t offset);
/* The text of a line of the source, as line info has it: without its indent, whose bytes go to
 *indent as far as the columns tell. NULL if no instruction is of that line. */
const char *image_line_text(const struct image *img, const char *file, uint32_t line,
			    uint32_t *indent);

static inline const char *image_str(const struct image *img, uint32_t string)
{
	return img->strings + string;
}

/* Collects the records of an image; zero-initialise it. An allocation that fails is remembered. */
struct image_writer {
	struct {
		char *data;
		size_t size, capacity;
	} section[IMAGE_SECTION_KINDS];
	uint32_t flags;
	int failed; /* 0 or -ENOMEM */
};

/* Appends count records of size bytes each; returns the index of the first. */
uint32_t image_add(struct image_writer *w, enum image_section_kind kind, const void *records,
		   size_t size, size_t count);
/* Adds a string (NULL is "") or finds it among those added; returns its offset. */
uint32_t image_add_string(struct image_writer *w, const char *string);
void image_add_diag(struct image_writer *w, int severity, const char *file, unsigned line,
		    unsigned column, const char *text, const char *hint);
/* Returns 0 and the image in malloc'ed memory, or -ENOMEM. The writer stays as it is. */
int image_write(const struct image_writer *w, void **data, size_t *size);
void image_writer_free(struct image_writer *w);

#endif
