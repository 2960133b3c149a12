/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the kernel's configuration, if the source asks for a symbol of it. */
#include <stdlib.h>
#include <string.h>

#include "../kernel_config.h"
#include "headers_config.h"
#include "headers_lex.h"

#define PREFIX "CONFIG_"

/* Symbols that libbcc's headers test; what they are is known without a configuration. */
static const char *const fixed[] = {"CONFIG_BPF_SYSCALL", "CONFIG_ARCH_HAS_SYSCALL_WRAPPER",
				    "CONFIG_FUNCTION_TRACER"};

static bool is_fixed(const char *at, size_t size)
{
	for (size_t i = 0; i < sizeof(fixed) / sizeof(*fixed); i++)
		if (strlen(fixed[i]) == size && !memcmp(fixed[i], at, size))
			return true;
	return false;
}

bool config_is_asked(const struct word *word)
{
	return word->flags & WORD_USED && !(word->flags & WORD_DEF_MACRO) &&
	       word->size > strlen(PREFIX) && !memcmp(word->at, PREFIX, strlen(PREFIX)) &&
	       !is_fixed(word->at, word->size);
}

static bool is_any_asked(const struct words *words)
{
	for (size_t i = 0; i < words->count; i++)
		if (config_is_asked(&words->list[i]))
			return true;
	return false;
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
	char *text;
	const char *line, *end;

	text_puts(out, "#define CONFIG_BPF_SYSCALL 1\n");
	if (!in->no_syscall_wrapper && in->version_code >= in->arch->wrapper_from)
		text_puts(out, "#define CONFIG_ARCH_HAS_SYSCALL_WRAPPER 1\n");
	if (!in->whole && !is_any_asked(words))
		return;
	text = kernel_config_read(in->btf_path, in->release);
	for (line = text; line && *line; line = *end ? end + 1 : end) {
		end = strchrnul(line, '\n');
		put_line(line, (size_t)(end - line), in->whole, words, out);
	}
	free(text);
}
