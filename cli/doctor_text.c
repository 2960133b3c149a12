/* SPDX-License-Identifier: Apache-2.0 */
/* Findings for people: a mark, what it is, what it means, and what to do. */
#include <stdio.h>
#include <string.h>

#include "colour.h"
#include "doctor.h"

enum {
	WIDTH = 80,
	NARROW = 60, /* from here on down words stand below titles, not beside them */
	MARK_AT = 2,
	TITLE_AT = 11,
	WORDS_AT = 32,
	WORDS_AT_NARROW = 4,
};

struct page {
	struct text *text;
	unsigned width;
	bool colours, verbose;
};

static void coloured(const struct page *page, enum colour colour, const char *string)
{
	if (page->colours)
		colour_start(page->text, colour);
	text_string(page->text, string);
	if (page->colours)
		colour_start(page->text, COLOUR_NONE);
}

/* Appends words, on lines that begin at that column; the present one is at it. A word that is
   longer than a line gets one of its own. */
static void wrap(const struct page *page, size_t at, const char *words, size_t size)
{
	size_t used = at;

	for (size_t i = 0; i < size;) {
		const char *word = words + i, *space = memchr(word, ' ', size - i);
		size_t length = space ? (size_t)(space - word) : size - i;
		size_t columns = text_columns(word, length);

		if (used > at && used + 1 + columns > page->width) {
			text_char(page->text, '\n');
			text_fill(page->text, ' ', at);
			used = at;
		} else if (used > at) {
			text_char(page->text, ' ');
			used++;
		}
		text_bytes(page->text, word, length);
		used += columns;
		i += length + 1;
	}
	text_char(page->text, '\n');
}

static void line(const struct page *page, size_t at, const char *begin, const struct text *words)
{
	struct text safe = {0};

	text_string(&safe, begin);
	text_escaped(&safe, words->data, words->length, 0);
	text_fill(page->text, ' ', at);
	wrap(page, at, text_cstr(&safe), safe.length);
	text_free(&safe);
}

static void print_attempts(const struct page *page, size_t at, const struct finding *finding)
{
	for (size_t i = 0; i < finding->attempt_count; i++) {
		const struct attempt *attempt = &finding->attempts[i];
		struct text words = {0};
		char name[24];

		text_bytes(&words, attempt->what.data, attempt->what.length);
		if (attempt->error)
			text_format(&words, ": %s (%s)", error_name(attempt->error, name),
				    strerror(-attempt->error));
		else
			text_string(&words, ": done");
		line(page, at, "tried: ", &words);
		text_free(&words);
	}
}

static void print_finding(const struct page *page, const struct check *check,
			  const struct finding *finding, const struct text *last_remedy)
{
	static const enum colour colours[MARKS] = {
		[MARK_OK] = COLOUR_GREEN,
		[MARK_LIMITED] = COLOUR_YELLOW,
		[MARK_MISSING] = COLOUR_RED,
	};
	bool narrow = page->width < NARROW;
	size_t at = narrow ? WORDS_AT_NARROW : WORDS_AT;
	const char *mark = mark_names[finding->mark];
	struct text words = {0};

	text_fill(page->text, ' ', MARK_AT);
	coloured(page, colours[finding->mark], mark);
	text_fill(page->text, ' ', TITLE_AT - MARK_AT - strlen(mark));
	text_string(page->text, check->title);
	if (narrow) {
		text_char(page->text, '\n');
		text_fill(page->text, ' ', at);
	} else {
		text_fill(page->text, ' ', WORDS_AT - TITLE_AT - strlen(check->title));
	}
	text_escaped(&words, finding->value.data, finding->value.length, 0);
	if (finding->value.length && finding->means.length)
		text_string(&words, ": ");
	text_escaped(&words, finding->means.data, finding->means.length, 0);
	wrap(page, at, text_cstr(&words), words.length);
	text_free(&words);
	if (finding->remedy.length &&
	    (finding->remedy.length != last_remedy->length ||
	     memcmp(finding->remedy.data, last_remedy->data, last_remedy->length)))
		line(page, at, "-> ", &finding->remedy);
	if (page->verbose)
		print_attempts(page, at, finding);
}

void doctor_print_text(struct output *out, const struct doctor_results *results)
{
	const struct page page = {
		.text = &out->buffer,
		.width = out->width && out->width < WIDTH ? out->width : WIDTH,
		.colours = colour_wanted(out->fd),
		.verbose = results->verbose,
	};
	const struct text none = {0}, *last_remedy = &none;
	const char *group = "";

	for (size_t i = 0; doctor_checks[i].key; i++) {
		const struct finding *finding = &results->findings[i];

		if (strcmp(group, doctor_checks[i].group)) {
			text_string(page.text, *group ? "\n" : "");
			group = doctor_checks[i].group;
			coloured(&page, COLOUR_BOLD, group);
			text_char(page.text, '\n');
			last_remedy = &none;
		}
		print_finding(&page, &doctor_checks[i], finding, last_remedy);
		if (finding->remedy.length)
			last_remedy = &finding->remedy;
	}
}
