/* SPDX-License-Identifier: Apache-2.0 */
#include "attach.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "context.h"
#include "gate.h"
#include "load.h"
#include "provider.h"
#include "succeed.h"
#include "target.h"
#include "tracefs.h"
#include "untrusted.h"

static bool is_attached(const struct hotprobe_link *link)
{
	return link->attached_text;
}

static void detach_link(struct hotprobe_link *link)
{
	if ((is_attached(link) || link->own) && link->target.provider->detach)
		link->target.provider->detach(link);
	free(link->own);
	link->own = NULL;
	for (size_t i = 0; i < link->fds.count; i++)
		close(link->fds.at[i]);
	array_free(&link->fds);
	gates_free(link);
	succeed_lose_heir(link);
	succeed_undo(link);
	free(link->attached_text);
	link->attached_text = NULL;
}

static void free_link(struct hotprobe_link *link)
{
	detach_link(link);
	target_free(&link->target);
	free(link->target_text);
	free(link);
}

static struct hotprobe_link *find_link(const struct hotprobe_program *program,
				       const struct target *target)
{
	for (size_t i = 0; i < program->hp->links.count; i++) {
		struct hotprobe_link *link = program->hp->links.at[i];

		if (link->program == program && target_equal(&link->target, target))
			return link;
	}
	return NULL;
}

/* Takes over target. */
static struct hotprobe_link *new_link(struct hotprobe_program *program, struct target *target)
{
	struct hotprobe_link *link = malloc(sizeof(*link));

	if (!link) {
		target_free(target);
		return NULL;
	}
	*link = (struct hotprobe_link){
		.program = program,
		.target = *target,
		.plan = target->provider->default_plan,
		.target_text = target_text(target),
	};
	if (link->target_text)
		return link;
	free_link(link);
	return NULL;
}

/* Notes that program is to be attached to target, which it takes over. */
static int place(struct hotprobe_program *program, struct target *target,
		 struct hotprobe_link **placed)
{
	struct hotprobe *hp = program->hp;
	struct hotprobe_link *link = find_link(program, target);
	int err = 0;

	*placed = link;
	if (link) {
		target_free(target);
		return 0;
	}
	link = new_link(program, target);
	if (!link)
		return fail(hp, -ENOMEM, "out of memory");
	if (link->target.provider->plan)
		err = link->target.provider->plan(link, &link->plan);
	if (!err && array_push(&hp->links, link))
		err = fail(hp, -ENOMEM, "out of memory");
	if (err) {
		free_link(link);
		return err;
	}
	program->placed = true;
	program->plan = link->plan;
	program->unconfined = hp->opts.confine && !load_runs_in_task(&link->plan);
	*placed = link;
	return 0;
}

/* The same for a target that the source itself says. */
static int place_of_source(struct hotprobe_program *program, struct target *target,
			   struct hotprobe_link **placed)
{
	int err = untrusted_check_target(program, target, true);

	if (!err)
		return place(program, target, placed);
	target_free(target);
	return err;
}

static bool names_no_syscall(const struct hotprobe_link *link)
{
	bool is_enter = link->target.provider == &provider_syscall;
	char event[256], *format = NULL;
	int err;

	if (!link->by_name || (!is_enter && link->target.provider != &provider_syscall_ret))
		return false;
	snprintf(event, sizeof(event), "sys_%s_%s", is_enter ? "enter" : "exit", link->target.name);
	err = tracefs_read_format(link->program->hp, "syscalls", event, &format);
	free(format);
	return err == -ENOENT;
}

/* In BCC syscall__ says how a function takes its arguments, and not always where it goes:
   syscall__trace_entry_open is attached explicitly. */
static void forget_name(struct hotprobe_program *program)
{
	for (size_t i = 0; i < program->hp->links.count; i++) {
		struct hotprobe_link *link = program->hp->links.at[i];

		if (link->program == program && names_no_syscall(link)) {
			hotprobe_link_detach(link);
			return;
		}
	}
}

