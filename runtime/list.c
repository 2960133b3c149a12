/* SPDX-License-Identifier: Apache-2.0 */
/* hotprobe_list_targets(): chooses the kinds, and hands out what their providers find. */
#include "list.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "context.h"
#include "provider.h"
#include "target.h"

/* ---- For providers -----------------------------------------------------------------------------
 */

bool list_matches(const char *pattern, const char *name)
{
	return !strcmp(pattern, "*") || pattern_matches(pattern, name);
}

bool list_wants(const struct list *list, const char *name)
{
	return list_matches(list->pattern, name);
}

int list_add(struct list *list, const char *prefix, const char *name)
{
	char *full;

	return names_add(&list->found, asprintf(&full, "%s%s", prefix, name) < 0 ? NULL : full);
}

int list_offer(struct list *list, const char *name)
{
	return list_wants(list, name) ? names_add(&list->found, strdup(name)) : 0;
}

int list_types(struct list *list)
{
	int err;

	if (list->has_asked_types)
		return 0;
	err = type_index_new(list->hp, &list->types);
	list->has_asked_types = true;
	return err == -EOPNOTSUPP ? 0 : err;
}

struct prefixed {
	struct list *list;
	const char *prefix;
	size_t size;
};

static int offer_type(void *ctx, struct type_ref type, const char *name)
{
	const struct prefixed *p = ctx;

	(void)type;
	return strncmp(name, p->prefix, p->size) ? 0 : list_offer(p->list, name + p->size);
}

int list_offer_types(struct list *list, uint32_t kind, const char *prefix)
{
	struct prefixed prefixed = {list, prefix, strlen(prefix)};

	return list->types ? type_index_each(list->types, kind, offer_type, &prefixed) : 0;
}

void list_keep(struct list *list, list_filter filter, const void *ctx)
{
	struct names *names = &list->found;
	size_t kept = 0;

	for (size_t i = 0; i < names->list.count; i++)
		if (filter(ctx, names->list.at[i]))
			names->list.at[kept++] = names->list.at[i];
		else
			free(names->list.at[i]);
	names->list.count = kept;
}

void list_lacks(const struct list *list, const char *format, ...)
{
	char *text;
	va_list args;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		text = NULL;
	va_end(args);
	if (text)
		note(list->hp, HOTPROBE_WARNING, "%s", text);
	free(text);
}

/* ---- Handing out -------------------------------------------------------------------------------
 */

struct listing {
	struct list list;
	const struct provider *provider; /* the kind that is being listed */
	struct description description;
	bool with_details, is_stopped;
	hotprobe_target_fn fn;
	void *ctx;
	int count;
};

/* Into buf or static; "" if it takes the arguments themselves. */
static const char *context_for(const struct listing *l, const char *spec, char *buf, size_t size)
{
	const struct provider *p = l->provider;
	const char *context = l->description.context, *why;
	struct target target;

	if (context)
		return context;
	if (target_from_spec(&target, spec, &why))
		return "";
	context = context_of_target(&target, &p->default_plan, buf, size);
	target_free(&target);
	return context ? context : "";
}

static int hand_out(struct listing *l, const char *name)
{
	struct description *d = &l->description;
	char spec[4096 + 256], context[512];
	struct hotprobe_target_info info = {.kind = l->provider->word, .target = spec};
	int err = 0;

	if (snprintf(spec, sizeof(spec), "%s:%s", info.kind, name) >= (int)sizeof(spec))
		return 0; /* longer than any path and symbol */
	description_clear(d);
	d->types = l->list.types;
	if (l->with_details && l->provider->describe)
		err = l->provider->describe(&l->list, name, d);
	if (err)
		return fail(l->list.hp, err, "out of memory");
	info.context = l->with_details ? context_for(l, spec, context, sizeof(context)) : "";
	info.has_arguments = d->has_arguments;
	info.arguments = d->arguments.at;
	info.argument_count = d->arguments.count;
	info.fields = d->fields.at;
	info.field_count = d->fields.count;
	info.result = d->has_result ? &d->result : NULL;
	l->is_stopped = l->fn(l->ctx, &info);
	l->count++;
	return 0;
}

static void clear_found(struct list *list)
{
	names_free(&list->found);
	list->found = (struct names){0};
}

static int list_kind(struct listing *l)
{
	struct list *list = &l->list;
	int err = l->with_details ? list_types(list) : 0;

	if (!err)
		err = l->provider->list(list);
	if (err == -ENOMEM)
		fail(list->hp, err, "out of memory");
	names_sort(&list->found);
	for (size_t i = 0; i < list->found.list.count && !err && !l->is_stopped; i++)
		err = hand_out(l, list->found.list.at[i]);
	clear_found(list);
	return err;
}

/* ---- Which kinds -------------------------------------------------------------------------------
 */

/* "KIND:TARGET", where the kind may be a pattern, "KIND", or "TARGET" of any. */
struct choice {
	char kind[64];
	bool is_named;
	const char *pattern;
};

