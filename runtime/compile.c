/* SPDX-License-Identifier: Apache-2.0 */
/* Asks the compiler process for an image. */
#include "compile.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kernel.h"
#include "request.h"
#include "spawn.h"
#include "tracefs.h"

#define DEFAULT_BTF "/sys/kernel/btf/vmlinux"

enum {
	DEFAULT_TIMEOUT_MS = 30000,
	IMAGE_MAX = 256 << 20,
	STRAY_MAX = 2048, /* bytes of the worker's standard error that go into a message */
};

/* Beside the program that runs, for a build directory; else where it was installed. */
static char *find_compiler(const struct hotprobe *hp)
{
	char exe[4096], *path, *slash;
	ssize_t n;

	if (hp->opts.compiler)
		return strdup(hp->opts.compiler);
	n = getauxval(AT_SECURE) ? -1 : readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	if (n > 0) {
		exe[n] = '\0';
		slash = strrchr(exe, '/');
		*slash = '\0';
		if (asprintf(&path, "%s/hotprobe-cc", exe) < 0)
			return NULL;
		if (!access(path, X_OK))
			return path;
		free(path);
	}
	return strdup(HOTPROBE_CC);
}

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
static void add_tracepoints(struct hotprobe *hp, struct request *r)
{
	for (size_t i = 0; i < hp->source.tracepoints.count; i++) {
		const struct source_tracepoint *tp = &hp->source.tracepoints.at[i];
		char *format;

		if (tracefs_read_event(hp, tp->category, tp->event, "format", &format))
			continue;
		request_add(r, REQUEST_TRACEPOINT, tp->category, tp->event, format, strlen(format));
		free(format);
	}
}

static int make_request(struct hotprobe *hp, struct request *r)
{
	const char *btf = hp->opts.btf_path ? hp->opts.btf_path : DEFAULT_BTF;
	struct utsname un;

	for (size_t i = 0; i < hp->source.files.count; i++) {
		const struct source_file *f = &hp->source.files.at[i];

		request_add(r, i ? REQUEST_FILE : REQUEST_SOURCE, f->path, NULL, f->text, f->size);
	}
	add_quote_dir(hp, r);
	add_cflags(hp, r);
	add_tracepoints(hp, r);
	request_add(r, REQUEST_BTF, NULL, NULL, btf, strlen(btf));
	uname(&un);
	request_add(r, REQUEST_RELEASE, NULL, NULL, un.release, strlen(un.release));
	if (hp->opts.kernel_headers)
		request_add(r, REQUEST_HEADERS, NULL, NULL, hp->opts.kernel_headers,
			    strlen(hp->opts.kernel_headers));
	if (kernel_backend(hp) == HOTPROBE_BACKEND_TRACEPOINT)
		request_add(r, REQUEST_OPTION, NULL, NULL, REQUEST_OPTION_DIRECT_SYSCALLS,
			    strlen(REQUEST_OPTION_DIRECT_SYSCALLS));
	return r->failed ? -ENOMEM : 0;
}

static int make_memfd(const char *name, const void *data, size_t size)
{
	int fd = memfd_create(name, MFD_CLOEXEC);

	for (size_t done = 0; fd >= 0 && done < size;) {
		ssize_t n = pwrite(fd, (const char *)data + done, size - done, done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			close(fd);
			return -1;
		}
		done += n;
	}
	return fd;
}

/* All of a memfd in malloc'ed memory, with a NUL behind it. */
static int read_memfd(int fd, size_t max, void **data, size_t *size)
{
	struct stat st;
	size_t done = 0;

	if (fstat(fd, &st))
		return -errno;
	*size = (size_t)st.st_size < max ? (size_t)st.st_size : max;
	*data = malloc(*size + 1);
	if (!*data)
		return -ENOMEM;
	while (done < *size) {
		ssize_t n = pread(fd, (char *)*data + done, *size - done, done);

		if (n <= 0)
			break;
		done += n;
	}
	*size = done;
	((char *)*data)[done] = '\0';
	return 0;
}

