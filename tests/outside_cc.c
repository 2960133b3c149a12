/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The compiler process of a guest. Under emulation a compile takes ten seconds; so in guests this
 * stands in for hotprobe-cc and has the real one, on the host, do the work for the guest's kernel.
 *
 *   outside_cc [--version]                 in the guest: as hotprobe-cc is started
 *   outside_cc DIRECTORY WORKER VMLINUX    on the host, until its parent ends
 *
 * Requests and answers are files in a directory that both see, in the guest by the link OUTSIDE.
 * Each is written under another name first, so that one with its own name is whole.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "request.h"

#define OUTSIDE "/run/hotprobe-outside"
#define OWN_BTF "/sys/kernel/btf/vmlinux"
#define SUFFIX ".request"

/* Before what the worker printed: on standard error, then on standard output. */
struct answer {
	int32_t status; /* as of waitpid(2) */
	uint32_t error_size;
};

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "outside_cc: %s: %s\n", what, strerror(errno));
	_exit(125);
}

static char *read_all(int fd, size_t *size)
{
	struct stat st;
	char *data;

	if (fstat(fd, &st))
		die("fstat");
	data = malloc((size_t)st.st_size + 1);
	if (!data)
		die("malloc");
	for (*size = 0; *size < (size_t)st.st_size;) {
		ssize_t n = pread(fd, data + *size, (size_t)st.st_size - *size, (off_t)*size);

		if (n <= 0)
			die("pread");
		*size += (size_t)n;
	}
	return data;
}

static void write_all(int fd, const void *data, size_t size)
{
	for (const char *at = data; size;) {
		ssize_t n = write(fd, at, size);

		if (n <= 0)
			die("write");
		at += n;
		size -= (size_t)n;
	}
}

static int create(int dir, const char *name)
{
	int fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

	if (fd < 0)
		die(name);
	return fd;
}

/* ---- In the guest ------------------------------------------------------------------------------
 */

static void send_request(int dir, const char *name)
{
	char new[80];
	size_t size;
	char *data = read_all(STDIN_FILENO, &size);
	int fd;

	snprintf(new, sizeof(new), "%s.new", name);
	fd = create(dir, new);
	write_all(fd, data, size);
	/* The guest's files are written back when it suits it. */
	if (fsync(fd))
		die(new);
	close(fd);
	if (renameat(dir, new, dir, name))
		die(name);
	free(data);
}

/* Whoever waits for the worker ends it in time. */
static char *receive_answer(int dir, const char *name, size_t *size)
{
	const struct timespec pause = {.tv_nsec = 5000000};
	char *data;
	int fd;

	while ((fd = openat(dir, name, O_RDONLY | O_CLOEXEC)) < 0) {
		if (errno != ENOENT)
			die(name);
		nanosleep(&pause, NULL);
	}
	data = read_all(fd, size);
	close(fd);
	unlinkat(dir, name, 0);
	return data;
}