int attach_place_by_names(struct hotprobe *hp)
{
	for (size_t i = 0; i < hp->program_count; i++) {
		struct hotprobe_program *p = &hp->programs[i];
		struct hotprobe_link *link;
		struct target target;
		const char *why;
		int err = target_from_name(&target, p->name, &why);

		if (err == -EINVAL)
			return fail_at(hp, err, image_str(&hp->image, p->image->file),
				       p->image->line, p->image->column,
				       "write kprobe__FUNCTION, syscall__NAME, "
				       "tracepoint__CATEGORY__EVENT...",
				       "the name %s begins like a convention's, but %s", p->name,
				       why);
		if (err < 0)
			return fail(hp, err, "out of memory");
		if (!err)
			continue;
		err = place_of_source(p, &target, &link);
		if (err)
			return err;
		link->by_name = true;
	}
	return 0;
}

int attach_place_by_source(struct hotprobe *hp)
{
	for (uint32_t i = 0; i < hp->image.count[IMAGE_TARGETS]; i++) {
		const struct image_target *t = &hp->image.targets[i];
		struct hotprobe_program *p = &hp->programs[t->program];
		const char *spec = image_str(&hp->image, t->spec), *why;
		struct hotprobe_link *link;
		struct target target;
		int err = target_from_spec(&target, spec, &why);

		if (err == -EINVAL)
			return fail_at(hp, err, image_str(&hp->image, p->image->file),
				       p->image->line, p->image->column,
				       "write HOTPROBE(\"KIND:TARGET\"), such as "
				       "HOTPROBE(\"uprobe:/bin/bash:readline\")",
				       "HOTPROBE(\"%s\") in front of %s names no target: %s", spec,
				       p->name, why);
		if (err)
			return fail(hp, err, "out of memory");
		err = place_of_source(p, &target, &link);
		if (err)
			return err;
		forget_name(p);
	}
	return 0;
}

int attach_load(struct hotprobe_link *link)
{
	const struct provider *provider = link->target.provider;
	int err = provider->resolve ? provider->resolve(link) : 0;

	if (!err)
		err = context_check(link);
	return err ? err : load_variant(link->program, &link->plan);
}

int attach_variant(struct hotprobe_link *link, const struct plan *plan)
{
	int fd = load_variant(link->program, plan);

	return fd < 0 ? fd : gate_for(link, plan, fd);
}

/* Returns 1 if it was not attached yet. */
static int attach_link(struct hotprobe_link *link)
{
	int fd, err;

	if (is_attached(link) || link->adopts)
		return 0;
	fd = attach_load(link);
	if (fd < 0)
		return fd;
	if (succeed_adopt(link, fd))
		return 1;
	fd = gate_for(link, &link->plan, fd);
	err = fd < 0 ? fd : link->target.provider->attach(link, fd);
	if (err) {
		detach_link(link);
		return err;
	}
	note(link->program->hp, HOTPROBE_NOTE, "%s: %s -> %s", link->program->name,
	     link->target_text, link->attached_text);
	return 1;
}

int hotprobe_attach(struct hotprobe *hp)
{
	bool *is_new = calloc(hp->links.count + 1, sizeof(*is_new));
	int count = 0, first_error = 0;
	char *message = NULL;

	if (!hp->loaded) {
		free(is_new);
		return fail(hp, -EBUSY, "load the programs before attaching them");
	}
	if (!is_new)
		return fail(hp, -ENOMEM, "out of memory");
	/* All are tried, so that each that fails has its diagnostic. */
	for (size_t i = 0; i < hp->links.count; i++) {
		int err = attach_link(hp->links.at[i]);

		is_new[i] = err > 0;
		count += err > 0;
		if (err < 0 && !first_error) {
			first_error = err;
			message = strdup(hotprobe_error(hp));
		}
	}
	if (!first_error)
		first_error = succeed(hp);
	for (size_t i = 0; first_error && i < hp->links.count; i++)
		if (is_new[i])
			detach_link(hp->links.at[i]);
	if (first_error && message)
		fail(hp, first_error, "%s", message);
	free(message);
	free(is_new);
	return first_error ? first_error : count;
}

