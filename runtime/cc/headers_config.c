/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the kernel's configuration, if the source asks for a symbol of it. */
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <zlib.h>

#include "headers_config.h"
#include "headers_lex.h"

#define PREFIX "CONFIG_"

/* Symbols that libbcc's headers test; what they are is known without a configuration. */
static const char *const fixed[] = {"CONFIG_BPF_SYSCALL", "CONFIG_ARCH_HAS_SYSCALL_WRAPPER",
				    "CONFIG_FUNCTION_TRACER"};

enum { MAX_SIZE = 8 << 20 };

static bool is_fixed(const char *at, size_t size)
{
	for (size_t i = 0; i < sizeof(fixed) / sizeof(*fixed); i++)
		if (strlen(fixed[i]) == size && !memcmp(fixed[i], at, size))
			return true;
	return false;
}

static bool is_asked(const struct words *words)
{
	for (size_t i = 0; i < words->count; i++) {
		const struct word *word = &words->list[i];

		if (word->flags & WORD_USED && word->size > strlen(PREFIX) &&
		    !memcmp(word->at, PREFIX, strlen(PREFIX)) && !is_fixed(word->at, word->size))
			return true;
	}
	return false;
}

/* zlib reads files that are not compressed as they are. */
static bool read_config(const char *path, struct text *text)
{
	gzFile file = gzopen(path, "rb");
	char part[16384];
	int n;

	if (!file)
		return false;
	while (text->size < MAX_SIZE && (n = gzread(file, part, sizeof(part))) > 0)
		text_add(text, part, (size_t)n);
	gzclose(file);
	return text->size;
}

/* As /boot has them: vmlinux-RELEASE and config-RELEASE. */
static bool read_beside(const struct config_input *in, struct text *text)
{
	const char *slash = in->btf_path ? strrchr(in->btf_path, '/') : NULL;

	return slash && read_config(cc_printf("%.*s/config-%s", (int)(slash - in->btf_path),
					      in->btf_path, in->release),
				    text);
}

static bool find_config(const struct config_input *in, struct text *text)
{
	struct utsname running;

	if (in->path)
		return read_config(in->path, text);
	if (!uname(&running) && !strcmp(in->release, running.release) &&
	    read_config("/proc/config.gz", text))
		return true;
	return read_beside(in, text) ||
	       read_config(cc_printf("/boot/config-%s", in->release), text);
}

/* CONFIG_X=y is 1; =m is CONFIG_X_MODULE; a number or string is itself. */
static void put_line(const char *line, size_t size, bool whole, const struct words *words,
		     struct text *out)
{
	size_t name = 0;
	const struct word *word;
	const char *value;

	while (name < size && is_word_byte(line[name]))
		name++;
	if (name <= strlen(PREFIX) || memcmp(line, PREFIX, strlen(PREFIX)) || name + 1 >= size ||
	    line[name] != '=' || is_fixed(line, name))
		return;
	value = line + name + 1;
	word = words_find(words, line, name);
	if (!whole && (!word || !(word->flags & WORD_USED) || word->flags & WORD_DEF_MACRO))
		return;
	if (*value == 'm')
		text_printf(out, "#define %.*s_MODULE 1\n", (int)name, line);
	else if (*value == 'y')
		text_printf(out, "#define %.*s 1\n", (int)name, line);
	else
		text_printf(out, "#define %.*s %.*s\n", (int)name, line, (int)(line + size - value),
			    value);
}

void config_put(const struct config_input *in, const struct words *words, struct text *out)
{
	struct text text = {0};
	const char *line, *end;

	text_puts(out, "#define CONFIG_BPF_SYSCALL 1\n");
	if (!in->no_syscall_wrapper && in->version_code >= in->arch->wrapper_from)
		text_puts(out, "#define CONFIG_ARCH_HAS_SYSCALL_WRAPPER 1\n");
	if ((!in->whole && !is_asked(words)) || !find_config(in, &text))
		return;
	for (line = text.data; line < text.data + text.size; line = end + 1) {
		end = memchr(line, '\n', (size_t)(text.data + text.size - line));
		if (!end)
			end = text.data + text.size;
		put_line(line, (size_t)(end - line), in->whole, words, out);
	}
}
