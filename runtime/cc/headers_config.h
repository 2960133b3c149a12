/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel's configuration as macros. */
#ifndef HOTPROBE_CC_HEADERS_CONFIG_H
#define HOTPROBE_CC_HEADERS_CONFIG_H

#include <stdbool.h>

#include "../arch.h"
#include "headers_words.h"
#include "text.h"

struct config_input {
	const char *btf_path;  /* where the kernel's types are; NULL if not known */
	const char *release;   /* uname -r */
	unsigned version_code; /* LINUX_VERSION_CODE */
	const struct arch *arch;
	bool whole;		 /* all symbols, not only those that are words */
	bool no_syscall_wrapper; /* leave CONFIG_ARCH_HAS_SYSCALL_WRAPPER undefined */
};

/* Writes the CONFIG_ macros that are words, and those that libbcc's headers need. Without a
   configuration to read, only the latter. */
void config_put(const struct config_input *in, const struct words *words, struct text *out);

/* Is it a symbol of the configuration that the source names? */
bool config_is_asked(const struct word *word);

#endif
