/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hotprobe-cc: compiles one program. A request (request.h) comes in on standard input, an image
 * (image.h) goes out on standard output; what the compilers write meanwhile is part of the image's
 * diagnostics. Exit status 0 if there is an image, even one that holds only diagnostics.
 *
 *     request -> headers out of BTF -> parse (libclang) -> compile (libbcc) -> image
 */
#include <bcc/bcc_common.h>
#include <bcc/bcc_version.h>
#include <clang-c/Index.h>
#include <errno.h>
#include <fcntl.h>
#include <llvm/Config/llvm-config.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../hotprobe.h"
#include "../image.h"
#include "../request.h"
#include "assemble.h"
#include "capture.h"
#include "compile.h"
#include "diag.h"
#include "exported.h"
#include "extern.h"
#include "headers.h"
#include "job.h"
#include "lines.h"
#include "lockdown.h"
#include "parse.h"
#include "prelude.h"
#include "rename.h"
#include "ring_query.h"
#include "source.h"
#include "stray.h"
#include "text.h"
#include "tools.h"
#include "uses.h"
#include "vfs.h"

struct worker {
	int out; /* where the image goes: nothing else may write there */
	struct job job;
	int btf_fd; /* of job.btf_path, or the negative errno of opening it */
	struct source source;
	struct tree tree;
	struct headers_facts facts;
	struct parsed parsed;
	struct diag_list diags;
	struct image_writer image;
};

/* ---- The end ---- */

static void add_facts(struct worker *w, const char *license)
{
	struct image_facts facts = {
		.release = image_add_string(&w->image, w->job.release),
		.version_code = w->facts.version_code,
		.license = image_add_string(&w->image, license),
		.task_pid = w->facts.task_pid,
		.task_tgid = w->facts.task_tgid,
		.task_signal = w->facts.task_signal,
		.task_comm = w->facts.task_comm,
		.signal_live = w->facts.signal_live,
		.kernel_id = image_add_string(&w->image, w->job.kernel_id),
		.machine = image_add_string(&w->image, w->facts.arch->machine),
	};

	image_add(&w->image, IMAGE_FACTS, &facts, sizeof(facts), 1);
}

static void add_uses(struct worker *w)
{
	const struct headers_text source = {.text = w->source.text, .size = w->source.size};

	uses_asked(&w->image, &w->facts);
	uses_version(&w->image, &source, w->job.files, w->job.file_count, w->facts.version_code);
}

static _Noreturn void write_and_exit(int out, const char *data, size_t size)
{
	ssize_t written;

	while (size) {
		written = write(out, data, size);
		if (written < 0 && errno != EINTR)
			_exit(CC_EXIT_WRITE);
		data += written > 0 ? written : 0;
		size -= written > 0 ? (size_t)written : 0;
	}
	_exit(0);
}

/* Writes the image as far as it has come, and ends the process. LLVM's memory goes with it: taking
   it apart would take as long as a good part of the compile. */
static _Noreturn void finish(struct worker *w)
{
	void *data;
	size_t size;

	diag_write(&w->diags, &w->image);
	if (image_write(&w->image, &data, &size))
		_exit(CC_EXIT_MEMORY);
	write_and_exit(w->out, data, size);
}

static _Noreturn void finish_headers(const struct worker *w)
{
	struct request answer = {0};
	size_t i;

	for (i = 0; i < w->tree.count; i++)
		request_add(&answer, REQUEST_FILE, w->tree.files[i].path, NULL,
			    w->tree.files[i].text, w->tree.files[i].size);
	if (answer.failed)
		_exit(CC_EXIT_MEMORY);
	write_and_exit(w->out, answer.data, answer.size);
}

/* LLVM's handlers take no context. */
static struct worker *the_worker;

static void given_up(void)
{
	stray_parse(compile_stray_text(), true, &the_worker->source, &the_worker->parsed,
		    &the_worker->diags);
	finish(the_worker);
}

/* ---- The steps ---- */

/* /sys/kernel/btf and copies of it have the types of modules beside a file vmlinux. */
static char *modules_dir(const char *btf_path)
{
	const char *slash = strrchr(btf_path, '/');

	if (!slash || strcmp(slash, "/vmlinux"))
		return NULL;
	return cc_strndup(btf_path, (size_t)(slash - btf_path));
}

