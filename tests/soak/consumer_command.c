/* SPDX-License-Identifier: Apache-2.0 */
/* hotprobe run, whose lines are counted. */
#include "consumer.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	ROOM = 1 << 20,
	LINE_MAX_BYTES = 4096,
	SILENCE_MS = 1000, /* after which what was printed is all there is */
};

struct command {
	int out_fd;
	char errors[280]; /* a file */
	char room[ROOM];
	char line[LINE_MAX_BYTES]; /* the beginning of one that is not whole yet */
	size_t line_size;
	bool ended;
};

static void exec_hotprobe(const struct soak *soak, int out_fd, const char *errors)
{
	const struct soak_options *options = soak->options;
	const char *format = soak->mode->format;
	const char *argv[] = {options->hotprobe,
			      "run",
			      "--no-cache",
			      "--tables",
			      "none",
			      options->program,
			      *format ? format : "-v", /* which says something on standard error */
			      "--",
			      options->producer,
			      soak->control_file,
			      soak->count,
			      options->pinned ? "0" : "-1",
			      NULL};
	int err_fd = open(errors, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (err_fd >= 0 && dup2(out_fd, STDOUT_FILENO) >= 0 && dup2(err_fd, STDERR_FILENO) >= 0)
		execv(argv[0], (char *const *)argv);
	_exit(127);
}

static bool command_start(struct soak *soak)
{
	struct command *command = calloc(1, sizeof(*command));
	int out[2];

	soak->own = command;
	if (!command || pipe2(out, O_CLOEXEC)) {
		soak_wrong(soak, "%s", strerror(errno));
		return false;
	}
	command->out_fd = out[0];
	snprintf(command->errors, sizeof(command->errors), "%s.errors", soak->control_file);
	fcntl(out[0], F_SETFL, O_NONBLOCK);
	soak->consumer_pid = fork();
	if (!soak->consumer_pid)
		exec_hotprobe(soak, out[1], command->errors);
	close(out[1]);
	if (soak->consumer_pid > 0)
		return true;
	soak_wrong(soak, "fork: %s", strerror(errno));
	return false;
}

static void count_json(struct soak *soak, const char *line, size_t size)
{
	static const char lost[] = "{\"lost\":", event[] = "{\"event\":\"events\",";

	if (size > sizeof(lost) && !memcmp(line, lost, sizeof(lost) - 1))
		soak->lost += strtoull(line + sizeof(lost) - 1, NULL, 10);
	else if (size > sizeof(event) && !memcmp(line, event, sizeof(event) - 1) &&
		 !memcmp(line + size - 2, "}}", 2))
		soak->delivered++;
	else
		soak_wrong(soak, "a line of JSON is '%.*s'", size < 100 ? (int)size : 100, line);
}

/* A line of columns or of comma-separated values: the heading has no digit in front. */
static void count_row(struct soak *soak, const char *line, size_t size)
{
	size_t blank = 0;

	while (blank < size && line[blank] == ' ')
		blank++;
	if (!strncmp(soak->mode->format, "--csv", 5) && size > 7 && !memcmp(line, "events,", 7))
		blank = 7;
	if (blank < size && line[blank] >= '0' && line[blank] <= '9')
		soak->delivered++;
	else if (soak->delivered)
		soak_wrong(soak, "a row is '%.*s'", size < 100 ? (int)size : 100, line);
}

static void count_line(struct soak *soak, const char *line, size_t size)
{
	if (!strcmp(soak->mode->format, "--json"))
		count_json(soak, line, size);
	else
		count_row(soak, line, size);
}

static void count_lines(struct soak *soak, const char *bytes, size_t size)
{
	struct command *command = soak->own;
	const char *end = bytes + size, *newline;

	while ((newline = memchr(bytes, '\n', (size_t)(end - bytes)))) {
		size_t part = (size_t)(newline - bytes);

		if (command->line_size && command->line_size + part <= LINE_MAX_BYTES) {
			memcpy(command->line + command->line_size, bytes, part);
			count_line(soak, command->line, command->line_size + part);
		} else {
			count_line(soak, bytes, part);
		}
		command->line_size = 0;
		bytes = newline + 1;
	}
	size = (size_t)(end - bytes);
	if (command->line_size + size > LINE_MAX_BYTES) {
		soak_wrong(soak, "a line does not end");
		return;
	}
	memcpy(command->line + command->line_size, bytes, size);
	command->line_size += size;
}

/* Waits that long for output and counts it. False if there was none. */
static bool read_some(struct soak *soak, int timeout_ms)
{
	struct command *command = soak->own;
	struct pollfd fd = {.fd = command->out_fd, .events = POLLIN};
	ssize_t n;

	if (command->ended || poll(&fd, 1, timeout_ms) <= 0)
		return false;
	n = read(command->out_fd, command->room, sizeof(command->room));
	if (n > 0)
		count_lines(soak, command->room, (size_t)n);
	command->ended = n == 0;
	return n > 0;
}

static void command_take(struct soak *soak, double seconds)
{
	double end = soak_now() + seconds;

	while (soak_now() < end)
		read_some(soak, 10);
}

static void command_settle(struct soak *soak)
{
	bool tells_lost = !strcmp(soak->mode->format, "--json");

	while (!(tells_lost && soak->delivered + soak->lost == soak->produced) &&
	       read_some(soak, SILENCE_MS))
		;
	if (soak->delivered + soak->lost > soak->produced ||
	    (tells_lost && soak->delivered + soak->lost < soak->produced))
		soak_wrong(soak, "%llu produced, but %llu delivered and %llu lost",
			   (unsigned long long)soak->produced, (unsigned long long)soak->delivered,
			   (unsigned long long)soak->lost);
}

/* "hotprobe: warning: events: N records lost" of a run that has ended. */
static uint64_t lost_at_the_end(const char *errors)
{
	FILE *file = fopen(errors, "re");
	unsigned long long lost = 0;
	char line[1024], *at;

	while (file && fgets(line, sizeof(line), file)) {
		at = strstr(line, "events: ");
		if (at && strstr(at, "records lost"))
			lost = strtoull(at + strlen("events: "), NULL, 10);
	}
	if (file)
		fclose(file);
	return lost;
}

static void command_end(struct soak *soak)
{
	struct command *command = soak->own;
	int status = -1;

	if (!command)
		return;
	while (soak->consumer_pid > 0 && !command->ended)
		read_some(soak, -1);
	if (soak->consumer_pid > 0)
		waitpid(soak->consumer_pid, &status, 0);
	if (status)
		soak_wrong(soak, "hotprobe run ended with wait status %d", status);
	if (strcmp(soak->mode->format, "--json"))
		soak->lost = lost_at_the_end(command->errors);
	unlink(command->errors);
	close(command->out_fd);
	free(command);
}

const struct consumer soak_command = {
	.start = command_start,
	.take = command_take,
	.settle = command_settle,
	.end = command_end,
};
