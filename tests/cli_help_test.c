/* SPDX-License-Identifier: Apache-2.0 */
/* What the command tells about itself: help, manual pages, completion in shells, and hints at what
   was meant by a misspelt word. */
#include "support.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../cli/command.h"
#include "../cli/help_text.h"
#include "../cli/options.h"
#include "../cli/suggest.h"

static const char *hotprobe(void)
{
	return build_path("hotprobe");
}

/* Why a program is not there, NULL if it is. */
static const char *no_program(const char *name)
{
	static char why[64];
	char *command = format("command -v %s >/dev/null", name);
	bool missing = system(command) != 0;

	free(command);
	snprintf(why, sizeof(why), "%s is not installed", name);
	return missing ? why : NULL;
}

/* ---- Options and help --------------------------------------------------------------------------
 */

/* In place of libc's: what the command that runs has for options. It is told that its command line
   is wrong, so that it ends. */
static const struct option *seen_names;
static char seen_letters[64];

int getopt_long(int argc, char *const *argv, const char *letters, const struct option *names,
		int *index)
{
	(void)argc;
	(void)argv;
	(void)index;
	seen_names = names;
	snprintf(seen_letters, sizeof(seen_letters), "%s", letters);
	optopt = 0;
	return '?';
}

static bool find_in_help(const char *help, const struct option *wanted, struct help_option *found)
{
	while (help_next_option(&help, found))
		if (help_part_is(&found->name, wanted->name))
			return true;
	return false;
}

static bool is_letter(int value)
{
	return value > 1 && value < 128 && isalnum(value);
}

static void check_option(const struct command *command, const struct option *option)
{
	struct help_option told;
	bool common = !strcmp(option->name, "color");

	ck_assert_msg(find_in_help(common ? OPTIONS_HELP : command->help, option, &told),
		      "the help of %s lacks --%s", command->name, option->name);
	ck_assert_msg(!told.value.length == !option->has_arg,
		      "%s --%s takes %s value, its help says otherwise", command->name,
		      option->name, option->has_arg ? "a" : "no");
	ck_assert_msg(!told.value.length || !memchr(told.value.at, ' ', told.value.length),
		      "%s --%s: two blanks have to come before the text", command->name,
		      option->name);
	ck_assert_msg((is_letter(option->val) ? option->val : 0) == told.letter,
		      "%s --%s has another letter in its help", command->name, option->name);
	ck_assert_msg(told.text.length > 0, "%s --%s is not explained", command->name,
		      option->name);
	ck_assert_msg(!told.letter || strchr(seen_letters, told.letter),
		      "%s -%c is in its help alone", command->name, told.letter);
}

/* The command of that name, with a word of its own or (NULL) none: looks at what it takes, which
   its help has, and notes in told how many of the options in its help it does not take. */
static void look_at(const struct command *command, const char *word, bool *taken)
{
	char *argv[] = {(char *)command->name, (char *)word, NULL};
	const char *at = command->help;
	struct help_option told;

	seen_names = NULL;
	if (command->main(command, word ? 2 : 1, argv) != EXIT_USAGE || !seen_names)
		return;
	for (const struct option *option = seen_names; option->name; option++)
		check_option(command, option);
	for (size_t i = 0; help_next_option(&at, &told); i++) {
		for (const struct option *option = seen_names; option->name; option++)
			taken[i] |= help_part_is(&told.name, option->name);
		taken[i] |= !told.name.length && told.letter && strchr(seen_letters, told.letter);
	}
}

/* Some commands begin with a word that says which of them it is: "guest run". */
static void look_at_all(const struct command *command, bool *taken)
{
	const char *at = command->help;
	struct help_part usage, word;

	look_at(command, NULL, taken);
	while (help_next_usage(&at, &usage))
		/* guest setup becomes a script. */
		if (help_next_word(&usage, &word) && islower((unsigned char)*word.at) &&
		    !help_part_is(&word, "setup")) {
			char *copy = strndup(word.at, word.length);

			look_at(command, copy, taken);
			free(copy);
		}
}

