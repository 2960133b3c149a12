/* SPDX-License-Identifier: Apache-2.0 */
#include "confine.h"

#include <bpf/bpf.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "insns.h"
#include "kernel.h"
#include "privilege.h"

enum {
	PROCESSES_MAX = 16384,
	INITIAL_PID_NS = 0xEFFFFFFC, /* PROC_PID_INIT_INO of include/linux/proc_ns.h */
	/* The stack of the programs below. */
	AT_TGID = -4,
	AT_PID = -8,
	AT_VALUE = -12,
	AT_INDEX = -16,
	AT_POINTER = -24,
};

/* Of a process in the table. One that has ended stays for a while. */
enum { TRACED = 1, ENDED = 2 };

enum {
	EVENTS = 2,
	REMEMBERED = 64, /* processes that ended, on each CPU; a power of two */
};

/* Of one CPU. */
struct ended {
	uint32_t next;
	uint32_t tgid[REMEMBERED];
};

struct confinement {
	atomic_int references;
	struct hotprobe *hp; /* while it is made */
	int pids_fd;	     /* hash, tgid -> TRACED or ENDED */
	int ended_fd;	     /* per-CPU array of one struct ended */
	int missed_fd;	     /* array of one u64 */
	int program_fds[EVENTS];
	int link_fds[EVENTS];
};

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

/* R0 becomes the table's entry for the current process; R1 to R5 are gone. */
#define LOOK_UP_CURRENT(fd)                                                                        \
	CALL(BPF_FUNC_get_current_pid_tgid), RSH_IMM(BPF_REG_0, 32),                               \
		STORE(BPF_W, BPF_REG_10, AT_TGID, BPF_REG_0), LOAD_MAP(BPF_REG_1, fd),             \
		MOV_REG(BPF_REG_2, BPF_REG_10), ADD_IMM(BPF_REG_2, AT_TGID),                       \
		CALL(BPF_FUNC_map_lookup_elem)

int confine_program(const struct confinement *c, struct bytecode *code)
{
	const struct bpf_insn prologue[] = {
		MOV_REG(BPF_REG_6, BPF_REG_1),
		LOOK_UP_CURRENT(c->pids_fd),
		JUMP_UNLESS_ZERO(BPF_REG_0, 2),
		MOV_IMM(BPF_REG_0, 0),
		EXIT(),
		MOV_REG(BPF_REG_1, BPF_REG_6),
	};

	return bytecode_prepend(code, prologue, COUNT(prologue));
}

static int load_and_attach(struct confinement *c, int i, const char *event,
			   const struct bpf_insn *insns, size_t count)
{
	int fd = bpf_prog_load(BPF_PROG_TYPE_RAW_TRACEPOINT, event, "GPL", insns, count, NULL);

	if (fd < 0 && errno == EPERM)
		return fail_at(c->hp, -EPERM, "", 0, 0,
			       privilege_hint(BPF_PROG_TYPE_RAW_TRACEPOINT).text,
			       "the kernel does not allow loading the process filter");
	if (fd < 0)
		return fail(c->hp, -errno, "cannot load the process filter for %s: %s", event,
			    strerror(errno));
	c->program_fds[i] = fd;
	fd = bpf_raw_tracepoint_open(event, fd);
	if (fd < 0)
		return fail(c->hp, -errno, "cannot attach the process filter to %s: %s", event,
			    strerror(errno));
	c->link_fds[i] = fd;
	return 0;
}

/* Calls a helper for a table's entry whose key the stack has at that place: 5 instructions. */
#define ON_ENTRY(helper, fd, at)                                                                   \
	LOAD_MAP(BPF_REG_1, fd), MOV_REG(BPF_REG_2, BPF_REG_10), ADD_IMM(BPF_REG_2, at),           \
		CALL(helper)
/* Sets it to the value at AT_VALUE: 8 instructions. */
#define UPDATE_ENTRY(fd, at)                                                                       \
	MOV_REG(BPF_REG_3, BPF_REG_10), ADD_IMM(BPF_REG_3, AT_VALUE), MOV_IMM(BPF_REG_4, BPF_ANY), \
		ON_ENTRY(BPF_FUNC_map_update_elem, fd, at)