void hotprobe_detach(struct hotprobe *hp)
{
	for (size_t i = 0; i < hp->links.count; i++)
		detach_link(hp->links.at[i]);
}

void attach_free(struct hotprobe *hp)
{
	hotprobe_detach(hp); /* while each can still see the others */
	for (size_t i = 0; i < hp->links.count; i++)
		free_link(hp->links.at[i]);
	array_free(&hp->links);
}

void hotprobe_link_detach(struct hotprobe_link *link)
{
	struct hotprobe_program *program;
	struct hotprobe *hp;
	size_t kept = 0;

	if (!link)
		return;
	program = link->program;
	hp = program->hp;
	program->placed = false;
	for (size_t i = 0; i < hp->links.count; i++) {
		if (hp->links.at[i] == link)
			continue;
		if (hp->links.at[i]->program == program)
			program->placed = true;
		hp->links.at[kept++] = hp->links.at[i];
	}
	hp->links.count = kept;
	free_link(link);
}

/* ---- Explicit attachment
 * --------------------------------------------------------------------------- */

static int no_such_function(struct hotprobe *hp, const char *function)
{
	return fail(hp, -ENOENT, "the program has no function %s", function);
}

/* Takes over target. */
static int attach_explicitly(struct hotprobe *hp, const char *function, struct target *target,
			     struct hotprobe_link **result)
{
	struct hotprobe_program *program = hotprobe_find_program(hp, function);
	struct hotprobe_link *link;
	bool is_new;
	int err;

	if (result)
		*result = NULL;
	if (!program) {
		target_free(target);
		return no_such_function(hp, function);
	}
	err = untrusted_check_target(program, target, false);
	if (err) {
		target_free(target);
		return err;
	}
	is_new = !find_link(program, target);
	err = place(program, target, &link);
	if (!err && !link->by_name)
		forget_name(program);
	if (!err && hp->loaded) {
		err = attach_link(link);
		if (err < 0 && is_new)
			hotprobe_link_detach(link);
	}
	if (err < 0)
		return err;
	if (result && hp->loaded)
		*result = link;
	return 0;
}

/* word:[group:]name, from its parts. */
static int attach_parts(struct hotprobe *hp, const char *function, struct hotprobe_link **link,
			const char *format, ...) __attribute__((format(printf, 4, 5)));

static int attach_parts(struct hotprobe *hp, const char *function, struct hotprobe_link **link,
			const char *format, ...)
{
	char *spec = NULL;
	va_list args;
	int err;

	va_start(args, format);
	if (vasprintf(&spec, format, args) < 0)
		spec = NULL;
	va_end(args);
	err = spec ? hotprobe_attach_spec(hp, function, spec, link)
		   : fail(hp, -ENOMEM, "out of memory");
	free(spec);
	return err;
}

int hotprobe_attach_kprobe(struct hotprobe *hp, const char *function, const char *kernel_function,
			   uint64_t offset, struct hotprobe_link **link)
{
	return attach_parts(hp, function, link, "kprobe:%s+%llu", kernel_function,
			    (unsigned long long)offset);
}

int hotprobe_attach_kretprobe(struct hotprobe *hp, const char *function,
			      const char *kernel_function, struct hotprobe_link **link)
{
	return attach_parts(hp, function, link, "kretprobe:%s", kernel_function);
}

int hotprobe_attach_syscall(struct hotprobe *hp, const char *function, const char *syscall,
			    struct hotprobe_link **link)
{
	return attach_parts(hp, function, link, "syscall:%s", syscall);
}

