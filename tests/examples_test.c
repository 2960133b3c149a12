/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The example in the comment on top of each of programs/ is true: it is run, and the words in its
 * output (headings, names, errors) are there again, in their order. Numbers are of that day.
 */
#include "support.h"

#include <ctype.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What the examples find in their directory besides the programs. */
static void make_files(const char *dir)
{
	static const char *const texts[][2] = {
		{"connect.py", "import socket\n"
			       "s = socket.socket(); s.bind(('127.0.0.1', 0)); s.listen(1)\n"
			       "socket.create_connection(s.getsockname())\n"
			       "socket.socket().connect_ex(('127.0.0.1', 1))\n"},
		{"talk.py", "import socket\n"
			    "s = socket.socket(); s.bind(('127.0.0.1', 0)); s.listen(1)\n"
			    "c = socket.create_connection(s.getsockname()); a, _ = s.accept()\n"
			    "c.sendall(b'x' * 1000); a.recv(1000)\n"
			    "a.sendall(b'y' * 10); c.recv(100)\n"
			    "c.close(); a.close(); s.close()\n"},
	};
	char *path, *bytes = malloc(4 << 20);

	for (size_t i = 0; i < COUNT(texts); i++) {
		path = format("%s/%s", dir, texts[i][0]);
		write_file(path, texts[i][1], strlen(texts[i][1]));
		free(path);
	}
	/* Something that takes time to compress. */
	srandom(1);
	for (size_t i = 0; i < 4 << 20; i++)
		bytes[i] = (char)(random() % 40);
	path = format("%s/file", dir);
	write_file(path, bytes, 4 << 20);
	free(path);
	free(bytes);
}

static char *make_place(void)
{
	char *dir = make_dir();
	DIR *programs = opendir(source_path("programs"));
	struct dirent *entry;

	while ((entry = readdir(programs))) {
		char *path = format("%s/%s", dir, entry->d_name);
		char *source = format("programs/%s", entry->d_name);

		if (strstr(entry->d_name, ".c"))
			ck_assert_int_eq(symlink(source_path(source), path), 0);
		free(source);
		free(path);
	}
	closedir(programs);
	make_files(dir);
	return dir;
}

/* ---- The example in a comment ------------------------------------------------------------------
 */

struct example {
	char *command; /* NULL: there is none that can be run as it stands */
	char *output;  /* lines without the comment's frame */
};

/* The next line of the comment without " * ", NULL behind the end. */
static char *next_line(char **at)
{
	char *line = strsep(at, "\n");

	if (!line || strstr(line, "*/"))
		return NULL;
	return line + strspn(line, " *");
}

static void append(char **text, const char *line)
{
	char *longer = format("%s%s\n", *text ? *text : "", line);

	free(*text);
	*text = longer;
}

static struct example find_example(const char *name)
{
	char *file = format("programs/%s", name), *start = format("# hotprobe run %s", name);
	struct example example = {0};
	size_t size;
	char *text = read_file(source_path(file), &size), *at = text, *line;

	strsep(&at, "\n"); /* the licence */
	while ((line = next_line(&at)) && strncmp(line, start, strlen(start)))
		;
	ck_assert_msg(line != NULL, "%s has no example", name);
	for (line += 2; line; line = next_line(&at)) {
		size_t length = strlen(line);
		bool more = length && line[length - 1] == '\\';

		if (more)
			line[length - 1] = '\0';
		append(&example.command, line);
		example.command[strlen(example.command) - 1] = ' ';
		if (!more)
			break;
	}
	/* To the next paragraph that is not indented: the frame of the output is. */
	for (; at && *at;) {
		char *raw = at;

		line = next_line(&at);
		if (!line || (*line && strncmp(raw, " *     ", 7)))
			break;
		append(&example.output, line);
	}
	free(text);
	free(file);
	free(start);
	return example;
}

/* Blanks as one blank, so that columns of other widths compare equal. */
static void squeeze(char *text)
{
	char *to = text;

	for (const char *from = text; *from; from++)
		if (*from != ' ' || (to > text && to[-1] != ' ' && to[-1] != '\n'))
			*to++ = *from;
	*to = '\0';
}

/* "17", "0x2a", "libc.so.6", but not "v6_addr" */
static bool has_number(const char *line)
{
	for (const char *at = line; *at; at++)
		if (isdigit((unsigned char)*at) &&
		    (at == line || (!isalnum((unsigned char)at[-1]) && at[-1] != '_')))
			return true;
	return false;
}

/* Several words, or a name and a colon: what holds a number is of that day, and one word may be the
   machine's name. */
static bool is_telling(const char *line)
{
	size_t words = 0;

	if (has_number(line) || strpbrk(line, "/[]") || !strcmp(line, "..."))
		return false;
	for (const char *at = line; *at; at++)
		words += *at != ' ' && (at == line || at[-1] == ' ');
	return words > 1 || (words == 1 && line[strlen(line) - 1] == ':');
}

static void check_output(const char *name, struct example *example, struct result *r)
{
	char *rest = example->output, *at = r->out;
	unsigned told = 0;

	squeeze(r->out);
	for (char *line; (line = strsep(&rest, "\n"));) {
		char *found;

		squeeze(line);
		for (char *end = line + strlen(line); end > line && end[-1] == ' ';)
			*--end = '\0';
		if (!is_telling(line) || strstr(r->err, line))
			continue;
		found = strstr(at, line);
		ck_assert_msg(found != NULL, "%s: '%s' is not in what it prints today:\n%s%s", name,
			      line, r->out, r->err);
		at = found;
		told++;
	}
	ck_assert_msg(told > 0, "%s: its example tells nothing", name);
}

static bool can_run(const char *command)
{
	/* A process of the reader's, or the whole system. */
	return !strstr(command, "--pid") && !strstr(command, "--duration");
}

static void check_example(const char *dir, const char *name)
{
	struct example example = find_example(name);
	char *script =
		format("cd %s && export LC_ALL=C PATH=%s:/usr/sbin:/usr/bin:/sbin:/bin && %s", dir,
		       build_path(""), example.command);
	struct result r;

	ck_assert_msg(strlen(example.command) > 0, "%s", name);
	if (can_run(example.command)) {
		r = RUN("sh", "-c", script);
		ck_assert_msg(!strstr(r.err, "error:"), "%s: %s", name, r.err);
		check_output(name, &example, &r);
		result_free(&r);
	}
	free(script);
	free(example.command);
	free(example.output);
}

static struct dirent **programs;

/* embed.c is a host in C. */
static int is_program(const struct dirent *entry)
{
	const char *dot = strrchr(entry->d_name, '.');

	return dot && !strcmp(dot, ".c") && strcmp(entry->d_name, "embed.c");
}

START_TEST(the_example_is_true)
{
	char *dir;

	NEED(no_bpf());
	dir = make_place();
	check_example(dir, programs[_i]->d_name);
	remove_dir(dir);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("examples");
	int count = scandir(SOURCE_DIR "/programs", &programs, is_program, alphasort);

	if (count < 0)
		return 1;
	add_loop_test(suite, the_example_is_true, 60, count);
	return run_suite(suite);
}
