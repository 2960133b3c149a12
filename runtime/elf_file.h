/* SPDX-License-Identifier: Apache-2.0 */
/* Programs and shared libraries: their symbols, segments and notes. */
#ifndef HOTPROBE_ELF_FILE_H
#define HOTPROBE_ELF_FILE_H

#include <gelf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum {
	ELF_BUILD_ID_SIZE = 2 * 64 + 1, /* of its hexadecimal text */
};

struct elf_file {
	int fd; /* -1 if it is in memory */
	Elf *elf;
};

/* Returns 0; a negative errno of opening it; -ENOEXEC if it is no ELF file. */
int elf_file_open(struct elf_file *file, const char *path);
/* A file that is in memory, which has to stay. */
int elf_file_open_memory(struct elf_file *file, const void *data, size_t size);
void elf_file_close(struct elf_file *file);
/* The file with the symbols that were split off, by its build id or its .gnu_debuglink, below root
   ("" for /). Returns 0 or -ENOENT. */
int elf_file_open_debug(struct elf_file *debug, const struct elf_file *file, const char *path,
			const char *root);

/* Where in the file the segment has that address, and the reverse. Returns 0 or -ENOENT. */
int elf_file_offset(const struct elf_file *file, uint64_t address, uint64_t *offset);
int elf_file_address(const struct elf_file *file, uint64_t offset, uint64_t *address);
/* Writes it in hexadecimal, "" if there is none. */
void elf_file_build_id(const struct elf_file *file, char text[ELF_BUILD_ID_SIZE]);

/* Calls fn for every function symbol that is defined in the file, until it returns non-zero; hidden
   is set for one that is not its name's default version. Returns what fn did last. */
typedef int (*elf_symbol_fn)(void *ctx, const char *name, const GElf_Sym *symbol, bool hidden);
int elf_file_each_symbol(const struct elf_file *file, elf_symbol_fn fn, void *ctx);

/* The address of the function of that name. Returns 0; -ENOENT; -EOPNOTSUPP if the name stands for
   one of several functions, which the program chooses when it starts (an IFUNC). */
int elf_file_find_function(const struct elf_file *file, const char *name, uint64_t *address);

/* That of a function or variable of that name. Returns 0 or -ENOENT. */
int elf_file_find_symbol(const struct elf_file *file, const char *name, uint64_t *address);

/* A USDT probe site: addresses as in the file. */
struct elf_usdt {
	const char *provider, *name, *arguments;
	uint64_t address;
	uint64_t semaphore; /* 0 if it has none */
};
/* Calls fn for each until it returns non-zero. Returns what fn did last. */
typedef int (*elf_usdt_fn)(void *ctx, const struct elf_usdt *probe);
int elf_file_each_usdt(const struct elf_file *file, elf_usdt_fn fn, void *ctx);

#endif
