/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hotprobe guest: run a program on another kernel, in a virtual machine. Nothing of this machine is
 * traced, so no privilege is needed. The program is compiled here, since that is slow there; the
 * image goes to a second hotprobe, in the guest, as its standard input.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/wait.h>
#include <unistd.h>

#include "colour.h"
#include "command.h"
#include "guest.h"
#include "hotprobe.h"
#include "program.h"
#include "report.h"
#include "run_options.h"

enum { SCRIPT_FAILED = 125 };

/* An argument vector that grows. */
struct words {
	char **at; /* ended by NULL */
	size_t count;
	bool failed;
};

static void add_word(struct words *words, const char *word)
{
	char **at = realloc(words->at, (words->count + 2) * sizeof(*at));
	char *copy = strdup(word);

	if (at)
		words->at = at;
	if (!at || !copy) {
		free(copy);
		words->failed = true;
		return;
	}
	at[words->count++] = copy;
	at[words->count] = NULL;
}

static void add_option(struct words *words, const char *name, const char *value)
{
	add_word(words, name);
	add_word(words, value);
}

static void free_words(struct words *words)
{
	for (size_t i = 0; i < words->count; i++)
		free(words->at[i]);
	free(words->at);
}

static int no_memory(void)
{
	report(HOTPROBE_ERROR, "out of memory");
	return EXIT_SYSTEM;
}

/* ---- The script that handles guests ------------------------------------------------------- */

bool guest_script(char path[PATH_MAX], const char *exe)
{
	const char *slash = strrchr(exe, '/');
	int length = snprintf(path, PATH_MAX, "%.*s/hotprobe-guest", (int)(slash - exe), exe);

	/* With more rights than the caller's, not a script that the caller may have put there. */
	if (length < PATH_MAX && !getauxval(AT_SECURE) && !access(path, X_OK))
		return true;
	snprintf(path, PATH_MAX, "%s", HOTPROBE_GUEST);
	return !access(path, X_OK);
}

static bool find_script(char path[PATH_MAX], const char *exe)
{
	if (guest_script(path, exe))
		return true;
	report(HOTPROBE_ERROR, "there is no %s", path);
	report_hint("hotprobe is not wholly installed");
	return false;
}

static bool find_self(char exe[PATH_MAX])
{
	ssize_t n = readlink("/proc/self/exe", exe, PATH_MAX - 1);

	if (n < 0) {
		report(HOTPROBE_ERROR, "/proc/self/exe: %s", strerror(errno));
		return false;
	}
	exe[n] = '\0';
	return true;
}

static int exec_failed(const char *path, int error)
{
	report(HOTPROBE_ERROR, "cannot run %s: %s", path, strerror(error));
	return EXIT_SYSTEM;
}

/* The first line that the script prints, without its newline. */
static int read_line(int fd, char *line, size_t size)
{
	size_t used = 0;
	ssize_t n;

	do {
		n = read(fd, line + used, size - 1 - used);
		if (n > 0)
			used += (size_t)n;
	} while (n > 0 || (n < 0 && errno == EINTR));
	line[used] = '\0';
	line[strcspn(line, "\n")] = '\0';
	return n < 0 ? -errno : 0;
}

/* Starts it with a pipe as its standard output. */
static int start(char *const argv[], pid_t *pid, int *fd)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC))
		return errno;
	*pid = fork();
	if (!*pid) {
		if (dup2(ends[1], STDOUT_FILENO) >= 0)
			execv(argv[0], argv);
		_exit(exec_failed(argv[0], errno));
	}
	close(ends[1]);
	*fd = ends[0];
	if (*pid > 0)
		return 0;
	close(ends[0]);
	return errno;
}

/* Has the kernel set up, if it is not yet; line receives the path of its vmlinux. */
static int set_up(const struct words *setup, char *line, size_t size)
{
	pid_t pid = -1, ended;
	int fd = -1, status, err = start(setup->at, &pid, &fd);

	if (err)
		return exec_failed(setup->at[0], err);
	err = read_line(fd, line, size);
	close(fd);
	do
		ended = waitpid(pid, &status, 0);
	while (ended < 0 && errno == EINTR);
	if (err || ended < 0)
		return exec_failed(setup->at[0], err ? -err : errno);
	if (WIFSIGNALED(status))
		return EXIT_SIGNALLED + WTERMSIG(status);
	/* What went wrong, the script has said. */
	status = WEXITSTATUS(status);
	return status == SCRIPT_FAILED ? EXIT_SYSTEM : status;
}

/* ---- The program -------------------------------------------------------------------------- */

struct guest {
	struct run_options options;
	struct hotprobe_opts opts;
	struct words setup, run; /* command lines of the script */
	struct words inner;	 /* options of the hotprobe in the guest */
	bool stops;		 /* by itself: there is a command, or a duration */
};

