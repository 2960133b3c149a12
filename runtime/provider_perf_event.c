/* SPDX-License-Identifier: Apache-2.0 */
/*
 * perf_event:EVENT:KEY=VALUE,...: the program is called for every so many events of a counter, on
 * every CPU, one CPU, or in the threads of a process:
 *
 *     perf_event:cpu-clock:freq=99            99 times a second and CPU
 *     perf_event:page-faults:period=1,pid=42  each page fault of process 42
 *     perf_event:r1a8:period=100000,cpu=2     an event of this processor's own, by its number
 *
 * Events have the names that perf list gives.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kernel.h"
#include "list.h"
#include "perf_name.h"
#include "provider.h"
#include "target.h"

/* The target's name, taken apart. */
struct counter {
	uint32_t type;
	uint64_t config;
	uint64_t freq, period; /* one of them is 0 */
	pid_t pid;	       /* 0: all processes */
	int cpu;	       /* -1: all of them */
};

/* ---- The target's text -------------------------------------------------------------------------
 */

static bool read_number(const char *text, uint64_t least, uint64_t most, uint64_t *number)
{
	char *end;

	errno = 0;
	*number = strtoull(text, &end, 10);
	return !errno && *text >= '0' && *text <= '9' && !*end && *number >= least &&
	       *number <= most;
}

static const char *read_option(struct counter *c, const char *option)
{
	const char *value = strchr(option, '=');
	uint64_t number;

	if (!value)
		return "what follows the event is KEY=VALUE,KEY=VALUE";
	value++;
	if (!strncmp(option, "freq=", 5))
		return read_number(value, 1, UINT32_MAX, &c->freq) ? NULL : "freq= takes a number";
	if (!strncmp(option, "period=", 7))
		return read_number(value, 1, INT64_MAX, &c->period) ? NULL
								    : "period= takes a number";
	if (!strncmp(option, "pid=", 4)) {
		if (!read_number(value, 1, INT_MAX, &number))
			return "pid= takes a process id";
		c->pid = (pid_t)number;
		return NULL;
	}
	if (!strncmp(option, "cpu=", 4)) {
		if (!read_number(value, 0, INT_MAX, &number))
			return "cpu= takes the number of a CPU";
		c->cpu = (int)number;
		return NULL;
	}
	return "the keys are freq, period, pid and cpu";
}

/* Cuts text, which is changed. Returns NULL, or what is wrong with it. */
static const char *read_parts(struct counter *c, char *text)
{
	char *options = strchr(text, ':'), *save;
	const char *wrong = NULL;

	*c = (struct counter){.cpu = -1};
	if (options)
		*options++ = '\0';
	if (!perf_event_of_name(text, &c->type, &c->config))
		return "there is no event of that name: perf list shows their names, such as "
		       "cpu-clock, page-faults, cycles, LLC-load-misses, and rHEX is a raw one";
	for (char *option = options ? strtok_r(options, ",", &save) : NULL; option && !wrong;
	     option = strtok_r(NULL, ",", &save))
		wrong = read_option(c, option);
	if (wrong)
		return wrong;
	return !c->freq == !c->period ? "say how often: either freq=TIMES_A_SECOND or period=EVENTS"
				      : NULL;
}

static int read_target(struct counter *c, const char *text, const char **wrong)
{
	char *copy = strdup(text);

	if (!copy)
		return -ENOMEM;
	*wrong = read_parts(c, copy);
	free(copy);
	return *wrong ? -EINVAL : 0;
}

static int parse(struct target *target, const char *rest, bool from_name, const char **why)
{
	struct counter counter;
	int err = read_target(&counter, rest, why);

	(void)from_name;
	return err ? err : target_set(target, NULL, rest);
}

/* ---- Attaching ---------------------------------------------------------------------------------
 */

/* One counter: of a thread (-1: whatever runs there) on a CPU (-1: wherever it runs). */
static int open_counter(struct hotprobe_link *link, const struct counter *c, pid_t thread, int cpu,
			int prog_fd)
{
	struct perf_event_attr attr = {
		.size = sizeof(attr),
		.type = c->type,
		.config = c->config,
		.freq = c->freq != 0,
		/* Threads that it starts from now on are counted, too, its children are not. */
		.inherit = thread > 0,
		.inherit_thread = thread > 0,
		.disabled = 1,
	};
	int fd, err;

	if (c->freq)
		attr.sample_freq = c->freq;
	else
		attr.sample_period = c->period;
	fd = (int)syscall(SYS_perf_event_open, &attr, thread, cpu, -1, PERF_FLAG_FD_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (!ioctl(fd, PERF_EVENT_IOC_SET_BPF, prog_fd) && !ioctl(fd, PERF_EVENT_IOC_ENABLE, 0))
		return link_hold(link, fd);
	err = -errno;
	close(fd);
	return err;
}

static int open_on_cpus(struct hotprobe_link *link, const struct counter *c, int prog_fd)
{
	int err = 0, cpus = kernel_possible_cpus();

	if (c->cpu >= 0)
		return open_counter(link, c, -1, c->cpu, prog_fd);
	for (int cpu = 0; cpu < cpus && !err; cpu++) {
		if (!kernel_cpu_online(cpu))
			continue;
		err = open_counter(link, c, -1, cpu, prog_fd);
		/* It went offline meanwhile. */
		if (err == -ENODEV && !kernel_cpu_online(cpu))
			err = 0;
	}
	return err;
}

struct threads {
	ARRAY(pid_t) seen;
};

static bool is_seen(const struct threads *threads, pid_t thread)
{
	for (size_t i = 0; i < threads->seen.count; i++)
		if (threads->seen.at[i] == thread)
			return true;
	return false;
}

/* One look at the threads of the process. Returns how many were new, or a negative errno. */
static int open_new_threads(struct hotprobe_link *link, const struct counter *c, int prog_fd,
			    struct threads *threads)
{
	struct dirent *entry;
	int count = 0, err = 0;
	char path[64];
	DIR *tasks;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)c->pid);
	tasks = opendir(path);
	if (!tasks)
		return errno == ENOENT ? -ESRCH : -errno;
	while (!err && (entry = readdir(tasks))) {
		pid_t thread = atoi(entry->d_name);

		if (thread <= 0 || is_seen(threads, thread))
			continue;
		err = array_push(&threads->seen, thread)
			      ? -ENOMEM
			      : open_counter(link, c, thread, c->cpu, prog_fd);
		if (err == -ESRCH) /* it has ended meanwhile */
			err = 0;
		else
			count++;
	}
	closedir(tasks);
	return err ? err : count;
}

