/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Providers: one for each kind of probe. Each says how its targets are written, which program
 * they take, and how that is attached. All that knows of a kind is in its provider_*.c file.
 */
#ifndef HOTPROBE_PROVIDER_H
#define HOTPROBE_PROVIDER_H

#include "internal.h"

struct description;
struct list;

struct provider {
	const char *word;   /* of "WORD:TARGET" */
	const char *prefix; /* of a function's name, NULL if there is no convention */
	/* What its functions take, where the type of program does not tell: "struct pt_regs". */
	const char *context;
	const char *form; /* of the text after the word, for messages: "CATEGORY:EVENT" */

	/*
	 * Fills in target (its provider is set) from what follows the word's colon, or the prefix
	 * of a function's name, which cannot have a colon. May set another provider. Returns 0,
	 * -ENOMEM, or -EINVAL with *why set.
	 */
	int (*parse)(struct target *target, const char *rest, bool from_name, const char **why);
	/* Which program the target takes on this kernel. NULL if it is always default_plan. Returns
	   0 or a negative errno with the message set. */
	int (*plan)(struct hotprobe_link *link, struct plan *plan);
	struct plan default_plan;
	/* Completes link->plan before the program is loaded: what has to be looked up in the
	   kernel. May be called again. NULL if nothing has. Returns 0 or a negative errno with
	   message and diagnostic set. */
	int (*resolve)(struct hotprobe_link *link);
	/*
	 * Attaches program prog_fd: adds to link->fds what holds it, and sets link->attached_text
	 * (malloc'ed). Returns 0, or a negative errno with message and diagnostic set.
	 */
	int (*attach)(struct hotprobe_link *link, int prog_fd);
	/* Undoes more than closing link->fds does; may be NULL. */
	void (*detach)(struct hotprobe_link *link);

	/*
	 * Adds to list->found what there is of this kind that matches list->pattern, as the text
	 * that follows the word's colon, in any order. NULL: there is no telling. Returns 0,
	 * -ENOMEM, or another negative errno with the message set; what privileges keep from it
	 * is told with list_lacks().
	 */
	int (*list)(struct list *list);
	/* Adds what is known of one of them; may be NULL. Returns 0 or -ENOMEM. */
	int (*describe)(struct list *list, const char *target, struct description *description);
	/* NULL, or why this kernel attaches nothing of this kind; may itself be NULL. */
	const char *(*why_not)(struct hotprobe *hp);
	/* Its targets are those of another kind, and listed only if it is named. */
	bool is_twin;
};

extern const struct provider provider_kprobe, provider_kretprobe, provider_syscall,
	provider_syscall_ret, provider_uprobe, provider_uretprobe, provider_usdt,
	provider_tracepoint, provider_raw_tracepoint, provider_kfunc, provider_kretfunc,
	provider_fmod_ret, provider_lsm, provider_iter, provider_perf_event, provider_xdp,
	provider_tc, provider_socket, provider_cgroup, provider_sockmap;

/* All of them, up to a NULL. */
extern const struct provider *const providers[];

/* ---- For providers -------------------------------------------------------------------------- */

/* A diagnostic at the function's definition; returns err. */
#define link_fail(link, err, hint, ...)                                                            \
	fail_at((link)->program->hp, err,                                                          \
		image_str(&(link)->program->hp->image, (link)->program->image->file),              \
		(link)->program->image->line, (link)->program->image->column, hint, __VA_ARGS__)
/* "cannot attach FUNCTION to TARGET: reason", with a hint if it is a lack of privilege. */
int link_fail_errno(struct hotprobe_link *link, int err);

/* Adds a descriptor that holds the probe, or closes it. Returns 0 or -ENOMEM with the message. */
int link_hold(struct hotprobe_link *link, int fd);
/* Says what it was attached to. Returns 0 or -ENOMEM with the message set. */
int link_attached_to(struct hotprobe_link *link, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

struct names;
/* Refuses names that match the target's pattern if there are none, or too many. what they are:
   "function that can be probed". Returns 0, or a negative errno with message and diagnostic. */
int link_check_matches(struct hotprobe_link *link, const struct names *names, const char *what);
/* After attaching to all but refused of names (err is why the last of those failed): says so.
   Returns 0, or a negative errno with the message set if nothing is left. */
int link_attached_to_all(struct hotprobe_link *link, const char *kind, const struct names *names,
			 size_t refused, int err);
/* Is an error of attaching to one place about that place, so that others may do? */
bool is_refusal_of_place(int err);

struct perf_event_attr;
/* Opens a perf event that runs the program, on every CPU; returns its descriptor or a negative
   errno. */
int open_probe_event(struct perf_event_attr *attr, int prog_fd);
/* The same, held by a BPF link where the kernel has such for perf events: see missed.c. */
int open_probe_link(struct perf_event_attr *attr, int prog_fd);

/* Of provider_kprobe.c, for syscalls, too: chooses how to attach to a kernel function, as a
   provider's resolve() does; is_certain: there is but one of that name. And attaches to it. */
int resolve_kernel_function(struct hotprobe_link *link, const char *function, bool is_return,
			    bool is_certain);
int attach_kernel_function(struct hotprobe_link *link, int prog_fd, const char *function,
			   bool is_return);
/* Of provider_tracepoint.c: the descriptor of an event that runs the program, or a negative
   errno; the message is set unless it is -ENOENT or -EACCES. */
int open_tracepoint(struct hotprobe_link *link, int prog_fd, const char *category,
		    const char *event);
/* Finds an event of that category that resembles the wanted one: a suggestion. */
bool find_event_like(struct hotprobe *hp, const char *category, const char *wanted, char *found,
		     size_t size);

#endif