static bool script_takes(const struct help_option *option)
{
	size_t size;
	char *script = read_file(source_path("scripts/guest"), &size);
	char *name = format("--%.*s", (int)option->name.length, option->name.at);
	bool found = memmem(script, size, name, strlen(name)) != NULL;

	free(script);
	free(name);
	return found;
}

START_TEST(the_help_has_every_option_and_no_other)
{
	/* Beside the program, as guest run looks for it. */
	ck_assert(!symlink(source_path("scripts/guest"), build_path("tests/hotprobe-guest")) ||
		  errno == EEXIST);
	ck_assert_ptr_nonnull(freopen("/dev/null", "w", stderr));
	for (size_t i = 0; commands[i]; i++) {
		const char *at = commands[i]->help;
		struct help_option told;
		bool taken[128] = {0};

		look_at_all(commands[i], taken);
		for (size_t n = 0; help_next_option(&at, &told); n++)
			ck_assert_msg(taken[n] || (!strcmp(commands[i]->name, "guest") &&
						   script_takes(&told)),
				      "%s has no --%.*s, which its help tells of",
				      commands[i]->name, (int)told.name.length, told.name.at);
	}
}
END_TEST

/* Standard output is for what was asked for, here help; all else goes to standard error. */
START_TEST(each_command_keeps_the_streams_apart)
{
	for (size_t i = 0; commands[i]; i++) {
		const char *name = commands[i]->name;
		struct result r = RUN(hotprobe(), name, "--help");
		char *missing;

		ck_assert_msg(!r.status && !*r.err, "%s: %d, %s", name, r.status, r.err);
		ck_assert_msg(!strcmp(r.out, commands[i]->help), "%.500s", r.out);
		ck_assert_msg(strstr(r.out, "Usage: hotprobe ") == r.out, "%s", r.out);
		result_free(&r);
		r = RUN(hotprobe(), name, "--no-such-option");
		ck_assert_msg(r.status == EXIT_USAGE, "%s: %d", name, r.status);
		missing = format("hotprobe %s: unknown option '--no-such-option'", name);
		ck_assert_msg(!*r.out && strstr(r.err, missing) == r.err, "%s: %s%s", name, r.out,
			      r.err);
		free(missing);
		result_free(&r);
	}
}
END_TEST

START_TEST(the_list_has_every_command)
{
	struct result r = RUN(hotprobe(), "help");

	ck_assert_int_eq(r.status, 0);
	ck_assert_str_eq(r.err, "");
	for (size_t i = 0; commands[i]; i++) {
		char *line = format("\n  %-10s%s\n", commands[i]->name, commands[i]->summary);

		ck_assert_msg(strstr(r.out, line) != NULL, "no %s in:\n%s", line, r.out);
		free(line);
	}
	for (const char *line = r.out; *line; line += strcspn(line, "\n") + 1)
		ck_assert_msg(strcspn(line, "\n") <= 100, "%s", line);
	result_free(&r);
}
END_TEST

/* ---- Misspelt words ----------------------------------------------------------------------------
 */

static const char *best_of(const char *word, const char *const *offered)
{
	static struct suggestion suggestion;

	suggestion = suggest_for(word, strlen(word));
	for (; *offered; offered++)
		suggest_offer(&suggestion, *offered);
	return suggest_best(&suggestion);
}

#define BEST(word, ...) best_of(word, (const char *const[]){__VA_ARGS__, NULL})