/* A thread that starts between two looks inherits from one that has a counter, or the next look
   finds it. */
static int open_on_threads(struct hotprobe_link *link, const struct counter *c, int prog_fd)
{
	struct threads threads = {0};
	int count;

	do
		count = open_new_threads(link, c, prog_fd, &threads);
	while (count > 0);
	array_free(&threads.seen);
	return !count && !link->fds.count ? -ESRCH : count;
}

static int refused(struct hotprobe_link *link, const struct counter *c, int err)
{
	const char *name = link->program->name, *text = link->target_text;

	switch (-err) {
	case ENOENT:
	case EOPNOTSUPP:
		return link_fail(link, -EOPNOTSUPP,
				 "virtual machines often have no hardware counters: cpu-clock and "
				 "the other software events are always there",
				 "cannot attach %s to %s: this machine cannot count that event",
				 name, text);
	case ESRCH:
		return link_fail(link, err, "", "cannot attach %s to %s: there is no process %d",
				 name, text, (int)c->pid);
	case ENODEV: /* without cpu=: they changed while it attached */
		return link_fail(link, err, "the CPUs are in /sys/devices/system/cpu/online",
				 "cannot attach %s to %s: there is no CPU %d", name, text, c->cpu);
	case EINVAL:
		return link_fail(link, err,
				 c->freq ? "freq= may be too high: the limit is in "
					   "/proc/sys/kernel/perf_event_max_sample_rate"
					 : "",
				 "cannot attach %s to %s: the kernel does not take it", name, text);
	case ENOMEM:
		return fail(link->program->hp, err, "out of memory");
	default:
		return link_fail_errno(link, err);
	}
}

static int attach(struct hotprobe_link *link, int prog_fd)
{
	const char *name = link->target.name, *wrong;
	struct counter counter;
	int err = read_target(&counter, name, &wrong);

	if (!err && counter.cpu >= 0 && !kernel_cpu_online(counter.cpu))
		err = -ENODEV;
	else if (!err && counter.pid)
		err = open_on_threads(link, &counter, prog_fd);
	else if (!err)
		err = open_on_cpus(link, &counter, prog_fd);
	if (err)
		return refused(link, &counter, err);
	if (counter.pid)
		return link_attached_to(link, "perf event %s in %zu threads", name,
					link->fds.count);
	return link_attached_to(link, "perf event %s on %zu CPUs", name, link->fds.count);
}

/* ---- Listing -----------------------------------------------------------------------------------
 */

/* How often it makes sense to call a program for it: of what happens rarely, each time. */
static const char *usual_rate(const char *event)
{
	uint32_t type;
	uint64_t config;
	bool counts_happenings = perf_event_of_name(event, &type, &config) &&
				 type == PERF_TYPE_SOFTWARE && config != PERF_COUNT_SW_CPU_CLOCK &&
				 config != PERF_COUNT_SW_TASK_CLOCK;

	return counts_happenings ? ":period=1" : ":freq=99";
}

/* A name, or a whole target. */
static int offer_literal(struct list *list)
{
	const char *pattern = list->pattern, *colon = strchr(pattern, ':'), *why;
	struct counter counter;
	uint32_t type;
	uint64_t config;

	if (colon)
		return read_target(&counter, pattern, &why) ? 0 : list_add(list, "", pattern);
	if (!perf_event_of_name(pattern, &type, &config))
		return 0;
	return list_add(list, pattern, usual_rate(pattern));
}

/* What the machine cannot count is listed if it is named. */
static int list_counters(struct list *list)
{
	struct names names = {0};
	int err;

	if (!is_pattern(list->pattern))
		return list->is_named ? offer_literal(list) : 0;
	err = perf_event_names(&names);
	for (size_t i = 0; i < names.list.count && !err; i++) {
		const char *name = names.list.at[i];

		if (list_wants(list, name) && perf_event_is_there(name))
			err = list_add(list, name, usual_rate(name));
	}
	names_free(&names);
	return err;
}

const struct provider provider_perf_event = {
	.word = "perf_event",
	.form = "EVENT:freq=TIMES_A_SECOND or EVENT:period=EVENTS, then pid=PID, cpu=CPU",
	.parse = parse,
	.default_plan = {.type = BPF_PROG_TYPE_PERF_EVENT},
	.attach = attach,
	.list = list_counters,
};
