/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Compiler processes that go wrong. The tests name this program as the compiler by links to it,
 * and the name of the link, since it is given neither arguments nor an environment, says how.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static void print(int fd, const char *text, size_t size)
{
	while (size) {
		ssize_t n = write(fd, text, size);

		if (n <= 0)
			_exit(9);
		text += n;
		size -= (size_t)n;
	}
}

static void print_much(int fd, size_t size)
{
	static char block[1 << 16];

	memset(block, 'x', sizeof(block));
	for (size_t done = 0; done < size; done += sizeof(block))
		print(fd, block, sizeof(block));
}

/* Says that it runs: by a file called as the link, with ".pid" behind. */
static void write_pid(const char *link)
{
	char path[4096], text[32];
	int fd, n;

	snprintf(path, sizeof(path), "%s.pid", link);
	n = snprintf(text, sizeof(text), "%d\n", (int)getpid());
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		_exit(9);
	print(fd, text, (size_t)n);
	close(fd);
}

/* What it was left by the library, printed as an error. */
static void print_inheritance(void)
{
	extern char **environ;
	struct sigaction action;
	sigset_t blocked;
	int extra_fds = 0, handlers = 0, masked = 0, variables = 0;
	char text[128];
	int n;

	for (int fd = 3; fd < 1024; fd++)
		extra_fds += fcntl(fd, F_GETFD) >= 0;
	sigprocmask(SIG_SETMASK, NULL, &blocked);
	for (int i = 1; i < NSIG; i++) {
		masked += sigismember(&blocked, i) == 1;
		handlers += !sigaction(i, NULL, &action) && action.sa_handler == SIG_IGN;
	}
	while (environ && environ[variables])
		variables++;
	n = snprintf(text, sizeof(text), "fds %d, ignored %d, blocked %d, variables %d", extra_fds,
		     handlers, masked, variables);
	print(2, text, (size_t)n);
}

int main(int argc, char **argv)
{
	const char *name = strrchr(argv[0], '/');
	struct rlimit none = {0};

	(void)argc;
	name = name ? name + 1 : argv[0];
	setrlimit(RLIMIT_CORE, &none);
	if (!strcmp(name, "crash")) {
		signal(SIGSEGV, SIG_DFL); /* a sanitizer would catch it */
		print(2, "about to crash\n", 15);
		raise(SIGSEGV);
	} else if (!strcmp(name, "hang")) {
		write_pid(argv[0]);
		for (;;)
			pause();
	} else if (!strcmp(name, "fail")) {
		print(2, "no such luck\n", 13);
		return 3;
	} else if (!strcmp(name, "fail-loudly")) {
		print_much(2, 16 << 20);
		return 3;
	} else if (!strcmp(name, "silent")) {
		return 0;
	} else if (!strcmp(name, "garbage")) {
		print_much(1, 100000);
	} else if (!strcmp(name, "flood")) {
		print_much(1, 300 << 20);
	} else if (!strcmp(name, "inheritance")) {
		print_inheritance();
		return 4;
	} else {
		return 9;
	}
	return 0;
}
