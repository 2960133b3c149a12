/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What lessons are checked against. Calls are raw system calls, so that there are neither more nor
 * fewer than noted; files that are opened exist on every machine or on none.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lesson.h"

static unsigned pick(unsigned low, unsigned high)
{
	unsigned number = 0;

	while (getrandom(&number, sizeof(number), 0) != sizeof(number))
		;
	return low + number % (high - low + 1);
}

static struct deed *begin(struct activity *activity)
{
	struct deed *deed = &activity->deeds[activity->count];

	if (activity->count == DEEDS_MAX)
		_exit(1);
	activity->count++;
	deed->pid = getpid();
	return deed;
}

static void new_word(char *word, size_t size)
{
	snprintf(word, size, "%c%05u", 'a' + (int)pick(0, 25), pick(0, 99999));
}

/* A path that no machine has. */
static void new_path(char *path, size_t size)
{
	char word[8];

	new_word(word, sizeof(word));
	snprintf(path, size, "/proc/self/lesson-%s", word);
}

/* Runs part in a process of its own and waits for it. If that is hindered, all of the activity is.
 */
static pid_t in_child(struct activity *activity, void (*part)(struct activity *activity))
{
	pid_t pid = fork();
	int status = 1;

	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (part)
			part(activity);
		_exit(0);
	}
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (WIFSIGNALED(status))
		raise(WTERMSIG(status));
	if (status)
		_exit(1);
	return pid;
}

static void open_path(struct deed *deed, int flags)
{
	deed->number = flags;
	deed->result = syscall(SYS_openat, AT_FDCWD, deed->text, flags, 0);
	if (deed->result < 0)
		deed->result = -errno;
}

/* ---- Files -------------------------------------------------------------------------------- */

static void open_missing(struct activity *activity)
{
	struct deed *deed = begin(activity);
	static const int modes[] = {O_RDONLY, O_WRONLY, O_RDWR};

	new_path(deed->text, sizeof(deed->text));
	deed->beside = modes[activity->count % 3] == O_RDONLY;
	open_path(deed, modes[activity->count % 3] | (pick(0, 1) ? O_CLOEXEC : 0) |
				(pick(0, 1) ? O_NONBLOCK : 0));
}

/* For reading, writing and both, so that each is there at least twice. */
void activity_opens(struct activity *activity)
{
	unsigned times = pick(6, 14);

	while (times--)
		open_missing(activity);
}

static void *open_in_thread(void *arg)
{
	struct activity *activity = arg;
	unsigned times = pick(1, 3);
	char name[16];

	new_word(name, sizeof(name));
	prctl(PR_SET_NAME, name);
	while (times--) {
		struct deed *deed = begin(activity);

		new_path(deed->text, sizeof(deed->text));
		snprintf(deed->comm, sizeof(deed->comm), "%s", name);
		open_path(deed, O_RDONLY);
	}
	return NULL;
}

/* A thread, so that its number is not that of its process. */
static void run_thread(struct activity *activity)
{
	pthread_t thread;

	if (!pthread_create(&thread, NULL, open_in_thread, activity))
		pthread_join(thread, NULL);
}

void activity_named_opens(struct activity *activity)
{
	for (int i = 0; i < 3; i++)
		in_child(activity, run_thread);
}

/* Some succeed, and keep their descriptors; others fail, each in its own way. */
void activity_failing_opens(struct activity *activity)
{
	static const struct {
		const char *path;
		int flags;
	} files[] = {
		{"/dev/null", O_RDWR},
		{"/dev/zero", O_RDONLY},
		{"/proc/self/status", O_RDONLY},
		{"/proc/version", O_RDONLY},
		{"/dev/null/%s", O_RDONLY}, /* ENOTDIR */
		{"/proc", O_WRONLY},	    /* EISDIR */
		{"/proc/self/lesson-%s", O_RDONLY},
	};
	size_t kinds = sizeof(files) / sizeof(*files);
	unsigned times = pick(2, 4), first = pick(0, kinds - 1);

	for (size_t i = 0; i < kinds + times; i++) {
		size_t kind = (first + i) % kinds;
		struct deed *deed = begin(activity);
		char word[8];

		new_word(word, sizeof(word));
		snprintf(deed->text, sizeof(deed->text), files[kind].path, word);
		open_path(deed, files[kind].flags);
	}
}

void activity_unlinks(struct activity *activity)
{
	unsigned times = pick(4, 9);

	while (times--) {
		struct deed *deed = begin(activity);

		new_path(deed->text, sizeof(deed->text));
		syscall(SYS_unlinkat, AT_FDCWD, deed->text, 0);
	}
}

void activity_writes(struct activity *activity)
{
	static char bytes[1 << 17];
	int fd = open("/dev/null", O_WRONLY);
	unsigned times = pick(12, 24);

	while (times--) {
		struct deed *deed = begin(activity);

		deed->number = pick(1, 3) << pick(0, 15);
		deed->result = syscall(SYS_write, fd, bytes, deed->number);
	}
}

