/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Commands with known behaviour, to be traced. Opens are raw system calls, so that there are
 * neither more nor fewer than said.
 *
 *   child opens DIR N LOG     opens DIR/0 ... DIR/N-1 by open, openat and openat2 in turn, every
 *                             fourth of which is not there; writes what each returned to LOG
 *   child forks DIR N         forks N children, the first system call of each opens DIR/i
 *   child tree DIR            opens DIR/0, and by a child and its child DIR/1 and DIR/2, and by a
 *                             thread DIR/3, and by what it executes DIR/4
 *   child open FILE           opens FILE
 *   child unlinks DIR N       makes DIR/0 and unlinks it, N times
 *   child six N               copy_file_range(2) with arguments 11 to 16, which fails, N times
 *   child numbers N...        getpgid(2) of each, which fails for those that are no process
 *   child repeat COUNT N...   the same so many times
 *   child listen FIFO         a child of its own reads lines "N COUNT" and calls getpgid(N) COUNT
 *                             times for each, and once more in a child of that
 *   child datagrams N         sends N datagrams to itself, over the loopback interface
 *   child inside N            N threads read(2) an eventfd; let out once all wait in there
 *   child burn                until it is killed, in two threads, with the CPU busy
 *   child sleep               until it is killed
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static long fork_raw(void)
{
	return syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
}

static int open_raw(const char *name)
{
	return (int)syscall(SYS_openat, AT_FDCWD, name, O_RDONLY | O_CREAT | O_CLOEXEC, 0600);
}

/* O_EXCL tells apart: what was made is removed again, so each name is opened once. */
static int open_by(int way, const char *name)
{
	struct open_how how = {.flags = O_RDWR | O_CREAT | O_EXCL, .mode = 0600};
	long fd;

	switch (way) {
	case 0:
#ifdef SYS_open
		fd = syscall(SYS_open, name, O_WRONLY | O_CREAT | O_EXCL, 0600);
#else
		fd = syscall(SYS_openat, AT_FDCWD, name, O_WRONLY | O_CREAT | O_EXCL, 0600);
#endif
		break;
	case 2:
		fd = syscall(SYS_openat2, AT_FDCWD, name, &how, sizeof(how));
		break;
	case 3:
		fd = syscall(SYS_openat, AT_FDCWD, name, O_RDONLY | O_NOFOLLOW);
		break;
	default:
		fd = syscall(SYS_openat, AT_FDCWD, name, O_RDONLY | O_CREAT | O_EXCL, 0600);
		break;
	}
	return fd < 0 ? -errno : (int)fd;
}

static int opens(const char *dir, int count, const char *log)
{
	int32_t *results = calloc((size_t)count, sizeof(*results));
	char name[512];
	FILE *file;

	if (!results)
		return 1;
	for (int i = 0; i < count; i++) {
		snprintf(name, sizeof(name), "%s/%d", dir, i);
		results[i] = open_by(i % 4, name);
		if (results[i] < 0)
			continue;
		close(results[i]);
		unlink(name);
	}
	file = fopen(log, "w");
	if (!file || fwrite(results, sizeof(*results), (size_t)count, file) != (size_t)count ||
	    fclose(file))
		return 1;
	free(results);
	return 0;
}

static int forks(const char *dir, int count)
{
	for (int i = 0; i < count; i++) {
		char name[512];
		long pid;

		snprintf(name, sizeof(name), "%s/%d", dir, i);
		pid = fork_raw();
		if (!pid) {
			open_raw(name);
			_exit(0);
		}
		if (pid < 0 || waitpid((pid_t)pid, NULL, 0) != pid)
			return 1;
	}
	return 0;
}

static void open_numbered(const char *dir, int number)
{
	char name[512];

	snprintf(name, sizeof(name), "%s/%d", dir, number);
	open_raw(name);
}

static void *open_in_thread(void *dir)
{
	open_numbered(dir, 3);
	return NULL;
}

static int tree(char **argv, char *dir)
{
	pthread_t thread;
	char name[512];
	long pid, deeper;

	open_numbered(dir, 0);
	pid = fork_raw();
	if (!pid) {
		open_numbered(dir, 1);
		deeper = fork_raw();
		if (!deeper) {
			open_numbered(dir, 2);
			_exit(0);
		}
		waitpid((pid_t)deeper, NULL, 0);
		_exit(0);
	}
	waitpid((pid_t)pid, NULL, 0);
	if (pthread_create(&thread, NULL, open_in_thread, dir) || pthread_join(thread, NULL))
		return 1;
	snprintf(name, sizeof(name), "%s/4", dir);
	execl(argv[0], argv[0], "open", name, (char *)NULL);
	return 1;
}

