/* SPDX-License-Identifier: Apache-2.0 */
/* Tables that hold what is not plain bytes: programs, tables, perf events; and shared maps. */
#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kernel.h"
#include "load.h"
#include "perf_name.h"
#include "table.h"

static int wrong_kind(const struct hotprobe_table *table, const char *wanted)
{
	return fail(table->hp, -EINVAL, "table %s is a %s, and no %s", table->name,
		    hotprobe_table_kind(table), wanted);
}

static int set_fd(const struct hotprobe_table *table, const void *key, int fd)
{
	return table_result(table, bpf_map_update_elem(table->fd, key, &fd, BPF_ANY), "set in");
}

/* ---- Programs
 * ------------------------------------------------------------------------------------ */

bool table_is_used_by(const struct hotprobe_table *table, const struct hotprobe_program *program)
{
	const struct image *img = &program->hp->image;
	const struct bpf_insn *insns = img->insns + program->image->first_insn;

	for (uint32_t i = 0; i + 1 < program->image->insn_count; i++) {
		if (insns[i].code != (BPF_LD | BPF_IMM | BPF_DW))
			continue;
		if (insns[i].src_reg == BPF_PSEUDO_MAP_FD &&
		    insns[i].imm == table - table->hp->tables)
			return true;
		i++;
	}
	return false;
}

const struct plan *table_plan(const struct hotprobe_table *table)
{
	const struct hotprobe *hp = table->hp;

	if (table->image->map_type != BPF_MAP_TYPE_PROG_ARRAY)
		return NULL;
	for (size_t i = 0; i < hp->links.count; i++)
		if (table_is_used_by(table, hp->links.at[i]->program))
			return &hp->links.at[i]->plan;
	for (size_t i = 0; i < hp->program_count; i++)
		if (hp->programs[i].variants.count && table_is_used_by(table, &hp->programs[i]))
			return &hp->programs[i].variants.at[0].plan;
	return NULL;
}

const struct plan *table_plan_for(const struct hotprobe_program *program)
{
	const struct hotprobe *hp = program->hp;

	for (size_t i = 0; i < hp->table_count; i++) {
		const struct plan *plan = NULL;

		if (table_is_used_by(&hp->tables[i], program))
			plan = table_plan(&hp->tables[i]);
		if (plan)
			return plan;
	}
	return &program->plan;
}

int hotprobe_table_set_program(const struct hotprobe_table *table, uint32_t index,
			       const char *function)
{
	struct hotprobe_program *program = hotprobe_find_program(table->hp, function);
	const struct plan *plan = table_plan(table);
	int err, fd;

	if (table->map_type != BPF_MAP_TYPE_PROG_ARRAY)
		return wrong_kind(table, "BPF_PROG_ARRAY");
	err = table_check_loaded(table);
	if (err)
		return err;
	if (!program)
		return fail(table->hp, -ENOENT, "the program has no function %s", function);
	/* The kernel jumps only between programs of one type. */
	fd = load_variant(program, plan ? plan : &program->plan);
	return fd < 0 ? fd : set_fd(table, &index, fd);
}

/* ---- Tables
 * -------------------------------------------------------------------------------------- */

int hotprobe_table_set_table(const struct hotprobe_table *table, const void *key,
			     const struct hotprobe_table *inner)
{
	int err;

	if (table->map_type != BPF_MAP_TYPE_ARRAY_OF_MAPS &&
	    table->map_type != BPF_MAP_TYPE_HASH_OF_MAPS)
		return wrong_kind(table, "BPF_ARRAY_OF_MAPS or BPF_HASH_OF_MAPS");
	err = table_check_loaded(table);
	if (!err)
		err = table_check_loaded(inner);
	if (err)
		return err;
	err = set_fd(table, key, inner->fd);
	if (err == -EINVAL)
		return fail(table->hp, err,
			    "table %s cannot hold %s: it takes tables of one kind and size, like "
			    "the one it was declared with",
			    table->name, inner->name);
	return err;
}

/* ---- Perf events
 * --------------------------------------------------------------------------------- */

static int open_event(struct hotprobe_table *table, int cpu, struct perf_event_attr *attr,
		      pid_t pid)
{
	int fd = (int)syscall(SYS_perf_event_open, attr, pid, cpu, -1, PERF_FLAG_FD_CLOEXEC), err;

	if (fd < 0)
		return fail(table->hp, -errno, "table %s: cannot open the perf event %u:%llu: %s",
			    table->name, attr->type, (unsigned long long)attr->config,
			    strerror(errno));
	err = set_fd(table, &cpu, fd);
	if (!err && array_push(&table->perf_events, fd))
		err = fail(table->hp, -ENOMEM, "out of memory");
	if (err)
		close(fd);
	return err;
}

int hotprobe_table_open_perf_event(struct hotprobe_table *table, uint32_t type, uint64_t config,
				   pid_t pid)
{
	struct perf_event_attr attr = {.type = type, .config = config, .size = sizeof(attr)};
	int err;

	if (table->map_type != BPF_MAP_TYPE_PERF_EVENT_ARRAY || table_takes_perf_events(table))
		return wrong_kind(table, "BPF_PERF_ARRAY");
	err = table_check_loaded(table);
	for (int cpu = 0; cpu < kernel_possible_cpus() && !err; cpu++) {
		if (!kernel_cpu_online(cpu))
			continue;
		if ((uint32_t)cpu >= table->max_entries)
			return fail(table->hp, -ERANGE,
				    "table %s has %u entries, and needs one for each of %d CPUs",
				    table->name, table->max_entries, kernel_possible_cpus());
		err = open_event(table, cpu, &attr, pid);
	}
	return err;
}

int hotprobe_table_open_counter(struct hotprobe_table *table, const char *event, pid_t pid)
{
	uint64_t config;
	uint32_t type;

	if (!perf_event_of_name(event, &type, &config))
		return fail(table->hp, -EINVAL,
			    "there is no event %s: perf list shows their names, such as cpu-clock, "
			    "cycles, LLC-load-misses, and rHEX is a raw one",
			    event);
	return hotprobe_table_open_perf_event(table, type, config, pid);
}

/* ---- Shared maps
 * --------------------------------------------------------------------------------- */

int hotprobe_table_reuse_fd(struct hotprobe_table *table, int fd)
{
	int err, copy;

	if (table->hp->loaded || table->fd >= 0)
		return fail(table->hp, -EBUSY, "table %s has a map already", table->name);
	if (table_takes_perf_events(table) || table->map_type == BPF_MAP_TYPE_RINGBUF)
		return fail(table->hp, -EINVAL,
			    "table %s is a %s: events go to one handle, and cannot be shared",
			    table->name, hotprobe_table_kind(table));
	err = table_check_map(table, fd);
	if (err)
		return err;
	copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (copy < 0)
		return fail(table->hp, -errno, "table %s: %s", table->name, strerror(errno));
	if (table->given_fd >= 0)
		close(table->given_fd);
	table->given_fd = copy;
	return 0;
}