void activity_texts(struct activity *activity)
{
	int fd = open("/dev/null", O_WRONLY);
	unsigned times = pick(5, 9);

	while (times--) {
		struct deed *deed = begin(activity);
		char word[8];

		new_word(word, sizeof(word));
		snprintf(deed->text, sizeof(deed->text),
			 times % 2 ? "%s" : "%s, and what is longer than %d bytes", word, 32);
		deed->number = (int64_t)strlen(deed->text);
		deed->result = syscall(SYS_write, fd, deed->text, deed->number);
	}
}

/* ---- Processes and time -------------------------------------------------------------------- */

static void call_getppid(struct activity *activity)
{
	struct deed *deed = begin(activity);

	deed->number = pick(3, 40);
	for (int64_t i = 0; i < deed->number; i++)
		syscall(SYS_getppid);
}

void activity_getppid(struct activity *activity)
{
	for (int i = 0; i < 3; i++)
		in_child(activity, call_getppid);
}

/* Moves to one CPU after the other, as far as it may. */
void activity_cpus(struct activity *activity)
{
	cpu_set_t may, one;
	unsigned turns = 0;

	if (sched_getaffinity(0, sizeof(may), &may))
		CPU_ZERO(&may);
	for (int round = 0; round < 2; round++) {
		for (int cpu = 0; cpu < CPU_SETSIZE && turns < 16; cpu++) {
			unsigned now;
			struct deed *deed;

			CPU_ZERO(&one);
			CPU_SET(cpu, &one);
			if (!CPU_ISSET(cpu, &may) || sched_setaffinity(0, sizeof(one), &one) ||
			    getcpu(&now, NULL))
				continue;
			turns++;
			deed = begin(activity);
			deed->cpu = (int)now;
			deed->number = pick(3, 40);
			for (int64_t i = 0; i < deed->number; i++)
				syscall(SYS_getppid);
		}
	}
}

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static void sleep_once(struct activity *activity)
{
	struct deed *deed = begin(activity);
	struct timespec time = {.tv_nsec = pick(2000000, 20000000)};
	uint64_t start = now_ns();

	syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, &time, NULL);
	deed->low = (uint64_t)time.tv_nsec;
	deed->high = now_ns() - start;
}

void activity_sleeps(struct activity *activity)
{
	unsigned times = pick(3, 6);

	while (times--)
		in_child(activity, sleep_once);
}

void activity_forks(struct activity *activity)
{
	unsigned times = pick(3, 7);

	while (times--) {
		struct deed *deed = begin(activity);

		deed->number = in_child(activity, NULL);
	}
}

/* ---- User space ----------------------------------------------------------------------------- */

static __attribute__((noinline)) void look_up(struct activity *activity)
{
	struct deed *deed = begin(activity);

	new_word(deed->text, sizeof(deed->text));
	deed->ip = (uint64_t)(uintptr_t)__builtin_return_address(0);
	deed->result = getenv(deed->text) != NULL;
}

void activity_getenv(struct activity *activity)
{
	unsigned times = pick(4, 9);

	while (times--)
		look_up(activity);
}

static uint64_t libc_address(const char *name)
{
	return (uint64_t)(uintptr_t)dlsym(RTLD_NEXT, name);
}

void activity_environment(struct activity *activity)
{
	static const char *const names[] = {"getenv", "setenv", "unsetenv"};

	for (size_t i = 0; i < 3; i++) {
		struct deed *deed = begin(activity);

		snprintf(deed->text, sizeof(deed->text), "%s", names[i]);
		deed->ip = libc_address(names[i]);
		deed->number = pick(1, 5) + 5 * (unsigned)i;
		for (int64_t n = 0; n < deed->number; n++) {
			if (i == 0)
				deed->result = getenv("LESSON") != NULL;
			else if (i == 1)
				setenv("LESSON", "ip", 1);
			else
				unsetenv("LESSON");
		}
	}
}

/* Two ways to the same place. By these comments the compiler tells them apart. */
static __attribute__((noinline)) void in_the_morning(struct activity *activity)
{
	look_up(activity);
	__asm__ volatile("# morning" ::: "memory");
}

static __attribute__((noinline)) void in_the_evening(struct activity *activity)
{
	look_up(activity);
	__asm__ volatile("# evening" ::: "memory");
}

void activity_paths(struct activity *activity)
{
	unsigned mornings = pick(2, 6), evenings = mornings + pick(1, 6);

	while (mornings--)
		in_the_morning(activity);
	while (evenings--)
		in_the_evening(activity);
}

static void run_python(struct activity *activity)
{
	char script[1024] = "";

	for (size_t i = 0; i < activity->count; i++) {
		size_t length = strlen(script);

		snprintf(script + length, sizeof(script) - length,
			 "try: import %s\nexcept ImportError: pass\n", activity->deeds[i].text);
	}
	execl("/usr/bin/python3", "python3", "-I", "-S", "-c", script, (char *)NULL);
	_exit(127);
}

/* Modules that no one has. */
void activity_imports(struct activity *activity)
{
	unsigned times = pick(3, 6);

	while (times--)
		new_word(begin(activity)->text, sizeof(activity->deeds[0].text));
	in_child(activity, run_python);
}

void activity_everything(struct activity *activity)
{
	void (*const parts[])(struct activity * activity) = {
		activity_failing_opens, activity_unlinks, call_getppid,	   sleep_once,
		activity_forks,		activity_writes,  activity_getenv,
	};

	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
		activity->count = 0;
		in_child(activity, parts[i]);
	}
}
