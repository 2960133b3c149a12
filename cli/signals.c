/* SPDX-License-Identifier: Apache-2.0 */
/* The signals that ask hotprobe to end. */
#include "signals.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

/* timeout(1) and shells send a signal to a process and then to its group: that is one request. */
#define SAME_REQUEST_NS 250000000

/* What a signal handler can reach. */
static struct {
	int fd;
	volatile sig_atomic_t number, from_terminal;
	struct timespec when;
} caught = {.fd = -1};

static int64_t nanoseconds_since(const struct timespec *then, const struct timespec *now)
{
	return (int64_t)(now->tv_sec - then->tv_sec) * 1000000000 + now->tv_nsec - then->tv_nsec;
}

static void handle(int number, siginfo_t *info, void *context)
{
	int saved = errno;
	struct timespec now;

	(void)context;
	clock_gettime(CLOCK_MONOTONIC, &now);
	if (!caught.number) {
		caught.when = now;
		caught.from_terminal = info->si_code == SI_KERNEL;
		caught.number = number;
		/* Cannot fail: the counter is far from full. */
		(void)!write(caught.fd, &(uint64_t){1}, sizeof(uint64_t));
	} else if (nanoseconds_since(&caught.when, &now) > SAME_REQUEST_NS) {
		signal(number, SIG_DFL);
		raise(number);
	}
	errno = saved;
}

static void ignore(int number)
{
	(void)number;
}

static bool is_ignored(int number)
{
	struct sigaction action;

	return !sigaction(number, NULL, &action) && action.sa_handler == SIG_IGN;
}

int signals_catch(void)
{
	struct sigaction action = {.sa_sigaction = handle, .sa_flags = SA_SIGINFO | SA_RESTART};

	caught.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (caught.fd < 0)
		return -errno;
	/* All are blocked while one is handled, so that the handler runs once at a time. */
	sigemptyset(&action.sa_mask);
	sigaddset(&action.sa_mask, SIGINT);
	sigaddset(&action.sa_mask, SIGTERM);
	sigaddset(&action.sa_mask, SIGHUP);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	if (!is_ignored(SIGHUP))
		sigaction(SIGHUP, &action, NULL);
	/* A handler and not SIG_IGN, which the traced command would inherit. */
	if (!is_ignored(SIGPIPE))
		sigaction(SIGPIPE, &(struct sigaction){.sa_handler = ignore}, NULL);
	return caught.fd;
}

int signals_caught(bool *from_terminal)
{
	*from_terminal = caught.from_terminal;
	return caught.number;
}
