/* SPDX-License-Identifier: Apache-2.0 */
#include "image_uses.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "kernel_view.h"
#include "provider.h"

enum { DIFFERENCES_MAX = 8 };

/* ---- Writing ----------------------------------------------------------------------------------
 */

struct saving {
	struct hotprobe *hp;
	struct image_writer *w;
	struct kernel_view view;
	bool incomplete; /* the kernel does not know all that is used */
};

struct filling {
	const struct image_use *use;
	char *text;	/* of the thing that the code was compiled with; malloc'ed */
	uint32_t other; /* number of one that does not fit */
	bool has_other;
};

static bool has_number(const struct image_use *use)
{
	return use->kind == IMAGE_USE_MEMBER || use->kind == IMAGE_USE_SIZE ||
	       use->kind == IMAGE_USE_LAYOUT;
}

static int take_fitting(void *ctx, const char *text, uint32_t number)
{
	struct filling *filling = ctx;

	if (has_number(filling->use) && number != filling->use->number) {
		filling->has_other = true;
		filling->other = number;
		return 0;
	}
	filling->text = strdup(text);
	return filling->text ? 1 : -ENOMEM;
}

/* What it means that a kernel has no such thing; NULL: then it is not the kernel's to change. */
static const char *text_of_nothing(const struct image_use *use)
{
	switch (use->kind) {
	case IMAGE_USE_CONFIG:
		return "not set"; /* or not known, which is the same to the compiler */
	case IMAGE_USE_HAS_MEMBER:
	case IMAGE_USE_HAS_TYPE:
	case IMAGE_USE_HAS_ENUMERATOR:
		return "not there";
	}
	return NULL;
}

static int other_headers(struct hotprobe *hp, const struct image_use *use, uint32_t other)
{
	const struct image *img = &hp->image;
	bool is_member = use->kind == IMAGE_USE_MEMBER;

	return fail_at(hp, -EINVAL, image_str(img, use->file), use->line, 0,
		       "name the headers and the BTF of one and the same kernel",
		       "the headers that it was compiled with have %s%s%s at %s %u, the kernel's "
		       "types at %u",
		       image_str(img, use->name), is_member ? "." : "", image_str(img, use->member),
		       is_member ? "bit" : "size", use->number, other);
}

static int is_there(void *ctx, const char *text, uint32_t number)
{
	(void)ctx, (void)text, (void)number;
	return 1;
}

/* Of a struct that the kernel has, and yet not one of its members: a tracepoint's record, too. */
static bool is_unknown_member(struct saving *saving, const struct image_use *use)
{
	const char *strings = saving->w->section[IMAGE_STRINGS].data;
	struct image_use record = {.kind = IMAGE_USE_SIZE, .name = use->name};

	if (use->kind != IMAGE_USE_MEMBER)
		return false;
	if (strncmp(strings + use->name, "struct tracepoint__", 19) &&
	    kernel_view_each(&saving->view, strings, &record, is_there, NULL) <= 0)
		return false;
	note(saving->hp, HOTPROBE_WARNING, "the kernel's types do not tell of %s.%s",
	     strings + use->name, strings + use->member);
	return true;
}

static int write_use(struct saving *saving, struct image_use use)
{
	const char *strings = saving->w->section[IMAGE_STRINGS].data;
	struct filling filling = {.use = &use};
	const char *nothing = text_of_nothing(&use);
	int result = saving->w->failed;

	if (!result && !use.was)
		result = kernel_view_each(&saving->view, strings, &use, take_fitting, &filling);
	if (result < 0)
		return fail(saving->hp, result, "out of memory");
	if (!result && filling.has_other)
		return other_headers(saving->hp, &use, filling.other);
	if (!result && !use.was && is_unknown_member(saving, &use))
		saving->incomplete = true;
	if (result || nothing)
		use.was = image_add_string(saving->w, result ? filling.text : nothing);
	free(filling.text);
	if (use.was)
		image_add(saving->w, IMAGE_USES, &use, sizeof(use), 1);
	return 0;
}

/* ---- Functions that programs are attached to --------------------------------------------------
 */

static int count_parameters(void *ctx, const char *text, uint32_t number)
{
	(void)text;
	*(uint32_t *)ctx = number;
	return 1;
}

/* Kinds of programs that get the function's arguments by its prototype. */
static const struct traced {
	const struct provider *provider;
	const char *prefix; /* of the name in BTF */
	bool sees_return;   /* which comes behind the parameters: their number counts */
} traced[] = {
	{&provider_kfunc, "", false},	{&provider_kretfunc, "", true},
	{&provider_fmod_ret, "", true}, {&provider_lsm, "bpf_lsm_", true},
	{&provider_kprobe, "", false},	{&provider_raw_tracepoint, "btf_trace_", false},
};

