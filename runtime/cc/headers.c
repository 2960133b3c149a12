/* SPDX-License-Identifier: Apache-2.0 */
/* Makes the header tree: finds the words, chooses macros, chooses types, writes them. */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../image.h"
#include "headers.h"
#include "headers_btf.h"
#include "headers_config.h"
#include "headers_cut.h"
#include "headers_macros.h"
#include "headers_tracepoint.h"
#include "headers_whole.h"
#include "headers_words.h"

struct build {
	const struct headers_input *in;
	const struct uapi_table *uapi; /* of the architecture */
	struct words words;
	struct macros macros;
	struct headers_btf btf;
	struct cut cut;
	unsigned version_code;
};

/* ---- Words --------------------------------------------------------------------------------- */

/* "6.1.0-28-amd64" is KERNEL_VERSION(6, 1, 0). */
static unsigned parse_release(const char *release)
{
	unsigned long part[3] = {0};
	char *end = (char *)release;

	for (int i = 0; i < 3 && *end >= '0' && *end <= '9'; i++) {
		part[i] = strtoul(end, &end, 10);
		end += *end == '.';
	}
	return (unsigned)((part[0] & 0xff) << 16 | (part[1] & 0xff) << 8 |
			  (part[2] > 255 ? 255 : part[2]));
}

/* The definition of a -D flag, NULL for other flags. -D NAME can come as two arguments. */
static const char *macro_flag(const char *const **flags)
{
	const char *flag = *(*flags)++;

	if (strncmp(flag, "-D", 2))
		return NULL;
	return flag[2] || !**flags ? flag + 2 : *(*flags)++;
}

static void add_flags(struct build *b)
{
	const char *const *flags = b->in->cflags;

	while (flags && *flags) {
		const char *macro = macro_flag(&flags);

		if (macro)
			macros_add_flag(&b->macros, macro);
	}
}

/* Those of put_version(): the constants of the user-space API have their own. */
static const char *const version_macros[] = {"LINUX_VERSION_CODE", "LINUX_VERSION_MAJOR",
					     "LINUX_VERSION_PATCHLEVEL", "LINUX_VERSION_SUBLEVEL",
					     "UTS_RELEASE"};

/* Of the headers that libbcc carries, those that it includes by itself. */
static bool is_always_included(const char *path)
{
	const char *name = strrchr(path, '/');

	name = name ? name + 1 : path;
	return !strcmp(name, "bpf.h") || !strcmp(name, "bpf_workaround.h") ||
	       !strcmp(name, "helpers.h");
}

static void add_words(struct build *b)
{
	const struct headers_input *in = b->in;

	macros_init(&b->macros, &b->words, &b->btf, b->uapi, b->version_code);
	for (size_t i = 0; i < sizeof(version_macros) / sizeof(*version_macros); i++)
		words_add(&b->words, version_macros[i], strlen(version_macros[i]))->flags |=
			WORD_BCC_MACRO;
	for (size_t i = 0; i < in->builtin_count; i++)
		if (is_always_included(in->builtin[i].name))
			macros_add_builtin(&b->macros, in->builtin[i].text, in->builtin[i].size);
	add_flags(b);
	for (size_t i = 0; i < in->text_count; i++)
		macros_foresee(&b->macros, in->texts[i].text, in->texts[i].size);
	for (size_t i = 0; i < in->text_count; i++)
		macros_add_source(&b->macros, in->texts[i].text, in->texts[i].size);
	for (size_t i = 0; i < in->tracepoint_count; i++)
		tracepoint_add_words(&in->tracepoints[i], &b->words);
	/* Every kprobe's context. */
	words_add(&b->words, "pt_regs", strlen("pt_regs"))->flags |= WORD_USED | WORD_TAG;
	if (in->whole)
		whole_add_words(&b->macros, &b->btf);
	macros_expand(&b->macros);
}

/* ---- BTF ----------------------------------------------------------------------------------- */

static bool is_missing(const struct build *b, const struct word *word)
{
	return (word->flags & (WORD_USED | WORD_TAG)) == (WORD_USED | WORD_TAG) &&
	       !(word->flags & (WORD_DEF_TAG | WORD_BCC_TAG)) &&
	       !btf_find_tag(&b->btf, word->at, word->size);
}

static bool is_anything_missing(const struct build *b)
{
	for (size_t i = 0; i < b->words.count; i++)
		if (is_missing(b, &b->words.list[i]))
			return true;
	return false;
}

/* Types of modules: looked for one module after another until nothing is missing. A module whose
   BTF can't be read is as if it were not loaded. */
