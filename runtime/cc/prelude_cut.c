/* SPDX-License-Identifier: Apache-2.0 */
/* Leaves of libbcc's own headers what a program needs; see prelude.h. */
#include <stdint.h>
#include <string.h>

#include "exported.h"
#include "headers_lex.h"
#include "headers_words.h"
#include "prelude.h"
#include "text.h"

/* One directive or declaration. */
struct piece {
	struct token first;
	const char *end;
	/* The names it declares; one that has none that can be told always stays. */
	struct token *names;
	size_t name_count;
	bool kept;
};

struct cut {
	struct words words;
	struct piece *pieces;
	size_t piece_count;
};

/* Flags of the words. */
enum {
	USED = WORD_USED,
	OF_SOURCE = WORD_LOCAL, /* the user's texts have it */
};

static struct {
	struct exported_file file;
	const char *whole;
} cut_files[EXPORTED_MAX];
static size_t cut_file_count;

/*
 * What libbcc's rewriter writes, and for which word of the source; NULL: for any. Where it only
 * puts bpf_ in front of a word or _ behind it, is_needed() sees that.
 */
static const struct {
	const char *word, *written;
} rewriter_words[] = {
	{NULL, "BPF_ANY"},
	{NULL, "BPF_F_CURRENT_CPU"},
	{NULL, "BPF_NOEXIST"},
	{NULL, "CUR_CPU_IDENTIFIER"},
	{NULL, "_version"},
	{NULL, "bpf_map_delete_elem"},
	{NULL, "bpf_map_lookup_elem"},
	{NULL, "bpf_map_lookup_elem_"},
	{NULL, "bpf_map_update_elem"},
	{NULL, "bpf_map_update_elem_"},
	{NULL, "bpf_probe_read"},
	{NULL, "bpf_probe_read_kernel"},
	{NULL, "bpf_probe_read_str"},
	{NULL, "bpf_probe_read_user"},
	{NULL, "bpf_pseudo_fd"},
	{NULL, "lock_xadd"},
	{"call", "bpf_tail_call_"},
	{"check_current_task", "bpf_current_task_under_cgroup"},
	{"get_stackid", "bcc_get_stackid"},
	{"incr_cksum_l3", "bpf_l3_csum_replace_"},
	{"incr_cksum_l4", "bpf_l4_csum_replace_"},
	{"peek", "bpf_map_peek_elem"},
	{"perf_counter_value", "bpf_perf_event_read_value"},
	{"perf_read", "bpf_perf_event_read"},
	{"perf_submit", "bpf_perf_event_output"},
	{"perf_submit_skb", "bpf_perf_event_output"},
	{"pop", "bpf_map_pop_elem"},
	{"proto", "bpf_dext_pkt"}, /* bcc/proto.h's packet headers */
	{"proto", "bpf_dins_pkt"},
	{"push", "bpf_map_push_elem"},
};

/* ---- Words ---- */

static void use(struct cut *cut, const char *word)
{
	words_add(&cut->words, word, strlen(word))->flags |= USED;
}

static void use_all(struct cut *cut, const char *text, size_t size, uint32_t flags)
{
	struct lexer lexer = {.at = text, .end = text + size, .first = true};
	struct token token;

	while ((token = lex(&lexer)).kind != TOKEN_END)
		if (token.kind == TOKEN_WORD)
			words_add(&cut->words, token.at, token.size)->flags |= flags;
}

static bool has_word(const struct cut *cut, const char *at, size_t size, uint32_t flag)
{
	const struct word *word = words_find(&cut->words, at, size);

	return word && word->flags & flag;
}

static bool has_prefix(const struct token *name, const char *prefix)
{
	return name->size > strlen(prefix) && !memcmp(name->at, prefix, strlen(prefix));
}

/* A name that nothing spells out may still be used: the rewriter makes bpf_NAME and bpf_NAME_,
   and macros put a number behind a name. */