static int write_function(struct saving *saving, const struct hotprobe_link *link,
			  const struct traced *kind)
{
	struct image_use use = {
		.kind = IMAGE_USE_FUNCTION,
		.file = link->program->image->file,
		.line = link->program->image->line,
		.number = IMAGE_NONE,
	};
	uint32_t declared = link->program->image->parameters;
	bool is_kprobe = kind->provider == &provider_kprobe;
	char *name;
	int found;

	/* Inside a function the registers hold anything. */
	if (is_kprobe && (declared < 2 || link->target.offset))
		return 0;
	if (asprintf(&name, "%s%s", kind->prefix, link->target.name) < 0)
		return fail(saving->hp, -ENOMEM, "out of memory");
	use.name = image_add_string(saving->w, name);
	free(name);
	if (!kind->sees_return && !saving->w->failed) {
		found = kernel_view_each(&saving->view, saving->w->section[IMAGE_STRINGS].data,
					 &use, count_parameters, &use.number);
		if (found < 0)
			return fail(saving->hp, found, "out of memory");
	}
	if (is_kprobe && declared - 1 < use.number)
		use.number = declared - 1; /* the context comes first */
	return write_use(saving, use);
}

static int write_link(struct saving *saving, const struct hotprobe_link *link)
{
	for (size_t i = 0; i < sizeof(traced) / sizeof(*traced); i++)
		if (link->target.provider == traced[i].provider)
			return write_function(saving, link, &traced[i]);
	return 0;
}

/* Without BTF of the kernel compiled for (then it was compiled with real headers) there is nothing
   to compare by: the image stays one for that kernel alone. */
int image_uses_write(struct hotprobe *hp, struct image_writer *w)
{
	const struct image *img = &hp->image;
	const char *release = image_str(img, img->facts->release);
	struct saving saving = {.hp = hp, .w = w};
	int err = kernel_view_open(&saving.view, hp, hp->opts.btf_path, release);

	if (err == -ENOMEM)
		fail(hp, err, "out of memory");
	else if (err)
		note(hp, HOTPROBE_WARNING, "the kernel's types cannot be read: %s", strerror(-err));
	saving.incomplete = err;
	for (uint32_t i = 0; !err && i < img->count[IMAGE_USES]; i++)
		err = write_use(&saving, img->uses[i]);
	for (size_t i = 0; !err && i < hp->links.count; i++)
		err = write_link(&saving, hp->links.at[i]);
	if (!saving.incomplete)
		w->flags |= IMAGE_F_COMPARABLE;
	else if (err != -ENOMEM)
		note(hp, HOTPROBE_WARNING, "the image is for kernel %s alone", release);
	kernel_view_close(&saving.view);
	return saving.view.btf || err == -ENOMEM ? err : 0;
}

/* ---- Comparing --------------------------------------------------------------------------------
 */

struct comparison {
	const char *was;
	char *is; /* the first that differs; malloc'ed */
};

static int compare_text(void *ctx, const char *text, uint32_t number)
{
	struct comparison *comparison = ctx;

	(void)number;
	if (!strcmp(text, comparison->was))
		return 1;
	if (comparison->is)
		return 0;
	comparison->is = strdup(text);
	return comparison->is ? 0 : -ENOMEM;
}

struct check {
	struct hotprobe *hp;
	struct kernel_view *view;
	int differences;
};