static void make_headers(struct worker *w)
{
	struct exported_file files[EXPORTED_MAX];
	struct headers_text builtin[EXPORTED_MAX];
	struct headers_text *texts = cc_alloc((w->job.file_count + 1) * sizeof(*texts));
	struct headers_input in = {
		.btf_path = w->job.btf_path,
		.btf_fd = w->btf_fd,
		.modules_dir = modules_dir(w->job.btf_path),
		.release = w->job.release,
		.texts = texts,
		.text_count = w->job.whole_headers ? 0 : w->job.file_count + 1,
		.builtin = builtin,
		.builtin_count = exported_files(files),
		.cflags = w->job.flags.argv,
		.tracepoints = w->job.tracepoints,
		.tracepoint_count = w->job.tracepoint_count,
		.direct_syscalls = w->job.direct_syscalls,
		.whole = w->job.whole_headers,
	};
	char *error = NULL;
	size_t i;
	int err;

	w->facts.arch = &arch_native;
	for (i = 0; i < in.builtin_count; i++)
		builtin[i] = (struct headers_text){.name = files[i].path,
						   .text = *files[i].text,
						   .size = strlen(*files[i].text)};
	texts[0] = (struct headers_text){
		.name = w->source.name, .text = w->source.text, .size = w->source.size};
	if (w->job.file_count)
		memcpy(texts + 1, w->job.files, w->job.file_count * sizeof(*texts));
	err = headers_build(&in, &w->tree, &w->facts, &error);
	if (!err)
		return;
	/* Real headers do without; the facts about task_struct are then unknown. */
	if (w->job.kernel_headers)
		return;
	diag_add(&w->diags, HOTPROBE_ERROR, "", 0, 0,
		 error ? error : "the kernel's BTF could not be read",
		 err == -ENOTSUP
			 ? NULL
			 : "The kernel needs CONFIG_DEBUG_INFO_BTF=y; or name its headers with "
			   "--kernel-headers DIR.");
	finish(w);
}

/*
 * Distributions split a build tree: what was generated lies apart from what was not. Debian has
 * /lib/modules/RELEASE/build and source, which lead to /usr/src/linux-headers-VERSION-FLAVOUR and
 * -common.
 */
static void add_kernel_dirs(const char *path)
{
	char *real = realpath(path, NULL), *parent = cc_strdup(path), *at;

	vfs_add_kernel_dir(path);
	vfs_add_kernel_dir(cc_printf("%s/build", path));
	vfs_add_kernel_dir(cc_printf("%s/source", path));
	at = strrchr(parent, '/');
	if (at && !strcmp(at, "/build"))
		vfs_add_kernel_dir(cc_printf("%.*s/source", (int)(at - parent), parent));
	at = real ? strrchr(real, '-') : NULL;
	if (at && !strchr(at, '/'))
		vfs_add_kernel_dir(cc_printf("%.*s-common", (int)(at - real), real));
}

/* Real headers do not declare the records of tracepoints; the tree has them. */
static void add_tracepoint_structs(struct worker *w)
{
	static const char path[] = "/virtual/hotprobe/tracepoints.h";
	const struct tree_file *file = tree_find(&w->tree, "include/linux/kconfig.h");
	struct text text = {0};
	const char *start, *end;
	size_t i;

	for (i = 0; file && i < w->job.tracepoint_count; i++) {
		start = strstr(file->text, cc_printf("struct tracepoint__%s__%s {",
						     w->job.tracepoints[i].category,
						     w->job.tracepoints[i].event));
		end = start ? strstr(start, "\n};") : NULL;
		if (end)
			text_add(&text, start, (size_t)(end + 4 - start));
	}
	if (!text.size)
		return;
	vfs_add(path, text.data, text.size);
	flags_add(&w->job.flags, "-include");
	flags_add(&w->job.flags, path);
}

