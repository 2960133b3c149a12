/* SPDX-License-Identifier: Apache-2.0 */
/* hotprobe lesson: shows the lessons, hands out their sources, and checks what became of them. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "command.h"
#include "json.h"
#include "lesson.h"
#include "output.h"
#include "report.h"

enum {
	LESSON_DIR = OPTION_LONG,
	LESSON_RESET,
	LESSON_NO_EDIT,
	LESSON_YES,
	LESSON_JSON,
	LESSON_ALL = LESSONS_MAX, /* no lesson was named */
};

struct request {
	const char *action; /* "list", "show", "check", "solution" */
	size_t index;
	const char *dir;
	bool reset, no_edit, yes, json;
};

/* Writes what was gathered. Returns the exit status. */
static int flush(struct output *out)
{
	int error = output_flush(out);

	return error ? output_failed(error) : EXIT_DONE;
}

static void coloured(struct output *out, enum colour colour, const char *string)
{
	output_colour(out, &out->buffer, colour);
	text_string(&out->buffer, string);
	output_colour(out, &out->buffer, COLOUR_NONE);
}

static bool is_begun(const struct places *places, size_t index)
{
	char *path = lesson_copy_path(places, index);
	bool begun = path && !access(path, F_OK);

	free(path);
	return begun;
}

/* ---- The list ------------------------------------------------------------------------------- */

static int list(const struct places *places, struct output *out)
{
	bool done[LESSONS_MAX];
	size_t next = lesson_count;

	progress_read(places, done);
	for (size_t i = 0; i < lesson_count; i++) {
		bool begun = !done[i] && is_begun(places, i);

		if (!done[i] && next == lesson_count)
			next = i;
		text_format(&out->buffer, "%3zu  %-11s %-35s ", i + 1, lessons[i].name,
			    lessons[i].title);
		coloured(out,
			 done[i] ? COLOUR_GREEN
			 : begun ? COLOUR_YELLOW
				 : COLOUR_DIM,
			 done[i] ? "done"
			 : begun ? "begun"
				 : "open");
		text_char(&out->buffer, '\n');
	}
	if (next < lesson_count)
		text_format(&out->buffer, "\nThe next is 'hotprobe lesson %zu'.\n", next + 1);
	else
		text_string(&out->buffer, "\nAll of them are done.\n");
	return flush(out);
}

/* ---- Showing one ---------------------------------------------------------------------------- */

/* Headings are bold, code has a colour, each only where the output has some. */
static void show_line(struct output *out, const char *line)
{
	if (line[0] == '#' && out->colours)
		coloured(out, COLOUR_BOLD, line);
	else if (!strncmp(line, "    ", 4))
		coloured(out, COLOUR_CYAN, line);
	else
		text_string(&out->buffer, line);
	text_char(&out->buffer, '\n');
}

static void show_text(struct output *out, struct text *text)
{
	char *rest = text->length ? text->data : NULL, *line;

	if (!rest)
		return;
	text->data[text->length - 1] = '\0'; /* the last newline */
	while ((line = strsep(&rest, "\n")))
		show_line(out, line);
}

/* Runs the user's editor. Its end says nothing about the lesson. */
static int edit(const char *path)
{
	const char *visual = getenv("VISUAL"), *editor = getenv("EDITOR");
	pid_t pid;
	int status;

	if (visual && *visual)
		editor = visual;
	if (!editor || !*editor)
		return EXIT_DONE;
	pid = fork();
	if (!pid) {
		/* The variable may hold arguments, too. */
		char *command = NULL;

		if (asprintf(&command, "%s \"$1\"", editor) > 0)
			execl("/bin/sh", "sh", "-c", command, "sh", path, (char *)NULL);
		_exit(127);
	}
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (pid > 0 && WIFEXITED(status) && !WEXITSTATUS(status))
		return EXIT_DONE;
	report(HOTPROBE_WARNING, "the editor '%s' could not be run, or failed; the file is %s",
	       editor, path);
	return EXIT_DONE;
}