static int unlinks(const char *dir, int count)
{
	char name[512];

	snprintf(name, sizeof(name), "%s/0", dir);
	for (int i = 0; i < count; i++) {
		int fd = open_raw(name);

		if (fd < 0 || close(fd) || syscall(SYS_unlinkat, AT_FDCWD, name, 0))
			return 1;
	}
	return 0;
}

static int six(int count)
{
	while (count--)
		if (syscall(SYS_copy_file_range, 11L, 12L, 13L, 14L, 15L, 16L) >= 0)
			return 1;
	return 0;
}

static int numbers(char **words)
{
	for (; *words; words++)
		syscall(SYS_getpgid, atol(*words));
	return 0;
}

static int repeat(int times, char **number)
{
	while (times--)
		numbers(number);
	return 0;
}

static int listen_to(const char *fifo)
{
	FILE *lines;
	long number;
	int count, status = 0;
	pid_t pid = fork();

	if (pid)
		return waitpid(pid, &status, 0) != pid || status;
	lines = fopen(fifo, "re");
	while (lines && fscanf(lines, "%ld %d", &number, &count) == 2) {
		while (count--)
			syscall(SYS_getpgid, number);
		pid = fork();
		if (!pid) {
			syscall(SYS_getpgid, number);
			_exit(0);
		}
		waitpid(pid, NULL, 0);
	}
	_exit(!lines);
}

static int datagrams(int count)
{
	struct sockaddr_in here = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f000001)};
	int to = socket(AF_INET, SOCK_DGRAM, 0), from = socket(AF_INET, SOCK_DGRAM, 0);
	socklen_t size = sizeof(here);
	char c;

	if (bind(to, (const void *)&here, size) || getsockname(to, (void *)&here, &size))
		return 1;
	while (count--)
		if (sendto(from, "x", 1, 0, (const void *)&here, size) != 1 ||
		    recv(to, &c, 1, 0) != 1)
			return 1;
	return 0;
}

static void *read_event(void *fd)
{
	uint64_t value;

	return read(*(int *)fd, &value, sizeof(value)) == sizeof(value) ? NULL : fd;
}

/* Of this process's threads, those that sleep. */
static int count_sleeping(void)
{
	FILE *states = popen("grep -hs '^State:.*S (sleeping)' /proc/$PPID/task/*/status", "r");
	int count = 0, c;

	while (states && (c = getc(states)) != EOF)
		count += c == '\n';
	if (states)
		pclose(states);
	return count;
}

static int inside(int count)
{
	pthread_t *threads = calloc((size_t)count, sizeof(*threads));
	int fd = eventfd(0, EFD_SEMAPHORE | EFD_CLOEXEC);
	uint64_t value = (uint64_t)count;
	void *failed = NULL;

	for (int i = 0; i < count; i++)
		if (!threads || pthread_create(&threads[i], NULL, read_event, &fd))
			return 1;
	/* And this one, which waits for the count. */
	while (count_sleeping() <= count)
		usleep(10000);
	if (write(fd, &value, sizeof(value)) != sizeof(value))
		return 1;
	for (int i = 0; i < count; i++)
		if (pthread_join(threads[i], &failed) || failed)
			return 1;
	free(threads);
	return 0;
}

static void *burn(void *unused)
{
	for (volatile unsigned i = 0;; i++)
		;
	return unused;
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	if (!strcmp(what, "opens") && argc == 5)
		return opens(argv[2], atoi(argv[3]), argv[4]);
	if (!strcmp(what, "forks") && argc == 4)
		return forks(argv[2], atoi(argv[3]));
	if (!strcmp(what, "tree") && argc == 3)
		return tree(argv, argv[2]);
	if (!strcmp(what, "open") && argc == 3)
		return open_raw(argv[2]) < 0;
	if (!strcmp(what, "unlinks") && argc == 4)
		return unlinks(argv[2], atoi(argv[3]));
	if (!strcmp(what, "six") && argc == 3)
		return six(atoi(argv[2]));
	if (!strcmp(what, "listen") && argc == 3)
		return listen_to(argv[2]);
	if (!strcmp(what, "datagrams") && argc == 3)
		return datagrams(atoi(argv[2]));
	if (!strcmp(what, "numbers"))
		return numbers(argv + 2);
	if (!strcmp(what, "repeat") && argc == 4)
		return repeat(atoi(argv[2]), argv + 3);
	if (!strcmp(what, "inside") && argc == 3)
		return inside(atoi(argv[2]));
	if (!strcmp(what, "burn")) {
		pthread_t thread;

		if (!pthread_create(&thread, NULL, burn, NULL))
			burn(NULL);
		return 1;
	}
	if (!strcmp(what, "sleep"))
		for (;;)
			pause();
	return 2;
}
