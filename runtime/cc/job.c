/* SPDX-License-Identifier: Apache-2.0 */
/* One request, taken apart. */
#include <errno.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "../request.h"
#include "job.h"
#include "text.h"

static int read_all(int fd, struct text *text)
{
	static char buffer[1 << 16];
	ssize_t got;

	/* The writer may have left the offset at the end; a pipe has none. */
	lseek(fd, 0, SEEK_SET);
	while ((got = read(fd, buffer, sizeof(buffer)))) {
		if (got < 0 && errno != EINTR)
			return -1;
		if (got > 0)
			text_add(text, buffer, (size_t)got);
	}
	return 0;
}

static void add_file(struct job *job, const char *path, const char *text, size_t size)
{
	job->files = cc_grow(job->files, job->file_count, sizeof(*job->files));
	job->files[job->file_count++] =
		(struct headers_text){.name = path, .text = text, .size = size};
}

static void add_tracepoint(struct job *job, const char *category, const char *event,
			   const char *format)
{
	job->tracepoints =
		cc_grow(job->tracepoints, job->tracepoint_count, sizeof(*job->tracepoints));
	job->tracepoints[job->tracepoint_count++] =
		(struct headers_tracepoint){.category = category, .event = event, .format = format};
}

static void take_record(struct job *job, uint32_t kind, const char *strings[2], const char *last,
			size_t size)
{
	switch (kind) {
	case REQUEST_SOURCE:
		job->source = (struct headers_text){.name = strings[0], .text = last, .size = size};
		break;
	case REQUEST_FILE:
		add_file(job, strings[0], last, size);
		break;
	case REQUEST_CFLAG:
		flags_add(&job->flags, last);
		break;
	case REQUEST_TRACEPOINT:
		add_tracepoint(job, strings[0], strings[1], last);
		break;
	case REQUEST_BTF:
		job->btf_path = last;
		break;
	case REQUEST_RELEASE:
		job->release = last;
		break;
	case REQUEST_KERNEL_ID:
		job->kernel_id = last;
		break;
	case REQUEST_HEADERS:
		job->kernel_headers = last;
		break;
	case REQUEST_OPTION:
		if (!strcmp(last, REQUEST_OPTION_DIRECT_SYSCALLS))
			job->direct_syscalls = true;
		else if (!strcmp(last, REQUEST_OPTION_WHOLE_HEADERS))
			job->whole_headers = true;
		break;
	}
}

int job_read(int fd, struct job *job)
{
	const struct request_record *record;
	const char *strings[2], *last;
	size_t position = 0, size;
	struct text data = {0};
	struct utsname machine;

	memset(job, 0, sizeof(*job));
	if (read_all(fd, &data) || !data.data)
		return -1;
	while ((record = request_next(data.data, data.size, &position, strings, &last, &size)))
		take_record(job, record->kind, strings, last, size);
	if (position != data.size || (!job->source.name && !job->whole_headers))
		return -1;
	if (!job->btf_path)
		job->btf_path = "/sys/kernel/btf/vmlinux";
	if (!job->release)
		job->release = uname(&machine) ? "" : cc_strdup(machine.release);
	return 0;
}