int hotprobe_attach_syscall_ret(struct hotprobe *hp, const char *function, const char *syscall,
				struct hotprobe_link **link)
{
	return attach_parts(hp, function, link, "syscall_ret:%s", syscall);
}

int hotprobe_attach_tracepoint(struct hotprobe *hp, const char *function, const char *category,
			       const char *event, struct hotprobe_link **link)
{
	return attach_parts(hp, function, link, "tracepoint:%s:%s", category, event);
}

int hotprobe_attach_raw_tracepoint(struct hotprobe *hp, const char *function, const char *event,
				   struct hotprobe_link **link)
{
	return attach_parts(hp, function, link, "raw_tracepoint:%s", event);
}

int hotprobe_attach_uprobe(struct hotprobe *hp, const char *function, const char *file,
			   const char *symbol, uint64_t offset, struct hotprobe_link **link)
{
	if (!offset)
		return attach_parts(hp, function, link, "uprobe:%s:%s", file, symbol);
	return attach_parts(hp, function, link, "uprobe:%s:%s+%llu", file, symbol,
			    (unsigned long long)offset);
}

int hotprobe_attach_uretprobe(struct hotprobe *hp, const char *function, const char *file,
			      const char *symbol, struct hotprobe_link **link)
{
	return attach_parts(hp, function, link, "uretprobe:%s:%s", file, symbol);
}

int hotprobe_attach_usdt(struct hotprobe *hp, const char *function, const char *file,
			 const char *provider, const char *probe, struct hotprobe_link **link)
{
	return attach_parts(hp, function, link, "usdt:%s:%s:%s", file, provider ? provider : "",
			    probe);
}

static int bad_spec(struct hotprobe *hp, const char *spec, const char *why)
{
	char *kinds = target_kinds();

	fail(hp, -EINVAL, "\"%s\" is no target: %s (KIND:TARGET; the kinds are %s)", spec, why,
	     kinds ? kinds : "");
	free(kinds);
	return -EINVAL;
}

int hotprobe_attach_spec(struct hotprobe *hp, const char *function, const char *spec,
			 struct hotprobe_link **link)
{
	struct target target;
	const char *why;
	int err = target_from_spec(&target, spec, &why);

	if (err == -EINVAL)
		return bad_spec(hp, spec, why);
	if (err)
		return fail(hp, err, "out of memory");
	return attach_explicitly(hp, function, &target, link);
}

/* ---- What is attached
 * ------------------------------------------------------------------------------ */

size_t hotprobe_link_count(const struct hotprobe *hp)
{
	return hp->links.count;
}

struct hotprobe_link *hotprobe_link_at(const struct hotprobe *hp, size_t index)
{
	return index < hp->links.count ? hp->links.at[index] : NULL;
}

struct hotprobe_program *hotprobe_link_program(const struct hotprobe_link *link)
{
	return link->program;
}

const char *hotprobe_link_target(const struct hotprobe_link *link)
{
	return link->target_text;
}

int hotprobe_link_fd(const struct hotprobe_link *link)
{
	return link->fds.count ? link->fds.at[0] : -1;
}

const char *hotprobe_link_attached_to(const struct hotprobe_link *link)
{
	return link->attached_text ? link->attached_text : "";
}

enum hotprobe_backend hotprobe_link_backend(const struct hotprobe_link *link)
{
	const struct provider *p = link->target.provider;

	if (!is_attached(link) || (p != &provider_kprobe && p != &provider_kretprobe &&
				   p != &provider_syscall && p != &provider_syscall_ret))
		return HOTPROBE_BACKEND_AUTO;
	switch (link->plan.type) {
	case BPF_PROG_TYPE_TRACING:
		return HOTPROBE_BACKEND_FENTRY;
	case BPF_PROG_TYPE_TRACEPOINT:
		return HOTPROBE_BACKEND_TRACEPOINT;
	default:
		return HOTPROBE_BACKEND_KPROBE;
	}
}
