/* SPDX-License-Identifier: Apache-2.0 */
#include "symbols.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <unistd.h>

#include "demangle.h"
#include "kallsyms.h"
#include "kernel.h"
#include "module.h"
#include "perf_map.h"
#include "process_watch.h"

enum {
	PROCESSES_MAX = 8192, /* above that the oldest are forgotten */
};

/* What is known of a process beside its maps. */
struct known_process {
	struct process pub;
	uid_t uid;
	pid_t inner_pid; /* in its own PID namespace */
	int root_fd;	 /* its root directory, -1 if that is ours: serves after its end, too */
	struct perf_map jit;
};

struct symbols {
	ARRAY(struct known_process *) processes; /* in the order they became known */
	ARRAY(struct module *) modules;
	struct kallsyms *kernel;
	struct demangler demangler;
	char build_id[ELF_BUILD_ID_SIZE]; /* of the kernel module asked for last */
	char *build_id_of;
};

static struct symbols *get_symbols(struct hotprobe *hp)
{
	if (!hp->symbols)
		hp->symbols = calloc(1, sizeof(*hp->symbols));
	return hp->symbols;
}

static void free_process(struct known_process *p)
{
	mappings_free(&p->pub.maps);
	perf_map_free(&p->jit);
	if (p->root_fd >= 0)
		close(p->root_fd);
	free(p);
}

void symbols_free(struct hotprobe *hp)
{
	struct symbols *s = hp->symbols;

	if (!s)
		return;
	for (size_t i = 0; i < s->processes.count; i++)
		free_process(s->processes.at[i]);
	array_free(&s->processes);
	for (size_t i = 0; i < s->modules.count; i++) {
		module_free(s->modules.at[i]);
		free(s->modules.at[i]);
	}
	array_free(&s->modules);
	kallsyms_free(s->kernel);
	demangler_free(&s->demangler);
	free(s->build_id_of);
	free(s);
	hp->symbols = NULL;
}

static int out_of_memory(struct hotprobe *hp)
{
	return fail(hp, -ENOMEM, "out of memory");
}

/* ---- The kernel ---- */

static const char *build_id_of(struct symbols *s, const char *module)
{
	char path[256];

	if (s->build_id_of && !strcmp(s->build_id_of, module))
		return s->build_id;
	free(s->build_id_of);
	s->build_id_of = strdup(module);
	if (*module)
		snprintf(path, sizeof(path), "/sys/module/%s/notes/.note.gnu.build-id", module);
	else
		snprintf(path, sizeof(path), "/sys/kernel/notes");
	kernel_build_id(path, s->build_id);
	return s->build_id;
}

static int read_kernel(struct hotprobe *hp, struct symbols *s)
{
	int err = s->kernel ? 0 : kallsyms_read(&s->kernel);

	if (err == -EPERM)
		return fail(hp, err,
			    "the kernel hides the addresses of its functions: it takes root, or 0 "
			    "in /proc/sys/kernel/kptr_restrict");
	return err ? fail(hp, err, "cannot read /proc/kallsyms: %s", strerror(-err)) : 0;
}

int hotprobe_symbol_kernel(struct hotprobe *hp, uint64_t address, struct hotprobe_symbol *symbol)
{
	struct symbols *s = get_symbols(hp);
	const char *name, *module;
	uint64_t offset;
	int err;

	*symbol = (struct hotprobe_symbol){"", "", "", 0, 0};
	if (!s)
		return out_of_memory(hp);
	err = read_kernel(hp, s);
	if (err)
		return err;
	if (kallsyms_find(s->kernel, address, &name, &module, &offset))
		return fail(hp, -ENOENT, "no kernel function is at 0x%llx",
			    (unsigned long long)address);
	*symbol = (struct hotprobe_symbol){
		.name = demangle(&s->demangler, name),
		.module = *module ? module : "kernel",
		.build_id = build_id_of(s, module),
		.offset = offset,
		.address = address,
	};
	return 0;
}

/* ---- Processes ---- */

