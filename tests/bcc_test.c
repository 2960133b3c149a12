/* SPDX-License-Identifier: Apache-2.0 */
/* BCC's own tools, unchanged, with headers made by hotprobe headers. They trace the whole machine,
   so this is for guests only; for one of them, since a compile by BCC takes 20 seconds there, and
   for that of the kernels that Debian's BCC is of an age with. */
#include "support.h"

#include <arpa/inet.h>
#include <err.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

static char *headers; /* the directory */

static const char *no_guest(void)
{
	size_t size;
	char *line = read_file("/proc/cmdline", &size);
	bool is_guest = strstr(line, "hotprobe.guest");
	struct utsname kernel;

	free(line);
	if (!is_guest)
		return "it traces the whole machine: only in a guest";
	uname(&kernel);
	return strncmp(kernel.release, "6.1.", 4) ? "it is run on Linux 6.1" : NULL;
}

/* Made by the first test that comes here, for all of them: it takes a while. */
static void make_headers(void)
{
	char *last = format("%s/include/linux/kconfig.h", headers);
	struct result r;

	if (access(last, F_OK)) {
		r = RUN(build_path("hotprobe"), "headers", headers);
		ck_assert_msg(!r.status, "hotprobe headers: %s", r.err);
		result_free(&r);
	}
	free(last);
}

/* ---- A tool ------------------------------------------------------------------------------------
 */

/* How many lines of the text have all the words in them. */
static int count_lines(const char *text, const char *const words[])
{
	int count = 0;

	for (const char *line = text; *line;) {
		size_t size = strcspn(line, "\n");
		char *copy = strndup(line, size);
		bool has_all = true;

		for (size_t i = 0; words[i]; i++)
			has_all &= strstr(copy, words[i]) != NULL;
		count += has_all;
		free(copy);
		line += size + (line[size] == '\n');
	}
	return count;
}

static bool has_ended(const struct process *tool)
{
	siginfo_t info = {0};

	return !waitid(P_PID, (id_t)tool->pid, &info, WEXITED | WNOHANG | WNOWAIT) && info.si_pid;
}

/* Waits for so many such lines; Check's time limit ends it. */
static void wait_for(const struct process *tool, int wanted, const char *const words[])
{
	for (;;) {
		char *text = process_printed(tool->out_fd, NULL);
		int count = count_lines(text, words);

		free(text);
		if (count >= wanted)
			return;
		if (has_ended(tool)) {
			struct result r = process_wait(*tool);

			ck_abort_msg("it has ended with %d: %s", r.status, r.err);
		}
		usleep(100000);
	}
}

/* Starts it, and returns once it has printed its heading: then it is attached, but may yet have to
   open the buffer of its events. */
static struct process start_tool(const char *name, const char *heading, const char *option,
				 pid_t pid)
{
	char *tool = format("/usr/sbin/%s-bpfcc", name), *number = format("%d", pid);
	char *source = format("BCC_KERNEL_SOURCE=%s", headers);
	struct process started;
	const char *argv[] = {"env", source, "/usr/bin/python3", "-u", tool, option, number, NULL};

	if (!pid)
		argv[5] = NULL;
	make_headers();
	started = process_start(argv, NULL, 0);
	wait_for(&started, 1, (const char *const[]){heading, NULL});
	free(source);
	free(number);
	free(tool);
	return started;
}

/* Has something done until a line with these words comes of it: now the tool takes events. */
static void wait_until_live(const struct process *tool, void (*work)(void *arg), void *arg,
			    const char *const words[])
{
	for (bool seen = false; !seen;) {
		char *text;

		work(arg);
		usleep(500000);
		text = process_printed(tool->out_fd, NULL);
		seen = count_lines(text, words) > 0;
		free(text);
		ck_assert(seen || !has_ended(tool));
	}
}

/* Ends it; returns all that it printed, malloc'ed. */
static char *end_tool(const struct process *tool)
{
	struct result r;

	/* Python passes over a signal that comes while an event is being printed. */
	do {
		kill(tool->pid, SIGINT);
		usleep(500000);
	} while (!has_ended(tool));
	r = process_wait(*tool);
	free(r.err);
	return r.out;
}

/* Ends it after so many such lines, and checks that there are no more. */
static void end_after(const struct process *tool, int wanted, const char *const words[])
{
	char *text;

	wait_for(tool, wanted, words);
	text = end_tool(tool);
	ck_assert_msg(count_lines(text, words) == wanted, "%d lines: %s", count_lines(text, words),
		      text);
	free(text);
}

/* ---- Tests -------------------------------------------------------------------------------------
 */

/* Shared with a peer, who is told by it what to do next. */
struct order {
	struct peer peer;
	const char *path;
	int count;
	in_port_t port;
};