static bool is_kind(const char *word)
{
	for (size_t i = 0; providers[i]; i++)
		if (pattern_matches(word, providers[i]->word))
			return true;
	return false;
}

static int no_such_kind(struct hotprobe *hp, const char *kind)
{
	char *kinds = target_kinds(), *hint = NULL;
	int err;

	if (kinds && asprintf(&hint, "the kinds are %s", kinds) < 0)
		hint = NULL;
	err = fail_at(hp, -EINVAL, "", 0, 0, hint ? hint : "", "there is no kind of target '%s'",
		      kind);
	free(hint);
	free(kinds);
	return err;
}

static int choose(struct hotprobe *hp, const char *text, struct choice *choice)
{
	const char *colon = strchr(text, ':');
	size_t length = colon ? (size_t)(colon - text) : strlen(text);
	bool is_word = length < sizeof(choice->kind);

	*choice = (struct choice){.kind = "*", .pattern = text};
	if (is_word)
		snprintf(choice->kind, sizeof(choice->kind), "%.*s", (int)length, text);
	if (colon && (!is_word || !is_kind(choice->kind)))
		return no_such_kind(hp, is_word ? choice->kind : text);
	if (!colon && (!is_word || is_pattern(text) || !is_kind(text))) {
		snprintf(choice->kind, sizeof(choice->kind), "*");
		return 0;
	}
	choice->is_named = !is_pattern(choice->kind);
	choice->pattern = colon && colon[1] ? colon + 1 : "*";
	return 0;
}

/* Is it among those to be listed? Says why not, if it was named. */
static bool is_listed(const struct listing *l, const struct choice *choice)
{
	const struct provider *p = l->provider;
	const char *why;

	if (!p->list || !pattern_matches(choice->kind, p->word))
		return false;
	if (!choice->is_named && p->is_twin)
		return false;
	why = p->why_not ? p->why_not(l->list.hp) : NULL;
	if (why && choice->is_named)
		list_lacks(&l->list, "%s: %s", p->word, why);
	return choice->is_named || !why;
}

static int list_kinds(struct listing *l, const struct choice *choice)
{
	int err = 0;

	l->list.pattern = choice->pattern;
	l->list.is_named = choice->is_named;
	for (size_t i = 0; providers[i] && !err && !l->is_stopped; i++) {
		l->provider = providers[i];
		if (is_listed(l, choice))
			err = list_kind(l);
	}
	return err;
}

static int cannot_tell(struct hotprobe *hp, const struct provider *provider)
{
	return fail(hp, -EINVAL, "targets of %s cannot be listed: they are %s", provider->word,
		    provider->form);
}

/* A target that another kind stands for, "kprobe:sys_open", is listed as of that. The target has to
   be freed. */
static void follow_target(struct choice *choice, struct target *target)
{
	const char *why;
	char *spec;

	*target = (struct target){0};
	if (!choice->is_named || is_pattern(choice->pattern) ||
	    asprintf(&spec, "%s:%s", choice->kind, choice->pattern) < 0)
		return;
	if (target_from_spec(target, spec, &why))
		*target = (struct target){0};
	free(spec);
	if (!target->provider || !strcmp(target->provider->word, choice->kind))
		return;
	snprintf(choice->kind, sizeof(choice->kind), "%s", target->provider->word);
	choice->pattern = target->name;
}

static int nothing_matches(struct hotprobe *hp, const struct choice *choice)
{
	const char *hint = is_pattern(choice->pattern)
				   ? "* stands for any characters, ? for one, [ab] for one of these"
				   : "";

	return fail_at(hp, -ENOENT, "", 0, 0, hint, "this machine has no %s%s%s",
		       choice->is_named ? choice->kind : "target", choice->is_named ? ":" : " ",
		       choice->pattern);
}

/* ---- The whole ---------------------------------------------------------------------------------
 */

static const struct provider *named_provider(const struct choice *choice)
{
	for (size_t i = 0; providers[i] && choice->is_named; i++)
		if (!strcmp(providers[i]->word, choice->kind))
			return providers[i];
	return NULL;
}

int hotprobe_list_targets(struct hotprobe *hp, const char *pattern, bool with_details,
			  hotprobe_target_fn fn, void *ctx)
{
	struct listing l = {.list.hp = hp, .with_details = with_details, .fn = fn, .ctx = ctx};
	const struct provider *named;
	struct choice choice;
	struct target target;
	int err = choose(hp, pattern, &choice);

	if (err)
		return err;
	follow_target(&choice, &target);
	named = named_provider(&choice);
	if (named && !named->list)
		err = cannot_tell(hp, named);
	else
		err = list_kinds(&l, &choice);
	if (!err && !l.count)
		err = nothing_matches(hp, &choice);
	description_free(&l.description);
	type_index_free(l.list.types);
	target_free(&target);
	return err ? err : l.count;
}

const char *hotprobe_kind_name(size_t index)
{
	size_t count = 0;

	while (providers[count])
		count++;
	return index < count ? providers[index]->word : NULL;
}