static int ask(void)
{
	int dir = open(OUTSIDE, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char request[64], name[64];
	struct answer answer;
	size_t size;
	char *data;

	if (dir < 0)
		die(OUTSIDE);
	snprintf(request, sizeof(request), "%d" SUFFIX, (int)getpid());
	snprintf(name, sizeof(name), "%d", (int)getpid());
	send_request(dir, request);
	data = receive_answer(dir, name, &size);
	memcpy(&answer, data, sizeof(answer));
	write_all(STDERR_FILENO, data + sizeof(answer), answer.error_size);
	write_all(STDOUT_FILENO, data + sizeof(answer) + answer.error_size,
		  size - sizeof(answer) - answer.error_size);
	if (WIFSIGNALED(answer.status))
		raise(WTERMSIG(answer.status));
	return WEXITSTATUS(answer.status);
}

/* ---- On the host -------------------------------------------------------------------------------
 */

struct server {
	int dir;
	const char *worker, *vmlinux;
};

/* The same request, with the types of the guest's kernel where the guest means its own. */
static struct request translate(const struct server *server, const char *data, size_t size)
{
	const struct request_record *record;
	const char *strings[2] = {0}, *last;
	struct request out = {0};
	size_t position = 0, last_size;

	while ((record = request_next(data, size, &position, strings, &last, &last_size))) {
		if (record->kind == REQUEST_BTF && !strcmp(last, OWN_BTF)) {
			last = server->vmlinux;
			last_size = strlen(last);
		}
		request_add(&out, record->kind, strings[0], strings[1], last, last_size);
	}
	if (out.failed)
		die("request");
	return out;
}

static int memory_file(const char *name)
{
	int fd = memfd_create(name, MFD_CLOEXEC);

	if (fd < 0)
		die("memfd_create");
	return fd;
}

static int run_worker(const char *worker, const int fds[3])
{
	pid_t pid = fork();
	int status;

	if (!pid) {
		char *const argv[] = {(char *)worker, NULL}, *const envp[] = {NULL};

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (int i = 0; i < 3; i++)
			dup2(fds[i], i);
		execve(worker, argv, envp);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		die("worker");
	return status;
}

static void serve_one(const struct server *server, const char *name)
{
	int fds[3] = {memory_file("request"), memory_file("image"), memory_file("errors")};
	int in = openat(server->dir, name, O_RDONLY | O_CLOEXEC), out;
	size_t request_size, image_size, error_size;
	char *data, *image, *errors, new[64], final[64];
	struct request request;
	struct answer answer;

	if (in < 0)
		die(name);
	data = read_all(in, &request_size);
	request = translate(server, data, request_size);
	write_all(fds[0], request.data, request.size);
	lseek(fds[0], 0, SEEK_SET);
	answer.status = run_worker(server->worker, fds);
	image = read_all(fds[1], &image_size);
	errors = read_all(fds[2], &error_size);
	answer.error_size = (uint32_t)error_size;

	unlinkat(server->dir, name, 0);
	snprintf(final, sizeof(final), "%.*s", (int)(strlen(name) - strlen(SUFFIX)), name);
	snprintf(new, sizeof(new), "%.32s.new", final);
	out = create(server->dir, new);
	write_all(out, &answer, sizeof(answer));
	write_all(out, errors, error_size);
	write_all(out, image, image_size);
	if (renameat(server->dir, new, server->dir, final))
		die(final);
	_exit(0);
}

static void serve_if_request(const struct server *server, const char *name)
{
	const char *end = strstr(name, SUFFIX);

	if (!end || end[strlen(SUFFIX)] || fork())
		return;
	signal(SIGCHLD, SIG_DFL);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	serve_one(server, name);
}

static int serve(const char *path, const char *worker, const char *vmlinux)
{
	struct server server = {.worker = worker, .vmlinux = vmlinux};
	_Alignas(struct inotify_event) char buf[8192];
	int notify = inotify_init1(IN_CLOEXEC);
	ssize_t size;

	prctl(PR_SET_PDEATHSIG, SIGTERM);
	signal(SIGCHLD, SIG_IGN); /* no one waits for them */
	server.dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (notify < 0 || server.dir < 0 || inotify_add_watch(notify, path, IN_MOVED_TO) < 0)
		die(path);
	while ((size = read(notify, buf, sizeof(buf))) > 0)
		for (const char *at = buf; at < buf + size;) {
			const struct inotify_event *event = (const void *)at;

			serve_if_request(&server, event->name);
			at += sizeof(*event) + event->len;
		}
	die(path);
}

int main(int argc, char **argv)
{
	if (argc == 4)
		return serve(argv[1], argv[2], argv[3]);
	if (argc == 1)
		return ask();
	if (argc == 2 && !strcmp(argv[1], "--version")) {
		puts("outside_cc\nthe compiler of the host");
		return 0;
	}
	fprintf(stderr, "usage: outside_cc [DIRECTORY WORKER VMLINUX]\n");
	return 2;
}
