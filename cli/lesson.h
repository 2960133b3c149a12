/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the parts of hotprobe lesson share.
 *
 * A lesson is a directory of programs/lessons, NN-NAME: lesson.md, start.c, solution.c; and here an
 * activity, which a child of the check performs and notes down as it does, and a judge, which
 * compares those notes with what the learner's program saw.
 */
#ifndef HOTPROBE_CLI_LESSON_H
#define HOTPROBE_CLI_LESSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "hotprobe.h"
#include "options.h"
#include "text.h"

/* ---- Activities: lesson_activity.c -------------------------------------------------------- */

/* One thing that the activity did. Which members mean something is up to the lesson. */
struct deed {
	bool beside; /* done to be left out by the program */
	pid_t pid;
	int cpu;
	int64_t number, result;
	uint64_t low, high; /* bounds of what it can have taken, nanoseconds */
	uint64_t ip;	    /* an address of the activity's code */
	char text[64], comm[16];
};

#define DEEDS_MAX 96

/* Lies in memory that the activity and its judge share. */
struct activity {
	size_t count;
	struct deed deeds[DEEDS_MAX];
};

/* What they do is chosen anew each time, and leaves nothing behind. */
void activity_opens(struct activity *activity);
void activity_named_opens(struct activity *activity);
void activity_failing_opens(struct activity *activity);
void activity_unlinks(struct activity *activity);
void activity_getppid(struct activity *activity);
void activity_sleeps(struct activity *activity);
void activity_forks(struct activity *activity);
void activity_writes(struct activity *activity);
void activity_getenv(struct activity *activity);
void activity_environment(struct activity *activity);
void activity_paths(struct activity *activity);
void activity_imports(struct activity *activity);
void activity_texts(struct activity *activity);
void activity_cpus(struct activity *activity);
void activity_everything(struct activity *activity);

/* ---- Judges: lesson_judge.c ---------------------------------------------------------------- */

struct point {
	bool ok;
	char *text;
};

/* What came out of one table of events, or of bpf_trace_printk(). */
struct seen {
	struct judge *judge;
	const char *name;
	const struct hotprobe_type *type;
	struct record {
		size_t size;
		void *data;
	} * records;
	size_t count;	/* of records */
	uint64_t total; /* more than count if they were too many to keep */
};

struct judge {
	struct hotprobe *hp;
	const char *file; /* the learner's */
	const struct activity *activity;
	struct seen *tables;
	size_t table_count;
	struct seen printk;
	struct point *points;
	size_t point_count;
	bool failed; /* a point is missing, or memory is */
};

void judge_ok(struct judge *judge, const char *format, ...) __attribute__((format(printf, 2, 3)));
void judge_missing(struct judge *judge, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* Notes what the program says from now on. Returns 0 or a negative errno. */
int judge_listen(struct judge *judge);
void judge_free(struct judge *judge);

enum field_kind {
	FIELD_NUMBER,
	FIELD_TEXT,
	FIELD_BETWEEN, /* deed.low and deed.high */
};

/* A member that events ought to have, and the member of struct deed that it has to equal. */
struct field {
	const char *name;
	enum field_kind kind;
	size_t offset;
	const char *hint; /* where to look if it does not */
};

/* What the events of a table called events have to be: one for each deed that is not beside. */
struct wanted {
	const char *deeds; /* what they are, in the plural: "opens" */
	const struct field *fields;
	size_t field_count;
	bool others;			/* there may be more events */
	const char *surplus, *shortage; /* hints for too many and too few, NULL if none */
};

/* Returns whether all of them are there and right. */
bool judge_events(struct judge *judge, const struct wanted *wanted);

struct count {
	int64_t key;
	uint64_t count;
};

/* The table has these counts and no others. key says what its keys are, hint where to look. */
bool judge_counts(struct judge *judge, const char *table, const char *key,
		  const struct count *counts, size_t count, const char *hint);
/* NULL, and reported, if the program has no such table. */
struct hotprobe_table *judge_table(struct judge *judge, const char *table);
/* The records of a table of events, NULL if there is none of that name. */
const struct seen *judge_seen(const struct judge *judge, const char *table);
/* How many entries it has, or a negative errno. */
int judge_entries(const struct hotprobe_table *table);
/* A scalar as a number; INT64_MIN if it is none. */
int64_t value_number(const struct hotprobe_value *value);

/* ---- The lessons: lesson_list.c ------------------------------------------------------------ */

struct lesson {
	const char *name;
	const char *title;
	void (*act)(struct activity *activity);
	void (*judge)(struct judge *judge);
	const char *needs; /* a program that the activity runs, NULL if none */
};

/* No more than this. */
enum { LESSONS_MAX = 64 };

extern const struct lesson lessons[];
extern const size_t lesson_count;

/* The index of the lesson of that name or number ("3"), or lesson_count. */
size_t lesson_find(const char *word);

/* ---- Files: lesson_files.c ----------------------------------------------------------------- */

/* Where everything is. */
struct places {
	char *data; /* programs/lessons */
	char *copies;
	char *progress; /* NULL if there is no home to keep it in */
};

/* dir may be NULL: the default. Reports what cannot be told. Returns an exit status. */
int places_find(struct places *places, const char *dir);
void places_free(struct places *places);
/* malloc'ed; NULL without memory. */
char *lesson_copy_path(const struct places *places, size_t index);
char *lesson_data_path(const struct places *places, size_t index, const char *file);
/* Reads a file of the lesson; reported if that fails. Returns an exit status. */
int lesson_read(const struct places *places, size_t index, const char *file, struct text *text);
/* Puts the start into the working copy: only if there is none, or with reset, what was there
   goes to a file of a new name first. *made tells whether it was written, *backup (malloc'ed) the
   file's name if there is one. Returns an exit status. */
int lesson_copy(const struct places *places, size_t index, bool reset, bool *made, char **backup);

/* One bool for each lesson; false where nothing is known. */
void progress_read(const struct places *places, bool *done);
/* Notes that it is solved; a failure is a warning. */
void progress_add(const struct places *places, size_t index);

/* ---- The check: lesson_check.c ------------------------------------------------------------- */

/* Runs the program in file against the lesson's activity. Compile errors and the like are reported.
   Fills in points. Returns EXIT_DONE if it is solved, EXIT_PROGRAM if not, EXIT_SYSTEM. */
int lesson_check(size_t index, const char *file, struct judge *judge);

#endif