static void add_modules(struct build *b)
{
	struct dirent *entry;
	const char *why;
	DIR *dir;

	if (!b->in->modules_dir || !is_anything_missing(b))
		return;
	dir = opendir(b->in->modules_dir);
	if (!dir)
		return;
	while ((entry = readdir(dir))) {
		if (*entry->d_name == '.' || !strcmp(entry->d_name, "vmlinux"))
			continue;
		if (!btf_add_file(&b->btf, cc_printf("%s/%s", b->in->modules_dir, entry->d_name),
				  &why) &&
		    !is_anything_missing(b))
			break;
	}
	closedir(dir);
}

static int add_btf(struct build *b, char **error)
{
	const char *why = NULL;
	int fd = b->in->btf_fd, err = fd < 0 ? fd : btf_add_fd(&b->btf, fd, &why);

	if (err)
		*error = cc_printf("can't read the kernel's types from %s: %s", b->in->btf_path,
				   why ? why : strerror(-err));
	return err;
}

static void choose_types(struct build *b)
{
	add_modules(b);
	b->cut = (struct cut){.btf = &b->btf,
			      .words = &b->words,
			      .loose = b->macros.loose,
			      .whole = b->in->whole};
	cut_types(&b->cut);
}

static uint32_t offset_of(const struct headers_btf *btf, const char *type, const char *member)
{
	uint32_t id = btf_find_tag(btf, type, strlen(type));
	struct btf_field field;

	for (; id; id = btf->same[id])
		if (btf_find_field(btf, id, member, strlen(member), false, &field) &&
		    field.bit_offset % 8 == 0)
			return (uint32_t)(field.bit_offset / 8);
	return IMAGE_NONE;
}

/* Types that say nothing of registers will be this machine's. */
static const struct arch *arch_of(const struct headers_btf *btf)
{
	static const char pt_regs[] = "pt_regs";
	const struct arch *arch;

	if (!btf_find_tag(btf, pt_regs, strlen(pt_regs)))
		return &arch_native;
	for (size_t i = 0; (arch = arch_at(i)); i++)
		if (offset_of(btf, pt_regs, arch->telltale) != IMAGE_NONE)
			break;
	return arch;
}

static int find_arch(struct build *b, char **error)
{
	const struct arch *arch = arch_of(&b->btf);

	b->uapi = arch ? uapi_of(arch) : NULL;
	if (b->uapi)
		return 0;
	*error =
		arch ? cc_printf("the types in %s are of %s, and this hotprobe was built without "
				 "that architecture's constants (linux-libc-dev-%s-cross)",
				 b->in->btf_path, arch->name, arch->debian)
		     : cc_printf(
			       "the types in %s are of an architecture that hotprobe does not know",
			       b->in->btf_path);
	return -ENOTSUP;
}

/* signal_struct.live is an atomic_t, whose only member is the counter. */
static void find_facts(const struct build *b, struct headers_facts *facts)
{
	struct headers_btf *btf = cc_alloc(sizeof(*btf));

	*btf = b->btf;
	*facts = (struct headers_facts){
		.arch = b->uapi->arch,
		.btf = btf,
		.version_code = b->version_code,
		.task_pid = offset_of(btf, "task_struct", "pid"),
		.task_tgid = offset_of(btf, "task_struct", "tgid"),
		.task_signal = offset_of(btf, "task_struct", "signal"),
		.task_comm = offset_of(&b->btf, "task_struct", "comm"),
		.signal_live = offset_of(btf, "signal_struct", "live"),
	};
}

static void add_asked(struct headers_facts *facts, int kind, const char *name, size_t size,
		      const char *member, size_t member_size)
{
	facts->asked = cc_grow(facts->asked, facts->asked_count, sizeof(*facts->asked));
	facts->asked[facts->asked_count++] = (struct headers_asked){
		.kind = kind,
		.name = cc_strndup(name, size),
		.member = cc_strndup(member, member_size),
	};
}

