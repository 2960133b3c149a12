/* SPDX-License-Identifier: Apache-2.0 */
/*
 * uprobe:FILE:FUNCTION[+OFFSET], uprobe:FILE:0xOFFSET, uretprobe:FILE:FUNCTION. They are perf
 * events of the uprobe PMU: the kernel takes the breakpoints away when the process that set them
 * ends.
 */
#include <errno.h>
#include <string.h>

#include "elf_file.h"
#include "list.h"
#include "pattern.h"
#include "target.h"
#include "uprobe.h"

static bool is_number(const char *name)
{
	return name[0] >= '0' && name[0] <= '9';
}

/* "FUNC+0x10": cuts the offset off; "0x10" is all offset. */
static int parse_place(struct target *target, const char **why)
{
	char *number = strchr(target->name, '+'), *end;
	bool whole = is_number(target->name);

	if (!whole && !number)
		return 0;
	if (whole)
		number = target->name;
	else
		*number++ = '\0';
	errno = 0;
	target->offset = strtoull(number, &end, 0);
	if (errno || end == number || *end || *number == '-')
		return *why = "the offset is no number", -EINVAL;
	if (!*target->name)
		return *why = "the function is missing", -EINVAL;
	if (!whole && is_pattern(target->name))
		return *why = "a pattern cannot have an offset", -EINVAL;
	return 0;
}

static int parse_entry(struct target *target, const char *rest, bool from_name, const char **why)
{
	int err = parse_in_file(target, rest, 1, why);

	(void)from_name;
	if (!err)
		err = parse_place(target, why);
	/* The number is the name: target_text() writes it once. */
	if (!err && is_number(target->name))
		target->offset = 0;
	return err;
}

static int parse_return(struct target *target, const char *rest, bool from_name, const char **why)
{
	int err = parse_entry(target, rest, from_name, why);

	if (!err && (target->offset || strchr(target->name, '+')))
		return *why = "only a uprobe can have an offset", -EINVAL;
	return err;
}

/* ---- Where ---- */

/* Looks in the file with split symbols, too. */
static int find_function(const struct binary *binary, const struct elf_file *file, const char *name,
			 uint64_t *address)
{
	int err = elf_file_find_function(file, name, address);
	struct elf_file debug;

	if (err != -ENOENT || elf_file_open_debug(&debug, file, binary->name, ""))
		return err;
	err = elf_file_find_function(&debug, name, address);
	elf_file_close(&debug);
	return err;
}

/* Returns 0 or a negative errno: -ENOENT if the file has no such function. */
static int find_site(const struct target *target, const struct binary *binary,
		     struct uprobe_site *site)
{
	struct elf_file file;
	uint64_t address;
	int err;

	*site = (struct uprobe_site){.binary = binary};
	if (is_number(target->name)) {
		site->offset = strtoull(target->name, NULL, 0);
		return 0;
	}
	err = elf_file_open(&file, binary->path);
	if (err)
		return err;
	err = find_function(binary, &file, target->name, &address);
	if (!err)
		err = elf_file_offset(&file, address, &site->offset);
	site->offset += target->offset;
	elf_file_close(&file);
	return err;
}

static int not_found(struct hotprobe_link *link, const struct binaries *binaries, int err)
{
	const struct target *t = &link->target;
	const char *file = binaries->list.count == 1 ? binaries->list.at[0].name : t->group;

	if (err == -EOPNOTSUPP)
		return link_fail(link, err,
				 "probe one of them, such as __strlen_avx2 for strlen, or the "
				 "pattern of their names",
				 "cannot attach %s: %s has several functions %s and chooses one of "
				 "them when a program starts",
				 link->program->name, file, t->name);
	if (err == -ENOEXEC)
		return link_fail(link, err, "", "cannot attach %s: %s is no ELF file",
				 link->program->name, file);
	if (err != -ENOENT)
		return link_fail(link, err, "", "cannot attach %s to %s: %s: %s",
				 link->program->name, link->target_text, file, strerror(-err));
	return link_fail(link, err,
			 "nm -D lists what a library offers, nm what a program has unless it is "
			 "stripped; functions may be inlined; C++ names are those of nm, mangled",
			 "cannot attach %s: %s has no symbol of a function %s", link->program->name,
			 file, t->name);
}

/* ---- Patterns ---- */

struct match {
	const char *pattern;
	struct names names;
	int err;
};

static int add_match(void *ctx, const char *name, const GElf_Sym *symbol, bool hidden)
{
	struct match *m = ctx;

	if (!hidden && GELF_ST_TYPE(symbol->st_info) == STT_FUNC &&
	    pattern_matches(m->pattern, name))
		m->err = names_add(&m->names, strdup(name));
	return m->err;
}

static int attach_names(struct hotprobe_link *link, int prog_fd, const struct binary *binary,
			const struct names *names, bool is_return, pid_t pid)
{
	size_t refused = 0;
	int err = 0, last = 0;

	for (size_t i = 0; i < names->list.count && !err; i++) {
		struct target one = {.name = names->list.at[i]};
		struct uprobe_site site;

		err = find_site(&one, binary, &site);
		if (!err)
			err = attach_at(link, prog_fd, &site, is_return, pid);
		if (!is_refusal_of_place(err))
			continue;
		refused++;
		last = err;
		err = 0;
	}
	return err ? err
		   : link_attached_to_all(link, is_return ? "uretprobe" : "uprobe", names, refused,
					  last);
}