START_TEST(the_nearest_word_is_suggested)
{
	char longest[200];

	ck_assert_str_eq(BEST("fnam", "comm", "fname", "pid"), "fname");
	ck_assert_str_eq(BEST("fnmae", "frames", "fname", "name"), "fname");
	ck_assert_str_eq(BEST("dealta_ns", "delta", "delta_ns"), "delta_ns");
	ck_assert_str_eq(BEST("verb", "verbose", "version"), "verbose");
	ck_assert_ptr_null(BEST("pid", "comm", "ret"));
	ck_assert_ptr_null(BEST("x", "y", "z"));
	ck_assert_ptr_null(BEST("", "y", ""));
	memset(longest, 'a', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	ck_assert_ptr_null(BEST(longest, longest, "a"));
}
END_TEST

static void check_hint(const char *wanted, const char *const *argv)
{
	const char *source = "struct event { u32 pid; char fname[8]; };\n"
			     "BPF_PERF_OUTPUT(opens);\nBPF_HASH(counts, u32);\n"
			     "TRACEPOINT_PROBE(syscalls, sys_enter_getpgid)\n{\n"
			     "	struct event event = {};\n"
			     "	counts.increment(1);\n"
			     "	opens.perf_submit(args, &event, sizeof(event));\n"
			     "	return 0;\n}\n";
	struct result r = run(argv, source, strlen(source));

	ck_assert_msg(r.status == EXIT_USAGE, "%d: %s", r.status, r.err);
	ck_assert_msg(strstr(r.err, wanted) != NULL, "no '%s' in: %s", wanted, r.err);
	ck_assert_str_eq(r.out, "");
	result_free(&r);
}

#define CHECK_HINT(wanted, ...)                                                                    \
	check_hint(wanted, (const char *const[]){hotprobe(), __VA_ARGS__, NULL})

START_TEST(misspelt_words_get_a_hint)
{
	NEED(no_btf());
	CHECK_HINT("hint: did you mean 'run'?", "rnu");
	CHECK_HINT("hint: did you mean 'check'?", "help", "chekc");
	CHECK_HINT("hint: did you mean '--backend'?", "run", "--bakend=kprobe");
	CHECK_HINT("hint: did you mean 'fname'? the fields are pid, fname, cpu, event, time", "run",
		   "--format={fnam}", "-", "--", "true");
	CHECK_HINT("hint: the fields are pid, fname", "run", "--format={qqq}", "-", "--", "true");
	CHECK_HINT("no conversion 'errn' (", "run", "--format={pid!errn}", "-");
	CHECK_HINT("hint: did you mean 'errno'? the conversions are raw, ", "run",
		   "--format={pid!errn}", "-");
	CHECK_HINT("hint: did you mean 'counts'?", "run", "--tables=count", "-", "--", "true");
	CHECK_HINT("a line needs a field", "run", "--format=", "-");
	CHECK_HINT("at column 5", "run", "--format={pid", "-");
}
END_TEST

/* ---- Manual pages ------------------------------------------------------------------------------
 */

/* Makes a page with a script of the source tree, and has it looked at. */
static char *make_page(const char *script, const char *from)
{
	struct result r = RUN(source_path(script), from);
	const char *dates = strstr(r.out, ".TH ");

	ck_assert_msg(!r.status && !*r.err, "%s: %d, %s", script, r.status, r.err);
	ck_assert_msg(dates == r.out, "%s", r.out);
	free(r.err);
	return r.out;
}

/* The name of its file says its section, as it does where it is installed. */
static void check_page(const char *page, int section)
{
	char *dir = make_dir(), *path = format("%s/page.%d", dir, section);
	struct result r;

	write_file(path, page, strlen(page));
	if (!no_program("mandoc")) {
		r = RUN("mandoc", "-T", "lint", "-W", "warning", path);
		ck_assert_msg(!r.status && !*r.out, "%s", r.out);
		result_free(&r);
	}
	r = RUN("man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", path);
	ck_assert_msg(!r.status && !*r.err, "%d: %s", r.status, r.err);
	result_free(&r);
	free(path);
	remove_dir(dir);
}

START_TEST(the_page_of_the_command_has_all_commands_and_options)
{
	char *page;

	NEED(no_program("man"));
	page = make_page("scripts/man-command", hotprobe());
	check_page(page, 1);
	for (size_t i = 0; commands[i]; i++) {
		char *heading = format("\n.SS hotprobe %s\n", commands[i]->name);
		const char *section = strstr(page, heading), *at = commands[i]->help;
		struct help_option option;

		ck_assert_msg(section != NULL, "no %s", heading);
		while (help_next_option(&at, &option)) {
			char *name = format("%.*s", (int)option.name.length, option.name.at);
			char *escaped = format("\\-\\-"), *tag;

			for (const char *c = name; *c; c++) {
				char *more = format(*c == '-' ? "%s\\%c" : "%s%c", escaped, *c);

				free(escaped);
				escaped = more;
			}
			tag = strstr(section, escaped);
			ck_assert_msg(!*name || tag, "no --%s of %s", name, commands[i]->name);
			free(name);
			free(escaped);
		}
		free(heading);
	}
	free(page);
}
END_TEST

/* Each function that the library shows is there, and its comment. */
START_TEST(the_page_of_the_library_has_all_functions)
{
	char *page, *header, *at;
	size_t size;
	unsigned functions = 0;

	NEED(no_program("man"));
	page = make_page("scripts/man-library", source_path("runtime/hotprobe.h"));
	header = read_file(source_path("runtime/hotprobe.h"), &size);
	check_page(page, 3);
	for (at = header; (at = strstr(at, "\n")) != NULL; at++) {
		char name[128];
		const char *call = strstr(at + 1, "hotprobe_");

		if (at[1] == ' ' || at[1] == '/' || at[1] == '\t' || !call ||
		    call > at + 1 + strcspn(at + 1, "(\n") ||
		    sscanf(call, "%127[a-z0-9_](", name) != 1 || call[strlen(name)] != '(')
			continue;
		ck_assert_msg(strstr(page, name) != NULL, "no %s", name);
		functions++;
	}
	ck_assert_uint_ge(functions, 60);
	ck_assert_ptr_nonnull(strstr(page, "\n.SH A HANDLE\n"));
	ck_assert_ptr_nonnull(strstr(page, "The source is BCC\\(aqs dialect of C."));
	free(page);
	free(header);
}
END_TEST

/* ---- Completion --------------------------------------------------------------------------------
 */

/* What is offered for the words, the last of which is unfinished. */
static void check_offers(const char *wanted, const char *const *words)
{
	const char *argv[16] = {hotprobe(), "__complete"};
	struct result r;
	size_t count = 2;

	while (*words)
		argv[count++] = *words++;
	r = run(argv, NULL, 0);
	ck_assert_msg(!r.status && !*r.err, "%d: %s", r.status, r.err);
	ck_assert_msg(!strcmp(r.out, wanted), "%s: not\n%sbut\n%s", argv[count - 1], wanted, r.out);
	result_free(&r);
}

#define CHECK_OFFERS(wanted, ...) check_offers(wanted, (const char *const[]){__VA_ARGS__, NULL})

START_TEST(completion_is_read_out_of_the_help)
{
	CHECK_OFFERS("run\tcompile a program, attach it, print its events\n", "ru");
	CHECK_OFFERS("version\tprint the version\n", "help", "vers");
	CHECK_OFFERS("auto\t\nfentry\t\nkprobe\t\ntracepoint\t\n", "run", "--backend", "");
	CHECK_OFFERS("--backend=kprobe\t\n", "build", "x.c", "--backend=k");
	CHECK_OFFERS("--raw\tleave numbers as they are: no names of errors, no units of time\n",
		     "run", "--json", "--r");
	/* What takes no value is not given twice. */
	CHECK_OFFERS("", "run", "--json", "--js");
	CHECK_OFFERS(":files .c .hpo\n", "run", "");
	CHECK_OFFERS("", "run", "x.c", "");
	CHECK_OFFERS(":files .svg\n", "run", "--flame=");
	CHECK_OFFERS(":dirs\n", "headers", "/t");
	CHECK_OFFERS("setup\t\n", "guest", "s");
	CHECK_OFFERS(":files .c .hpo\n", "guest", "run", "");
	CHECK_OFFERS(":command 4\n", "run", "x.c", "--", "ls", "-");
	CHECK_OFFERS("kretfunc:\tkretfunc:FUNC\n:nospace\n", "run", "--attach", "kretf");
	CHECK_OFFERS("--color=never\t\n", "cache", "--color=n");
	CHECK_OFFERS("", "nonsense", "");
}
END_TEST

START_TEST(tables_are_those_of_the_source)
{
	const char *text = "#include <x.h>\nBPF_HASH(counts, u32);\n  BPF_HISTOGRAM(sizes);\n"
			   "BPF_PERF_OUTPUT(events);\nBPF_TABLE(\"hash\", u32, u32, own, 9);\n";
	char *dir = make_dir(), *path = format("%s/t.c", dir);

	write_file(path, text, strlen(text));
	CHECK_OFFERS("counts\t\nsizes\t\n", "run", path, "--tables", "");
	CHECK_OFFERS("counts,sizes\t\n", "run", path, "--tables", "counts,s");
	free(path);
	remove_dir(dir);
}
END_TEST

START_TEST(targets_are_those_that_list_knows)
{
	NEED(find_command("list") ? NULL : "there is no hotprobe list");
	CHECK_OFFERS("syscall:getppid\t\n:nospace\n", "run", "--attach", "syscall:getpp");
	CHECK_OFFERS("syscall:getppid\t\n:nospace\n", "list", "syscall:getpp");
	CHECK_OFFERS("", "list", "nonsense:x'; echo injected; '");
}
END_TEST

/* Types into a shell on a terminal, and waits for what it shall then show. */
struct dialogue {
	int fd;
	pid_t pid;
	char shown[65536];
	size_t length;
};

/* Without the bells that shells ring. */
static void keep_text(struct dialogue *d, size_t size)
{
	const char *from = d->shown + d->length;

	for (size_t i = 0; i < size; i++)
		if ((unsigned char)from[i] >= ' ')
			d->shown[d->length++] = from[i];
}

/* What comes behind it stays for the next time. */
static void read_until(struct dialogue *d, const char *wanted)
{
	struct pollfd fds = {.fd = d->fd, .events = POLLIN};
	size_t length = strlen(wanted);
	const char *found;
	ssize_t n;

	while (!(found = memmem(d->shown, d->length, wanted, length))) {
		n = poll(&fds, 1, 20000) == 1
			    ? read(d->fd, d->shown + d->length, sizeof(d->shown) - 1 - d->length)
			    : -1;
		ck_assert_msg(n > 0, "it does not show '%s' but: %.*s", wanted, (int)d->length,
			      d->shown);
		keep_text(d, (size_t)n);
	}
	d->length = (size_t)(d->shown + d->length - found) - length;
	memmove(d->shown, found + length, d->length);
}

static void type(struct dialogue *d, const char *keys, const char *wanted)
{
	ck_assert_int_eq(write(d->fd, keys, strlen(keys)), (ssize_t)strlen(keys));
	read_until(d, wanted);
}

static void shell_start(struct dialogue *d, const char *dir, const char *const *argv)
{
	char *path = format("%s:%s", build_path(""), getenv("PATH"));

	d->length = 0;
	d->pid = forkpty(&d->fd, NULL, NULL, NULL);
	ck_assert_int_ge(d->pid, 0);
	if (!d->pid) {
		setenv("PATH", path, 1);
		setenv("HOME", dir, 1);
		setenv("TERM", "dumb", 1);
		setenv("PS1", "READY> ", 1);
		if (!chdir(dir))
			execvp(argv[0], (char *const *)argv);
		_exit(127);
	}
	free(path);
}

static void shell_end(struct dialogue *d)
{
	kill(d->pid, SIGKILL);
	waitpid(d->pid, NULL, 0);
	close(d->fd);
}

/* With a source, an image, and a file that is neither. */
static char *make_sources(void)
{
	static const char *const names[] = {"snoop.c", "snoop.txt", "ready.hpo"};
	char *dir = make_dir();

	for (size_t i = 0; i < COUNT(names); i++) {
		char *path = format("%s/%s", dir, names[i]);

		write_file(path, "", 0);
		free(path);
	}
	return dir;
}

/* Each line of keys ends where the shell has completed it, before what it stops at. */
static void check_dialogue(struct dialogue *d)
{
	type(d, "hotprobe run --backe\t", "--backend ");
	type(d, "fe\t", "fentry ");
	type(d, "sno\t", "snoop.c ");
	type(d, "--backend=kp\t", "kprobe ");
	type(d, "--attach kretf\t", "kretfunc:");
	type(d, "x=y -- cat snoop.t\t", "snoop.txt");
}

START_TEST(bash_completes)
{
	char *dir = make_sources(), *source;
	struct dialogue d;

	NEED(no_program("bash"));
	source = format(". %s\n", source_path("share/bash-completion/completions/hotprobe"));
	shell_start(&d, dir, (const char *const[]){"bash", "--norc", "--noprofile", "-i", NULL});
	read_until(&d, "READY> ");
	type(&d, source, "READY> ");
	check_dialogue(&d);
	shell_end(&d);
	free(source);
	remove_dir(dir);
}
END_TEST

START_TEST(zsh_completes)
{
	char *dir = make_sources(), *source;
	struct dialogue d;

	NEED(no_program("zsh"));
	source = format("fpath=(%s $fpath); autoload -U compinit; compinit -u -D; echo LOA''DED\n",
			source_path("share/zsh/site-functions"));
	shell_start(&d, dir, (const char *const[]){"zsh", "-f", "-i", NULL});
	read_until(&d, "READY> ");
	type(&d, source, "LOADED");
	read_until(&d, "READY> ");
	check_dialogue(&d);
	shell_end(&d);
	free(source);
	remove_dir(dir);
}
END_TEST

/* fish tells what it would offer. */
static void check_fish(const char *dir, const char *line, const char *wanted)
{
	char *script =
		format("source %s; cd %s; complete -C '%s'",
		       source_path("share/fish/vendor_completions.d/hotprobe.fish"), dir, line);
	char *path = format("PATH=%s:%s", build_path(""), getenv("PATH"));
	char *home = format("HOME=%s", dir);
	struct result r = RUN("env", path, home, "fish", "-N", "-c", script);

	ck_assert_msg(!r.status && !strcmp(r.out, wanted), "%s: not\n%sbut\n%s%s", line, wanted,
		      r.out, r.err);
	result_free(&r);
	free(script);
	free(path);
	free(home);
}

START_TEST(fish_completes)
{
	char *dir = make_sources();

	NEED(no_program("fish"));
	check_fish(dir, "hotprobe run --backe",
		   "--backend\thow to attach functions that BCC attaches as kprobes\n");
	check_fish(dir, "hotprobe run --backend f", "fentry\n");
	check_fish(dir, "hotprobe run --backend=f", "--backend=fentry\n");
	check_fish(dir, "hotprobe run sno", "snoop.c\n");
	check_fish(dir, "hotprobe run snoop.c -- cat snoop.", "snoop.c\nsnoop.txt\n");
	check_fish(dir, "hotprobe run --attach kretf", "kretfunc:\tkretfunc:FUNC\n");
	remove_dir(dir);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("cli_help");

	add_test(suite, the_help_has_every_option_and_no_other, 20);
	add_test(suite, each_command_keeps_the_streams_apart, 60);
	add_test(suite, the_list_has_every_command, 20);
	add_test(suite, the_nearest_word_is_suggested, 20);
	add_test(suite, misspelt_words_get_a_hint, 60);
	add_test(suite, the_page_of_the_command_has_all_commands_and_options, 60);
	add_test(suite, the_page_of_the_library_has_all_functions, 60);
	add_test(suite, completion_is_read_out_of_the_help, 30);
	add_test(suite, tables_are_those_of_the_source, 20);
	add_test(suite, targets_are_those_that_list_knows, 30);
	add_test(suite, bash_completes, 120);
	add_test(suite, zsh_completes, 120);
	add_test(suite, fish_completes, 120);
	return run_suite(suite);
}