static bool is_needed(const struct cut *cut, const struct token *name)
{
	size_t size = name->size;

	if (has_word(cut, name->at, size, USED))
		return true;
	if (has_prefix(name, "bpf_") &&
	    (has_word(cut, name->at + 4, size - 4, OF_SOURCE) ||
	     (name->at[size - 1] == '_' && has_word(cut, name->at, size - 1, OF_SOURCE))))
		return true;
	while (size > 1 && is_digit(name->at[size - 1]))
		size--;
	return size < name->size && has_word(cut, name->at, size, USED);
}

/* ---- Pieces ---- */

static void add_name(struct piece *piece, const struct token *name)
{
	piece->names = cc_grow(piece->names, piece->name_count, sizeof(*piece->names));
	piece->names[piece->name_count++] = *name;
}

static void take_directive(struct lexer *lexer, struct piece *piece)
{
	struct token token;

	lexer->in_directive = true;
	token = lex(lexer);
	if (token_is(&token, "define")) {
		token = lex(lexer);
		if (token.kind == TOKEN_WORD)
			add_name(piece, &token);
	}
	while (token.kind != TOKEN_LINE && token.kind != TOKEN_END)
		token = lex(lexer);
	piece->end = token.at;
}

/* Keywords and macros that are followed by a parenthesis and declare nothing. */
static bool is_attribute(const struct token *token)
{
	return token_is(token, "__attribute__") || token_is(token, "asm") ||
	       token_is(token, "BCC_SEC");
}

static bool is_tag_keyword(const struct token *token)
{
	return token_is(token, "struct") || token_is(token, "union") || token_is(token, "enum");
}

/* What is known of a declaration while its tokens go by. */
struct declaration {
	int depth; /* of parentheses, brackets and braces */
	bool is_function, has_body, has_value, is_enum;
	struct token before_that, before, last_word;
};

/* The name: of "T (*name)(", of "T name(", of an enum's constants. */
static void take_name(struct piece *piece, const struct declaration *d, const struct token *token)
{
	bool in_parentheses = d->depth == 1 && !d->has_body && !piece->name_count;

	if (in_parentheses && token_is(&d->before_that, "(") && token_is(&d->before, "*") &&
	    token->kind == TOKEN_WORD)
		add_name(piece, token);
	else if (in_parentheses && token_is(&d->before, "(") && !token_is(token, "*") &&
		 d->before_that.kind == TOKEN_WORD && !is_attribute(&d->before_that))
		add_name(piece, &d->before_that);
	else if (d->is_enum && d->has_body && d->depth == 1 && token->kind == TOKEN_WORD &&
		 (token_is(&d->before, "{") || token_is(&d->before, ",")))
		add_name(piece, token);
}

static void take_declaration(struct lexer *lexer, struct token token, struct piece *piece)
{
	struct declaration d = {0};
	bool is_typedef = token_is(&token, "typedef"), is_tag = is_tag_keyword(&token);

	d.is_enum = token_is(&token, "enum");
	for (; token.kind != TOKEN_END; token = lex(lexer)) {
		take_name(piece, &d, &token);
		if (token.kind == TOKEN_WORD && !d.depth && !d.has_value && !is_attribute(&token) &&
		    !is_tag_keyword(&token))
			d.last_word = token;
		if (token_is(&token, "{") && !d.depth) {
			d.is_function = token_is(&d.before, ")") || piece->name_count;
			d.has_body = true;
			/* A tag that is defined. */
			if (is_tag && d.last_word.size)
				add_name(piece, &d.last_word);
		}
		if (token_is(&token, "=") && !d.depth)
			d.has_value = true;
		if (token_is(&token, "(") || token_is(&token, "{") || token_is(&token, "["))
			d.depth++;
		if (token_is(&token, ")") || token_is(&token, "}") || token_is(&token, "]"))
			d.depth--;
		piece->end = token.at + token.size;
		d.before_that = d.before;
		d.before = token;
		if (!d.depth && (token_is(&token, ";") || (d.is_function && token_is(&token, "}"))))
			break;
	}
	if (!piece->name_count && !is_typedef && d.last_word.size)
		add_name(piece, &d.last_word);
}