static int open_image(struct program *program, const char *dir)
{
	char path[PATH_MAX + sizeof("/image")];
	int err, fd;

	snprintf(path, sizeof(path), "%s/image", dir);
	err = hotprobe_save(program->hp, path);
	if (err) {
		program_failed(program, err);
		return -1;
	}
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		report(HOTPROBE_ERROR, "%s: %s", path, strerror(errno));
	unlink(path);
	return fd;
}

/* A descriptor of the image, in a file that has no name any more. */
static int save_image(struct program *program)
{
	const char *parent = secure_getenv("TMPDIR");
	char dir[PATH_MAX];
	int fd;

	snprintf(dir, sizeof(dir) - 8, "%s/hotprobe.XXXXXX", parent && *parent ? parent : "/tmp");
	if (!mkdtemp(dir)) {
		report(HOTPROBE_ERROR, "%s: %s", dir, strerror(errno));
		report_hint("let TMPDIR name a directory that can be written to");
		return -1;
	}
	fd = open_image(program, dir);
	rmdir(dir);
	return fd;
}

/* For the kernel whose vmlinux that is; copies of its tracefs and configuration lie beside it. */
static int compile(struct guest *guest, const char *vmlinux, int *image_fd)
{
	const char *slash = strrchr(vmlinux, '/');
	struct program program;
	char *tracefs;
	int status;

	if (!slash || asprintf(&tracefs, "%.*s/tracing", (int)(slash - vmlinux), vmlinux) < 0)
		return no_memory();
	guest->opts.btf_path = vmlinux;
	guest->opts.tracefs = tracefs;
	status = program_compile(&program, &guest->options.source, &guest->opts);
	if (status == EXIT_DONE) {
		*image_fd = save_image(&program);
		if (*image_fd < 0)
			status = EXIT_SYSTEM;
	}
	program_close(&program);
	free(tracefs);
	return status;
}

/* Becomes the script. */
static int boot(struct guest *guest, const char *exe, const char *vmlinux, int image_fd)
{
	struct words *run = &guest->run;

	add_word(run, "--stdin");
	add_word(run, "--");
	add_word(run, exe);
	add_option(run, "run", "-");
	for (size_t i = 0; i < guest->inner.count; i++)
		add_word(run, guest->inner.at[i]);
	if (run->failed)
		return no_memory();
	if (isatty(STDERR_FILENO))
		report(HOTPROBE_NOTE, "starting %s in QEMU%s", strrchr(vmlinux, '/') + 1,
		       guest->stops ? "" : "; all of it is traced; Ctrl-C ends");
	if (dup2(image_fd, STDIN_FILENO) < 0)
		return exec_failed(run->at[0], errno);
	execv(run->at[0], run->at);
	return exec_failed(run->at[0], errno);
}

static int run(struct guest *guest, const char *exe)
{
	char vmlinux[PATH_MAX];
	int status, image_fd;

	if (guest->setup.failed || guest->run.failed || guest->inner.failed)
		return no_memory();
	status = set_up(&guest->setup, vmlinux, sizeof(vmlinux));
	if (status == EXIT_DONE)
		status = compile(guest, vmlinux, &image_fd);
	return status == EXIT_DONE ? boot(guest, exe, vmlinux, image_fd) : status;
}

/* ---- The command line --------------------------------------------------------------------- */

enum {
	GUEST_KERNEL = RUN_OPTION_END,
	GUEST_CACHE,
	GUEST_CPUS,
	GUEST_MEMORY,
	GUEST_TIMEOUT,
	GUEST_RW,
};

/* An option of hotprobe run's, for the one in the guest. What concerns the compiler alone has done
   its work here. */
static void pass_on(struct guest *guest, const struct options *options, int option)
{
	const struct option *name = options->names;
	char text[32];

	if (option < RUN_JSON && option != SOURCE_ATTACH && option != SOURCE_VERIFIER_LOG &&
	    option != 'a' && option != 'v')
		return;
	while (name->name && name->val != option)
		name++;
	if (!name->name)
		return;
	snprintf(text, sizeof(text), "--%s", name->name);
	add_word(&guest->inner, text);
	if (name->has_arg)
		add_word(&guest->inner, options->value);
}

static bool guest_option(struct guest *guest, const struct options *options, int option)
{
	const char *value = options->value;

	switch (option) {
	case GUEST_KERNEL:
	case GUEST_CACHE:
		add_option(&guest->setup, option == GUEST_KERNEL ? "--kernel" : "--cache", value);
		add_option(&guest->run, option == GUEST_KERNEL ? "--kernel" : "--cache", value);
		return true;
	case GUEST_CPUS:
		add_option(&guest->run, "--cpus", value);
		return true;
	case GUEST_MEMORY:
		add_option(&guest->run, "--memory", value);
		return true;
	case GUEST_TIMEOUT:
		add_option(&guest->run, "--timeout", value);
		return true;
	case GUEST_RW:
		add_option(&guest->run, "--rw", value);
		return true;
	}
	if (!run_option(&guest->options, options, option))
		return false;
	pass_on(guest, options, option);
	return true;
}