/* Copies bytes of the kernel's from base + offset to the stack. 6 instructions. */
#define READ_KERNEL(at, size, base, offset)                                                        \
	MOV_REG(BPF_REG_1, BPF_REG_10), ADD_IMM(BPF_REG_1, at), MOV_IMM(BPF_REG_2, size),          \
		MOV_REG(BPF_REG_3, base), ADD_IMM(BPF_REG_3, (int)(offset)),                       \
		CALL(BPF_FUNC_probe_read_kernel)

/*
 * sched_process_fork(parent, child): parent is the current task, whatever CLONE_PARENT says. A
 * child of one that is not traced may have the number of one that was, and has ended.
 */
static int attach_fork(struct confinement *c)
{
	const struct bpf_insn insns[] = {
		LOAD(BPF_DW, BPF_REG_6, BPF_REG_1, 8),
		LOOK_UP_CURRENT(c->pids_fd),
		MOV_REG(BPF_REG_7, BPF_REG_0),
		READ_KERNEL(AT_PID, 4, BPF_REG_6, c->hp->image.facts->task_tgid),
		JUMP_UNLESS_ZERO(BPF_REG_7, 7),
		ON_ENTRY(BPF_FUNC_map_delete_elem, c->pids_fd, AT_PID),
		MOV_IMM(BPF_REG_0, 0),
		EXIT(),
		/* A thread of a traced process has its tgid: adding it again changes nothing. */
		STORE_IMM(BPF_W, BPF_REG_10, AT_VALUE, TRACED),
		UPDATE_ENTRY(c->pids_fd, AT_PID),
		JUMP_IF_ZERO(BPF_REG_0, 9),
		STORE_IMM(BPF_W, BPF_REG_10, AT_INDEX, 0),
		ON_ENTRY(BPF_FUNC_map_lookup_elem, c->missed_fd, AT_INDEX),
		JUMP_IF_ZERO(BPF_REG_0, 2),
		MOV_IMM(BPF_REG_1, 1),
		ATOMIC_ADD(BPF_DW, BPF_REG_0, 0, BPF_REG_1),
		MOV_IMM(BPF_REG_0, 0),
		EXIT(),
	};

	return load_and_attach(c, 0, "sched_process_fork", insns, COUNT(insns));
}

/*
 * sched_process_exit(task): what a process' last thread does from here on is traced still, and so
 * are programs at this very tracepoint. It leaves the table when it is long gone: each CPU
 * remembers the last that ended there, and drops the one before those. Another process may have its
 * number by then: that one has not ended. (sched_process_free would tell exactly, but it comes in
 * an interrupt, and Linux 6.1 locks up when a hash is changed there.)
 */
static int attach_exit(struct confinement *c)
{
	const struct image_facts *facts = c->hp->image.facts;
	const struct bpf_insn insns[] = {
		LOAD(BPF_DW, BPF_REG_6, BPF_REG_1, 0),
		LOOK_UP_CURRENT(c->pids_fd),
		JUMP_IF_ZERO(BPF_REG_0, 49),
		MOV_REG(BPF_REG_7, BPF_REG_0),
		READ_KERNEL(AT_POINTER, 8, BPF_REG_6, facts->task_signal),
		LOAD(BPF_DW, BPF_REG_6, BPF_REG_10, AT_POINTER),
		READ_KERNEL(AT_VALUE, 4, BPF_REG_6, facts->signal_live),
		LOAD(BPF_W, BPF_REG_1, BPF_REG_10, AT_VALUE),
		JUMP_UNLESS_ZERO(BPF_REG_1, 33),
		MOV_IMM(BPF_REG_1, ENDED),
		STORE(BPF_W, BPF_REG_7, 0, BPF_REG_1),
		/* The oldest of the ring gives its place to this one. */
		STORE_IMM(BPF_W, BPF_REG_10, AT_INDEX, 0),
		ON_ENTRY(BPF_FUNC_map_lookup_elem, c->ended_fd, AT_INDEX),
		JUMP_IF_ZERO(BPF_REG_0, 24),
		LOAD(BPF_W, BPF_REG_1, BPF_REG_0, offsetof(struct ended, next)),
		AND_IMM(BPF_REG_1, REMEMBERED - 1),
		MOV_REG(BPF_REG_2, BPF_REG_1),
		ADD_IMM(BPF_REG_2, 1),
		STORE(BPF_W, BPF_REG_0, offsetof(struct ended, next), BPF_REG_2),
		LSH_IMM(BPF_REG_1, 2),
		ADD_REG(BPF_REG_0, BPF_REG_1),
		LOAD(BPF_W, BPF_REG_1, BPF_REG_0, offsetof(struct ended, tgid)),
		STORE(BPF_W, BPF_REG_10, AT_PID, BPF_REG_1),
		LOAD(BPF_W, BPF_REG_1, BPF_REG_10, AT_TGID),
		STORE(BPF_W, BPF_REG_0, offsetof(struct ended, tgid), BPF_REG_1),
		ON_ENTRY(BPF_FUNC_map_lookup_elem, c->pids_fd, AT_PID),
		JUMP_IF_ZERO(BPF_REG_0, 7),
		LOAD(BPF_W, BPF_REG_1, BPF_REG_0, 0),
		JUMP_UNLESS_IMM(BPF_REG_1, ENDED, 5),
		ON_ENTRY(BPF_FUNC_map_delete_elem, c->pids_fd, AT_PID),
		MOV_IMM(BPF_REG_0, 0),
		EXIT(),
	};

	return load_and_attach(c, 1, "sched_process_exit", insns, COUNT(insns));
}