static void add_pieces(struct cut *cut, const char *text)
{
	struct lexer lexer = {.at = text, .end = text + strlen(text), .first = true};
	struct token token;
	struct piece piece;

	while ((token = lex(&lexer)).kind != TOKEN_END) {
		piece = (struct piece){.first = token};
		if (token.first && token_is(&token, "#"))
			take_directive(&lexer, &piece);
		else
			take_declaration(&lexer, token, &piece);
		cut->pieces = cc_grow(cut->pieces, cut->piece_count, sizeof(*cut->pieces));
		cut->pieces[cut->piece_count++] = piece;
	}
}

/* ---- The cut ---- */

static bool piece_needed(const struct cut *cut, const struct piece *piece)
{
	size_t i;

	for (i = 0; i < piece->name_count; i++)
		if (is_needed(cut, &piece->names[i]))
			return true;
	return !piece->name_count;
}

/* Helpers are called by numbers whose names a macro of all helpers makes. */
static void use_helper_numbers(struct cut *cut)
{
	static const char *const words[] = {"__BPF_FUNC_MAPPER", "__BPF_ENUM_FN"};
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(*words); i++)
		use(cut, words[i]);
}

/* What is kept brings in what it names, until nothing is added. */
static void keep_needed(struct cut *cut)
{
	struct piece *piece;
	bool added = true;
	size_t i;

	while (added) {
		added = false;
		for (i = 0; i < cut->piece_count; i++) {
			piece = &cut->pieces[i];
			if (piece->kept || !piece_needed(cut, piece))
				continue;
			piece->kept = added = true;
			use_all(cut, piece->first.at, (size_t)(piece->end - piece->first.at), USED);
		}
	}
}

static char *join_kept(const struct cut *cut, size_t from, size_t to)
{
	struct text text = {0};
	size_t i;

	for (i = from; i < to; i++) {
		if (!cut->pieces[i].kept)
			continue;
		text_add(&text, cut->pieces[i].first.at,
			 (size_t)(cut->pieces[i].end - cut->pieces[i].first.at));
		text_puts(&text, "\n");
	}
	return text.data ? text.data : cc_strdup("");
}

static bool is_file(const struct exported_file *file, const char *name)
{
	return !strcmp(strrchr(file->path, '/') + 1, name);
}

static void use_rewriter_words(struct cut *cut)
{
	const char *word;
	size_t i;

	for (i = 0; i < sizeof(rewriter_words) / sizeof(*rewriter_words); i++) {
		word = rewriter_words[i].word;
		if (!word || has_word(cut, word, strlen(word), USED))
			use(cut, rewriter_words[i].written);
	}
}

void prelude_cut(const struct headers_text *texts, size_t count)
{
	struct exported_file files[EXPORTED_MAX];
	size_t i, file_count = exported_files(files), first[EXPORTED_MAX + 1];
	struct cut cut = {0};

	for (i = 0; i < count; i++)
		use_all(&cut, texts[i].text, texts[i].size, USED | OF_SOURCE);
	use_rewriter_words(&cut);
	use_helper_numbers(&cut);
	for (i = 0; i < file_count; i++) {
		if (is_file(&files[i], "bpf.h") || is_file(&files[i], "helpers.h")) {
			first[cut_file_count] = cut.piece_count;
			cut_files[cut_file_count].file = files[i];
			cut_files[cut_file_count++].whole = *files[i].text;
			add_pieces(&cut, *files[i].text);
		} else if (!is_file(&files[i], "proto.h") || has_word(&cut, "proto", 5, USED)) {
			use_all(&cut, *files[i].text, strlen(*files[i].text), USED);
		}
	}
	first[cut_file_count] = cut.piece_count;
	keep_needed(&cut);
	for (i = 0; i < cut_file_count; i++)
		*cut_files[i].file.text = join_kept(&cut, first[i], first[i + 1]);
}

bool prelude_restore(void)
{
	bool was_cut = cut_file_count;

	for (; cut_file_count; cut_file_count--)
		*cut_files[cut_file_count - 1].file.text = cut_files[cut_file_count - 1].whole;
	return was_cut;
}
