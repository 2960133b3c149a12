/* SPDX-License-Identifier: Apache-2.0 */
/* The handle: made, filled, emptied. */
#include <bpf/libbpf.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "arch.h"
#include "attach.h"
#include "command.h"
#include "compile.h"
#include "confine.h"
#include "events.h"
#include "gate.h"
#include "image_file.h"
#include "internal.h"
#include "kernel.h"
#include "kernel_btf.h"
#include "kernel_functions.h"
#include "load.h"
#include "printk.h"
#include "submit.h"
#include "succeed.h"
#include "table.h"
#include "process_watch.h"
#include "symbols.h"
#include "untrusted.h"
#include "usdt.h"

const char *hotprobe_version(void)
{
	return HOTPROBE_VERSION;
}

enum {
	DEFAULT_PERF_PAGES = 64,
};

/* What the caller's structure lacks is its default; what it has beyond ours must be zero. */
static int copy_opts(struct hotprobe_opts *to, const struct hotprobe_opts *from)
{
	const char *bytes = (const char *)from;

	memset(to, 0, sizeof(*to));
	to->sz = sizeof(*to);
	to->perf_pages = DEFAULT_PERF_PAGES;
	if (!from)
		return 0;
	if (from->sz < sizeof(from->sz))
		return -EINVAL;
	for (size_t i = sizeof(*to); i < from->sz; i++)
		if (bytes[i])
			return -EINVAL;
	memcpy(to, from, from->sz < sizeof(*to) ? from->sz : sizeof(*to));
	to->sz = sizeof(*to);
	if (!to->perf_pages)
		to->perf_pages = DEFAULT_PERF_PAGES;
	if (to->perf_pages & (to->perf_pages - 1) || to->backend > HOTPROBE_BACKEND_FENTRY)
		return -EINVAL;
	return 0;
}

static int copy_string(const char **string)
{
	if (!*string)
		return 0;
	*string = strdup(*string);
	return *string ? 0 : -ENOMEM;
}

static int copy_strings(struct hotprobe *hp)
{
	const char *const *flags = hp->opts.cflags;
	int failed = copy_string(&hp->opts.kernel_headers);

	failed |= copy_string(&hp->opts.btf_path);
	failed |= copy_string(&hp->opts.kernel_release);
	failed |= copy_string(&hp->opts.tracefs);
	failed |= copy_string(&hp->opts.compiler);
	failed |= copy_string(&hp->opts.cache_dir);
	hp->opts.cflags = NULL;
	for (; !failed && flags && *flags; flags++) {
		char *flag = strdup(*flags);

		failed = !flag || array_push(&hp->cflags, flag);
		if (failed)
			free(flag);
	}
	return failed ? -ENOMEM : 0;
}

struct hotprobe *hotprobe_new(const struct hotprobe_opts *opts)
{
	struct hotprobe *hp = calloc(1, sizeof(*hp));

	if (!hp)
		return NULL;
	hp->btf_fd = hp->tracefs_fd = hp->lost_fd = hp->has_kprobes = -1;
	if (copy_opts(&hp->opts, opts)) {
		free(hp);
		errno = EINVAL;
		return NULL;
	}
	if (copy_strings(hp)) {
		hotprobe_free(hp);
		errno = ENOMEM;
		return NULL;
	}
	return hp;
}

void hotprobe_free(struct hotprobe *hp)
{
	if (!hp)
		return;
	command_free(hp->command);
	attach_free(hp);
	succeed_forget(hp);
	events_close(hp);
	submit_free(hp);
	printk_free(hp->printk);
	load_free(hp);
	usdt_free(hp);
	process_watch_free(hp);
	symbols_free(hp);
	confine_free(hp->confinement);
	turn_free(hp->turn);
	free(hp->image_data);
	source_free(&hp->source);
	free_diagnostics(hp);
	kernel_btf_forget(hp);
	kernel_functions_forget(hp);
	if (hp->tracefs_fd >= 0)
		close(hp->tracefs_fd);
	for (size_t i = 0; i < hp->cflags.count; i++)
		free(hp->cflags.at[i]);
	array_free(&hp->cflags);
	free((char *)hp->opts.kernel_headers);
	free((char *)hp->opts.btf_path);
	free((char *)hp->opts.kernel_release);
	free((char *)hp->opts.tracefs);
	free((char *)hp->opts.compiler);
	free((char *)hp->opts.cache_dir);
	free(hp->error);
	free(hp);
}

