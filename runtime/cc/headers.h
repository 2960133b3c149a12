/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kernel headers made for one program, out of the kernel's BTF.
 *
 * A BCC program names what it needs of the kernel: types, members, constants, macros. Every
 * identifier of the source is a word; the tree holds what the words name and what that needs, in
 * include/linux/kconfig.h, the file that libbcc includes before all others. Every other header
 * that the source asks for can be an empty file.
 *
 *     types       cut from BTF (headers_cut.c, headers_emit.c)
 *     idioms      what kernel headers define as macros and inline functions (idioms.h)
 *     constants   macros of the user-space API, in a table made from linux-libc-dev
 *     CONFIG_     from the kernel's configuration, if the source names one
 *     tracepoints struct tracepoint__CATEGORY__EVENT, from tracefs format texts
 *
 * What the source or libbcc's own headers define is left out. Without a source, all that a kernel
 * has can be made into a directory for BCC itself (headers_whole.c).
 */
#ifndef HOTPROBE_CC_HEADERS_H
#define HOTPROBE_CC_HEADERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../arch.h"
#include "tree.h"

struct headers_text {
	const char *name;
	const char *text; /* need not end with a NUL, may hold any bytes */
	size_t size;
};

struct headers_tracepoint {
	const char *category, *event;
	const char *format; /* the text of its format file, NUL-terminated */
};

struct headers_input {
	const char *btf_path;	 /* the kernel's BTF, raw or in an ELF file; for messages */
	int btf_fd;		 /* that file, or the negative errno of opening it */
	const char *modules_dir; /* BTF of modules, /sys/kernel/btf; NULL: don't look there */
	const char *release;	 /* uname -r of the kernel to compile for */
	/* The user's source and every file of the user's that it includes. */
	const struct headers_text *texts;
	size_t text_count;
	/* The headers that libbcc carries (exported.h); those that it includes by itself matter. */
	const struct headers_text *builtin;
	size_t builtin_count;
	const char *const *cflags; /* ends with NULL, may be NULL; -D and -U matter */
	const struct headers_tracepoint *tracepoints;
	size_t tracepoint_count;
	/* All types, for programs that are not known yet: then the tree has every header that a
	   program may include, and needs no other. */
	bool whole;
	bool direct_syscalls; /* leave CONFIG_ARCH_HAS_SYSCALL_WRAPPER undefined */
};

/* What a text asked of the kernel besides types. */
struct headers_asked {
	enum {
		ASKED_CONFIG,	  /* named CONFIG_X */
		ASKED_RELEASE,	  /* named UTS_RELEASE */
		ASKED_MEMBER,	  /* HOTPROBE_HAS_FIELD or HOTPROBE_FIELD_SIZE */
		ASKED_TYPE,	  /* HOTPROBE_HAS_TYPE */
		ASKED_ENUMERATOR, /* HOTPROBE_HAS_ENUMERATOR */
	} kind;
	char *name, *member;
};

/* A member that the tree has under another name: struct sock's sk_state is skc_state, somewhere
   within. */
struct headers_rename {
	const char *type, *alias, *member;
};

/* Offsets in bytes, as struct image_facts has them; IMAGE_NONE where BTF does not tell. */
struct headers_facts {
	const struct arch *arch;       /* that the BTF is of */
	const struct headers_btf *btf; /* for headers_near() */
	uint32_t version_code;	       /* LINUX_VERSION_CODE of the release */
	uint32_t task_pid;
	uint32_t task_tgid;
	uint32_t task_signal;
	uint32_t task_comm;
	uint32_t signal_live;
	struct headers_asked *asked;
	size_t asked_count;
	struct headers_rename *renames;
	size_t rename_count;
};

/*
 * Fills the tree. Returns 0; -ENOENT or another errno of reading the BTF; -EINVAL if it is
 * damaged; -ENOTSUP if it is of an architecture that there is nothing for. On failure *error is a
 * message in memory of its own.
 */
int headers_build(const struct headers_input *in, struct tree *tree, struct headers_facts *facts,
		  char **error);

/*
 * For a member that a struct does not have on this kernel: the path of the nearest one from that
 * struct, such as "__state", "__sk_common.skc_state", "q->disk". NULL if there is none. A source
 * can ask for a member by #if HOTPROBE_HAS_FIELD(struct, member).
 */
char *headers_near(const struct headers_facts *facts, const char *type, const char *member);

#endif
