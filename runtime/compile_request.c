/* SPDX-License-Identifier: Apache-2.0 */
/* Puts together all that the compiler process is given. It is also what the cache goes by: what is
   not in here cannot change the outcome. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "compile.h"
#include "kernel.h"
#include "tracefs.h"

#define DEFAULT_BTF "/sys/kernel/btf/vmlinux"

/* The compiler is given directories by their absolute names, since it has no directory. */
static int add_cflags(const struct hotprobe *hp, struct request *r)
{
	for (size_t i = 0; i < hp->cflags.count; i++) {
		const char *flag = hp->cflags.at[i];
		const char *dir = NULL;
		char *absolute, *text;

		if (!strcmp(flag, "-include") && i + 1 < hp->cflags.count) {
			absolute = realpath(hp->cflags.at[++i], NULL);
			request_add(r, REQUEST_CFLAG, NULL, NULL, flag, strlen(flag));
			if (absolute)
				request_add(r, REQUEST_CFLAG, NULL, NULL, absolute,
					    strlen(absolute));
			free(absolute);
			continue;
		}
		if (!strncmp(flag, "-I", 2))
			dir = flag[2] ? flag + 2
				      : (i + 1 < hp->cflags.count ? hp->cflags.at[++i] : NULL);
		absolute = dir ? realpath(dir, NULL) : NULL;
		if (absolute && asprintf(&text, "-I%s", absolute) > 0) {
			request_add(r, REQUEST_CFLAG, NULL, NULL, text, strlen(text));
			free(text);
		} else if (!dir) {
			request_add(r, REQUEST_CFLAG, NULL, NULL, flag, strlen(flag));
		}
		free(absolute);
	}
	return r->failed;
}

static void add_quote_dir(const struct hotprobe *hp, struct request *r)
{
	char *flag;

	if (!hp->source.include_dirs.count ||
	    asprintf(&flag, "-iquote%s", hp->source.include_dirs.at[0]) < 0)
		return;
	request_add(r, REQUEST_CFLAG, NULL, NULL, flag, strlen(flag));
	free(flag);
}

/* A tracepoint that is not there is left out: the compiler then says where it was named. */
static int add_tracepoints(struct hotprobe *hp, struct request *r)
{
	for (size_t i = 0; i < hp->source.tracepoints.count; i++) {
		const struct source_tracepoint *tp = &hp->source.tracepoints.at[i];
		char *format;
		int err = tracefs_read_format(hp, tp->category, tp->event, &format);

		if (err == -ENOMEM)
			return err;
		if (err)
			continue;
		request_add(r, REQUEST_TRACEPOINT, tp->category, tp->event, format, strlen(format));
		free(format);
	}
	return 0;
}

/* "/boot/vmlinux-6.1.0-9-amd64": what follows the first '-' before a digit in the file's name. */
static const char *release_in_path(const char *path)
{
	const char *name = strrchr(path, '/');

	for (name = name ? name + 1 : path; *name; name++)
		if (name[0] == '-' && name[1] >= '0' && name[1] <= '9')
			return name + 1;
	return NULL;
}

static void add_release(const struct hotprobe *hp, struct request *r)
{
	const char *release = hp->opts.kernel_release;
	struct utsname un;

	uname(&un);
	if (!release && hp->opts.btf_path)
		release = release_in_path(hp->opts.btf_path);
	if (!release)
		release = un.release;
	request_add(r, REQUEST_RELEASE, NULL, NULL, release, strlen(release));
}

/* Only of the running kernel: another's BTF does not tell. */
static void add_kernel_id(const struct hotprobe *hp, struct request *r)
{
	char id[KERNEL_ID_SIZE];

	if (hp->opts.btf_path || hp->opts.kernel_release)
		return;
	kernel_build_id(KERNEL_NOTES, id);
	request_add(r, REQUEST_KERNEL_ID, NULL, NULL, id, strlen(id));
}

void compile_request_kernel(const struct hotprobe *hp, struct request *r)
{
	const char *btf = hp->opts.btf_path ? hp->opts.btf_path : DEFAULT_BTF;

	request_add(r, REQUEST_BTF, NULL, NULL, btf, strlen(btf));
	add_release(hp, r);
	add_kernel_id(hp, r);
}

int compile_request(struct hotprobe *hp, struct request *r)
{
	for (size_t i = 0; i < hp->source.files.count; i++) {
		const struct source_file *f = &hp->source.files.at[i];

		request_add(r, i ? REQUEST_FILE : REQUEST_SOURCE, f->path, NULL, f->text, f->size);
	}
	add_quote_dir(hp, r);
	add_cflags(hp, r);
	if (add_tracepoints(hp, r))
		return -ENOMEM;
	compile_request_kernel(hp, r);
	if (hp->opts.kernel_headers)
		request_add(r, REQUEST_HEADERS, NULL, NULL, hp->opts.kernel_headers,
			    strlen(hp->opts.kernel_headers));
	if (kernel_backend(hp) == HOTPROBE_BACKEND_TRACEPOINT)
		request_add(r, REQUEST_OPTION, NULL, NULL, REQUEST_OPTION_DIRECT_SYSCALLS,
			    strlen(REQUEST_OPTION_DIRECT_SYSCALLS));
	return r->failed ? -ENOMEM : 0;
}