static void make_files(struct worker *w)
{
	const struct job *job = &w->job;
	char path[4096], *dir, *slash;
	struct stat st;
	size_t i;

	if (job->source.name[0] == '/') {
		dir = cc_strdup(job->source.name);
		slash = strrchr(dir, '/');
		slash[slash == dir] = 0;
		vfs_set_cwd(dir);
	}
	vfs_add_include_dir(vfs_cwd());
	flags_each_include_dir(&job->flags, vfs_add_include_dir);
	for (i = 0; i < job->file_count; i++)
		if (vfs_absolute(job->files[i].name, path))
			vfs_add(path, job->files[i].text, job->files[i].size);
	/* LLVM reads the lines that it puts into BTF by the name that #line gives. */
	if (vfs_absolute(w->source.name, path))
		vfs_add(path, w->source.text, w->source.size);
	if (job->kernel_headers) {
		add_kernel_dirs(job->kernel_headers);
		add_tracepoint_structs(w);
	}
	for (i = 0; !job->kernel_headers && i < w->tree.count; i++)
		vfs_add(cc_printf("%s/%s", VFS_KERNEL, w->tree.files[i].path),
			w->tree.files[i].text, w->tree.files[i].size);
	vfs_close_real();
	if (!vfs_stat(VFS_KERNEL "/include/linux/kconfig.h", &st))
		return;
	diag_error(&w->diags, "", 0, 0,
		   "Name a build tree, or leave the option out to have headers made from BTF.",
		   "there are no kernel headers in %s", job->kernel_headers);
	finish(w);
}

/* libbcc's headers, as far as the program, its headers and flags use them. Real headers may use
   any part of them. */
static void cut_prelude(struct worker *w)
{
	size_t count = 0, i, files = w->job.file_count, flags = w->job.flags.count;
	struct headers_text *texts = cc_alloc((1 + files + flags + w->tree.count) * sizeof(*texts));

	if (w->job.kernel_headers)
		return;
	texts[count++] = (struct headers_text){.text = w->source.text, .size = w->source.size};
	for (i = 0; i < files; i++)
		texts[count++] = w->job.files[i];
	for (i = 0; i < flags; i++)
		texts[count++] = (struct headers_text){.text = w->job.flags.argv[i],
						       .size = strlen(w->job.flags.argv[i])};
	for (i = 0; i < w->tree.count; i++)
		texts[count++] = (struct headers_text){.text = w->tree.files[i].text,
						       .size = w->tree.files[i].size};
	prelude_cut(texts, count);
}

/* Real headers say that syscalls have a wrapper, and libbcc's helpers.h goes by that. What it
   includes just before takes it back, for a program that gets the arguments directly. */
static void drop_syscall_wrapper(void)
{
	struct exported_file files[EXPORTED_MAX];
	size_t i, count = exported_files(files);

	for (i = 0; i < count; i++)
		if (!strcmp(files[i].path, EXPORTED_DIR "bpf_workaround.h"))
			*files[i].text = cc_printf("%s\n#undef CONFIG_ARCH_HAS_SYSCALL_WRAPPER\n",
						   *files[i].text);
}

static unsigned version_of(const char *release)
{
	unsigned major = 0, minor = 0;

	sscanf(release, "%u.%u", &major, &minor);
	return major << 16 | minor << 8;
}

/* What a parse or compile left in the image goes; the list of tools stays. */
static void drop_records(struct worker *w)
{
	uint32_t kind;

	for (kind = 0; kind < IMAGE_SECTION_KINDS; kind++)
		if (kind != IMAGE_STRINGS && kind != IMAGE_TOOLS)
			w->image.section[kind].size = 0;
}

static void start_over(struct worker *w)
{
	drop_records(w);
	vfs_restore();
	w->diags = (struct diag_list){.facts = &w->facts, .source = &w->source};
	capture_start(version_of(w->job.release) >= (5 << 16 | 5 << 8));
}

static void parse(struct worker *w)
{
	if (parse_source(&w->source, &w->job.flags, w->facts.arch, &w->image, &w->diags,
			 &w->parsed))
		diag_add(&w->diags, HOTPROBE_ERROR, w->source.name, 0, 0,
			 "libclang could not read this", NULL);
}

static bool has_programs(const struct parsed *parsed)
{
	size_t i;

	for (i = 0; i < parsed->function_count; i++)
		if (parsed->functions[i].external)
			return true;
	return false;
}