static void find_asked(const struct build *b, struct headers_facts *facts)
{
	static const int kinds[] = {[HAS_FIELD] = ASKED_MEMBER,
				    [HAS_TYPE] = ASKED_TYPE,
				    [HAS_ENUMERATOR] = ASKED_ENUMERATOR};

	for (size_t i = 0; i < b->macros.question_count; i++) {
		const struct question *q = &b->macros.questions[i];

		if (q->name.at && (q->kind != HAS_FIELD || q->field.at))
			add_asked(facts, kinds[q->kind], q->name.at, (size_t)q->name.size,
				  q->field.at ? q->field.at : "", (size_t)q->field.size);
	}
	for (size_t i = 0; i < b->words.count; i++) {
		const struct word *word = &b->words.list[i];

		if (config_is_asked(word))
			add_asked(facts, ASKED_CONFIG, word->at, word->size, "", 0);
	}
	if (words_flags(&b->words, "UTS_RELEASE") & WORD_USED)
		add_asked(facts, ASKED_RELEASE, "UTS_RELEASE", strlen("UTS_RELEASE"), "", 0);
}

static void find_renames(const struct build *b, struct headers_facts *facts)
{
	facts->renames = cc_alloc((b->cut.alias_count + 1) * sizeof(*facts->renames));
	for (size_t i = 0; i < b->cut.alias_count; i++) {
		const struct alias *alias = &b->cut.aliases[i];

		facts->renames[facts->rename_count++] = (struct headers_rename){
			.type = btf_name(&b->btf, alias->type),
			.alias = cc_strndup(alias->name, alias->name_size),
			.member = alias->field.name,
		};
	}
}

/* ---- The file ------------------------------------------------------------------------------ */

/* A macro of the command line comes before everything else: it must not reach into types. */
static void put_flags(const struct build *b, bool before, struct text *out)
{
	const char *const *flags = b->in->cflags;

	while (flags && *flags) {
		const char *macro = macro_flag(&flags);
		size_t name = 0;

		while (macro && is_word_byte(macro[name]))
			name++;
		if (!name)
			continue;
		if (before)
			text_printf(out, "#pragma push_macro(\"%.*s\")\n#undef %.*s\n", (int)name,
				    macro, (int)name, macro);
		else
			text_printf(out, "#pragma pop_macro(\"%.*s\")\n", (int)name, macro);
	}
}

/* A struct that nothing defines is declared once, so that it is the same one everywhere. */
static void put_missing(const struct build *b, struct text *out)
{
	for (size_t i = 0; i < b->words.count; i++) {
		const struct word *word = &b->words.list[i];

		if (word->flags & WORD_STRUCT && is_missing(b, word))
			text_printf(out, "struct %.*s;\n", (int)word->size, word->at);
	}
}

static void put_version(const struct build *b, struct text *out)
{
	const unsigned v = b->version_code;

	text_printf(out,
		    "#define LINUX_VERSION_CODE %u\n"
		    "#define LINUX_VERSION_MAJOR %u\n"
		    "#define LINUX_VERSION_PATCHLEVEL %u\n"
		    "#define LINUX_VERSION_SUBLEVEL %u\n"
		    "#define UTS_RELEASE \"%s\"\n",
		    v, v >> 16, v >> 8 & 255, v & 255, b->in->release);
}

static void put_tracepoints(struct build *b, struct text *out)
{
	for (size_t i = 0; i < b->in->tracepoint_count; i++)
		tracepoint_put(&b->in->tracepoints[i], &b->btf, &b->words, out);
}

static void put_all(struct build *b, struct text *out)
{
	struct config_input config = {
		.btf_path = b->in->btf_path,
		.release = b->in->release,
		.version_code = b->version_code,
		.arch = b->uapi->arch,
		.whole = b->in->whole,
		.no_syscall_wrapper = b->in->direct_syscalls,
	};

	text_puts(out, "#ifndef HOTPROBE_KCONFIG_H\n#define HOTPROBE_KCONFIG_H\n");
	put_flags(b, true, out);
	put_version(b, out);
	config_put(&config, &b->words, out);
	macros_put_answers(&b->macros, &b->btf, out);
	macros_put_basics(&b->macros, out);
	emit_types(&b->cut, out);
	put_missing(b, out);
	put_flags(b, false, out);
	macros_put(&b->macros, out);
	put_tracepoints(b, out);
	text_puts(out, "#endif\n");
}

int headers_build(const struct headers_input *in, struct tree *tree, struct headers_facts *facts,
		  char **error)
{
	struct build b = {.in = in, .version_code = parse_release(in->release)};
	struct text out = {0};
	int err;

	err = add_btf(&b, error);
	if (!err)
		err = find_arch(&b, error);
	if (err)
		return err;
	add_words(&b);
	choose_types(&b);
	find_facts(&b, facts);
	find_asked(&b, facts);
	find_renames(&b, facts);
	put_all(&b, &out);
	tree_add(tree, "include/linux/kconfig.h", &out);
	if (in->whole)
		whole_add_files(&b.macros, tree);
	return 0;
}
