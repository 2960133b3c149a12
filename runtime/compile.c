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
#include <sys/wait.h>
#include <unistd.h>

#include "cache.h"
#include "request.h"
#include "spawn.h"

enum {
	DEFAULT_TIMEOUT_MS = 30000,
	IMAGE_MAX = 256 << 20,
	STRAY_MAX = 2048, /* bytes of the worker's standard error that go into a message */
};

/* Beside the program that runs, for a build directory; else where it was installed. */
static char *find_compiler(const char *given)
{
	char exe[4096], *path, *slash;
	ssize_t n;

	if (given)
		return strdup(given);
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

int hotprobe_compiler_path(const struct hotprobe_opts *opts, char *buf, size_t size)
{
	bool has_field = opts && opts->sz >= offsetof(struct hotprobe_opts, compiler) +
						     sizeof(opts->compiler);
	char *path = find_compiler(has_field ? opts->compiler : NULL);
	int n = path ? snprintf(buf, size, "%s", path) : -ENOMEM;

	free(path);
	return n >= 0 && (size_t)n >= size ? -ENAMETOOLONG : n;
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

int take_image(struct hotprobe *hp, void *data, size_t size)
{
	const char *why;
	int errors, err;

	free(hp->image_data);
	hp->image_data = data;
	err = image_parse(&hp->image, data, size, &why);
	if (err) {
		memset(&hp->image, 0, sizeof(hp->image));
		return err == -ENOMEM ? fail(hp, err, "out of memory")
				      : fail(hp, -EBADMSG, "the image is unusable: %s", why);
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

/* The worker's standard output, malloc'ed, in *answer. */
static int run_worker(struct hotprobe *hp, const char *path, const int fds[3], void **answer,
		      size_t *size)
{
	unsigned timeout =
		hp->opts.compile_timeout_ms ? hp->opts.compile_timeout_ms : DEFAULT_TIMEOUT_MS;
	size_t stray_size;
	int status, err;
	void *stray;

	err = spawn_run(path, fds, (int)timeout, &status);
	if (err == -ENOENT || err == -EACCES)
		return fail_at(hp, -EOPNOTSUPP, "", 0, 0,
			       "install hotprobe's compiler, or name it with the compiler option",
			       "there is no compiler at %s", path);
	if (err == -ETIMEDOUT)
		return fail_at(hp, err, "", 0, 0,
			       "make the source smaller, or allow more time (compile_timeout_ms)",
			       "the compiler took longer than %u ms and was stopped", timeout);
	if (err)
		return fail(hp, err, "cannot run %s: %s", path, strerror(-err));
	if (status) {
		if (read_memfd(fds[2], STRAY_MAX, &stray, &stray_size))
			return fail(hp, -ENOMEM, "out of memory");
		err = worker_failed(hp, status, stray);
		free(stray);
		return err;
	}
	return read_memfd(fds[1], IMAGE_MAX, answer, size) ? fail(hp, -ENOMEM, "out of memory") : 0;
}

static int ask(struct hotprobe *hp, const char *path, const struct request *request, void **answer,
	       size_t *size)
{
	int fds[3], err;

	fds[0] = make_memfd("hotprobe-request", request->data, request->size);
	fds[1] = make_memfd("hotprobe-image", NULL, 0);
	fds[2] = make_memfd("hotprobe-errors", NULL, 0);
	if (fds[0] < 0 || fds[1] < 0 || fds[2] < 0)
		err = fail(hp, -errno, "cannot make a memory file: %s", strerror(errno));
	else
		err = run_worker(hp, path, fds, answer, size);
	for (int i = 0; i < 3; i++)
		if (fds[i] >= 0)
			close(fds[i]);
	return err;
}

int compile_ask(struct hotprobe *hp, const struct request *request, void **answer, size_t *size)
{
	char *path = find_compiler(hp->opts.compiler);
	int err = path ? ask(hp, path, request, answer, size) : fail(hp, -ENOMEM, "out of memory");

	free(path);
	return err;
}

static int compile_in_worker(struct hotprobe *hp, const char *path, const struct request *request)
{
	void *image;
	size_t size;
	int err = ask(hp, path, request, &image, &size);

	if (err)
		return err;
	err = take_image(hp, image, size);
	if (err == -EBADMSG)
		return fail_at(hp, -ECHILD, "", 0, 0, "", "the compiler's answer is unusable");
	return err;
}

int compile(struct hotprobe *hp)
{
	struct request request = {0};
	char *path = find_compiler(hp->opts.compiler);
	char key[CACHE_KEY_SIZE];
	void *cached;
	size_t size;
	int err;

	if (!path || compile_request(hp, &request)) {
		err = fail(hp, -ENOMEM, "out of memory");
		goto out;
	}
	cache_key(hp, &request, path, key);
	if (!cache_get(hp, key, &cached, &size)) {
		err = take_image(hp, cached, size);
		goto out;
	}
	err = compile_in_worker(hp, path, &request);
	if (!err)
		cache_put(hp, key, hp->image.data, hp->image.size);
out:
	free(request.data);
	free(path);
	return err;
}
