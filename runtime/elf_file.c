/* SPDX-License-Identifier: Apache-2.0 */
#include "elf_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	NOTE_STAPSDT = 3, /* sys/sdt.h, _SDT_NOTE_TYPE */
};

/* libelf tells that memory is out by its messages alone; but malloc() set errno, which was 0. */
static int unless_no_memory(int err)
{
	return errno == ENOMEM ? -ENOMEM : err;
}

static int check_kind(struct elf_file *file)
{
	int err = unless_no_memory(-ENOEXEC);

	if (file->elf && elf_kind(file->elf) == ELF_K_ELF)
		return 0;
	elf_file_close(file);
	return err;
}

int elf_file_open(struct elf_file *file, const char *path)
{
	struct stat st;
	int err = 0;

	*file = (struct elf_file){.fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
	if (file->fd < 0)
		return -errno;
	if (fstat(file->fd, &st))
		err = -errno;
	else if (S_ISDIR(st.st_mode))
		err = -EISDIR;
	else if (!S_ISREG(st.st_mode))
		err = -ENOEXEC;
	if (err) {
		elf_file_close(file);
		return err;
	}
	elf_version(EV_CURRENT);
	errno = 0;
	/* Not mapped: a file that is cut short meanwhile would end the process. */
	file->elf = elf_begin(file->fd, ELF_C_READ, NULL);
	return check_kind(file);
}

int elf_file_open_memory(struct elf_file *file, const void *data, size_t size)
{
	elf_version(EV_CURRENT);
	errno = 0;
	*file = (struct elf_file){.fd = -1, .elf = elf_memory((char *)(uintptr_t)data, size)};
	return check_kind(file);
}

void elf_file_close(struct elf_file *file)
{
	if (file->elf)
		elf_end(file->elf);
	if (file->fd >= 0)
		close(file->fd);
	*file = (struct elf_file){.fd = -1};
}

/* ---- Segments and sections ---- */

static bool is_loaded(const GElf_Phdr *segment)
{
	return segment->p_type == PT_LOAD && segment->p_filesz;
}

int elf_file_offset(const struct elf_file *file, uint64_t address, uint64_t *offset)
{
	GElf_Phdr segment;

	errno = 0;
	for (int i = 0; gelf_getphdr(file->elf, i, &segment); i++) {
		if (!is_loaded(&segment) || address < segment.p_vaddr ||
		    address - segment.p_vaddr >= segment.p_memsz)
			continue;
		*offset = address - segment.p_vaddr + segment.p_offset;
		return 0;
	}
	return unless_no_memory(-ENOENT);
}

int elf_file_address(const struct elf_file *file, uint64_t offset, uint64_t *address)
{
	GElf_Phdr segment;

	errno = 0;
	for (int i = 0; gelf_getphdr(file->elf, i, &segment); i++) {
		/* A mapping begins on a page, maybe before its segment. */
		if (!is_loaded(&segment) || !(segment.p_flags & PF_X) ||
		    offset < (segment.p_offset & ~(uint64_t)4095) ||
		    offset >= segment.p_offset + segment.p_filesz)
			continue;
		*address = offset - segment.p_offset + segment.p_vaddr;
		return 0;
	}
	return unless_no_memory(-ENOENT);
}

static Elf_Scn *find_section(const struct elf_file *file, const char *name, GElf_Shdr *header)
{
	Elf_Scn *section = NULL;
	size_t names;

	if (elf_getshdrstrndx(file->elf, &names))
		return NULL;
	while ((section = elf_nextscn(file->elf, section))) {
		const char *found;

		if (!gelf_getshdr(section, header))
			continue;
		found = elf_strptr(file->elf, names, header->sh_name);
		if (found && !strcmp(found, name))
			return section;
	}
	return NULL;
}

static Elf_Scn *find_section_of_type(const struct elf_file *file, uint32_t type, GElf_Shdr *header)
{
	Elf_Scn *section = NULL;

	while ((section = elf_nextscn(file->elf, section)))
		if (gelf_getshdr(section, header) && header->sh_type == type)
			return section;
	return NULL;
}

/* ---- Build id and split symbols ---- */

static bool copy_build_id(Elf_Data *data, char text[ELF_BUILD_ID_SIZE])
{
	size_t at = 0, name, desc;
	GElf_Nhdr note;

	while (data && (at = gelf_getnote(data, at, &note, &name, &desc))) {
		const unsigned char *bytes = (unsigned char *)data->d_buf + desc;

		if (note.n_type != NT_GNU_BUILD_ID || note.n_namesz != 4 ||
		    memcmp((char *)data->d_buf + name, "GNU", 4))
			continue;
		for (size_t i = 0; i < note.n_descsz && 2 * i + 2 < ELF_BUILD_ID_SIZE; i++)
			sprintf(text + 2 * i, "%02x", bytes[i]);
		return true;
	}
	return false;
}

void elf_file_build_id(const struct elf_file *file, char text[ELF_BUILD_ID_SIZE])
{
	GElf_Phdr segment;
	GElf_Shdr header;
	Elf_Scn *section;

	text[0] = '\0';
	for (int i = 0; gelf_getphdr(file->elf, i, &segment); i++)
		if (segment.p_type == PT_NOTE &&
		    copy_build_id(elf_getdata_rawchunk(file->elf, (int64_t)segment.p_offset,
						       segment.p_filesz, ELF_T_NHDR),
				  text))
			return;
	/* In a file of split symbols the segments are not where they say. */
	section = find_section(file, ".note.gnu.build-id", &header);
	if (section)
		copy_build_id(elf_getdata(section, NULL), text);
}

static const char *debug_link(const struct elf_file *file)
{
	GElf_Shdr header;
	Elf_Scn *section = find_section(file, ".gnu_debuglink", &header);
	Elf_Data *data = section ? elf_rawdata(section, NULL) : NULL;

	if (!data || !data->d_buf || !memchr(data->d_buf, 0, data->d_size))
		return NULL;
	return data->d_buf;
}

/* Opens it if it is the other half of the file with that build id. */
static int open_matching(struct elf_file *debug, const char *build_id, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static int open_matching(struct elf_file *debug, const char *build_id, const char *format, ...)
{
	char found[ELF_BUILD_ID_SIZE], *path;
	va_list args;
	int err;

	va_start(args, format);
	err = vasprintf(&path, format, args);
	va_end(args);
	if (err < 0)
		return -ENOMEM;
	err = elf_file_open(debug, path);
	free(path);
	if (err)
		return err == -ENOMEM ? err : -ENOENT;
	elf_file_build_id(debug, found);
	if (!strcmp(found, build_id))
		return 0;
	elf_file_close(debug);
	return -ENOENT;
}

int elf_file_open_debug(struct elf_file *debug, const struct elf_file *file, const char *path,
			const char *root)
{
	const char *link = debug_link(file), *slash = strrchr(path, '/');
	int dir = slash ? (int)(slash - path) : 0;
	char id[ELF_BUILD_ID_SIZE];

	*debug = (struct elf_file){.fd = -1};
	elf_file_build_id(file, id);
	if (strlen(id) < 3)
		return -ENOENT; /* nothing would tell that it belongs to the file */
	if (!open_matching(debug, id, "%s/usr/lib/debug/.build-id/%.2s/%s.debug", root, id, id + 2))
		return 0;
	if (!link || strchr(link, '/'))
		return -ENOENT;
	if (!open_matching(debug, id, "%s%.*s/%s", root, dir, path, link) ||
	    !open_matching(debug, id, "%s%.*s/.debug/%s", root, dir, path, link))
		return 0;
	return open_matching(debug, id, "%s/usr/lib/debug%.*s/%s", root, dir, path, link);
}

/* ---- Symbols ---- */

static bool is_function(const GElf_Sym *symbol)
{
	int type = GELF_ST_TYPE(symbol->st_info);

	return type == STT_FUNC || type == STT_GNU_IFUNC;
}

static bool is_defined(const GElf_Sym *symbol)
{
	return symbol->st_shndx != SHN_UNDEF && symbol->st_value;
}

static bool is_hidden(Elf_Data *versions, size_t index)
{
	GElf_Versym version;

	return versions && gelf_getversym(versions, (int)index, &version) && (version & 0x8000);
}

static int each_in_table(const struct elf_file *file, Elf_Scn *section, const GElf_Shdr *header,
			 Elf_Data *versions, elf_symbol_fn fn, void *ctx)
{
	Elf_Data *data = elf_getdata(section, NULL);
	size_t count = header->sh_entsize ? header->sh_size / header->sh_entsize : 0;
	int result = 0;

	for (size_t i = 0; data && i < count && !result; i++) {
		GElf_Sym symbol;
		const char *name;

		if (!gelf_getsym(data, (int)i, &symbol) || !is_defined(&symbol))
			continue;
		name = elf_strptr(file->elf, header->sh_link, symbol.st_name);
		if (name && *name)
			result = fn(ctx, name, &symbol, is_hidden(versions, i));
	}
	return result;
}

static int each_symbol(const struct elf_file *file, elf_symbol_fn fn, void *ctx)
{
	GElf_Shdr header, version_header;
	Elf_Scn *section, *versions;
	int result = 0;

	errno = 0;
	section = find_section_of_type(file, SHT_SYMTAB, &header);
	if (section)
		result = each_in_table(file, section, &header, NULL, fn, ctx);
	section = result ? NULL : find_section_of_type(file, SHT_DYNSYM, &header);
	if (!section)
		return result ? result : unless_no_memory(0);
	versions = find_section_of_type(file, SHT_GNU_versym, &version_header);
	result = each_in_table(file, section, &header,
			       versions ? elf_getdata(versions, NULL) : NULL, fn, ctx);
	return result ? result : unless_no_memory(0);
}

struct functions {
	elf_symbol_fn fn;
	void *ctx;
};

static int pass_function(void *ctx, const char *name, const GElf_Sym *symbol, bool hidden)
{
	const struct functions *f = ctx;

	return is_function(symbol) ? f->fn(f->ctx, name, symbol, hidden) : 0;
}

int elf_file_each_symbol(const struct elf_file *file, elf_symbol_fn fn, void *ctx)
{
	struct functions functions = {fn, ctx};

	return each_symbol(file, pass_function, &functions);
}

struct wanted {
	const char *name;
	GElf_Sym symbol;
	bool found;
};

/* The default version wins; another will do. */
static int take_symbol(void *ctx, const char *name, const GElf_Sym *symbol, bool hidden)
{
	struct wanted *w = ctx;

	if (strcmp(name, w->name) || (hidden && w->found))
		return 0;
	w->symbol = *symbol;
	w->found = true;
	return !hidden;
}

int elf_file_find_function(const struct elf_file *file, const char *name, uint64_t *address)
{
	struct wanted wanted = {.name = name};
	int err = elf_file_each_symbol(file, take_symbol, &wanted);

	if (!wanted.found)
		return err ? err : -ENOENT;
	if (GELF_ST_TYPE(wanted.symbol.st_info) == STT_GNU_IFUNC)
		return -EOPNOTSUPP;
	*address = wanted.symbol.st_value;
	return 0;
}

int elf_file_find_symbol(const struct elf_file *file, const char *name, uint64_t *address)
{
	struct wanted wanted = {.name = name};
	int err = each_symbol(file, take_symbol, &wanted);

	*address = wanted.symbol.st_value;
	return wanted.found ? 0 : err ? err : -ENOENT;
}

/* ---- USDT ---- */

/* A string and what follows it, as long as it ends before end. */
static const char *take_string(const char **at, const char *end)
{
	const char *string = *at, *nul = string < end ? memchr(string, 0, end - string) : NULL;

	*at = nul ? nul + 1 : end;
	return nul ? string : NULL;
}

/* Three addresses: of the site, of .stapsdt.base when it was linked, of the semaphore. Then three
   strings. */
static bool read_usdt(const struct elf_file *file, const char *desc, size_t size,
		      struct elf_usdt *probe, uint64_t *base)
{
	size_t word = gelf_getclass(file->elf) == ELFCLASS32 ? 4 : 8;
	const char *at = desc + 3 * word, *end = desc + size;
	uint64_t address[3] = {0};

	if (size < 3 * word)
		return false;
	for (int i = 0; i < 3; i++)
		memcpy(&address[i], desc + i * word, word);
	probe->address = address[0];
	*base = address[1];
	probe->semaphore = address[2];
	probe->provider = take_string(&at, end);
	probe->name = take_string(&at, end);
	probe->arguments = take_string(&at, end);
	return probe->provider && probe->name && probe->arguments;
}

/* Addresses in the notes are not mended when a file is linked anew; the base tells by how much. */
static void mend_addresses(struct elf_usdt *probe, uint64_t base, uint64_t base_now)
{
	if (!base || !base_now)
		return;
	probe->address += base_now - base;
	if (probe->semaphore)
		probe->semaphore += base_now - base;
}

int elf_file_each_usdt(const struct elf_file *file, elf_usdt_fn fn, void *ctx)
{
	uint64_t base_now, base;
	size_t at = 0, name, desc;
	struct elf_usdt probe;
	Elf_Scn *section;
	GElf_Shdr header;
	Elf_Data *data;
	GElf_Nhdr note;
	int result = 0;

	errno = 0;
	section = find_section(file, ".stapsdt.base", &header);
	base_now = section ? header.sh_addr : 0;
	section = find_section(file, ".note.stapsdt", &header);
	data = section ? elf_getdata(section, NULL) : NULL;
	while (data && !result && (at = gelf_getnote(data, at, &note, &name, &desc))) {
		const char *bytes = data->d_buf;

		if (note.n_type != NOTE_STAPSDT || note.n_namesz != sizeof("stapsdt") ||
		    memcmp(bytes + name, "stapsdt", sizeof("stapsdt")))
			continue;
		if (!read_usdt(file, bytes + desc, note.n_descsz, &probe, &base))
			continue;
		mend_addresses(&probe, base, base_now);
		result = fn(ctx, &probe);
	}
	return result || data ? result : unless_no_memory(0);
}
