/* SPDX-License-Identifier: Apache-2.0 */
/* hotprobe run on a real terminal: widths, colours, a change of size; and where output cannot go.
 */
#include "support.h"

#include <pty.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

static const char events[] =
	"struct event { u64 n; char name[64]; int ret; };\nBPF_PERF_OUTPUT(events);\n"
	"BPF_HISTOGRAM(sizes);\n"
	"TRACEPOINT_PROBE(syscalls, sys_enter_getpgid)\n{\n"
	"	struct event event = {args->pid, \"0123456789.123456789.123456789.123456789\", "
	"-2};\n"
	"	events.perf_submit(args, &event, sizeof(event));\n"
	"	sizes.increment(3);\n"
	"	return 0;\n}\n";

/* ---- A terminal --------------------------------------------------------------------------------
 */

/* A pseudo-terminal, with a process that has it as all of its standard streams. */
struct terminal {
	char *dir, *source; /* the source is a file: standard input is the terminal */
	pid_t pid;
	int fd;
	char shown[1 << 20];
	size_t length;
};

static struct terminal terminal;

/* The environment is that of the test, with one more setting, "NAME=VALUE" (NULL: none). */
static void start(unsigned columns, const char *setting, const char *const *argv)
{
	struct winsize size = {.ws_row = 24, .ws_col = (unsigned short)columns};
	struct termios mode;

	terminal.length = 0;
	terminal.pid = forkpty(&terminal.fd, NULL, NULL, &size);
	ck_assert_int_ge(terminal.pid, 0);
	if (!terminal.pid) {
		tcgetattr(STDIN_FILENO, &mode);
		mode.c_lflag &= ~(tcflag_t)ECHO;
		mode.c_oflag &= ~(tcflag_t)OPOST;
		tcsetattr(STDIN_FILENO, TCSANOW, &mode);
		unsetenv("NO_COLOR");
		setenv("TERM", "xterm", 1);
		if (setting)
			putenv((char *)setting);
		execv(argv[0], (char *const *)argv);
		_exit(126);
	}
}

/* Reads until the text has been shown, or (NULL) to the end. */
static const char *read_until(const char *wanted)
{
	ssize_t n;

	while (!wanted || !memmem(terminal.shown, terminal.length, wanted, strlen(wanted))) {
		n = read(terminal.fd, terminal.shown + terminal.length,
			 sizeof(terminal.shown) - 1 - terminal.length);
		if (n <= 0)
			break;
		terminal.length += (size_t)n;
	}
	terminal.shown[terminal.length] = '\0';
	ck_assert_msg(!wanted || strstr(terminal.shown, wanted), "no %s in: %s", wanted,
		      terminal.shown);
	return terminal.shown;
}

