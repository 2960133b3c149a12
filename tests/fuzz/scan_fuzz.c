/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any text as the program that the worker is given: it is text or is refused, its lines are found,
 * its tokens are all of it, the conditions of #if are decided, its words are found.
 */
#include <stdlib.h>
#include <string.h>

#include "../../runtime/cc/headers_scan.h"
#include "../../runtime/cc/source.h"
#include "fuzz.h"
#include "worker_memory.h"

struct scanned {
	const char *text, *end;
	struct words words;
	size_t calls;
};

static void check_token(const struct scanned *s, const struct token *token)
{
	REQUIRE(token->at >= s->text && token->at + token->size <= s->end);
	REQUIRE(token->kind == TOKEN_END || token->kind == TOKEN_LINE || token->size);
}

/* Tokens follow each other, and each is of its kind. */
static void check_tokens(const struct scanned *s)
{
	struct lexer lexer = {.at = s->text, .end = s->end, .first = true};
	const char *at = s->text;
	struct token token;

	do {
		token = lex(&lexer);
		check_token(s, &token);
		REQUIRE(token.at >= at);
		at = token.at + token.size;
		REQUIRE(lexer.at >= at && lexer.at <= s->end);
		REQUIRE(token.kind != TOKEN_WORD || !is_digit(*token.at));
	} while (token.kind != TOKEN_END);
	REQUIRE(at == s->end);
}

static void on_word(void *ctx, const struct token *token, uint32_t flags)
{
	struct scanned *s = ctx;

	check_token(s, token);
	REQUIRE(token->kind == TOKEN_WORD && flags);
	words_add(&s->words, token->at, token->size)->flags |= flags;
	s->calls++;
}

static void on_hidden(void *ctx)
{
	((struct scanned *)ctx)->calls++;
}

static void on_include(void *ctx, const char *at, size_t size)
{
	const struct scanned *s = ctx;

	REQUIRE(at >= s->text && at + size <= s->end);
}

static void on_macro(void *ctx, const struct token *name, const char *end)
{
	const struct scanned *s = ctx;

	check_token(s, name);
	REQUIRE(end >= name->at && end <= s->end);
}

static bool has_macro(void *ctx, const char *at, size_t size)
{
	(void)ctx;
	return size && *at == 'X';
}

static void check_scan(struct scanned *s, bool with_conditions)
{
	static const struct scan_calls calls = {on_word, on_hidden, on_include, on_macro};
	struct headers_btf btf = {0};
	struct cond cond = {.btf = &btf, .version_code = 0x60100, .has_macro = has_macro};
	size_t size = (size_t)(s->end - s->text);

	if (with_conditions)
		cond_foresee(&cond, s->text, size);
	scan_text(s->text, size, with_conditions ? &cond : NULL, &calls, s);
	for (size_t i = 0; i < s->words.count; i++) {
		const struct word *word = &s->words.list[i];

		REQUIRE(words_find(&s->words, word->at, word->size) == word);
	}
}

static void check_lines(const struct source *source)
{
	size_t size, at = 0;

	for (unsigned line = 1; line <= source->line_count; line++) {
		const char *text = source_line(source, line, &size);

		REQUIRE(text == source->text + at);
		REQUIRE(at + size <= source->size && !memchr(text, '\n', size));
		REQUIRE(source_line_of(source, at) == line);
		at = line < source->line_count ? source->lines[line] : source->size;
		REQUIRE(source_line_of(source, at - 1) == line);
	}
	REQUIRE(at == source->size);
	source_line(source, (unsigned)source->line_count + 1, &size);
	REQUIRE(!size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_copy(data, size);
	struct scanned scanned = {.text = text, .end = text + size};
	struct diag_list diags = {0};
	struct source source;

	worker_memory_begin();
	if (source_take(&source, "fuzz.c", text, size, &diags))
		REQUIRE(diags.error_count);
	else
		REQUIRE(!diags.error_count);
	check_lines(&source);
	check_tokens(&scanned);
	check_scan(&scanned, false);
	check_scan(&scanned, true);
	worker_memory_end();
	free(text);
	return 0;
}

size_t fuzz_seed(unsigned n, uint8_t *data)
{
	static const char *const texts[] = {
		"#!/usr/bin/env -S hotprobe run\n#include <linux/sched.h>\nBPF_HASH(counts, u32);\n"
		"struct data_t { u32 pid; char comm[16]; };\nBPF_PERF_OUTPUT(events);\n"
		"int kprobe__f(struct pt_regs *ctx, struct task_struct *t)\n{\n"
		"	struct data_t d = {}; // c\n	d.pid = t->pid; /* x */\n"
		"	events.perf_submit(ctx, &d, sizeof(d));\n	return 0;\n}\n",
		"#define A 3\n#define F(x, y) x##y + struct x\n#if A > 2 && !defined(B) || "
		"LINUX_VERSION_CODE >= KERNEL_VERSION(5, 10, 0)\nint a;\n#elif defined X\nint "
		"b;\n#else\nint c;\n#endif\n#undef A\n#ifndef A\nint d;\n#endif",
		"enum e { ONE, TWO = 2, };\ntypedef int (*call_t)(void);\nunion { int a[3]; } u;\n"
		"\"string \\\" \" 'c' 0x1fULL L'x' -> ++ <<= ## ... \\\n  \r\n",
		"#if (1 ? 2 : 3) << 1 | ~0 ^ -5 % 2\n#if HOTPROBE_HAS_FIELD(struct a, b)\n#endif\n"
		"#if X\n#elifdef Y\n#else\n#endif\n#endif\n#if 1/0\n#if 08 == 8u",
		"BPF_TABLE(\"hash\", u32, u64, t, 10);\nBPF_QUEUESTACK(\"queue\", q, u32, 1, 0);\n"
		"BPF_XDP_REDIRECT_MAP(\xc3\xa4, 3);\nKFUNC_PROBE(f, int a)\n{\nreturn 0;}\n",
		NULL,
	};

	return fuzz_seed_text(texts, n, data);
}
