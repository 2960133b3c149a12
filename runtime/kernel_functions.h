/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel's functions, from /proc/kallsyms. */
#ifndef HOTPROBE_KERNEL_FUNCTIONS_H
#define HOTPROBE_KERNEL_FUNCTIONS_H

#include <stdint.h>

#include "internal.h"
#include "pattern.h"

struct function_entry {
	uint64_t hash, address; /* of its name, in the kernel */
};

/* Functions, sorted by the hash. */
struct function_index {
	ARRAY(struct function_entry) at;
};

/* How many functions have that name; *address is that of one, 0 if the kernel hides it. */
size_t function_index_find(const struct function_index *index, const char *name, uint64_t *address);
void function_index_free(struct function_index *index);

/* Adds those that match and may take a kprobe as far as can be known without trying, sorted, each
   name once; and to index all of them. Returns 0 or a negative errno. */
int kernel_find_functions(const char *pattern, struct names *found, struct function_index *index);

/* Is there one of that name, in the kernel or a module? */
bool kernel_has_function(const char *name);

/* All functions of kernel and modules, read when it is first asked for. Returns 0 or a negative
   errno. */
int kernel_functions(struct hotprobe *hp, const struct function_index **index);
/* The next kernel_functions() reads them again. */
void kernel_functions_forget(struct hotprobe *hp);

/* Adds the functions that ftrace can put a call into, sorted. Returns 0 or a negative errno. */
int kernel_traceable_functions(struct hotprobe *hp, struct names *found);

#endif