static int end(void)
{
	int status;

	read_until(NULL);
	close(terminal.fd);
	ck_assert_int_eq(waitpid(terminal.pid, &status, 0), terminal.pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static const char *source_file(void)
{
	terminal.dir = make_dir();
	terminal.source = format("%s/events.c", terminal.dir);
	write_file(terminal.source, events, strlen(events));
	return terminal.source;
}

static void remove_source(void)
{
	free(terminal.source);
	remove_dir(terminal.dir);
}

/* Runs the events against `child numbers 7000001`, with an option, to its end. */
static const char *show(unsigned columns, const char *setting, const char *option)
{
	const char *argv[] = {build_path("hotprobe"),	 "run",	    option,    source_file(), "--",
			      build_path("tests/child"), "numbers", "7000001", NULL};

	start(columns, setting, argv);
	ck_assert_msg(!end(), "it said: %s", terminal.shown);
	remove_source();
	return terminal.shown;
}

#define TEXT "0123456789.123456789.123456789.123456789"

/* ---- Widths ------------------------------------------------------------------------------------
 */

START_TEST(twenty_columns_cut_text_and_bars)
{
	const char *shown;

	NEED(no_bpf());
	shown = show(20, NULL, "--color=never");
	ck_assert_msg(strstr(shown, "         n name         ret\n"
				    "   7000001 0123456\xe2\x80\xa6  ENOENT\n"),
		      "%s", shown);
	ck_assert_msg(strstr(shown, "  sizes  count  distribution\n"
				    "      3      1  |**********|\n"),
		      "%s", shown);
}
END_TEST

START_TEST(a_thousand_columns_cut_nothing)
{
	const char *shown;

	NEED(no_bpf());
	shown = show(1000, NULL, "--color=never");
	ck_assert_msg(strstr(shown, "   7000001 " TEXT "  ENOENT\n"), "%s", shown);
	ck_assert_msg(strstr(shown, "|****************************************|\n"), "%s", shown);
}
END_TEST

/* What comes after a change of size is laid out for the new one, with a new heading. */
START_TEST(a_change_of_size_is_followed)
{
	const char *argv[] = {build_path("hotprobe"),
			      "run",
			      "--color=never",
			      "--tables=none",
			      source_file(),
			      "--",
			      "sh",
			      "-c",
			      "\"$0\" numbers 7000001; read line; \"$0\" numbers 7000002",
			      build_path("tests/child"),
			      NULL};
	struct winsize wide = {.ws_row = 24, .ws_col = 1000};

	NEED(no_bpf());
	start(20, NULL, argv);
	read_until("7000001 0123456\xe2\x80\xa6  ENOENT\n");
	ck_assert_int_eq(ioctl(terminal.fd, TIOCSWINSZ, &wide), 0);
	ck_assert_int_eq(write(terminal.fd, "\n", 1), 1);
	ck_assert_int_eq(end(), 0);
	ck_assert_msg(strstr(terminal.shown, "     ret\n   7000002 " TEXT "  ENOENT\n"), "%s",
		      terminal.shown);
	remove_source();
}
END_TEST

/* ---- Colours -----------------------------------------------------------------------------------
 */

#define ERROR "\033[1;31mENOENT\033[0m"
#define BAR "\033[1;36m****************************************\033[0m"

START_TEST(a_terminal_has_colours)
{
	const char *shown;

	NEED(no_bpf());
	shown = show(100, NULL, "--top=5");
	ck_assert_msg(strstr(shown, "\033[1mn\033[0m") != NULL, "%s", shown);
	ck_assert_msg(strstr(shown, ERROR) != NULL, "%s", shown);
	ck_assert_msg(strstr(shown, BAR) != NULL, "%s", shown);
}
END_TEST

START_TEST(colours_can_be_refused)
{
	static const struct {
		const char *setting, *option;
	} cases[] = {
		{"NO_COLOR=1", "--top=5"}, {"TERM=dumb", "--top=5"},	   {"TERM=", "--top=5"},
		{NULL, "--color=never"},   {"NO_COLOR=1", "--color=auto"},
	};

	NEED(no_bpf());
	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *shown = show(100, cases[i].setting, cases[i].option);

		ck_assert_msg(!strchr(shown, '\033'), "%s %s: %s", cases[i].setting,
			      cases[i].option, shown);
	}
	/* An empty NO_COLOR is none. */
	ck_assert_ptr_nonnull(strstr(show(100, "NO_COLOR=", "--top=5"), ERROR));
}
END_TEST

/* What no one reads on a screen has none, unless it is wanted; messages follow the same rule. */
START_TEST(files_have_colours_only_if_told)
{
	static const char *const options[] = {"--color=auto", "--color=always"};

	NEED(no_bpf());
	for (size_t i = 0; i < COUNT(options); i++) {
		struct result r =
			run((const char *const[]){build_path("hotprobe"), "run", options[i], "-",
						  "--", build_path("tests/child"), "numbers",
						  "7000001", NULL},
			    events, strlen(events));

		ck_assert_int_eq(r.status, 0);
		ck_assert_msg(!!strstr(r.out, ERROR) == !!i && !!strstr(r.out, BAR) == !!i, "%s",
			      r.out);
		result_free(&r);
		r = RUN(build_path("hotprobe"), "check", options[i], "/no/such/file.c");
		ck_assert_msg(!!strstr(r.err, "\033[1;31merror: \033[0m") == !!i, "%s", r.err);
		result_free(&r);
	}
}
END_TEST

/* Of the colours, nothing is in what programs read. */
START_TEST(data_has_no_colours)
{
	static const char *const formats[] = {"--json", "--csv", "--format={n} {name} {ret}"};

	NEED(no_bpf());
	for (size_t i = 0; i < COUNT(formats); i++) {
		const char *shown = show(20, NULL, formats[i]);
		const char *end = strstr(shown, "sizes");

		ck_assert_msg(strstr(shown, "7000001"), "%s", shown);
		/* Below the lines of --format stands a table for people. */
		ck_assert_msg(!memchr(shown, '\033',
				      i == 2 ? (size_t)(strstr(shown, "ENOENT") - shown)
					     : (size_t)(end - shown)),
			      "%s: %s", formats[i], shown);
		ck_assert_msg(strstr(shown, TEXT), "%s: %s", formats[i], shown);
	}
}
END_TEST

/* However much there is to say. */
START_TEST(messages_stay_off_the_output)
{
	struct result r;

	NEED(no_bpf());
	r = run((const char *const[]){build_path("hotprobe"), "run", "-v", "--verifier-log",
				      "--no-cache", "--csv", "-", "--", build_path("tests/child"),
				      "numbers", "7000001", NULL},
		events, strlen(events));
	ck_assert_int_eq(r.status, 0);
	ck_assert_str_eq(r.out, "n,name,ret\n7000001," TEXT ",-2\n\n"
				"table,low,high,count\nsizes,3,3,1\n");
	ck_assert_msg(strstr(r.err, "sys_enter_getpgid") != NULL, "%s", r.err);
	result_free(&r);
}
END_TEST

/* ---- Where output cannot go --------------------------------------------------------------------
 */

static const char *const every_format[] = {"--json", "--csv", "--format={n} {name}", "--raw",
					   "--top=3"};

/* Runs the events 2,000 times with standard output as the shell's redirection has it. */
static struct result run_to(const char *option, const char *redirection)
{
	char *command = format("\"$0\" run --no-cache \"$1\" - -- \"$2\" repeat 2000 7000001 %s",
			       redirection);
	struct result r = run((const char *const[]){"sh", "-c", command, build_path("hotprobe"),
						    option, build_path("tests/child"), NULL},
			      events, strlen(events));

	free(command);
	return r;
}

START_TEST(a_full_disk_is_told)
{
	NEED(no_bpf());
	for (size_t i = 0; i < COUNT(every_format); i++) {
		struct result r = run_to(every_format[i], ">/dev/full");

		ck_assert_msg(r.status == 3 && strstr(r.err, "No space left on device"),
			      "%s: %d, %s", every_format[i], r.status, r.err);
		result_free(&r);
	}
}
END_TEST

START_TEST(a_closed_output_is_told)
{
	NEED(no_bpf());
	for (size_t i = 0; i < COUNT(every_format); i++) {
		struct result r = run_to(every_format[i], ">&-");

		ck_assert_msg(r.status == 3 && strstr(r.err, "Bad file descriptor"), "%s: %d, %s",
			      every_format[i], r.status, r.err);
		result_free(&r);
	}
}
END_TEST

/* As others: it ends by SIGPIPE and says nothing. */
START_TEST(a_reader_that_went_ends_it)
{
	NEED(no_bpf());
	for (size_t i = 0; i < COUNT(every_format); i++) {
		struct result r = run(
			(const char *const[]){"bash", "-c",
					      "\"$0\" run --no-cache \"$1\" - -- "
					      "\"$2\" repeat 20000 7000001 | head -n 1 >/dev/null; "
					      "exit ${PIPESTATUS[0]}",
					      build_path("hotprobe"), every_format[i],
					      build_path("tests/child"), NULL},
			events, strlen(events));
		ck_assert_msg(r.status == 128 + SIGPIPE && !*r.err, "%s: %d, %s", every_format[i],
			      r.status, r.err);
		result_free(&r);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("cli_terminal");

	add_test(suite, twenty_columns_cut_text_and_bars, 30);
	add_test(suite, a_thousand_columns_cut_nothing, 30);
	add_test(suite, a_change_of_size_is_followed, 30);
	add_test(suite, a_terminal_has_colours, 30);
	add_test(suite, colours_can_be_refused, 60);
	add_test(suite, files_have_colours_only_if_told, 60);
	add_test(suite, data_has_no_colours, 60);
	add_test(suite, messages_stay_off_the_output, 30);
	add_test(suite, a_full_disk_is_told, 60);
	add_test(suite, a_closed_output_is_told, 60);
	add_test(suite, a_reader_that_went_ends_it, 120);
	return run_suite(suite);
}
