/* SPDX-License-Identifier: Apache-2.0 */
/* The functions of one program or library by address. */
#ifndef HOTPROBE_MODULE_H
#define HOTPROBE_MODULE_H

#include "array.h"
#include "elf_file.h"

struct module_symbol {
	uint64_t address; /* as in the file */
	uint64_t size;	  /* 0 if it is not told: up to the next */
	const char *name;
};

struct module {
	uint64_t device, inode;
	char *path; /* as the process sees it */
	char build_id[ELF_BUILD_ID_SIZE];
	struct elf_file file, debug; /* open as long as names are used */
	ARRAY(struct module_symbol) symbols;
};

/* Reads a file's symbols; path is what to call it, open_path what to open. root is what lies in
   front of /usr/lib/debug. Returns 0 or a negative errno. */
int module_read(struct module *module, const char *path, const char *open_path, const char *root);
/* The same for one that is in memory. */
int module_read_memory(struct module *module, const char *path, const void *data, size_t size);
void module_free(struct module *module);

/* The function that has the address (as in the file), NULL if none is known. */
const struct module_symbol *module_find(const struct module *module, uint64_t address);

#endif