static int create_tables(struct confinement *c)
{
	/* Room for all of them at once takes a fifth of the time of a start. Programs of every type
	   may do without since Linux 6.1. */
	LIBBPF_OPTS(bpf_map_create_opts, pids,
		    .map_flags = kernel_is_at_least(6, 1) ? BPF_F_NO_PREALLOC : 0);

	c->pids_fd = bpf_map_create(BPF_MAP_TYPE_HASH, "hotprobe_pids", 4, 4, PROCESSES_MAX, &pids);
	if (c->pids_fd >= 0)
		c->ended_fd = bpf_map_create(BPF_MAP_TYPE_PERCPU_ARRAY, "hotprobe_ended", 4,
					     sizeof(struct ended), 1, NULL);
	if (c->ended_fd >= 0)
		c->missed_fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "hotprobe_missed", 4, 8, 1, NULL);
	if (c->missed_fd < 0)
		return fail(c->hp, -errno, "cannot make the table of traced processes: %s",
			    strerror(errno));
	return 0;
}

static int check_possible(struct hotprobe *hp)
{
	const struct image_facts *facts = hp->image.facts;
	struct stat st;

	if (!stat("/proc/self/ns/pid", &st) && st.st_ino != INITIAL_PID_NS)
		return fail_at(hp, -EOPNOTSUPP, "", 0, 0,
			       "run it outside the container, or in one with the host's PID "
			       "namespace (--pid=host)",
			       "processes cannot be told apart from inside a PID namespace");
	if (facts->task_tgid == IMAGE_NONE || facts->task_signal == IMAGE_NONE ||
	    facts->signal_live == IMAGE_NONE)
		return fail_at(hp, -EOPNOTSUPP, "", 0, 0,
			       "trace the whole system instead, or use a kernel with "
			       "CONFIG_DEBUG_INFO_BTF",
			       "a process tree cannot be followed: the kernel's BTF does not "
			       "describe its tasks");
	return 0;
}

int confine_new(struct hotprobe *hp, struct confinement **confinement)
{
	struct confinement *c;
	int err = check_possible(hp);

	if (err)
		return err;
	c = malloc(sizeof(*c));
	if (!c)
		return fail(hp, -ENOMEM, "out of memory");
	*c = (struct confinement){
		.references = 1,
		.hp = hp,
		.pids_fd = -1,
		.ended_fd = -1,
		.missed_fd = -1,
		.program_fds = {-1, -1},
		.link_fds = {-1, -1},
	};
	err = create_tables(c);
	if (!err)
		err = attach_fork(c);
	if (!err)
		err = attach_exit(c);
	if (err) {
		confine_free(c);
		return err;
	}
	*confinement = c;
	return 0;
}

static void close_if_open(int fd)
{
	if (fd >= 0)
		close(fd);
}

struct confinement *confine_share(struct confinement *c)
{
	c->references++;
	return c;
}

void confine_free(struct confinement *c)
{
	if (!c || --c->references)
		return;
	for (int i = 0; i < EVENTS; i++) {
		close_if_open(c->link_fds[i]);
		close_if_open(c->program_fds[i]);
	}
	close_if_open(c->missed_fd);
	close_if_open(c->ended_fd);
	close_if_open(c->pids_fd);
	free(c);
}