static int attach_pattern(struct hotprobe_link *link, int prog_fd, const struct binaries *binaries,
			  bool is_return)
{
	const struct binary *binary = &binaries->list.at[0];
	struct match match = {.pattern = link->target.name};
	struct elf_file file;
	int err;

	if (binaries->list.count > 1)
		return link_fail(link, -EINVAL, "name the file instead of the process",
				 "cannot attach %s to %s: a pattern is for one file",
				 link->program->name, link->target_text);
	err = elf_file_open(&file, binary->path);
	if (err)
		return not_found(link, binaries, err);
	err = elf_file_each_symbol(&file, add_match, &match);
	elf_file_close(&file);
	names_sort(&match.names);
	if (err)
		fail(link->program->hp, err, "out of memory");
	else
		err = link_check_matches(link, &match.names, "function of the file");
	if (!err)
		err = attach_names(link, prog_fd, binary, &match.names, is_return, binaries->pid);
	names_free(&match.names);
	return err;
}

/* ---- Attaching ---- */

/* In the first of the files that has it, as the loader would bind a call. */
static int attach_first(struct hotprobe_link *link, int prog_fd, const struct binaries *binaries,
			bool is_return)
{
	struct uprobe_site site;
	int err = -ENOENT;

	for (size_t i = 0; i < binaries->list.count && err == -ENOENT; i++)
		err = find_site(&link->target, &binaries->list.at[i], &site);
	if (err)
		return not_found(link, binaries, err);
	err = attach_at(link, prog_fd, &site, is_return, binaries->pid);
	if (is_refusal_of_place(err))
		return refused_at(link, &site, err);
	return err ? err
		   : link_attached_to(link, "%s %s at 0x%llx", is_return ? "uretprobe" : "uprobe",
				      site.binary->name, (unsigned long long)site.offset);
}

static int attach(struct hotprobe_link *link, int prog_fd, bool is_return)
{
	struct binaries binaries;
	int err = find_binaries(link, &binaries);

	if (err)
		return err;
	if (is_pattern(link->target.name))
		err = attach_pattern(link, prog_fd, &binaries, is_return);
	else
		err = attach_first(link, prog_fd, &binaries, is_return);
	binaries_free(&binaries);
	return err;
}

static int attach_entry(struct hotprobe_link *link, int prog_fd)
{
	return attach(link, prog_fd, false);
}

static int attach_return(struct hotprobe_link *link, int prog_fd)
{
	return attach(link, prog_fd, true);
}

/* ---- Listing ---- */

struct symbols_of {
	struct list *list;
	const char *prefix, *pattern;
	int err;
};

/* What a target could not say, or attaching not find, is left out. */
static int offer_symbol(void *ctx, const char *name, const GElf_Sym *symbol, bool hidden)
{
	struct symbols_of *s = ctx;

	if (hidden || GELF_ST_TYPE(symbol->st_info) != STT_FUNC || is_number(name) ||
	    strpbrk(name, ":+*?["))
		return 0;
	if (list_matches(s->pattern, name))
		s->err = list_add(s->list, s->prefix, name);
	return s->err;
}

static int list_file(struct symbols_of *s, const struct binary *binary, bool is_only)
{
	struct elf_file file, debug;
	int err = elf_file_open(&file, binary->path);

	if (err && !is_only)
		return 0; /* what a process has mapped need not be a library */
	if (err)
		return fail(s->list->hp, err, "cannot list what is in %s: %s", binary->name,
			    err == -ENOEXEC ? "it is no ELF file" : strerror(-err));
	elf_file_each_symbol(&file, offer_symbol, s);
	if (!s->err && !elf_file_open_debug(&debug, &file, binary->name, "")) {
		elf_file_each_symbol(&debug, offer_symbol, s);
		elf_file_close(&debug);
	}
	elf_file_close(&file);
	return s->err;
}

/* A place, which is no symbol, is listed as it is written. */
static bool is_place(const char *pattern)
{
	return !is_pattern(pattern) && (is_number(pattern) || strchr(pattern, '+'));
}

static int list_symbols(struct list *list)
{
	struct symbols_of s = {.list = list};
	struct binaries binaries;
	char *prefix;
	int err;

	if (!list->is_named)
		return 0;
	err = list_binaries(list, 1, &binaries, &prefix, &s.pattern);
	if (err)
		return err;
	s.prefix = prefix;
	if (is_place(s.pattern))
		err = list_add(list, prefix, s.pattern);
	else
		for (size_t i = 0; i < binaries.list.count && !err; i++)
			err = list_file(&s, &binaries.list.at[i], binaries.list.count == 1);
	binaries_free(&binaries);
	free(prefix);
	return err;
}

const struct provider provider_uprobe = {
	.word = "uprobe",
	.context = "struct pt_regs",
	.form = "FILE:FUNCTION or FILE:FUNCTION+OFFSET or FILE:0xOFFSET",
	.parse = parse_entry,
	.default_plan = {.type = BPF_PROG_TYPE_KPROBE},
	.attach = attach_entry,
	.list = list_symbols,
};

const struct provider provider_uretprobe = {
	.word = "uretprobe",
	.context = "struct pt_regs",
	.form = "FILE:FUNCTION",
	.parse = parse_return,
	.default_plan = {.type = BPF_PROG_TYPE_KPROBE},
	.attach = attach_return,
	.list = list_symbols,
	.is_twin = true,
};