static void differs(struct check *check, const struct image_use *use, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The first becomes the handle's message. */
static void differs(struct check *check, const struct image_use *use, const char *format, ...)
{
	const char *file = image_str(&check->hp->image, use->file);
	char *text = NULL;
	va_list args;

	if (check->differences++ >= DIFFERENCES_MAX)
		return;
	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		text = NULL;
	va_end(args);
	if (check->differences == 1)
		fail_at(check->hp, -EINVAL, file, use->line, 0, IMAGE_USES_HINT, "%s",
			text ? text : "");
	else
		add_diagnostic(check->hp, HOTPROBE_ERROR, file, use->line, 0, text ? text : "", "");
	free(text);
}

/* Of two layouts, the part from the first member on that differs. */
static size_t first_difference(const char *was, const char *is)
{
	size_t start = 0;

	for (size_t i = 0; was[i] && was[i] == is[i]; i++)
		if (was[i] == ';')
			start = i + 2;
	return start;
}

static void report(struct check *check, const struct image_use *use, const char *was,
		   const char *is)
{
	const struct image *img = &check->hp->image;
	const char *name = image_str(img, use->name), *member = image_str(img, use->member);
	const char *dot = *member ? "." : "";
	size_t start = 0;

	member += *member == '~';
	if (use->kind == IMAGE_USE_ENUMERATOR)
		dot = member = ""; /* it was the enum */
	if (!is) {
		differs(check, use, "%s%s%s, which the image uses, is not there on this kernel",
			name, dot, member);
		return;
	}
	if (use->kind == IMAGE_USE_LAYOUT)
		start = first_difference(was, is);
	differs(check, use, "%s%s%s is another on this kernel: %.*s, where the image has %.*s",
		name, dot, member, (int)strcspn(is + start, ";"), is + start,
		(int)strcspn(was + start, ";"), was + start);
}

static void warn(struct check *check, const struct image_use *use, const char *what)
{
	const struct image *img = &check->hp->image;
	char *text;

	if (asprintf(&text, "%s was %s on the kernel that the image was compiled for; %s",
		     image_str(img, use->name), image_str(img, use->was), what) < 0)
		return;
	add_diagnostic(check->hp, HOTPROBE_WARNING, image_str(img, use->file), use->line, 0, text,
		       "");
	free(text);
}

/* This kernel has nothing of the kind. */
static void check_nothing(struct check *check, const struct image_use *use, const char *was)
{
	const char *tag = image_str(&check->hp->image, use->member);
	const char *nothing = text_of_nothing(use);

	switch (use->kind) {
	case IMAGE_USE_CONFIG:
		warn(check, use, "the configuration of this one cannot be read");
		break;
	case IMAGE_USE_FUNCTION:
		break; /* attaching will tell */
	case IMAGE_USE_ENUMERATOR:
		/* It may have become a macro. */
		if (*tag && kernel_view_has_enum(check->view, tag))
			report(check, use, was, NULL);
		else
			warn(check, use, "this one's types do not tell it");
		break;
	default:
		if (!nothing || strcmp(was, nothing))
			report(check, use, was, nothing);
	}
}

static uint32_t version_of(const char *release)
{
	unsigned part[3] = {0};

	sscanf(release, "%u.%u.%u", &part[0], &part[1], &part[2]);
	return (part[0] & 255) << 16 | (part[1] & 255) << 8 | (part[2] > 255 ? 255 : part[2]);
}

static void check_version(struct check *check, const struct image_use *use, const char *was)
{
	uint32_t code = version_of(check->view->release);
	unsigned from = 0, below = 0;

	sscanf(was, "%u %u", &from, &below);
	if (code >= from && code < below)
		return;
	if (below == UINT32_MAX)
		differs(check, use,
			"the source compares LINUX_VERSION_CODE, and the image has what is for "
			"%u.%u.%u and later; this kernel is %s",
			from >> 16, from >> 8 & 255, from & 255, check->view->release);
	else
		differs(check, use,
			"the source compares LINUX_VERSION_CODE, and the image has what is for "
			"%u.%u.%u and later, before %u.%u.%u; this kernel is %s",
			from >> 16, from >> 8 & 255, from & 255, below >> 16, below >> 8 & 255,
			below & 255, check->view->release);
}

static int check_use(struct check *check, const struct image_use *use)
{
	const char *was = image_str(&check->hp->image, use->was);
	struct comparison comparison = {.was = was};
	int result;

	if (use->kind == IMAGE_USE_VERSION) {
		check_version(check, use, was);
		return 0;
	}
	result = kernel_view_each(check->view, check->hp->image.strings, use, compare_text,
				  &comparison);
	if (result < 0)
		return result;
	if (!result && comparison.is)
		report(check, use, was, comparison.is);
	else if (!result)
		check_nothing(check, use, was);
	free(comparison.is);
	return 0;
}

/* What the loader reads of tasks is not where it was. */
static void adapt_facts(struct hotprobe *hp, const struct kernel_view *view)
{
	hp->facts = *hp->image.facts;
	hp->facts.version_code = version_of(view->release);
	hp->facts.task_pid = kernel_view_offset(view, "task_struct", "pid");
	hp->facts.task_tgid = kernel_view_offset(view, "task_struct", "tgid");
	hp->facts.task_signal = kernel_view_offset(view, "task_struct", "signal");
	hp->facts.task_comm = kernel_view_offset(view, "task_struct", "comm");
	hp->facts.signal_live = kernel_view_offset(view, "signal_struct", "live");
	hp->image.facts = &hp->facts;
}

int image_uses_check(struct hotprobe *hp, const char *path)
{
	struct kernel_view view;
	struct utsname un;
	struct check check = {.hp = hp, .view = &view};
	int err;

	uname(&un);
	err = kernel_view_open(&view, hp, NULL, un.release);
	if (err)
		fail_at(hp, -EINVAL, path, 0, 0, IMAGE_USES_HINT,
			"the image was compiled for kernel %s, and this one, %s, has no BTF to "
			"compare with",
			image_str(&hp->image, hp->image.facts->release), un.release);
	for (uint32_t i = 0; !err && i < hp->image.count[IMAGE_USES]; i++)
		err = check_use(&check, &hp->image.uses[i]);
	if (!err && check.differences > DIFFERENCES_MAX)
		note(hp, HOTPROBE_NOTE, "%d more types differ",
		     check.differences - DIFFERENCES_MAX);
	if (!err && !check.differences)
		adapt_facts(hp, &view);
	kernel_view_close(&view);
	if (err == -ENOMEM)
		return fail(hp, err, "out of memory");
	return err || check.differences ? -EINVAL : 0;
}