int confine_add(const struct confinement *c, pid_t pid)
{
	uint32_t tgid = (uint32_t)pid, value = TRACED;

	return bpf_map_update_elem(c->pids_fd, &tgid, &value, BPF_ANY) ? -errno : 0;
}

static bool is_traced(const struct confinement *c, pid_t pid)
{
	uint32_t tgid = (uint32_t)pid, value;

	return !bpf_map_lookup_elem(c->pids_fd, &tgid, &value) && value == TRACED;
}

/* The parent of a process, from /proc/PID/stat; 0 if it is gone. */
static pid_t parent_of(const char *pid)
{
	char path[64], text[1024], *after_name;
	int parent = 0;

	snprintf(path, sizeof(path), "/proc/%.20s/stat", pid);
	kernel_read_text(path, text, sizeof(text));
	after_name = strrchr(text, ')'); /* the name may hold anything */
	if (after_name && sscanf(after_name, ") %*c %d", &parent) != 1)
		parent = 0;
	return parent;
}

/* One look through /proc for children of traced processes. Returns how many it added. */
static int add_children(const struct confinement *c)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	int added = 0;

	while (proc && added >= 0 && (entry = readdir(proc))) {
		pid_t pid = atoi(entry->d_name), parent;

		if (pid <= 0 || is_traced(c, pid))
			continue;
		parent = parent_of(entry->d_name);
		if (parent <= 0 || !is_traced(c, parent))
			continue;
		added = confine_add(c, pid) ? -errno : added + 1;
	}
	if (proc)
		closedir(proc);
	return added;
}

typedef ARRAY(pid_t) pid_list;

/* Notes the children of one thread; one that has ended has none. */
static int list_children(const char *pid, const char *tid, pid_list *pids)
{
	char path[96], *text, *at, *end;
	int err = 0;

	snprintf(path, sizeof(path), "/proc/%.20s/task/%.20s/children", pid, tid);
	text = kernel_read_file(AT_FDCWD, path);
	if (!text)
		return errno == ENOMEM ? -ENOMEM : 0;
	for (at = text; !err; at = end) {
		long child = strtol(at, &end, 10);

		if (end == at)
			break;
		err = array_push(pids, (pid_t)child) ? -ENOMEM : 0;
	}
	free(text);
	return err;
}

static int list_children_of_all_threads(pid_t pid, pid_list *pids)
{
	char path[64], name[24];
	struct dirent *entry;
	DIR *threads;
	int err = 0;

	snprintf(name, sizeof(name), "%d", (int)pid);
	snprintf(path, sizeof(path), "/proc/%s/task", name);
	threads = opendir(path);
	while (threads && !err && (entry = readdir(threads)))
		if (*entry->d_name != '.')
			err = list_children(name, entry->d_name, pids);
	if (threads)
		closedir(threads);
	return err;
}

/* One walk from a process down to its descendants. Returns how many it added. */
static int add_descendants(const struct confinement *c, pid_t pid)
{
	pid_list pids = {0};
	int err = array_push(&pids, pid) ? -ENOMEM : 0, added = 0;

	for (size_t i = 0; i < pids.count && !err; i++) {
		if (i && !is_traced(c, pids.at[i])) {
			err = confine_add(c, pids.at[i]);
			added++;
		}
		if (!err)
			err = list_children_of_all_threads(pids.at[i], &pids);
	}
	array_free(&pids);
	return err ? err : added;
}

int confine_add_tree(const struct confinement *c, pid_t pid)
{
	/* CONFIG_PROC_CHILDREN; else all processes are looked at. */
	bool walk = !access("/proc/thread-self/children", R_OK);
	int added = confine_add(c, pid);

	if (added)
		return added;
	/* A child forked before its parent was added is seen here, one forked after that by the
	   kernel; what remains, or was missed because a sibling ended during the walk, is found by
	   looking until there is nothing new. */
	do
		added = walk ? add_descendants(c, pid) : add_children(c);
	while (added > 0);
	return added;
}

uint64_t confine_missed(const struct confinement *c)
{
	uint64_t missed = 0;
	uint32_t index = 0;

	if (bpf_map_lookup_elem(c->missed_fd, &index, &missed))
		return 0;
	return missed;
}
