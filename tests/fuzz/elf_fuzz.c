/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as a program or library: its symbols, segments, notes and build id. open() is replaced
 * when this is linked: there are no files of split symbols.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "module.h"
#include "usdt.h"

int __wrap_open(const char *path, int flags, ...);
int __real_open(const char *path, int flags, ...);

int __wrap_open(const char *path, int flags, ...)
{
	bool of_debug = strstr(path, "/debug/") || !strncmp(path, "/fuzz/", 6);

	if (!of_debug)
		return __real_open(path, flags, 0666); /* libFuzzer's */
	errno = ENOENT;
	return -1;
}

/* ---- What must hold ---- */

static int check_symbol(void *ctx, const char *name, const GElf_Sym *symbol, bool hidden)
{
	const struct elf_file *file = ctx;
	uint64_t address, offset;
	int err;

	(void)hidden;
	REQUIRE(*name && symbol->st_value);
	err = elf_file_find_function(file, name, &address);
	REQUIRE(!err || err == -EOPNOTSUPP);
	if (!err)
		REQUIRE(!elf_file_find_symbol(file, name, &address));
	elf_file_offset(file, symbol->st_value, &offset);
	return 0;
}

static int find_symbol(void *ctx, const char *name, uint64_t *address)
{
	return elf_file_find_symbol(ctx, name, address);
}

static int check_usdt(void *ctx, const struct elf_usdt *probe)
{
	struct usdt_arguments arguments;

	REQUIRE(strlen(probe->provider) + strlen(probe->name) < FUZZ_SIZE_MAX);
	usdt_parse(&arguments, EM_X86_64, probe->arguments, probe->address, find_symbol, ctx);
	REQUIRE(arguments.count <= IMAGE_USDT_ARGS);
	return 0;
}

static void check_segments(const struct elf_file *file)
{
	static const uint64_t numbers[] = {0, 0x1000, 0x401000, 0x7fffffff, UINT64_MAX};
	uint64_t result;

	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
		elf_file_offset(file, numbers[i], &result);
		elf_file_address(file, numbers[i], &result);
	}
}

