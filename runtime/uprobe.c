/* SPDX-License-Identifier: Apache-2.0 */
#include "uprobe.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kernel.h"
#include "library.h"
#include "list.h"
#include "process.h"
#include "target.h"

enum {
	NOT_SUPPORTED = 524, /* ENOTSUPP of include/linux/errno.h */
};

/* ---- The files of a target ---- */

int parse_in_file(struct target *target, const char *rest, int parts, const char **why)
{
	const char *colon = rest + strlen(rest);
	char *file;
	int err;

	for (; parts > 0; parts--) {
		const char *before = memrchr(rest, ':', (size_t)(colon - rest));

		if (!before)
			break;
		colon = before;
	}
	if (!*colon || !colon[1])
		return *why = "what to probe in the file is missing", -EINVAL;
	if (colon == rest)
		return *why = "the file is missing", -EINVAL;
	file = strndup(rest, (size_t)(colon - rest));
	if (!file)
		return -ENOMEM;
	err = target_set(target, file, colon + 1);
	free(file);
	return err;
}

static int add_binary(struct binaries *binaries, char *path, const char *name)
{
	struct binary b = {.path = path, .name = strdup(name)};

	if (path && b.name && !array_push(&binaries->list, b))
		return 0;
	free(b.name);
	free(path);
	return -ENOMEM;
}

void binaries_free(struct binaries *binaries)
{
	for (size_t i = 0; i < binaries->list.count; i++) {
		free(binaries->list.at[i].path);
		free(binaries->list.at[i].name);
	}
	array_free(&binaries->list);
}

static bool has_name(const struct binaries *binaries, const char *name)
{
	for (size_t i = 0; i < binaries->list.count; i++)
		if (!strcmp(binaries->list.at[i].name, name))
			return true;
	return false;
}

static int add_files_of(pid_t pid, struct binaries *binaries)
{
	struct mappings maps;
	int err = process_read_maps(pid, &maps);

	for (size_t i = 0; !err && i < maps.list.count; i++) {
		const struct mapping *m = &maps.list.at[i];

		if (mapping_is_file(m) && !has_name(binaries, m->path))
			err = add_binary(binaries, process_file(pid, m), m->path);
	}
	mappings_free(&maps);
	return err;
}

/* "1234" */
static int find_process(const char *text, struct binaries *binaries)
{
	char *end;
	long pid = strtol(text, &end, 10);
	int err;

	if (end == text || *end || pid <= 0 || pid > INT32_MAX)
		return -EINVAL;
	binaries->pid = (pid_t)pid;
	err = add_files_of((pid_t)pid, binaries);
	if (!err && !binaries->list.count)
		err = -ESRCH; /* a kernel thread, or one that ends */
	return err;
}

/* -EINVAL is about what follows the @. */
static int find_files(const char *file, struct binaries *binaries)
{
	char *path;
	int err;

	*binaries = (struct binaries){.pid = -1};
	if (file[0] == '@') {
		err = find_process(file + 1, binaries);
	} else {
		err = library_find(file, &path);
		if (!err)
			err = add_binary(binaries, path, path);
	}
	if (err)
		binaries_free(binaries);
	return err;
}

/* Why they are not found, and what to do. */
static const char *why_no_file(const char *file, int err, const char **hint)
{
	*hint = "";
	if (file[0] == '@' && err == -EINVAL)
		return *hint = "write it as in @1234", "that is no process id";
	if (file[0] == '@' && err == -ESRCH)
		return "there is no process of that id";
	if (err == -ENOENT && !strchr(file, '/'))
		return *hint = "give its path; /sbin/ldconfig -p lists the libraries that are "
			       "found by "
			       "name",
		       "there is no library or program of that name";
	return strerror(-err);
}

int find_binaries(struct hotprobe_link *link, struct binaries *binaries)
{
	const char *file = link->target.group, *hint, *why;
	int err = find_files(file, binaries);

	if (!err)
		return 0;
	if (err == -ENOMEM)
		return fail(link->program->hp, err, "out of memory");
	if (file[0] == '@' && err != -EINVAL && err != -ESRCH)
		return link_fail_errno(link, err); /* of looking at the process */
	why = why_no_file(file, err, &hint);
	return link_fail(link, err, hint, "cannot attach %s to %s: %s: %s", link->program->name,
			 link->target_text, file, why);
}