static bool complete(struct guest *guest, const struct options *options)
{
	if (!source_options_complete(&guest->options.source, options))
		return false;
	guest->stops = guest->options.duration_ms;
	guest->opts.backend = guest->options.backend;
	/* In there standard output is no terminal. */
	add_option(&guest->inner, "--color",
		   colour_wanted(STDOUT_FILENO) && colour_wanted(STDERR_FILENO) ? "always"
										: "never");
	if (!options->rest)
		return true;
	if (!options->rest[0]) {
		usage_error(options->command, "there is no command behind '--'");
		return false;
	}
	guest->stops = true;
	add_word(&guest->inner, "--");
	for (char *const *word = options->rest; *word; word++)
		add_word(&guest->inner, *word);
	return true;
}

static int run_main(const struct command *command, const char *exe, const char *script, int argc,
		    char **argv)
{
	static const struct option names[] = {
		{"kernel", required_argument, NULL, GUEST_KERNEL},
		{"cache", required_argument, NULL, GUEST_CACHE},
		{"cpus", required_argument, NULL, GUEST_CPUS},
		{"memory", required_argument, NULL, GUEST_MEMORY},
		{"timeout", required_argument, NULL, GUEST_TIMEOUT},
		{"rw", required_argument, NULL, GUEST_RW},
		RUN_NAMES,
		OPTION_NAMES,
		{0},
	};
	struct options options =
		options_begin(command, argc, argv, OPTION_LETTERS RUN_LETTERS, names);
	struct guest guest = {0};
	int option;

	add_option(&guest.setup, script, "setup");
	add_option(&guest.run, script, "run");
	while ((option = options_next(&options)) != OPTION_END)
		if (option == OPTION_HELP || option == OPTION_BAD ||
		    !guest_option(&guest, &options, option))
			goto out;
	if (complete(&guest, &options))
		options.status = run(&guest, exe);
out:
	free_words(&guest.inner);
	free_words(&guest.run);
	free_words(&guest.setup);
	run_options_free(&guest.options);
	return options.status;
}

static int guest_main(const struct command *command, int argc, char **argv)
{
	char exe[PATH_MAX], script[PATH_MAX];
	const char *action = argc > 1 ? argv[1] : "";
	static const struct option names[] = {OPTION_NAMES, {0}};
	struct options options = options_begin(command, argc, argv, OPTION_LETTERS, names);
	bool is_run = !strcmp(action, "run");

	if (!is_run && strcmp(action, "setup")) {
		if (*action == '-' && options_next(&options) == OPTION_HELP)
			return options.status;
		return usage_error(command,
				   *action ? "neither 'run' nor 'setup' but '%s'"
					   : "neither 'run' nor 'setup' is given%s",
				   action);
	}
	if (!find_self(exe) || !find_script(script, exe))
		return EXIT_SYSTEM;
	if (is_run)
		return run_main(command, exe, script, argc - 1, argv + 1);
	argv[0] = script;
	execv(script, argv);
	return exec_failed(script, errno);
}

/* clang-format off */
static const char guest_help[] =
	"Usage: hotprobe guest run FILE.c [OPTION...] [-- COMMAND [ARGUMENT...]]\n"
	"       hotprobe guest setup [--kernel K] [--cache DIR] [--update] [--headers]\n"
	"\n"
	"Compiles FILE.c (- is standard input) for one of Debian's kernels, boots that in QEMU and\n"
	"traces in there, as hotprobe run does. It needs no privilege and touches nothing of this\n"
	"machine: COMMAND runs in the guest, as its root, in this directory; it sees all files and\n"
	"what it writes is gone afterwards. Without COMMAND the whole guest is traced, until Ctrl-C.\n"
	"The first run of a kernel fetches it from Debian; setup does only that and prints the\n"
	"path of its vmlinux.\n"
	"\n"
	"Options of the guest:\n"
	"      --kernel K            6.1 (the default), 6.12, or a package:\n"
	"                            linux-image-6.1.0-50-amd64\n"
	"      --cache DIR           keep kernels there; by default hotprobe-guest in /var/cache\n"
	"                            (root, or where the kernel is there), XDG_CACHE_HOME or\n"
	"                            ~/.cache\n"
	"      --cpus N              processors (2)\n"
	"      --memory M            memory, with a unit (1G)\n"
	"      --timeout SECONDS     end the guest after that time (300)\n"
	"      --rw DIR              keep what COMMAND writes under DIR\n"
	"      --update              setup: fetch the newest package of that kernel\n"
	"      --headers             setup: fetch the kernel's headers too\n"
	"\n"
	"What is traced:\n"
	RUN_OPTIONS_HELP
	"\n"
	"Others:\n"
	"  -h, --help                print this\n"
	"\n"
	EXIT_STATUS_HELP
	"Otherwise COMMAND's status as of hotprobe run; 124 if the time was up, 125 if the guest\n"
	"failed.\n";
/* clang-format on */

const struct command command_guest = {
	.name = "guest",
	.summary = "run a program on another kernel, in a virtual machine",
	.help = guest_help,
	.main = guest_main,
};