static void show_paths(struct output *out, const struct request *request, const char *path,
		       bool made, const char *backup)
{
	struct text *text = &out->buffer;

	text_format(text, "\nYour file: %s%s\n", path, made ? "" : " (as you left it)");
	if (backup)
		text_format(text, "What was in it: %s\n", backup);
	text_format(text, "When it is filled in: hotprobe lesson check %zu\n", request->index + 1);
}

static int show(const struct places *places, struct output *out, const struct request *request)
{
	char *path = lesson_copy_path(places, request->index), *backup = NULL;
	struct text text = {0};
	bool made;
	int status = lesson_read(places, request->index, "lesson.md", &text);

	if (status == EXIT_DONE)
		status = lesson_copy(places, request->index, request->reset, &made, &backup);
	if (status != EXIT_DONE || !path)
		goto out;
	show_text(out, &text);
	show_paths(out, request, path, made, backup);
	status = flush(out);
	if (status == EXIT_DONE && !request->no_edit && isatty(STDIN_FILENO) &&
	    isatty(STDOUT_FILENO))
		status = edit(path);
out:
	text_free(&text);
	free(backup);
	free(path);
	return status;
}

/* ---- The solution --------------------------------------------------------------------------- */

static bool confirmed(const struct places *places, const struct request *request)
{
	bool done[LESSONS_MAX];
	char answer[16] = "";

	progress_read(places, done);
	if (request->yes || done[request->index])
		return true;
	if (!isatty(STDIN_FILENO) || !isatty(STDERR_FILENO)) {
		usage_error(&command_lesson,
			    "the lesson is not solved yet: --yes shows the solution "
			    "anyway");
		return false;
	}
	fprintf(stderr, "You have not solved this lesson yet. Show the solution? [y/N] ");
	fflush(stderr);
	return fgets(answer, sizeof(answer), stdin) && (answer[0] == 'y' || answer[0] == 'Y');
}

static int solution(const struct places *places, struct output *out, const struct request *request)
{
	int status;

	if (!confirmed(places, request))
		return EXIT_USAGE;
	status = lesson_read(places, request->index, "solution.c", &out->buffer);
	return status == EXIT_DONE ? flush(out) : status;
}

/* ---- The check ------------------------------------------------------------------------------ */

static void show_points(struct output *out, const struct judge *judge)
{
	for (size_t i = 0; i < judge->point_count; i++) {
		const struct point *point = &judge->points[i];

		coloured(out, point->ok ? COLOUR_GREEN : COLOUR_RED,
			 point->ok ? "ok: " : "missing: ");
		text_escaped(&out->buffer, point->text, strlen(point->text), 0);
		text_char(&out->buffer, '\n');
	}
}

static void show_verdict(struct output *out, const struct places *places, size_t index, int status)
{
	bool done[LESSONS_MAX];
	size_t next = 0;

	if (status == EXIT_SYSTEM)
		return;
	if (status == EXIT_PROGRAM) {
		text_format(&out->buffer, "Lesson %zu is not solved yet.\n", index + 1);
		return;
	}
	progress_read(places, done);
	done[index] = true;
	while (next < lesson_count && done[next])
		next++;
	text_format(&out->buffer, "Lesson %zu is solved. ", index + 1);
	if (next < lesson_count)
		text_format(&out->buffer, "The next is 'hotprobe lesson %zu'.\n", next + 1);
	else
		text_string(&out->buffer, "All of them are done.\n");
}

static void json_member(struct output *out, const char *name, const char *value)
{
	text_char(&out->buffer, ',');
	json_key(out, name);
	json_text(out, value, strlen(value));
}

