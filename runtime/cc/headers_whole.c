/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The headers of a whole kernel, as real files for BCC itself: BCC_KERNEL_SOURCE=DIRECTORY.
 *
 * include/linux/kconfig.h has all types, idioms and aliases. Constants of the user-space API are
 * in the header that defines them, as a program includes it, because all at once would redefine
 * names of the program. What else a program includes has to exist, and is empty.
 */
#include <stdlib.h>
#include <string.h>

#include "headers_alias.h"
#include "headers_whole.h"

/* Headers that nearly every other includes, so that programs don't. */
static const char *const common[] = {"asm-generic/errno-base.h",
				     "asm-generic/errno.h",
				     "asm-generic/fcntl.h",
				     "asm-generic/socket.h",
				     "asm/signal.h",
				     "linux/fs.h",
				     "linux/if.h",
				     "linux/if_ether.h",
				     "linux/in.h",
				     "linux/limits.h",
				     "linux/sched.h",
				     "linux/socket.h",
				     "linux/stat.h"};

/* Types that the kernel keeps to itself, in fs/mount.h, fs/namei.c and kernel/sched/sched.h, or has
   no more: no package of headers has them, so programs bring their own copies. */
static const char *const private_types[] = {
	"cfs_rq",     "dl_rq",	    "mnt_namespace", "mnt_pcp",	    "mount",
	"mountpoint", "nameidata",  "proc_mounts",   "root_domain", "rq",
	"rt_rq",      "task_group", "timespec",	     "timeval"};

static bool is_common(const char *header)
{
	for (size_t i = 0; i < sizeof(common) / sizeof(*common); i++)
		if (!strcmp(common[i], header))
			return true;
	return false;
}

void whole_add_words(struct macros *m, const struct headers_btf *btf)
{
	for (size_t i = 0; i < m->uapi->count; i++) {
		struct uapi_macro macro = uapi_at(m->uapi, i);

		if (is_common(macro.header))
			words_add(m->words, macro.name, strlen(macro.name))->flags |= WORD_USED;
	}
	for (size_t i = 0; i < sizeof(private_types) / sizeof(*private_types); i++)
		words_add(m->words, private_types[i], strlen(private_types[i]))->flags |=
			WORD_DEF_TAG;
	for (size_t i = 0; i < m->name_count; i++)
		words_add(m->words, m->names[i].at, m->names[i].size)->flags |=
			WORD_USED | (m->names[i].flags & WORD_DEF_TAG ? WORD_TAG : 0);
	alias_add_words(btf, m->words);
}

/* ---- Headers of the user-space API --------------------------------------------------------- */

struct header {
	const struct macros *macros;
	struct words done; /* macros that are in the text */
	struct text text;
};

static int never(void *ctx, const char *header)
{
	(void)ctx;
	(void)header;
	return 0;
}

static void put_macro(struct header *h, const struct uapi_macro *macro, int depth);

/* A header includes others for what its macros need; here it gets that itself. */
static void put_needed(struct header *h, const char *definition, int depth)
{
	struct lexer lexer = {.at = definition, .end = definition + strlen(definition)};
	struct uapi_macro macro;

	for (struct token t = lex(&lexer); t.kind != TOKEN_END; t = lex(&lexer))
		if (t.kind == TOKEN_WORD &&
		    uapi_find(h->macros->uapi, t.at, t.size, never, NULL, &macro))
			put_macro(h, &macro, depth + 1);
}

static void put_macro(struct header *h, const struct uapi_macro *macro, int depth)
{
	size_t size = strlen(macro->name);

	if (words_find(&h->done, macro->name, size) || depth > 32 ||
	    macros_is_taken(h->macros, macro->name, size))
		return;
	words_add(&h->done, macro->name, size);
	put_needed(h, macro->definition, depth);
	text_printf(&h->text, "#ifndef %s\n#define %s%s\n#endif\n", macro->name, macro->name,
		    macro->definition);
}

static int by_header(const void *a, const void *b)
{
	const struct uapi_macro *x = a, *y = b;
	int order = strcmp(x->header, y->header);

	return order ? order : strcmp(x->name, y->name);
}

static void add_header(struct header *h, const char *name, struct tree *tree)
{
	bool is_asm = !strncmp(name, "asm/", 4);
	struct text other = {0};

	tree_add(tree,
		 is_asm ? cc_printf("arch/%s/include/uapi/%s", h->macros->uapi->arch->name, name)
			: cc_printf("include/uapi/%s", name),
		 &h->text);
	text_printf(&other, "#include <uapi/%s>\n", name);
	if (!is_asm)
		tree_add(tree, cc_printf("include/%s", name), &other);
	free(h->done.list);
	free(h->done.slots);
	memset(&h->done, 0, sizeof(h->done));
}

static void add_uapi(const struct macros *m, struct tree *tree)
{
	size_t count = m->uapi->count;
	struct uapi_macro *all = cc_alloc(count * sizeof(*all));
	struct header *header = cc_alloc(sizeof(*header));

	header->macros = m;
	for (size_t i = 0; i < count; i++)
		all[i] = uapi_at(m->uapi, i);
	qsort(all, count, sizeof(*all), by_header);
	for (size_t i = 0; i < count; i++) {
		put_macro(header, &all[i], 0);
		if (i + 1 == count || strcmp(all[i].header, all[i + 1].header))
			add_header(header, all[i].header, tree);
	}
}

void whole_add_files(const struct macros *m, struct tree *tree)
{
	size_t known;

	add_uapi(m, tree);
	known = tree->count;
	for (size_t i = 0; i < header_name_count; i++) {
		char *path = cc_printf("include/%s", header_names[i]);
		struct text empty = {0};
		bool exists = false;

		for (size_t j = 0; j < known && !exists; j++)
			exists = !strcmp(tree->files[j].path, path);
		if (!exists)
			tree_add(tree, path, &empty);
	}
}