static void check_module(struct module *m)
{
	size_t count;

	REQUIRE(strspn(m->build_id, "0123456789abcdef") == strlen(m->build_id));
	REQUIRE(strlen(m->build_id) < ELF_BUILD_ID_SIZE);
	REQUIRE(!module_read_symbols(m, ""));
	count = m->symbols.count;
	for (size_t i = 0; i < count; i++) {
		const struct module_symbol *s = &m->symbols.at[i];
		const struct module_symbol *found = module_find(m, s->address);

		REQUIRE(*s->name && (!i || s[-1].address < s->address));
		REQUIRE(found == s);
	}
	if (count && m->symbols.at[0].address)
		REQUIRE(!module_find(m, m->symbols.at[0].address - 1));
	module_find(m, UINT64_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	void *copy = fuzz_copy(data, size);
	struct module m;

	if (!module_open_memory(&m, "/fuzz/program", copy, size)) {
		check_segments(&m.file);
		check_module(&m);
		elf_file_each_symbol(&m.file, check_symbol, &m.file);
		elf_file_each_usdt(&m.file, check_usdt, &m.file);
		module_free(&m);
	}
	free(copy);
	return 0;
}

/* ---- The seed: a file with one of each ---- */

enum {
	SECTIONS = 9,
	STRINGS_SIZE = 128,
	NOTE_SIZE = 160,
};

struct program {
	Elf64_Ehdr header;
	Elf64_Phdr segments[2];
	Elf64_Shdr sections[SECTIONS];
	Elf64_Sym symbols[4];
	Elf64_Versym versions[4];
	struct {
		Elf64_Nhdr header;
		char name[4];
		uint8_t id[20];
	} build_id;
	struct {
		Elf64_Nhdr header;
		char name[8];
		uint64_t addresses[3];
		char strings[NOTE_SIZE];
	} probe;
	char link[16];
	char strings[STRINGS_SIZE];
};

static uint32_t string(struct program *p, const char *text)
{
	size_t at = 1;

	while (p->strings[at] && strcmp(p->strings + at, text))
		at += strlen(p->strings + at) + 1;
	memcpy(p->strings + at, text, strlen(text) + 1);
	return (uint32_t)at;
}

#define SECTION(p, index, title, type, part, link_, each)                                          \
	((p)->sections[index] = (Elf64_Shdr){.sh_name = string(p, title),                          \
					     .sh_type = (type),                                    \
					     .sh_offset = offsetof(struct program, part),          \
					     .sh_size = sizeof((p)->part),                         \
					     .sh_link = (link_),                                   \
					     .sh_addralign = 4,                                    \
					     .sh_entsize = (each)})

static void put_sections(struct program *p)
{
	SECTION(p, 1, ".strtab", SHT_STRTAB, strings, 0, 0);
	SECTION(p, 2, ".symtab", SHT_SYMTAB, symbols, 1, sizeof(Elf64_Sym));
	SECTION(p, 3, ".dynsym", SHT_DYNSYM, symbols, 1, sizeof(Elf64_Sym));
	SECTION(p, 4, ".gnu.version", SHT_GNU_versym, versions, 3, sizeof(Elf64_Versym));
	SECTION(p, 5, ".note.gnu.build-id", SHT_NOTE, build_id, 0, 0);
	SECTION(p, 6, ".note.stapsdt", SHT_NOTE, probe, 0, 0);
	SECTION(p, 7, ".gnu_debuglink", SHT_PROGBITS, link, 0, 0);
	p->sections[8] = (Elf64_Shdr){.sh_name = string(p, ".stapsdt.base"),
				      .sh_type = SHT_PROGBITS,
				      .sh_addr = 0x402000};
}

static void put_notes(struct program *p)
{
	static const char probe[] = "python\0function__entry\0"
				    "4@-20(%rbp) -8@counter(%rip) 8@%rax";

	p->build_id.header = (Elf64_Nhdr){4, 20, NT_GNU_BUILD_ID};
	memcpy(p->build_id.name, "GNU", 4);
	memset(p->build_id.id, 0xab, sizeof(p->build_id.id));
	p->probe.header = (Elf64_Nhdr){8, 24 + NOTE_SIZE, 3};
	memcpy(p->probe.name, "stapsdt", 8);
	p->probe.addresses[0] = 0x401010;
	p->probe.addresses[1] = 0x401ff0;
	p->probe.addresses[2] = 0x403000;
	memcpy(p->probe.strings, probe, sizeof(probe));
}

static void put_symbols(struct program *p)
{
	static const struct {
		const char *name;
		unsigned char type;
	} symbols[] = {{"main", STT_FUNC}, {"counter", STT_OBJECT}, {"memcpy", STT_GNU_IFUNC}};

	for (size_t i = 0; i < 3; i++) {
		p->symbols[i + 1] = (Elf64_Sym){.st_name = string(p, symbols[i].name),
						.st_info = symbols[i].type,
						.st_shndx = 1,
						.st_value = 0x401000 + 0x20 * i,
						.st_size = 0x20};
		p->versions[i + 1] = i == 1 ? 0x8002 : 2;
	}
}

size_t fuzz_seed(unsigned n, uint8_t *data)
{
	struct program p = {
		.header = {.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB,
				       EV_CURRENT},
			   .e_type = ET_EXEC,
			   .e_machine = EM_X86_64,
			   .e_version = EV_CURRENT,
			   .e_phoff = offsetof(struct program, segments),
			   .e_shoff = offsetof(struct program, sections),
			   .e_ehsize = sizeof(Elf64_Ehdr),
			   .e_phentsize = sizeof(Elf64_Phdr),
			   .e_phnum = 2,
			   .e_shentsize = sizeof(Elf64_Shdr),
			   .e_shnum = SECTIONS,
			   .e_shstrndx = 1},
		.segments = {{.p_type = PT_LOAD,
			      .p_flags = PF_R | PF_X,
			      .p_vaddr = 0x401000,
			      .p_filesz = 0x1000,
			      .p_memsz = 0x1000},
			     {.p_type = PT_NOTE,
			      .p_offset = offsetof(struct program, build_id),
			      .p_filesz = sizeof(p.build_id),
			      .p_memsz = sizeof(p.build_id)}},
		.link = "program.debug",
	};

	if (n)
		return 0;
	put_sections(&p);
	put_notes(&p);
	put_symbols(&p);
	memcpy(data, &p, sizeof(p));
	return sizeof(p);
}