/* ---- Open
 * ------------------------------------------------------------------------------------------ */

static int check_not_open(struct hotprobe *hp)
{
	if (!hp->source.files.count && !hp->image_data)
		return 0;
	return fail(hp, -EBUSY, "a handle takes one source, and it has one already");
}

/* Sets up the programs of hp->image and places them. */
static int prepare(struct hotprobe *hp)
{
	int err = load_prepare(hp);

	if (!err)
		err = untrusted_check(hp);
	if (!err)
		err = attach_place_by_names(hp);
	if (!err)
		err = attach_place_by_source(hp);
	hp->compiled = !err;
	return err;
}

static int compile_source(struct hotprobe *hp)
{
	int err = compile(hp);

	return err ? err : prepare(hp);
}

/* Takes over text. */
static int open_text(struct hotprobe *hp, const char *name, char *text, size_t size)
{
	const char *missing;
	int err = source_init(&hp->source, name, text, size, hp->cflags.at, hp->cflags.count,
			      &missing);

	if (missing)
		return fail(hp, err, "cannot read %s: %s", missing, strerror(-err));
	if (err)
		return fail(hp, err, "cannot take in %s: %s", name, strerror(-err));
	return compile_source(hp);
}

/* Takes over text and root_fd. */
static int open_untrusted_text(struct hotprobe *hp, const char *name, char *text, size_t size,
			       int root_fd)
{
	int err = untrusted_check_flags(hp);

	if (err) {
		free(text);
		if (root_fd >= 0)
			close(root_fd);
		return err;
	}
	err = source_init_untrusted(&hp->source, name, text, size, root_fd);
	if (err)
		return fail(hp, err, "cannot take in %s: %s", name, strerror(-err));
	err = untrusted_tell_refusals(hp);
	return err ? err : compile_source(hp);
}

static int cannot_read(struct hotprobe *hp, const char *path, int err)
{
	if (hp->opts.untrusted && err == -EXDEV)
		return fail(hp, -EACCES,
			    "%s is untrusted and a link that leads out of its directory", path);
	return fail(hp, err, "cannot read %s: %s", path, strerror(-err));
}

int hotprobe_open_file(struct hotprobe *hp, const char *path)
{
	bool is_stdin = !strcmp(path, "-");
	const char *name = is_stdin ? "<stdin>" : path;
	int err = check_not_open(hp), root_fd = -1;
	char *text;
	size_t size;

	if (err)
		return err;
	if (hp->opts.untrusted && !is_stdin)
		err = source_read_untrusted(path, &text, &size, &root_fd);
	else
		err = source_read(path, &text, &size);
	if (err)
		return cannot_read(hp, path, err);
	if (image_file_is(text, size)) {
		if (root_fd >= 0)
			close(root_fd);
		return image_file_open(hp, path, text, size) ?: prepare(hp);
	}
	return hp->opts.untrusted ? open_untrusted_text(hp, name, text, size, root_fd)
				  : open_text(hp, name, text, size);
}

int hotprobe_open_string(struct hotprobe *hp, const char *name, const char *text, size_t size)
{
	int err = check_not_open(hp);
	char *copy;

	if (err)
		return err;
	if (size > SOURCE_MAX)
		return fail(hp, -EFBIG, "%s is larger than %d bytes", name, SOURCE_MAX);
	copy = malloc(size + 1);
	if (!copy)
		return fail(hp, -ENOMEM, "out of memory");
	memcpy(copy, text, size);
	copy[size] = '\0';
	return hp->opts.untrusted ? open_untrusted_text(hp, name, copy, size, -1)
				  : open_text(hp, name, copy, size);
}

size_t hotprobe_source_count(const struct hotprobe *hp)
{
	return hp->source.files.count;
}

const char *hotprobe_source_at(const struct hotprobe *hp, size_t index)
{
	return index < hp->source.files.count ? hp->source.files.at[index].path : NULL;
}