static struct order *new_order(void (*work)(void *arg))
{
	struct order *order = mmap(NULL, sizeof(*order), PROT_READ | PROT_WRITE,
				   MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	ck_assert_ptr_ne(order, MAP_FAILED);
	order->peer = peer_start(work, order);
	return order;
}

static void do_order(void *arg)
{
	peer_work(&((struct order *)arg)->peer);
}

static void open_files(void *arg)
{
	const struct order *order = arg;

	for (int i = 0; i < order->count; i++)
		close(open(order->path, O_RDONLY | O_CLOEXEC));
}

START_TEST(opensnoop_shows_each_open)
{
	struct process tool;
	struct order *order;

	NEED(no_guest());
	NEED(no_kprobes());
	order = new_order(open_files);
	tool = start_tool("opensnoop", "PATH", "-p", order->peer.pid);
	order->path = "/etc/passwd";
	order->count = 1;
	wait_until_live(&tool, do_order, order, (const char *const[]){"/etc/passwd", NULL});
	order->path = "/etc/hostname";
	order->count = 10;
	do_order(order);
	end_after(&tool, 10, (const char *const[]){"/etc/hostname", NULL});
	peer_end(&order->peer);
}
END_TEST

static void run_true(void *argument)
{
	struct result r = RUN("/bin/true", "one", argument);

	ck_assert_int_eq(r.status, 0);
	result_free(&r);
}

START_TEST(execsnoop_shows_each_program_with_its_arguments)
{
	struct process tool;

	NEED(no_guest());
	NEED(no_kprobes());
	tool = start_tool("execsnoop", "PCOMM", NULL, 0);
	wait_until_live(&tool, run_true, "first", (const char *const[]){"one first", NULL});
	for (int i = 0; i < 3; i++)
		run_true("two");
	end_after(&tool, 3, (const char *const[]){"true", "/bin/true one two", NULL});
}
END_TEST

static void end_shell(void *script)
{
	struct result r = RUN("/bin/sh", "-c", script);

	ck_assert_int_ge(r.status, 76);
	result_free(&r);
}

START_TEST(exitsnoop_shows_how_processes_end)
{
	struct process tool;

	NEED(no_guest());
	NEED(no_kprobes());
	tool = start_tool("exitsnoop", "PCOMM", NULL, 0);
	wait_until_live(&tool, end_shell, "exit 76", (const char *const[]){"code 76", NULL});
	end_shell("exit 77");
	end_after(&tool, 1, (const char *const[]){"sh", "code 77", NULL});
}
END_TEST

static void read_zeros(void *unused)
{
	int fd = open("/dev/zero", O_RDONLY | O_CLOEXEC);
	char byte;

	(void)unused;
	for (int i = 0; i < 3000; i++)
		if (read(fd, &byte, 1) != 1)
			break;
	close(fd);
}

/* The sum of the first column behind the time, of lines "TIME: READ WRITE ...". */
static long sum_reads(const struct process *tool)
{
	char *text = process_printed(tool->out_fd, NULL);
	long sum = 0;

	for (const char *at = text; (at = strstr(at, ": ")); at++)
		sum += strtol(at + 2, NULL, 10);
	free(text);
	return sum;
}

START_TEST(vfsstat_counts_reads)
{
	struct process tool;
	struct peer peer;

	NEED(no_guest());
	NEED(no_kprobes());
	peer = peer_start(read_zeros, NULL);
	tool = start_tool("vfsstat", "READ/s", "-p", peer.pid);
	peer_work(&peer);
	while (sum_reads(&tool) < 3000 && !has_ended(&tool))
		usleep(100000);
	/* Those by which the peer was told to work are among them. */
	ck_assert_int_ge(sum_reads(&tool), 3000);
	ck_assert_int_le(sum_reads(&tool), 3010);
	free(end_tool(&tool));
	peer_end(&peer);
}
END_TEST

static void connect_to_port(void *arg)
{
	const struct order *order = arg;
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
				      .sin_port = order->port};

	for (int i = 0; i < order->count; i++) {
		int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

		if (connect(fd, (struct sockaddr *)&address, sizeof(address)))
			_exit(1);
		close(fd);
	}
}

static int listen_on_any(in_port_t *port)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ck_assert(!bind(fd, (struct sockaddr *)&address, size) && !listen(fd, 1000) &&
		  !getsockname(fd, (struct sockaddr *)&address, &size));
	*port = address.sin_port;
	return fd;
}

START_TEST(tcpconnect_shows_each_connection)
{
	struct process tool;
	struct order *order;
	char *first, *second;
	in_port_t ports[2];
	int fds[2];

	NEED(no_guest());
	NEED(no_kprobes());
	for (int i = 0; i < 2; i++)
		fds[i] = listen_on_any(&ports[i]);
	first = format(" %d", ntohs(ports[0]));
	second = format(" %d", ntohs(ports[1]));
	order = new_order(connect_to_port);
	tool = start_tool("tcpconnect", "DPORT", "-p", order->peer.pid);
	order->port = ports[0];
	order->count = 1;
	wait_until_live(&tool, do_order, order, (const char *const[]){first, NULL});
	order->port = ports[1];
	order->count = 3;
	do_order(order);
	end_after(&tool, 3, (const char *const[]){" 127.0.0.1 ", second, NULL});
	peer_end(&order->peer);
	close(fds[0]);
	close(fds[1]);
	free(first);
	free(second);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("bcc");
	const char *dir = getenv("TMPDIR");
	int status;

	add_test(suite, opensnoop_shows_each_open, 180);
	add_test(suite, execsnoop_shows_each_program_with_its_arguments, 180);
	add_test(suite, exitsnoop_shows_how_processes_end, 180);
	add_test(suite, vfsstat_counts_reads, 180);
	add_test(suite, tcpconnect_shows_each_connection, 180);
	if (asprintf(&headers, "%s/hotprobe-headers.%d", dir ? dir : "/tmp", getpid()) < 0)
		return 1;
	status = run_suite(suite);
	remove_dir(headers);
	return status;
}
