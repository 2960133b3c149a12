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
	bool has_symbols;
	ARRAY(struct module_symbol) symbols;
};

/* Opens a file; path is what to call it, open_path what to open. Returns 0 or a negative errno. */
int module_open(struct module *module, const char *path, const char *open_path);
/* The same for one that is in memory. */
int module_open_memory(struct module *module, const char *path, const void *data, size_t size);
/* Reads its symbols, unless that was done, also those split off, below root ("" for /). Returns 0
   or -ENOMEM. */
int module_read_symbols(struct module *module, const char *root);
void module_free(struct module *module);

/* The function that has the address (as in the file), NULL if none is known. */
const struct module_symbol *module_find(const struct module *module, uint64_t address);

#endif
