/* SPDX-License-Identifier: Apache-2.0 */
/* The argument of --format. */
#include "line_format.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "value.h"

#define MAX_WIDTH 4096

/* ---- Parsing ----------------------------------------------------------------------------------
 */

struct parser {
	const char *at;
	struct line_format *format;
	const char *wrong; /* NULL as long as nothing is */
};

static struct line_piece *add_piece(struct parser *p)
{
	struct line_piece *pieces =
		realloc(p->format->pieces, (p->format->count + 1) * sizeof(*pieces));

	if (!pieces) {
		p->wrong = "out of memory";
		return NULL;
	}
	p->format->pieces = pieces;
	pieces[p->format->count] = (struct line_piece){0};
	return &pieces[p->format->count++];
}

/* A character of the text between fields. */
static void literal(struct parser *p, struct text *text)
{
	char c = *p->at++;

	if (c == '\\') {
		c = *p->at++;
		if (c == 'n' || c == 't')
			c = c == 'n' ? '\n' : '\t';
		else if (c != '\\') {
			p->at -= 2;
			p->wrong = "the escapes are \\n, \\t and \\\\";
			return;
		}
	} else if (c == '{') {
		p->at++; /* the second brace */
	} else if (c == '}') {
		if (*p->at != '}') {
			p->at--;
			p->wrong = "a } that ends no field is written }}";
			return;
		}
		p->at++;
	}
	text_char(text, c);
}

static unsigned number(struct parser *p)
{
	const char *end = p->at;
	unsigned value = 0;

	for (; isdigit((unsigned char)*end) && value <= MAX_WIDTH; end++)
		value = value * 10 + (unsigned)(*end - '0');
	if (value > MAX_WIDTH)
		p->wrong = "so wide a field fits no screen: 4096 at most";
	else
		p->at = end;
	return value;
}

const char line_format_no_conversion[] = "there is no such conversion";

static void conversion(struct parser *p, struct line_field *field)
{
	size_t length = strcspn(p->at, ":}");
	enum conversion wanted = conversion_named(p->at, length);

	if (wanted == CONVERSIONS)
		p->wrong = line_format_no_conversion;
	field->conversion = wanted;
	if (!p->wrong)
		p->at += length;
}

static void spec(struct parser *p, struct line_field *field)
{
	if (*p->at && strchr("<>^", *p->at))
		field->align = *p->at++;
	field->width = number(p);
	if (!p->wrong && *p->at == '.') {
		p->at++;
		if (!isdigit((unsigned char)*p->at))
			p->wrong = "a number has to follow the point";
		field->limit = (int)number(p);
	}
}

static void field(struct parser *p, struct line_piece *piece)
{
	size_t length = strcspn(p->at, "!:}");

	piece->has_field = true;
	piece->field.conversion = LINE_AUTO;
	piece->field.limit = -1;
	if (!length) {
		p->wrong = "a field has a name";
		return;
	}
	piece->field.path = strndup(p->at, length);
	if (!piece->field.path) {
		p->wrong = "out of memory";
		return;
	}
	p->at += length;
	if (*p->at == '!') {
		p->at++;
		conversion(p, &piece->field);
	}
	if (!p->wrong && *p->at == ':') {
		p->at++;
		spec(p, &piece->field);
	}
	if (!p->wrong && *p->at != '}')
		p->wrong = *p->at ? "not understood: {FIELD!CONVERSION:<WIDTH.LIMIT}"
				  : "the field has no }";
	if (!p->wrong)
		p->at++;
}

const char *line_format_parse(struct line_format *format, const char *text, size_t *at)
{
	struct parser p = {.at = text, .format = format};

	*format = (struct line_format){0};
	if (!*text)
		p.wrong = "a line needs a field or some text";
	while (!p.wrong) {
		struct line_piece *piece = add_piece(&p);

		while (!p.wrong && *p.at && !(p.at[0] == '{' && p.at[1] != '{'))
			literal(&p, &piece->literal);
		if (p.wrong || !*p.at)
			break;
		p.at++;
		field(&p, piece);
	}
	*at = (size_t)(p.at - text);
	return p.wrong;
}

void line_format_free(struct line_format *format)
{
	for (size_t i = 0; i < format->count; i++) {
		text_free(&format->pieces[i].literal);
		free(format->pieces[i].field.path);
	}
	free(format->pieces);
	*format = (struct line_format){0};
}

/* ---- Fields -----------------------------------------------------------------------------------
 */

static const char *const built_in[] = {"cpu", "event", "time", NULL};

bool line_field_is_built_in(const char *path)
{
	for (size_t i = 0; built_in[i]; i++)
		if (!strcmp(path, built_in[i]))
			return true;
	return false;
}

/* Calls fn with a zeroed event of each table that has events of a known type. */
static void each_event_type(const struct hotprobe *hp,
			    void (*fn)(void *ctx, const struct hotprobe_value *event), void *ctx)
{
	for (size_t i = 0; i < hotprobe_table_count(hp); i++) {
		const char *name = hotprobe_table_name(hotprobe_table_at(hp, i));
		const struct hotprobe_type *type = hotprobe_event_type(hp, name);
		size_t size = type ? hotprobe_type_size(type) : 0;
		void *zeroes = type ? calloc(1, size + 1) : NULL;
		struct hotprobe_value event;

		if (zeroes && !hotprobe_read(type, zeroes, size, &event))
			fn(ctx, &event);
		free(zeroes);
	}
}

struct search {
	const char *path;
	bool found;
};

static void find_field(void *ctx, const struct hotprobe_value *event)
{
	struct search *search = ctx;
	struct hotprobe_value value;

	if (!hotprobe_field(event->type, event->data, event->size, search->path, &value))
		search->found = true;
}

const char *line_format_unknown(const struct line_format *format, const struct hotprobe *hp)
{
	for (size_t i = 0; i < format->count; i++) {
		struct search search = {.path = format->pieces[i].field.path};

		if (!search.path || line_field_is_built_in(search.path))
			continue;
		each_event_type(hp, find_field, &search);
		if (!search.found)
			return search.path;
	}
	return NULL;
}

struct names {
	line_name_fn fn;
	void *ctx;
};

static void give_name(void *ctx, const struct hotprobe_value *leaf, const char *path)
{
	const struct names *names = ctx;

	if (!value_is_padding(leaf))
		names->fn(names->ctx, path);
}

static void give_names(void *ctx, const struct hotprobe_value *event)
{
	value_each_leaf(event, "value", give_name, ctx);
}

void line_format_each_name(const struct hotprobe *hp, line_name_fn fn, void *ctx)
{
	struct names names = {.fn = fn, .ctx = ctx};

	each_event_type(hp, give_names, &names);
	for (size_t i = 0; built_in[i]; i++)
		fn(ctx, built_in[i]);
}