static void *compile(struct worker *w, bool skip_first_pass)
{
	struct source source = extern_declared(&w->source, &w->parsed);
	char *text = lines_mark(&source, &w->parsed);
	struct flags flags =
		w->job.direct_syscalls ? w->job.flags : rename_flags(&w->job.flags, &w->parsed);
	void *module = compile_run(text, &flags, skip_first_pass, given_up);

	stray_parse(compile_stray_text(), !module, &w->source, &w->parsed, &w->diags);
	return module;
}

/*
 * Most of the headers is left out, and so is libbcc's first pass. Should either have been too much
 * for this program or this libbcc, then that shows, and all is done again as libbcc does it.
 */
static void *parse_and_compile(struct worker *w)
{
	void *module = NULL;

	start_over(w);
	parse(w);
	if (!w->diags.error_count)
		module = compile(w, true);
	if (module && (bpf_num_functions(module) || !has_programs(&w->parsed)))
		return module;
	if (!prelude_restore() && !module)
		return NULL;
	start_over(w);
	parse(w);
	return w->diags.error_count ? NULL : compile(w, false);
}

static void add_module(struct worker *w, void *module)
{
	const char *license = bpf_module_license(module);

	add_facts(w, license ? license : "GPL");
	add_uses(w);
	if (assemble(module, &w->source, &w->parsed, w->job.direct_syscalls, &w->image, &w->diags))
		drop_records(w);
}

/* Standard output becomes standard error, since libbcc writes there, too. */
static int take_output(void)
{
	int out = fcntl(1, F_DUPFD_CLOEXEC, 3);

	if (out < 0 || dup2(2, 1) < 0)
		_exit(CC_EXIT_WRITE);
	return out;
}

static int print_version(void)
{
	CXString clang = clang_getClangVersion();

	printf("hotprobe-cc %s\nlibbcc %s\nLLVM %s\n%s\n", HOTPROBE_VERSION, LIBBCC_VERSION,
	       LLVM_VERSION_STRING, clang_getCString(clang));
	clang_disposeString(clang);
	return 0;
}

int main(int argc, char **argv)
{
	static struct worker w;
	void *module;
	int err;

	if (argc == 2 && !strcmp(argv[1], "--version"))
		return print_version();
	if (argc != 1 || isatty(0)) {
		fprintf(stderr, "hotprobe-cc is started by libhotprobe: request on standard input, "
				"image on standard output\n");
		return CC_EXIT_USAGE;
	}
	the_worker = &w;
	w.out = take_output();
	image_add_string(&w.image, "");
	tools_add(&w.image);
	if (job_read(0, &w.job)) {
		dprintf(2, "hotprobe-cc: damaged request\n");
		return CC_EXIT_REQUEST;
	}
	/* With the caller's rights: the file may be in a directory of its own. */
	w.btf_fd = open(w.job.btf_path, O_RDONLY | O_CLOEXEC);
	if (w.btf_fd < 0)
		w.btf_fd = -errno;
	err = lockdown();
	if (err) {
		dprintf(2, "hotprobe-cc: cannot drop privileges: %s\n", strerror(-err));
		return CC_EXIT_LOCKDOWN;
	}
	if (w.job.whole_headers) {
		make_headers(&w);
		finish_headers(&w);
	}
	if (source_take(&w.source, w.job.source.name, w.job.source.text, w.job.source.size,
			&w.diags))
		finish(&w);
	ring_query_declare();
	make_headers(&w);
	cut_prelude(&w);
	if (w.job.kernel_headers && w.job.direct_syscalls)
		drop_syscall_wrapper();
	make_files(&w);
	if (!w.job.kernel_headers && lockdown_files())
		return CC_EXIT_LOCKDOWN;
	flags_add(&w.job.flags, extern_flag);
	setenv("BCC_KERNEL_SOURCE", VFS_KERNEL, 1);
	if (w.facts.arch != &arch_native)
		setenv("ARCH", w.facts.arch->name, 1);
	module = parse_and_compile(&w);
	if (module)
		add_module(&w, module);
	finish(&w);
}
