/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Programs to begin with, written for a target: an event struct for what the target gives, the
 * function that fills it in and sends it, and a comment that says how to run it.
 */
#ifndef HOTPROBE_CLI_SKELETON_H
#define HOTPROBE_CLI_SKELETON_H

#include "hotprobe.h"
#include "text.h"

enum {
	MEMBERS_MAX = 64,
};

/* How a value gets into the event. */
enum member_read {
	READ_COPY,    /* an assignment */
	READ_POINTER, /* the same, of an address */
	READ_KERNEL_TEXT,
	READ_USER_TEXT,
	READ_ANY_TEXT,	/* whose memory it is in is not known */
	READ_BYTES,	/* what is at an address of the kernel's, as it is */
	READ_BUFFER,	/* bytes of the process, as many as the next argument says */
	READ_RESULT,	/* the same, as many as the result says */
	READ_DATA_LOC,	/* text of a tracepoint's record, of varying length */
	READ_REL_LOC,	/* the same, found in another way */
	READ_LENGTH,	/* of an array of varying length in such a record */
	READ_REL_LENGTH /* the same */
};

/* A member of the event struct. */
struct member {
	const struct hotprobe_arg *arg;
	char name[80];
	char type[80];
	size_t count; /* of elements, 0 if it is no array */
	size_t size;  /* bytes of all */
	enum member_read read;
};

struct members {
	struct member at[MEMBERS_MAX];
	size_t count;
	size_t left_out; /* for which there is no room on a program's stack */
	size_t cut_at;	 /* the argument that cannot be had, with those behind it; or SIZE_MAX */
};

/*
 * Chooses members for arguments or fields: C types that hold them, names that nothing else has,
 * sizes of texts so that all fit on a stack. text: how text is read that is in the memory of no one
 * knows whom. at_return: buffers are read when the call returns.
 */
void members_choose(struct members *members, const struct hotprobe_arg *args, size_t count,
		    enum member_read text, bool at_return);
/* The member of that argument, NULL if it has none. */
const struct member *members_of(const struct members *members, const struct hotprobe_arg *arg);

/* "\tu64 name;\n" */
void put_member(struct text *text, const struct member *member);
/* The statements that read one: from is the value's expression, into what the struct is called. */
void put_read(struct text *text, const struct member *member, const char *into, const char *from);
/* Is it no more than an assignment? Those come first: lengths are needed for the others. */
bool member_is_plain(const struct member *member);
/* ", TYPE NAME" for each argument up to count that the function is to take, on as many lines as it
   takes, of which the first has column characters by now. */
void put_parameters(struct text *text, const struct members *members,
		    const struct hotprobe_arg *args, size_t count, size_t column);
/* How many there are in front of the first that a function cannot take. */
size_t parameters_usable(const struct hotprobe_arg *args, size_t count, size_t max);
/* The integer of that size: "u32". */
const char *integer_type(size_t size, bool is_signed);

/* What a skeleton is made of. */
struct skeleton {
	const struct hotprobe_target_info *info;
	const char *rest; /* of the target, behind the kind */
	const char *file; /* as the comment calls it */
	struct members members;
	struct text text;
};

/* Parts that several kinds have. */
void put_comment(struct skeleton *s, const char *what, const char *how);
/* struct event_t with pid and comm, the members, and more lines; and the table of events. */
void put_event_struct(struct skeleton *s, const char *more);
/* Declares the event and fills pid and comm in. */
void put_event_start(struct text *text);
void put_submit(struct text *text, const char *ctx);
/* "HOTPROBE("...")\nint on_NAME(CONTEXT *ctx"; returns its last line's length. */
size_t put_annotated(struct skeleton *s, const char *name);
/* Can the name stand behind a convention's prefix? */
bool is_holdable(const char *name);

void skeleton_syscall(struct skeleton *s);
void skeleton_syscall_ret(struct skeleton *s);
void skeleton_iterator(struct skeleton *s);

/* Writes all of it to s->text. False if there is no skeleton for targets of that kind. */
bool skeleton_write(struct skeleton *s);

#endif
