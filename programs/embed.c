/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A complete host: runs a command, traces it with opensnoop.c and prints the files it opens.
 *
 *     $ cc -o embed embed.c $(pkg-config --cflags --libs hotprobe)
 *     # ./embed opensnoop.c cat /etc/hostname
 */
#include <err.h>
#include <hotprobe.h>
#include <poll.h>
#include <stdio.h>

static void print_open(void *type, int cpu, const void *data, size_t size)
{
	char name[256];

	(void)cpu;
	printf("%-40s %lld\n", hotprobe_field_string(type, data, size, "fname", name, sizeof(name)),
	       (long long)hotprobe_field_int(type, data, size, "ret"));
}

int main(int argc, char **argv)
{
	struct hotprobe_opts opts = {.sz = sizeof(opts), .confine = true};
	struct hotprobe *hp = hotprobe_new(&opts);
	struct pollfd fds[2] = {{.events = POLLIN}, {.events = POLLIN}};

	if (argc < 3)
		errx(2, "usage: %s FILE.c COMMAND [ARGUMENT...]", argv[0]);
	if (!hp || hotprobe_open_file(hp, argv[1]) || hotprobe_load(hp) ||
	    hotprobe_on_event(hp, "open_events", print_open, NULL,
			      (void *)hotprobe_event_type(hp, "open_events")) ||
	    hotprobe_command_start(hp, (const char *const *)argv + 2, NULL) ||
	    hotprobe_attach(hp) < 0 || hotprobe_command_release(hp))
		errx(1, "%s", hp ? hotprobe_error(hp) : "out of memory");

	fds[0].fd = hotprobe_fd(hp);
	fds[1].fd = hotprobe_command_fd(hp);
	while (!fds[1].revents && poll(fds, 2, -1) > 0)
		hotprobe_consume(hp);
	hotprobe_free(hp);
	return 0;
}
