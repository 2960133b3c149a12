/* SPDX-License-Identifier: Apache-2.0 */
/* Reads iterators and hands whole lines to the output. */
#include "iterators.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "report.h"
#include "text.h"

#define READ_SIZE (64 * 1024)

static bool is_iterator(const struct hotprobe_link *link)
{
	return !strncmp(hotprobe_link_target(link), "iter:", 5);
}

size_t iterators_count(const struct hotprobe *hp)
{
	size_t count = 0;

	for (size_t i = 0; i < hotprobe_link_count(hp); i++)
		count += is_iterator(hotprobe_link_at(hp, i));
	return count;
}

/* Prints the whole lines in unread and keeps the beginning of one. */
static void print_lines(struct output *out, const char *function, struct text *unread)
{
	const char *end = memrchr(unread->data, '\n', unread->length);
	size_t size = end ? (size_t)(end + 1 - unread->data) : 0;

	output_written(out, function, unread->data, size);
	memmove(unread->data, unread->data + size, unread->length - size);
	unread->length -= size;
}

static int read_all(int fd, const char *function, struct output *out, struct text *unread)
{
	ssize_t n = 0;

	while (!out->error) {
		char *room = text_reserve(unread, READ_SIZE);

		if (!room)
			return -ENOMEM;
		n = read(fd, room, READ_SIZE);
		/* EAGAIN: the kernel has gone through many objects without one that was written. */
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			continue;
		if (n <= 0)
			break;
		unread->length += (size_t)n;
		print_lines(out, function, unread);
	}
	output_written(out, function, unread->data, unread->length);
	return n < 0 ? -errno : 0;
}

static int print_one(struct hotprobe *hp, const char *function, struct output *out)
{
	int fd = hotprobe_open_iter(hp, function), err;
	struct text unread = {0};

	if (fd < 0) {
		report(HOTPROBE_ERROR, "%s", hotprobe_error(hp));
		return fd;
	}
	err = read_all(fd, function, out, &unread);
	if (err)
		report(HOTPROBE_ERROR, "%s: cannot read what it writes: %s", function,
		       strerror(-err));
	text_free(&unread);
	close(fd);
	return err;
}

int iterators_print(struct hotprobe *hp, struct output *out)
{
	int first = 0;

	for (size_t i = 0; i < hotprobe_link_count(hp); i++) {
		const struct hotprobe_link *link = hotprobe_link_at(hp, i);
		int err = 0;

		if (is_iterator(link) && *hotprobe_link_attached_to(link))
			err = print_one(hp, hotprobe_program_name(hotprobe_link_program(link)),
					out);
		first = first ? first : err;
	}
	return first;
}
