/* SPDX-License-Identifier: Apache-2.0 */
/*
 * events/NAME of a PMU is "event=0x3c,umask=0x1"; format/TERM says which bits of which word of
 * struct perf_event_attr a term is: "config:0-7,32-35".
 */
#include "perf_pmu.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel.h"

#define DEVICES "/sys/bus/event_source/devices"

/* Puts the low bits of value where the ranges say. False if it is no such list. */
static bool scatter(const char *ranges, uint64_t value, uint64_t *config)
{
	while (*ranges && *ranges != '\n') {
		char *end;
		unsigned long first = strtoul(ranges, &end, 10), last = first;

		if (end == ranges)
			return false;
		if (*end == '-')
			last = strtoul(end + 1, &end, 10);
		if (last > 63 || first > last)
			return false;
		for (unsigned long bit = first; bit <= last; bit++, value >>= 1)
			*config |= (value & 1) << bit;
		ranges = end + (*end == ',');
	}
	return true;
}

/* "event=0x3c"; a term without a number is 1. */
static bool read_term(const char *pmu, char *term, uint64_t *config)
{
	static const char word[] = "config:";
	char *equals = strchr(term, '='), *end, *format, path[512];
	uint64_t value = 1;
	bool good;

	if (equals) {
		*equals++ = '\0';
		value = strtoull(equals, &end, 0);
		if (end == equals || *end)
			return false;
	}
	if (!strcmp(term, "config")) {
		*config |= value;
		return true;
	}
	snprintf(path, sizeof(path), DEVICES "/%s/format/%s", pmu, term);
	format = kernel_read_file(AT_FDCWD, path);
	good = format && !strncmp(format, word, strlen(word)) &&
	       scatter(format + strlen(word), value, config);
	free(format);
	return good;
}

static bool read_event(const char *pmu, const char *event, uint64_t *config)
{
	char path[512], *terms, *save;
	bool good;

	snprintf(path, sizeof(path), DEVICES "/%s/events/%s", pmu, event);
	terms = kernel_read_file(AT_FDCWD, path);
	good = terms != NULL;
	*config = 0;
	for (char *term = good ? strtok_r(terms, ",\n", &save) : NULL; term && good;
	     term = strtok_r(NULL, ",\n", &save))
		good = read_term(pmu, term, config);
	free(terms);
	return good;
}

bool perf_pmu_event(const char *name, uint32_t *type, uint64_t *config)
{
	char pmu[64], event[128];
	int length = 0, number;

	if (sscanf(name, "%63[^/:]/%127[^/:]/%n", pmu, event, &length) != 2 || !length ||
	    name[length] || pmu[0] == '.' || event[0] == '.')
		return false;
	number = kernel_pmu_type(pmu);
	*type = (uint32_t)number;
	return number >= 0 && read_event(pmu, event, config);
}

static int add_events(const char *pmu, struct names *names)
{
	struct dirent *entry;
	char path[512], *full;
	uint64_t config;
	int err = 0;
	DIR *dir;

	snprintf(path, sizeof(path), DEVICES "/%s/events", pmu);
	dir = opendir(path);
	while (dir && !err && (entry = readdir(dir))) {
		/* NAME.scale and NAME.unit are about the event NAME. */
		if (strchr(entry->d_name, '.') || !read_event(pmu, entry->d_name, &config))
			continue;
		if (asprintf(&full, "%s/%s/", pmu, entry->d_name) < 0)
			full = NULL;
		err = names_add(names, full);
	}
	if (dir)
		closedir(dir);
	return err;
}

int perf_pmu_names(struct names *names)
{
	DIR *dir = opendir(DEVICES);
	struct dirent *entry;
	int err = 0;

	while (dir && !err && (entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			err = add_events(entry->d_name, names);
	if (dir)
		closedir(dir);
	return err;
}