static int add_image_diags(struct hotprobe *hp)
{
	int errors = 0;

	for (uint32_t i = 0; i < hp->image.count[IMAGE_DIAGS]; i++) {
		const struct image_diag *d = &hp->image.diags[i];
		const char *file = image_str(&hp->image, d->file);
		const char *text = image_str(&hp->image, d->text);

		if (add_diagnostic(hp, d->severity, file, d->line, d->column, text,
				   image_str(&hp->image, d->hint)))
			return -ENOMEM;
		if (d->severity != HOTPROBE_ERROR || errors++)
			continue;
		if (d->line)
			fail(hp, 0, "%s:%u:%u: %s", file, d->line, d->column, text);
		else
			fail(hp, 0, "%s%s%s", file, *file ? ": " : "", text);
	}
	return errors;
}

static int worker_failed(struct hotprobe *hp, int status, const char *stray)
{
	int used = (int)strnlen(stray, STRAY_MAX);

	while (used && stray[used - 1] == '\n')
		used--;
	if (WIFSIGNALED(status))
		return fail_at(hp, -ECHILD, "", 0, 0,
			       "compile it again; if it stays so, the source meets a bug of clang",
			       "the compiler process was ended by signal %d (%s)%s%.*s",
			       WTERMSIG(status), strsignal(WTERMSIG(status)), used ? ": " : "",
			       used, stray);
	return fail_at(hp, -ECHILD, "", 0, 0, "",
		       "the compiler process failed with status %d%s%.*s", WEXITSTATUS(status),
		       used ? ": " : "", used, stray);
}

/* Takes over the worker's answer. */
static int take_image(struct hotprobe *hp, void *data, size_t size)
{
	const char *why;
	int errors;

	free(hp->image_data);
	hp->image_data = data;
	if (image_parse(&hp->image, data, size, &why)) {
		memset(&hp->image, 0, sizeof(hp->image));
		return fail(hp, -ECHILD, "the compiler's answer is unusable: %s", why);
	}
	errors = add_image_diags(hp);
	if (errors < 0)
		return fail(hp, -ENOMEM, "out of memory");
	if (hp->image.flags & IMAGE_F_COMPILED)
		return 0;
	if (!errors)
		fail(hp, -EINVAL, "the source does not compile");
	return -EINVAL;
}

static int run_worker(struct hotprobe *hp, const char *path, const int fds[3])
{
	unsigned timeout =
		hp->opts.compile_timeout_ms ? hp->opts.compile_timeout_ms : DEFAULT_TIMEOUT_MS;
	int pidfd, status, err;
	void *image, *stray;
	size_t size;
	pid_t pid;

	err = spawn_helper(path, fds, &pid, &pidfd);
	if (err == -ENOENT || err == -EACCES)
		return fail_at(hp, -EOPNOTSUPP, "", 0, 0,
			       "install hotprobe's compiler, or name it with the compiler option",
			       "there is no compiler at %s", path);
	if (err)
		return fail(hp, err, "cannot start %s: %s", path, strerror(-err));
	err = spawn_wait(pidfd, (int)timeout, &status);
	if (err == -ETIMEDOUT)
		return fail_at(hp, err, "", 0, 0,
			       "make the source smaller, or allow more time (compile_timeout_ms)",
			       "the compiler took longer than %u ms and was stopped", timeout);
	if (err)
		return fail(hp, err, "cannot wait for the compiler: %s", strerror(-err));
	if (status) {
		if (read_memfd(fds[2], STRAY_MAX, &stray, &size))
			return fail(hp, -ENOMEM, "out of memory");
		err = worker_failed(hp, status, stray);
		free(stray);
		return err;
	}
	if (read_memfd(fds[1], IMAGE_MAX, &image, &size))
		return fail(hp, -ENOMEM, "out of memory");
	return take_image(hp, image, size);
}

int compile(struct hotprobe *hp)
{
	struct request request = {0};
	int fds[3] = {-1, -1, -1};
	char *path = find_compiler(hp);
	int err;

	if (!path || make_request(hp, &request)) {
		err = fail(hp, -ENOMEM, "out of memory");
		goto out;
	}
	fds[0] = make_memfd("hotprobe-request", request.data, request.size);
	fds[1] = make_memfd("hotprobe-image", NULL, 0);
	fds[2] = make_memfd("hotprobe-errors", NULL, 0);
	if (fds[0] < 0 || fds[1] < 0 || fds[2] < 0) {
		err = fail(hp, -errno, "cannot make a memory file: %s", strerror(errno));
		goto out;
	}
	lseek(fds[0], 0, SEEK_SET);
	err = run_worker(hp, path, fds);
out:
	for (int i = 0; i < 3; i++)
		if (fds[i] >= 0)
			close(fds[i]);
	free(request.data);
	free(path);
	return err;
}