static bool same_link(const char *a, const char *b)
{
	struct stat x, y;

	return !stat(a, &x) && !stat(b, &y) && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

/* -1 if the process sees the files we see. */
static int open_root(pid_t pid)
{
	char root[64], mounts[64];

	snprintf(root, sizeof(root), "/proc/%d/root", (int)pid);
	snprintf(mounts, sizeof(mounts), "/proc/%d/ns/mnt", (int)pid);
	if (same_link(mounts, "/proc/self/ns/mnt") && same_link(root, "/proc/self/root"))
		return -1;
	return open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

/* The last of the ids that the process has in its namespaces. */
static pid_t inner_pid(pid_t pid)
{
	char path[64], text[4096], *ids, *end;
	pid_t inner = pid;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	kernel_read_text(path, text, sizeof(text));
	ids = strstr(text, "\nNSpid:");
	end = ids ? strchr(ids + 1, '\n') : NULL;
	if (end) {
		*end = '\0';
		inner = atoi(strrchr(ids, '\t') + 1);
	}
	return inner;
}

static void look_at(struct known_process *p)
{
	char path[64];
	struct stat st;

	snprintf(path, sizeof(path), "/proc/%d", (int)p->pub.pid);
	if (!stat(path, &st))
		p->uid = st.st_uid;
	p->inner_pid = inner_pid(p->pub.pid);
	if (p->root_fd < 0)
		p->root_fd = open_root(p->pub.pid);
}

static struct known_process *add_process(struct symbols *s, pid_t pid)
{
	struct known_process *p = malloc(sizeof(*p));

	if (!p)
		return NULL;
	*p = (struct known_process){.pub.pid = pid, .inner_pid = pid, .root_fd = -1};
	if (s->processes.count >= PROCESSES_MAX) {
		free_process(s->processes.at[0]);
		s->processes.count--;
		memmove(s->processes.at, s->processes.at + 1,
			s->processes.count * sizeof(*s->processes.at));
	}
	if (!array_push(&s->processes, p))
		return p;
	free(p);
	return NULL;
}

/* The latest known under that id before the one at index before; NULL if there is none. */
static struct known_process *find_process(const struct symbols *s, pid_t pid, size_t *before)
{
	for (size_t i = *before; i > 0; i--)
		if (s->processes.at[i - 1]->pub.pid == pid) {
			*before = i - 1;
			return s->processes.at[i - 1];
		}
	return NULL;
}

struct process *symbols_process(struct hotprobe *hp, pid_t pid)
{
	struct symbols *s = get_symbols(hp);
	size_t before = s ? s->processes.count : 0;
	struct known_process *p = s ? find_process(s, pid, &before) : NULL;

	return p ? &p->pub : symbols_new_process(hp, pid);
}

struct process *symbols_new_process(struct hotprobe *hp, pid_t pid)
{
	struct symbols *s = get_symbols(hp);
	struct known_process *p = s ? add_process(s, pid) : NULL;

	if (!p)
		return NULL;
	look_at(p);
	return &p->pub;
}

/* ---- Modules ---- */

/* The prefix of paths that the process sees. */
static void root_path(const struct known_process *p, char *path, size_t size)
{
	if (p->root_fd < 0)
		*path = '\0';
	else
		snprintf(path, size, "/proc/self/fd/%d", p->root_fd);
}

static int open_vdso(struct module *m, const struct mapping *mapping)
{
	const void *vdso = (void *)getauxval(AT_SYSINFO_EHDR);
	uint64_t size = mapping->end - mapping->start;
	const struct mapping *own;
	struct mappings maps;
	int err = vdso ? process_read_maps(getpid(), &maps) : -ENOENT;

	if (err)
		return err;
	/* Every process has the same, this one too; those for 32 bits have another. */
	own = mappings_find(&maps, (uintptr_t)vdso);
	if (!own || own->end - own->start != size)
		vdso = NULL;
	mappings_free(&maps);
	return vdso ? module_open_memory(m, mapping->path, vdso, size) : -ENOENT;
}

static int open_file(struct module *m, const struct known_process *p, const struct mapping *mapping)
{
	char root[64], *path;
	int err;

	root_path(p, root, sizeof(root));
	if (asprintf(&path, "%s%s", root, mapping->path) < 0)
		return -ENOMEM;
	err = module_open(m, mapping->path, path);
	free(path);
	if (err != -ENOENT && err != -EACCES)
		return err;
	path = process_file(p->pub.pid, mapping);
	err = path ? module_open(m, mapping->path, path) : -ENOMEM;
	free(path);
	return err;
}

/* Will it be the same the next time? */
static bool is_lasting(int err)
{
	return err != -ENOMEM && err != -EMFILE && err != -ENFILE && err != -EINTR;
}

/* What the mapping is of, maybe without symbols; NULL with errno set if that cannot be found out
   now. */
static struct module *find_module(struct symbols *s, const struct known_process *p,
				  const struct mapping *mapping)
{
	struct module *m;
	int err;

	for (size_t i = 0; i < s->modules.count; i++) {
		m = s->modules.at[i];
		if (m->device == mapping->device && m->inode == mapping->inode &&
		    !strcmp(m->path, mapping->path))
			return m;
	}
	m = calloc(1, sizeof(*m));
	if (!m)
		return NULL;
	m->file.fd = m->debug.fd = -1; /* of one that is not opened, 0 would be closed */
	err = mapping_is_file(mapping) ? open_file(m, p, mapping) : open_vdso(m, mapping);
	if (err && is_lasting(err)) {
		/* Remembered, so that it is not tried again for each address. */
		*m = (struct module){.file.fd = -1, .debug.fd = -1, .path = strdup(mapping->path)};
	}
	m->device = mapping->device;
	m->inode = mapping->inode;
	if (is_lasting(err) && m->path && !array_push(&s->modules, m))
		return m;
	module_free(m);
	free(m);
	errno = is_lasting(err) ? ENOMEM : -err;
	return NULL;
}

/* ---- Processes that run ---- */

/* With its mount namespace go the files that only that had: they have to be open before. */
static void hold_files(struct symbols *s, const struct known_process *p)
{
	for (size_t i = 0; p->root_fd >= 0 && i < p->pub.maps.list.count; i++)
		if (mapping_is_file(&p->pub.maps.list.at[i]))
			find_module(s, p, &p->pub.maps.list.at[i]);
}

/* Reads the maps of a running process, unless it lost them already. */
static int refresh(struct symbols *s, struct known_process *p,
		   const struct process_identity *identity)
{
	struct mappings maps;
	int err = process_read_maps(p->pub.pid, &maps);

	if (err || !maps.list.count)
		return err ? err : -ESRCH;
	mappings_free(&p->pub.maps);
	p->pub.maps = maps;
	p->pub.identity = *identity;
	look_at(p);
	hold_files(s, p);
	return 0;
}

/* Makes sure that the process as it is now is known, if it runs. Returns 0 or a negative errno. */
static int meet(struct symbols *s, pid_t pid)
{
	struct process_identity now = process_identify(pid);
	size_t before = s->processes.count;
	struct known_process *p = find_process(s, pid, &before);
	int err;

	if (!now.start_time)
		return p ? 0 : -ESRCH;
	if (p && process_is_same(&p->pub.identity, &now))
		return 0;
	/* Of one that the kernel told of, all is known but who it is. */
	if (p && !p->pub.identity.start_time)
		return refresh(s, p, &now) == -ENOMEM ? -ENOMEM : 0;
	p = add_process(s, pid);
	err = p ? refresh(s, p, &now) : -ENOMEM;
	if (err && p) {
		s->processes.count--;
		free_process(p);
	}
	before = s->processes.count;
	return err == -ESRCH && find_process(s, pid, &before) ? 0 : err;
}

static int no_process(struct hotprobe *hp, pid_t pid, int err)
{
	if (err == -ESRCH)
		return fail(hp, err, "there is no process %d, and it was not seen while it ran",
			    (int)pid);
	if (err == -ENOMEM)
		return out_of_memory(hp);
	return fail(hp, err, "cannot read the maps of process %d: %s", (int)pid, strerror(-err));
}

int hotprobe_symbol_process(struct hotprobe *hp, pid_t pid)
{
	struct symbols *s = get_symbols(hp);
	int err = s ? meet(s, pid) : -ENOMEM;

	return err ? no_process(hp, pid, err) : 0;
}

void symbols_see(struct hotprobe *hp, pid_t pid)
{
	struct symbols *s = get_symbols(hp);

	if (s)
		meet(s, pid);
}

/* ---- Addresses ---- */

static bool find_in_jit(struct symbols *s, struct known_process *p, uint64_t address,
			struct hotprobe_symbol *symbol)
{
	char root[64], path[128];
	const char *name;

	root_path(p, root, sizeof(root));
	snprintf(path, sizeof(path), "%s/tmp/perf-%d.map", root, (int)p->inner_pid);
	name = perf_map_find(&p->jit, address, &symbol->offset);
	if (!name && perf_map_refresh(&p->jit, path, p->uid))
		name = perf_map_find(&p->jit, address, &symbol->offset);
	if (name)
		symbol->name = demangle(&s->demangler, name);
	else
		symbol->offset = 0;
	return name;
}

/* Fills in symbol for a place in the file of a module. Returns 0 or -ENOMEM. */
static int find_in_module(struct symbols *s, struct module *m, const char *root, uint64_t offset,
			  struct hotprobe_symbol *symbol)
{
	const struct module_symbol *found;

	symbol->build_id = m->build_id;
	if (elf_file_address(&m->file, offset, &symbol->address))
		return 0;
	if (module_read_symbols(m, root))
		return -ENOMEM;
	found = module_find(m, symbol->address);
	if (!found)
		return 0;
	symbol->name = demangle(&s->demangler, found->name);
	symbol->offset = symbol->address - found->address;
	return 0;
}

static int find_in_mapping(struct symbols *s, struct known_process *p,
			   const struct mapping *mapping, uint64_t address,
			   struct hotprobe_symbol *symbol)
{
	bool is_module = mapping_is_file(mapping) || !strcmp(mapping->path, "[vdso]");
	struct module *m = is_module ? find_module(s, p, mapping) : NULL;
	int err = is_module && !m ? -errno : 0;
	char root[64];

	symbol->module = mapping->path;
	symbol->address = address - mapping->start + mapping->offset;
	if (!m || !m->file.elf) {
		find_in_jit(s, p, address, symbol);
		return err;
	}
	root_path(p, root, sizeof(root));
	return find_in_module(s, m, root, symbol->address, symbol);
}

/* Looks in all that had that id, the latest first: an address may be from before an execve. */
static const struct mapping *find_mapping(const struct symbols *s, pid_t pid, uint64_t address,
					  struct known_process **process)
{
	const struct mapping *mapping = NULL;
	size_t before = s->processes.count;

	while (!mapping && (*process = find_process(s, pid, &before)))
		mapping = mappings_find(&(*process)->pub.maps, address);
	return mapping;
}

/* A process that runs may have mapped more since it was looked at. */
static void look_again(struct symbols *s, pid_t pid)
{
	struct process_identity now = process_identify(pid);
	size_t before = s->processes.count;
	struct known_process *p = find_process(s, pid, &before);

	if (p && now.start_time && process_is_same(&p->pub.identity, &now))
		refresh(s, p, &now);
}

int hotprobe_symbol_user(struct hotprobe *hp, pid_t pid, uint64_t address,
			 struct hotprobe_symbol *symbol)
{
	struct symbols *s = get_symbols(hp);
	const struct mapping *mapping;
	struct known_process *p;
	int err;

	*symbol = (struct hotprobe_symbol){"", "", "", 0, 0};
	if (!s)
		return out_of_memory(hp);
	process_watch_read(hp);
	err = meet(s, pid);
	if (err)
		return no_process(hp, pid, err);
	mapping = find_mapping(s, pid, address, &p);
	if (!mapping) {
		look_again(s, pid);
		mapping = find_mapping(s, pid, address, &p);
	}
	if (!mapping)
		return fail(hp, -ENOENT, "process %d has no code at 0x%llx", (int)pid,
			    (unsigned long long)address);
	err = find_in_mapping(s, p, mapping, address, symbol);
	if (err && err != -ENOMEM)
		return fail(hp, err, "cannot open %s: %s", mapping->path, strerror(-err));
	return err ? out_of_memory(hp) : 0;
}

/* ---- Places in files ---- */

static struct module *find_build_id(const struct symbols *s, const char *build_id)
{
	for (size_t i = 0; i < s->modules.count; i++)
		if (!strcmp(s->modules.at[i]->build_id, build_id))
			return s->modules.at[i];
	return NULL;
}

/* The files of processes are opened only when something in them is asked for: now. The last ones
   that were seen are the most likely. */
static struct module *find_mapped_build_id(struct symbols *s, const char *build_id)
{
	for (size_t i = s->processes.count; i > 0; i--) {
		const struct known_process *p = s->processes.at[i - 1];

		for (size_t j = 0; j < p->pub.maps.list.count; j++) {
			const struct mapping *mapping = &p->pub.maps.list.at[j];
			struct module *m =
				mapping_is_file(mapping) ? find_module(s, p, mapping) : NULL;

			if (m && !strcmp(m->build_id, build_id))
				return m;
		}
	}
	return NULL;
}

int hotprobe_symbol_build_id(struct hotprobe *hp, const char *build_id, uint64_t offset,
			     struct hotprobe_symbol *symbol)
{
	struct symbols *s = get_symbols(hp);
	struct module *m;

	*symbol = (struct hotprobe_symbol){"", "", "", 0, 0};
	if (!s)
		return out_of_memory(hp);
	process_watch_read(hp);
	m = *build_id ? find_build_id(s, build_id) : NULL;
	if (!m && *build_id)
		m = find_mapped_build_id(s, build_id);
	if (!m)
		return fail(hp, -ENOENT,
			    "no file with the build id \"%s\" was seen: name it with "
			    "hotprobe_symbol_file()",
			    build_id);
	symbol->module = m->path;
	symbol->address = offset;
	return find_in_module(s, m, "", offset, symbol) ? out_of_memory(hp) : 0;
}

int hotprobe_symbol_file(struct hotprobe *hp, const char *path)
{
	struct symbols *s = get_symbols(hp);
	struct module *m = s ? calloc(1, sizeof(*m)) : NULL;
	int err;

	if (!m)
		return out_of_memory(hp);
	err = module_open(m, path, path);
	if (!err && find_build_id(s, m->build_id)) {
		module_free(m);
		free(m);
		return 0;
	}
	if (!err && array_push(&s->modules, m)) {
		module_free(m);
		err = -ENOMEM;
	}
	if (!err)
		return 0;
	free(m);
	if (err == -ENOEXEC)
		return fail(hp, err, "%s is no ELF file", path);
	return fail(hp, err, "cannot open %s: %s", path, strerror(-err));
}