/* ---- Listing ---- */

int list_binaries(struct list *list, int parts, struct binaries *binaries, char **prefix,
		  const char **pattern)
{
	const char *end = list->pattern + strlen(list->pattern), *hint, *why;
	int err, first = 0;

	*prefix = NULL;
	if (!strcmp(list->pattern, "*"))
		return fail(list->hp, -EINVAL,
			    "what can be traced in a file is listed for one FILE");
	/* The first that is a file: all of it, what is left of the last colon, of the one before.
	 */
	for (; parts >= 0 && end; parts--) {
		char *file = strndup(list->pattern, (size_t)(end - list->pattern));

		if (!file)
			return -ENOMEM;
		err = find_files(file, binaries);
		if (!err) {
			*pattern = *end ? end + 1 : "*";
			err = asprintf(prefix, "%s:", file) < 0 ? -ENOMEM : 0;
			free(file);
			return err;
		}
		/* The shortest is what is most likely meant. */
		first = err;
		free(file);
		end = memrchr(list->pattern, ':', (size_t)(end - list->pattern));
	}
	if (first == -ENOMEM)
		return first;
	why = why_no_file(list->pattern, first, &hint);
	return fail_at(list->hp, first, "", 0, 0, hint, "cannot list what is in %s: %s",
		       list->pattern, why);
}

/* ---- Attaching ---- */

static int open_uprobe(const struct uprobe_site *site, bool is_return, pid_t pid, int prog_fd)
{
	int type = kernel_pmu_type("uprobe"), bit = kernel_pmu_bit("uprobe", "retprobe"), fd, err;
	struct perf_event_attr attr = {
		.size = sizeof(attr),
		.type = (uint32_t)type,
		.config = is_return ? 1ull << (bit < 0 ? 0 : bit) : 0,
		.uprobe_path = (uintptr_t)site->binary->path,
		.probe_offset = site->offset,
	};

	if (type < 0)
		return -EOPNOTSUPP;
	bit = kernel_pmu_bit("uprobe", "ref_ctr_offset");
	if (site->semaphore_offset && bit < 0)
		return -EOPNOTSUPP;
	if (site->semaphore_offset)
		attr.config |= site->semaphore_offset << bit;
	fd = (int)syscall(SYS_perf_event_open, &attr, pid, pid < 0 ? 0 : -1, -1,
			  PERF_FLAG_FD_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (ioctl(fd, PERF_EVENT_IOC_SET_BPF, prog_fd) || ioctl(fd, PERF_EVENT_IOC_ENABLE, 0)) {
		err = -errno;
		close(fd);
		return err;
	}
	return fd;
}

int attach_at(struct hotprobe_link *link, int prog_fd, const struct uprobe_site *site,
	      bool is_return, pid_t pid)
{
	int fd = open_uprobe(site, is_return, pid, prog_fd);

	if (fd >= 0)
		return link_hold(link, fd);
	return is_refusal_of_place(fd) ? fd : link_fail_errno(link, fd);
}

int refused_at(struct hotprobe_link *link, const struct uprobe_site *site, int err)
{
	const char *name = link->program->name, *file = site->binary->name;
	unsigned long long offset = site->offset;

	switch (-err) {
	case EOPNOTSUPP:
		return link_fail(link, err, "it needs a kernel with CONFIG_UPROBE_EVENTS",
				 "cannot attach %s to %s: this kernel has no uprobes%s", name,
				 link->target_text,
				 site->semaphore_offset ? " with semaphores" : "");
	case ESRCH:
		return link_fail(link, err, "", "cannot attach %s to %s: the process has ended",
				 name, link->target_text);
	case NOT_SUPPORTED:
	case EILSEQ:
	case ENOEXEC:
	case EIO:
		return link_fail(link, err,
				 "the offset has to be that of an instruction's first byte, and of "
				 "one that can be stepped over",
				 "cannot attach %s: the kernel cannot probe the instruction at "
				 "0x%llx of %s",
				 name, offset, file);
	case EINVAL:
		return link_fail(
			link, err,
			"the offset is one in the file, not an address; files on some file "
			"systems (/proc, hugetlbfs) cannot be probed",
			"cannot attach %s: the kernel allows no probe at 0x%llx of %s", name,
			offset, file);
	default:
		return link_fail_errno(link, err);
	}
}
