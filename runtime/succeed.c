/* SPDX-License-Identifier: Apache-2.0 */
#include "succeed.h"

#include <errno.h>
#include <linux/membarrier.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "attach.h"
#include "confine.h"
#include "events.h"
#include "gate.h"
#include "provider.h"
#include "symbols.h"
#include "target.h"

/* ---- Tables
 * -------------------------------------------------------------------------------------- */

static bool same_type(const struct hotprobe_type *a, const struct hotprobe_type *b)
{
	return !a || !b ? a == b : hotprobe_type_equal(a, b);
}

/* NULL if both are declared alike; else what differs. */
static const char *difference(const struct hotprobe_table *a, const struct hotprobe_table *b)
{
	const struct image_table *x = a->image, *y = b->image;

	if (x->map_type != y->map_type || strcmp(hotprobe_table_kind(a), hotprobe_table_kind(b)))
		return "its kind changed";
	if (x->key_size != y->key_size ||
	    !same_type(hotprobe_table_key_type(a), hotprobe_table_key_type(b)))
		return "its key type changed";
	if (x->value_size != y->value_size ||
	    !same_type(hotprobe_table_value_type(a), hotprobe_table_value_type(b)))
		return "its value type changed";
	if (x->max_entries != y->max_entries)
		return "its number of entries changed";
	if (x->map_flags != y->map_flags)
		return "its flags changed";
	if ((x->flags ^ y->flags) & IMAGE_TABLE_LOG2)
		return "its slots are counted in another way";
	if (!x->inner != !y->inner)
		return "its kind changed";
	return x->inner ? difference(&a->hp->tables[x->inner - 1], &b->hp->tables[y->inner - 1])
			: NULL;
}

/* What it holds belongs to a handle: its buffers, its programs, its counters. */
static bool stays_with_handle(const struct hotprobe_table *table)
{
	return table->image->map_type == BPF_MAP_TYPE_PERF_EVENT_ARRAY ||
	       table->image->map_type == BPF_MAP_TYPE_RINGBUF ||
	       table->image->map_type == BPF_MAP_TYPE_PROG_ARRAY;
}

static int inherit_table(struct hotprobe_table *table, const struct hotprobe *from)
{
	const struct hotprobe_table *old = hotprobe_find_table(from, table->name);

	/* One that was given is what the caller wants; a pinned one stays by itself. */
	if (!old || old->fd < 0 || stays_with_handle(table) || table->given_fd >= 0)
		return 0;
	table->anew = difference(old, table);
	if (table->anew || *image_str(&table->hp->image, table->image->pin)) {
		table->anew = table->anew ? table->anew : "";
		return 0;
	}
	table->anew = "";
	return hotprobe_table_reuse_fd(table, old->fd);
}

const char *hotprobe_table_anew(const struct hotprobe_table *table)
{
	return table->anew;
}

static int check_inherit(struct hotprobe *hp, const struct hotprobe *from)
{
	if (!hp->compiled || hp->predecessor)
		return fail(hp, -EBUSY, "a handle inherits once, between opening and loading");
	if (!from->turn || !from->loaded || from->successor)
		return fail(hp, -EBUSY,
			    from->turn ? "the other handle is not loaded, or has a successor"
				       : "the other handle's programs cannot be replaced: it was "
					 "made without the replaceable option");
	if (!hp->opts.replaceable || hp->opts.confine != from->opts.confine)
		return fail(hp, -EINVAL, "both handles have to be replaceable, and confined alike");
	return 0;
}

int hotprobe_inherit(struct hotprobe *hp, struct hotprobe *from)
{
	int err = check_inherit(hp, from);

	for (size_t i = 0; i < hp->table_count && !err; i++)
		err = inherit_table(&hp->tables[i], from);
	if (err)
		return err;
	if (from->confinement)
		hp->confinement = confine_share(from->confinement);
	hp->turn = turn_share(from->turn);
	hp->place = !from->place;
	hp->predecessor = from;
	from->successor = hp;
	return 0;
}

void succeed_forget(struct hotprobe *hp)
{
	if (hp->predecessor)
		hp->predecessor->successor = NULL;
	if (hp->successor)
		hp->successor->predecessor = NULL;
	hp->predecessor = hp->successor = NULL;
}

