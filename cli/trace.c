/* SPDX-License-Identifier: Apache-2.0 */
/* The time between attaching and the end. */
#include "trace.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <time.h>

#define GRACE_MS 1000 /* for a command that was told to end */

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* The timeout for poll(2) until a deadline; INT64_MAX is none. */
static int timeout_until(int64_t deadline)
{
	int64_t left;

	if (deadline == INT64_MAX)
		return -1;
	left = deadline - now_ms();
	return left <= 0 ? 0 : left > INT_MAX ? INT_MAX : (int)left;
}

enum { EVENTS, SIGNALS, TARGET, EXTRA, SOURCES };

/* Waits for one of the sources. What was printed is written before it sleeps, so that output is
   in large pieces while there is much and at once while there is little. */
static int wait_for(struct trace *trace, struct pollfd *fds, int64_t deadline)
{
	int ready = poll(fds, SOURCES, 0);

	if (ready)
		return ready;
	if (output_flush(trace->out))
		return 0;
	return poll(fds, SOURCES, timeout_until(deadline));
}

/* One tick however many intervals have passed: late ones would tell of no time. */
static int tick_if_due(struct trace *trace)
{
	int64_t now;

	if (!trace->interval_ms)
		return 0;
	now = now_ms();
	if (now < trace->next_tick)
		return 0;
	trace->next_tick +=
		((now - trace->next_tick) / trace->interval_ms + 1) * trace->interval_ms;
	return trace->tick(trace->tick_ctx);
}

static int64_t next_deadline(const struct trace *trace, int64_t deadline)
{
	return trace->interval_ms && trace->next_tick < deadline ? trace->next_tick : deadline;
}

static enum trace_end run_until(struct trace *trace, int signal_fd, int64_t deadline)
{
	struct pollfd fds[SOURCES] = {
		[EVENTS] = {.fd = hotprobe_fd(trace->hp), .events = POLLIN},
		[SIGNALS] = {.fd = signal_fd, .events = POLLIN},
		[TARGET] = {.fd = trace->target_fd, .events = POLLIN},
		[EXTRA] = {.fd = trace->extra_fd, .events = POLLIN},
	};

	for (;;) {
		int ready = wait_for(trace, fds, next_deadline(trace, deadline));

		if (ready < 0 && errno != EINTR)
			return TRACE_FAILED;
		if (ready > 0 && fds[EVENTS].revents && hotprobe_consume(trace->hp) < 0)
			return TRACE_FAILED;
		if (ready > 0 && fds[SIGNALS].revents)
			return TRACE_SIGNAL;
		if (ready > 0 && fds[TARGET].revents)
			return TRACE_TARGET_ENDED;
		if (ready > 0 && fds[EXTRA].revents) {
			trace->extra(trace->extra_ctx);
			fds[EVENTS].fd = hotprobe_fd(trace->hp);
		}
		if (tick_if_due(trace) < 0)
			return TRACE_FAILED;
		if (trace->out->error)
			return TRACE_OUTPUT;
		if (deadline != INT64_MAX && now_ms() >= deadline)
			return TRACE_DURATION;
	}
}

enum trace_end trace_run(struct trace *trace)
{
	int64_t deadline = trace->duration_ms ? now_ms() + trace->duration_ms : INT64_MAX;

	trace->next_tick = now_ms() + trace->interval_ms;
	return run_until(trace, trace->signal_fd, deadline);
}

bool trace_end_command(struct trace *trace, int signal)
{
	int64_t deadline = now_ms() + GRACE_MS;
	struct pollfd target = {.fd = trace->target_fd, .events = POLLIN};
	int ended;

	trace->extra_fd = -1;
	if (signal)
		kill(hotprobe_command_pid(trace->hp), signal);
	/* The descriptor of the signals stays readable: it has done its work. */
	if (run_until(trace, -1, deadline) == TRACE_TARGET_ENDED)
		return true;
	/* Where output has failed there is no more to print, but still a command to wait for. */
	do
		ended = poll(&target, 1, timeout_until(deadline));
	while (ended < 0 && errno == EINTR);
	return ended > 0;
}

void trace_drain(struct trace *trace)
{
	hotprobe_detach(trace->hp);
	while (hotprobe_consume(trace->hp) > 0)
		;
	output_flush(trace->out);
}