static void json_result(struct output *out, size_t index, const char *path, const char *status,
			const struct judge *judge)
{
	text_format(&out->buffer, "{\"lesson\":%zu", index + 1);
	json_member(out, "name", lessons[index].name);
	json_member(out, "file", path);
	json_member(out, "status", status);
	text_string(&out->buffer, ",\"points\":[");
	for (size_t i = 0; i < judge->point_count; i++) {
		text_format(&out->buffer, "%s{\"ok\":%s", i ? "," : "",
			    judge->points[i].ok ? "true" : "false");
		json_member(out, "text", judge->points[i].text);
		text_char(&out->buffer, '}');
	}
	text_string(&out->buffer, "]}\n");
}

static const char *status_word(int status)
{
	return status == EXIT_DONE ? "solved" : status == EXIT_PROGRAM ? "not yet" : "failed";
}

static int check_one(const struct places *places, struct output *out, const struct request *request,
		     size_t index)
{
	char *path = lesson_copy_path(places, index);
	struct judge judge = {0};
	int status, written;

	if (!path)
		return EXIT_SYSTEM;
	status = lesson_check(index, path, &judge);
	if (status == EXIT_DONE)
		progress_add(places, index);
	if (request->json) {
		json_result(out, index, path, status_word(status), &judge);
	} else {
		show_points(out, &judge);
		show_verdict(out, places, index, status);
	}
	judge_free(&judge);
	free(path);
	written = flush(out);
	return written != EXIT_DONE ? written : status;
}

static int not_begun(struct output *out, const struct places *places, const struct request *request,
		     size_t index)
{
	char *path = lesson_copy_path(places, index);
	struct judge judge = {0};
	int status = EXIT_PROGRAM, written;

	if (request->json && path)
		json_result(out, index, path, "not begun", &judge);
	else if (request->index != LESSON_ALL)
		status = usage_error(&command_lesson,
				     "lesson %zu is not begun: 'hotprobe lesson %zu' makes %s",
				     index + 1, index + 1, path ?: "its file");
	free(path);
	written = flush(out);
	return written != EXIT_DONE ? written : status;
}

/* Every lesson, or the one that was named. The worst status counts. */
static int check(const struct places *places, struct output *out, const struct request *request)
{
	bool all = request->index == LESSON_ALL, any = false;
	int worst = EXIT_DONE;

	for (size_t i = 0; i < lesson_count; i++) {
		bool begun = is_begun(places, i);
		int status;

		if (!all && i != request->index)
			continue;
		if (begun && all && !request->json) {
			text_format(&out->buffer, "%s%zu. %s\n", any ? "\n" : "", i + 1,
				    lessons[i].title);
			flush(out);
		}
		any = any || begun;
		status = begun ? check_one(places, out, request, i)
			       : not_begun(out, places, request, i);
		if (status > worst)
			worst = status;
		if (out->error)
			return worst;
	}
	if (all && !any && !request->json)
		return usage_error(&command_lesson, "no lesson is begun in %s", places->copies);
	return worst;
}

/* ---- The command line ----------------------------------------------------------------------- */

static bool is_action(const char *word)
{
	return !strcmp(word, "list") || !strcmp(word, "check") || !strcmp(word, "solution");
}

/* Returns false, and reports, if the word has no place in the request. */
static bool take_word(struct request *request, const char *word)
{
	if (!request->action && is_action(word)) {
		request->action = word;
		return true;
	}
	if (request->index != LESSON_ALL) {
		usage_error(&command_lesson, "one lesson is enough: '%s'", word);
		return false;
	}
	request->index = lesson_find(word);
	if (request->index < lesson_count)
		return true;
	usage_error(&command_lesson, "there is no lesson '%s': they are 1 to %zu", word,
		    lesson_count);
	return false;
}