/* ---- Probes
 * -------------------------------------------------------------------------------------- */

/* A table that a probe is attached to may be another one now. */
static bool is_for_a_table(const struct hotprobe_link *link)
{
	return link->target.provider == &provider_sockmap;
}

static bool can_adopt(const struct hotprobe_link *link, const struct hotprobe_link *old)
{
	return old->attached_text && !old->heir && old->gates.count == 1 &&
	       target_equal(&link->target, &old->target) && plan_equal(&link->plan, &old->plan) &&
	       !is_for_a_table(link);
}

/* That of a function of the same name, if there is one. */
static struct hotprobe_link *find_old(const struct hotprobe_link *link)
{
	const struct hotprobe *from = link->program->hp->predecessor;
	struct hotprobe_link *found = NULL;

	for (size_t i = 0; from && i < from->links.count; i++) {
		struct hotprobe_link *old = from->links.at[i];

		if (!can_adopt(link, old))
			continue;
		if (!strcmp(old->program->name, link->program->name))
			return old;
		found = found ? found : old;
	}
	return found;
}

bool succeed_adopt(struct hotprobe_link *link, int prog_fd)
{
	struct hotprobe_link *old = find_old(link);

	if (!old || gate_enter(old, link->program->hp->place, prog_fd))
		return false;
	old->heir = link;
	link->adopts = old;
	return true;
}

void succeed_lose_heir(struct hotprobe_link *old)
{
	if (old->heir)
		old->heir->adopts = NULL;
	old->heir = NULL;
}

void succeed_undo(struct hotprobe_link *link)
{
	if (!link->adopts)
		return;
	gate_leave(link->adopts, link->program->hp->place);
	link->adopts->heir = NULL;
	link->adopts = NULL;
}

/* ---- The moment
 * ---------------------------------------------------------------------------------- */

#define MOVE(to, from, empty) ((to) = (from), (from) = (empty))
#define MOVE_ARRAY(to, from)                                                                       \
	((to)->at = (from)->at, (to)->count = (from)->count, (to)->capacity = (from)->capacity,    \
	 (from)->at = NULL, (from)->count = (from)->capacity = 0)

static void take_over_link(struct hotprobe_link *link)
{
	struct hotprobe_link *old = link->adopts;
	unsigned old_place = old->program->hp->place;

	MOVE_ARRAY(&link->fds, &old->fds);
	MOVE_ARRAY(&link->gates, &old->gates);
	MOVE(link->own, old->own, NULL);
	MOVE(link->attached_text, old->attached_text, NULL);
	old->heir = link->adopts = NULL;
	gate_leave(link, old_place);
	note(link->program->hp, HOTPROBE_NOTE, "%s: %s -> %s, taken over", link->program->name,
	     link->target_text, link->attached_text);
}

/* A program that began before the turn changed may still be at work: until all CPUs have left what
   they were at. */
static void wait_for_programs(void)
{
	if (syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0))
		usleep(20000); /* on a kernel with nohz_full= */
}

/* What the command needs goes on with it; the predecessor has delivered all by now. */
static void take_over_processes(struct hotprobe *hp, struct hotprobe *from)
{
	int err;

	if (!hp->command)
		MOVE(hp->command, from->command, NULL);
	if (from->symbols) {
		symbols_free(hp);
		MOVE(hp->symbols, from->symbols, NULL);
	}
	if (!from->watch || hp->watch)
		return;
	events_leave_processes(from);
	MOVE(hp->watch, from->watch, NULL);
	err = events_watch_processes(hp);
	if (err)
		note(hp, HOTPROBE_WARNING,
		     "stacks of processes that have ended will have no names: %s", strerror(-err));
}

int succeed(struct hotprobe *hp)
{
	struct hotprobe *from = hp->predecessor;
	int err;

	if (!from)
		return 0;
	err = turn_set(hp->turn, hp->place);
	if (err)
		return fail(hp, err, "cannot replace the programs: %s", strerror(-err));
	for (size_t i = 0; i < hp->links.count; i++)
		if (hp->links.at[i]->adopts)
			take_over_link(hp->links.at[i]);
	hotprobe_detach(from);
	wait_for_programs();
	while (hotprobe_consume(from) > 0)
		;
	take_over_processes(hp, from);
	succeed_forget(hp);
	return 0;
}