/* ---- Load
 * ------------------------------------------------------------------------------------------ */

/* Every program goes through the verifier; all that it refuses is reported. */
static int load_programs(struct hotprobe *hp)
{
	int first = 0, fd;

	for (size_t i = 0; i < hp->links.count; i++) {
		fd = attach_load(hp->links.at[i]);
		if (fd < 0 && !first)
			first = fd;
	}
	for (size_t i = 0; i < hp->program_count; i++) {
		if (hp->programs[i].placed)
			continue;
		fd = load_unplaced(&hp->programs[i], table_plan_for(&hp->programs[i]));
		if (fd < 0 && !first)
			first = fd;
	}
	return first;
}

static int check_machine(struct hotprobe *hp)
{
	const char *machine = image_str(&hp->image, hp->image.facts->machine);

	if (!*machine || !strcmp(machine, arch_native.machine))
		return 0;
	return fail(hp, -EINVAL, "it was compiled for %s, and this is %s", machine,
		    arch_native.machine);
}

int hotprobe_load(struct hotprobe *hp)
{
	int err;

	if (!hp->compiled)
		return fail(hp, -EBUSY,
			    hp->loaded ? "it is loaded already"
				       : "there is no compiled program to load");
	hp->compiled = false;
	err = check_machine(hp);
	if (!err)
		err = load_btf(hp);
	if (!err)
		err = submit_plan(hp);
	if (!err)
		err = printk_plan(hp);
	if (!err)
		err = load_tables(hp);
	if (!err && hp->opts.confine && !hp->confinement)
		err = confine_new(hp, &hp->confinement);
	if (!err && hp->opts.replaceable && !hp->turn)
		err = turn_new(hp, &hp->turn);
	if (!err)
		err = load_programs(hp);
	if (!err)
		err = events_open(hp);
	hp->loaded = !err;
	kernel_btf_forget(hp);
	kernel_functions_forget(hp);
	if (err && kernel_is_locked_down())
		return fail(
			hp, -EPERM,
			"the kernel is locked down ('confidentiality'): it refuses programs that "
			"read its memory");
	return err;
}

int hotprobe_trace_pid(struct hotprobe *hp, pid_t pid)
{
	int err;

	if (!hp->confinement)
		return fail(hp, -EBUSY,
			    "processes are traced singly only with the confine option, "
			    "after hotprobe_load()");
	if (pid <= 0 || (kill(pid, 0) && errno == ESRCH))
		return fail(hp, -ESRCH, "there is no process %d", (int)pid);
	err = confine_add_tree(hp->confinement, pid);
	if (err)
		return fail(hp, err, "cannot trace process %d: %s", (int)pid, strerror(-err));
	symbols_see(hp, pid);
	return 0;
}

/* ---- Programs
 * -------------------------------------------------------------------------------------- */

size_t hotprobe_program_count(const struct hotprobe *hp)
{
	return hp->program_count;
}

struct hotprobe_program *hotprobe_program_at(const struct hotprobe *hp, size_t index)
{
	return index < hp->program_count ? &hp->programs[index] : NULL;
}

struct hotprobe_program *hotprobe_find_program(const struct hotprobe *hp, const char *name)
{
	for (size_t i = 0; i < hp->program_count; i++)
		if (!strcmp(hp->programs[i].name, name))
			return &hp->programs[i];
	return NULL;
}

const char *hotprobe_program_name(const struct hotprobe_program *program)
{
	return program->name;
}

const char *hotprobe_program_type(const struct hotprobe_program *program)
{
	const char *name = libbpf_bpf_prog_type_str(program->plan.type);

	return name ? name : "unknown";
}

int hotprobe_program_fd(const struct hotprobe_program *program)
{
	return program->variants.count ? program->variants.at[0].fd : -1;
}

const char *hotprobe_program_file(const struct hotprobe_program *program)
{
	return image_str(&program->hp->image, program->image->file);
}

unsigned hotprobe_program_line(const struct hotprobe_program *program)
{
	return program->image->line;
}

bool hotprobe_program_placed(const struct hotprobe_program *program)
{
	return program->placed;
}

bool hotprobe_program_unconfined(const struct hotprobe_program *program)
{
	return program->unconfined;
}