static int perform(const struct request *request)
{
	bool named = request->index != LESSON_ALL;
	const char *action = request->action ?: named ? "show" : "list";
	struct places places;
	struct output out;
	int status;

	if (!strcmp(action, "list") && named)
		return usage_error(&command_lesson, "the list takes no lesson");
	if (!strcmp(action, "solution") && !named)
		return usage_error(&command_lesson, "of which lesson?");
	if (request->reset && strcmp(action, "show"))
		return usage_error(&command_lesson, "--reset goes with a lesson's number alone");
	if (request->json && strcmp(action, "check"))
		return usage_error(&command_lesson, "--json goes with check");
	status = places_find(&places, request->dir);
	output_open(&out, &output_columns, STDOUT_FILENO);
	if (status != EXIT_DONE)
		goto out;
	if (!strcmp(action, "list"))
		status = list(&places, &out);
	else if (!strcmp(action, "show"))
		status = show(&places, &out, request);
	else if (!strcmp(action, "solution"))
		status = solution(&places, &out, request);
	else
		status = check(&places, &out, request);
out:
	output_close(&out);
	places_free(&places);
	return status;
}

static int lesson_main(const struct command *command, int argc, char **argv)
{
	static const struct option names[] = {
		{"dir", required_argument, NULL, LESSON_DIR},
		{"reset", no_argument, NULL, LESSON_RESET},
		{"no-edit", no_argument, NULL, LESSON_NO_EDIT},
		{"yes", no_argument, NULL, LESSON_YES},
		{"json", no_argument, NULL, LESSON_JSON},
		OPTION_NAMES,
		{0},
	};
	struct options options = options_begin(command, argc, argv, OPTION_LETTERS, names);
	struct request request = {.index = LESSON_ALL};
	int option;

	while ((option = options_next(&options)) != OPTION_END) {
		if (option == LESSON_DIR)
			request.dir = options.value;
		else if (option == LESSON_RESET)
			request.reset = true;
		else if (option == LESSON_NO_EDIT)
			request.no_edit = true;
		else if (option == LESSON_YES)
			request.yes = true;
		else if (option == LESSON_JSON)
			request.json = true;
		else if (option != OPTION_OPERAND)
			return options.status;
		else if (!take_word(&request, options.value))
			return EXIT_USAGE;
	}
	if (!options_without_command(&options))
		return options.status;
	return perform(&request);
}

const struct command command_lesson = {
	.name = "lesson",
	.summary = "learn BPF by small programs with a gap, and have them checked",
	.help = "Usage: hotprobe lesson\n"
		"       hotprobe lesson N [--reset] [--no-edit]\n"
		"       hotprobe lesson check [N] [--json]\n"
		"       hotprobe lesson solution N [--yes]\n"
		"\n"
		"Lists the lessons and how far you are. With a number (or name): shows the lesson, "
		"puts\n"
		"its source into a file of yours, and on a terminal opens that in $VISUAL or "
		"$EDITOR.\n"
		"check runs your file against a child process whose activity is known and says "
		"what is\n"
		"right and what is missing; without N all that are begun. Nothing but that child "
		"is\n"
		"traced. solution prints one.\n"
		"\n"
		"Your files are in ~/hotprobe-lessons and never overwritten; what is solved is "
		"noted in\n"
		"XDG_STATE_HOME/hotprobe/lessons (~/.local/state). Under sudo that is the home of "
		"the\n"
		"user who called it.\n"
		"\n"
		"Options:\n"
		"      --dir DIR             your files are there; also HOTPROBE_LESSONS=DIR\n"
		"      --reset               begin anew; what is in your file gets another name\n"
		"      --no-edit             open no editor\n"
		"      --yes                 show the solution without asking\n"
		"      --json                of check: an object a line, for each lesson; status "
		"is\n"
		"                            solved, not yet, not begun or failed (the system)\n"
		"  -h, --help                print this\n"
		"\n"
		"Exit status:\n"
		"  0      done; all that was checked is solved\n"
		"  1      something is not solved yet\n"
		"  2      the command line is wrong\n"
		"  3      the system refuses; the message says what is missing\n",
	.main = lesson_main,
};
