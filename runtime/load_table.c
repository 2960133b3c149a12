/* SPDX-License-Identifier: Apache-2.0 */
/* Tables in the kernel: made from the image, opened where they are pinned, or taken over. */
#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <linux/magic.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "kernel.h"
#include "load.h"
#include "privilege.h"

enum {
	RING_MAX = 1 << 30,
};

static int fail_table(const struct hotprobe_table *table, int err, const char *hint,
		      const char *format, ...) __attribute__((format(printf, 4, 5)));

/* At the table's declaration. */
static int fail_table(const struct hotprobe_table *table, int err, const char *hint,
		      const char *format, ...)
{
	struct hotprobe *hp = table->hp;
	char text[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	return fail_at(hp, err, image_str(&hp->image, table->image->file), table->image->line, 0,
		       hint, "%s", text);
}

/* Names in the kernel are letters, digits, '_' and '.', 15 of them. */
void load_kernel_name(char name[BPF_OBJ_NAME_LEN], const char *from)
{
	snprintf(name, BPF_OBJ_NAME_LEN, "%s", from);
}

static bool is_extern(const struct hotprobe_table *table)
{
	return !strcmp(hotprobe_table_kind(table), "extern");
}

/* ---- Made
 * ----------------------------------------------------------------------------------------- */

/* A power of two, at least a page. */
static uint32_t ring_bytes(const struct hotprobe *hp)
{
	uint64_t wanted =
		(uint64_t)sysconf(_SC_PAGESIZE) * kernel_possible_cpus() * hp->opts.perf_pages;
	uint64_t bytes = sysconf(_SC_PAGESIZE);

	while (bytes < wanted && bytes < RING_MAX)
		bytes *= 2;
	return (uint32_t)bytes;
}

static int create_ring(struct hotprobe *hp, struct hotprobe_table *table)
{
	char name[BPF_OBJ_NAME_LEN];

	load_kernel_name(name, table->name);
	table->max_entries = ring_bytes(hp);
	return bpf_map_create(BPF_MAP_TYPE_RINGBUF, name, 0, 0, table->max_entries, NULL);
}

static int create_map(struct hotprobe *hp, struct hotprobe_table *table, bool with_btf)
{
	const struct image_table *image = table->image;
	char name[BPF_OBJ_NAME_LEN];
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = image->map_flags);

	if (with_btf) {
		opts.btf_fd = hp->btf_fd;
		opts.btf_key_type_id = image->btf_key_id;
		opts.btf_value_type_id = image->btf_value_id;
	}
	if (image->inner)
		opts.inner_map_fd = hp->tables[image->inner - 1].fd;
	load_kernel_name(name, table->name);
	return bpf_map_create(image->map_type, name, image->key_size, image->value_size,
			      table->max_entries, &opts);
}

static int not_made(const struct hotprobe_table *table, int err)
{
	const struct image_table *image = table->image;

	if (err == -EPERM)
		return fail_at(table->hp, -EPERM, "", 0, 0,
			       privilege_hint(BPF_PROG_TYPE_UNSPEC).text,
			       "the kernel does not allow making tables");
	return fail_table(table, err,
			  err == -E2BIG || err == -ENOMEM
				  ? "make its number of entries or its value smaller"
				  : "check its kind, the sizes of key and value and the number of "
				    "entries",
			  "the kernel cannot make table %s (%s, key %u bytes, value %u bytes, %u "
			  "entries): %s",
			  table->name, hotprobe_table_kind(table), image->key_size,
			  image->value_size, table->max_entries, strerror(-err));
}

static int make_table(struct hotprobe *hp, struct hotprobe_table *table)
{
	const struct image_table *image = table->image;
	bool with_btf = hp->btf_fd >= 0 && (image->btf_key_id || image->btf_value_id);

	if (image->map_type == BPF_MAP_TYPE_PERF_EVENT_ARRAY && !table->max_entries)
		table->max_entries = kernel_possible_cpus();
	table->fd = table->uses_ring ? create_ring(hp, table) : create_map(hp, table, with_btf);
	/* Not every kind of map takes BTF; it only serves those who look at it with bpftool. */
	if (table->fd < 0 && with_btf && !table->uses_ring && errno != EPERM)
		table->fd = create_map(hp, table, false);
	if (table->fd >= 0)
		return 0;
	table->fd = -1;
	return not_made(table, -errno);
}

/* ---- Opened
 * --------------------------------------------------------------------------------------- */

static bool same_type(const struct hotprobe_table *table, const struct bpf_map_info *info)
{
	return is_extern(table) || table->image->map_type == info->type;
}

/* The kernel sets this flag on some maps by itself. */
static bool same_flags(const struct hotprobe_table *table, const struct bpf_map_info *info)
{
	return is_extern(table) ||
	       !((table->image->map_flags ^ info->map_flags) & ~(uint32_t)BPF_F_RDONLY_PROG);
}

int table_check_map(const struct hotprobe_table *table, int map_fd)
{
	const struct image_table *image = table->image;
	struct bpf_map_info info = {0};
	uint32_t size = sizeof(info);

	if (bpf_obj_get_info_by_fd(map_fd, &info, &size))
		return fail(table->hp, -errno, "table %s: the descriptor is of no map: %s",
			    table->name, strerror(errno));
	if (same_type(table, &info) && same_flags(table, &info) &&
	    image->key_size == info.key_size && image->value_size == info.value_size &&
	    (is_extern(table) || image->max_entries == info.max_entries))
		return 0;
	return fail(table->hp, -EINVAL,
		    "table %s is another than the map given for it: kind %u and %u, key of %u and "
		    "%u bytes, value of %u and %u bytes, %u and %u entries, flags %#x and %#x",
		    table->name, image->map_type, info.type, image->key_size, info.key_size,
		    image->value_size, info.value_size, image->max_entries, info.max_entries,
		    image->map_flags, info.map_flags);
}

static int use_map(struct hotprobe_table *table, int fd)
{
	struct bpf_map_info info = {0};
	uint32_t size = sizeof(info);

	table->fd = fd;
	if (!bpf_obj_get_info_by_fd(fd, &info, &size)) {
		table->max_entries = info.max_entries;
		table->map_type = info.type;
		table->map_flags = info.map_flags;
	}
	return 0;
}

static int make_parents(const char *path)
{
	char *copy = strdup(path);
	int err = 0;

	if (!copy)
		return -ENOMEM;
	for (char *at = copy + 1; (at = strchr(at, '/')) && !err; at++) {
		*at = '\0';
		if (mkdir(copy, 0700) && errno != EEXIST)
			err = -errno;
		*at = '/';
	}
	free(copy);
	return err;
}

/* The nearest directory above path that exists lies in a BPF file system. */
static bool is_on_bpffs(const char *path)
{
	char *copy = strdup(path);
	struct statfs fs;
	int err = -1;

	while (copy && err && strcmp(copy, "/") && strcmp(copy, ".")) {
		char *parent = dirname(copy);

		memmove(copy, parent, strlen(parent) + 1);
		err = statfs(copy, &fs);
	}
	free(copy);
	return !err && fs.f_type == BPF_FS_MAGIC;
}

static int pin(const struct hotprobe_table *table, const char *path)
{
	int err;

	if (!is_on_bpffs(path))
		return fail_table(table, -EINVAL,
				  "mount -t bpf bpf /sys/fs/bpf, and pin it below there",
				  "table %s cannot be pinned at %s: that is in no BPF file system",
				  table->name, path);
	err = make_parents(path);
	if (!err && bpf_obj_pin(table->fd, path))
		err = -errno;
	if (!err)
		return 0;
	return fail_table(table, err, "", "table %s cannot be pinned at %s: %s", table->name, path,
			  strerror(-err));
}

/* Another program may have pinned it meanwhile: then that one is used. */
static int open_pinned(struct hotprobe *hp, struct hotprobe_table *table, const char *path)
{
	int fd = bpf_obj_get(path), err;

	if (fd < 0 && errno == ENOENT) {
		err = make_table(hp, table);
		if (err || !(err = pin(table, path)) || err != -EEXIST)
			return err;
		table_close(table);
		fd = bpf_obj_get(path);
	}
	if (fd < 0)
		return fail_table(table, -errno,
				  strchr(path, '.') ? "names in a BPF file system have no dots"
						    : "",
				  "table %s: cannot open what is pinned at %s: %s", table->name,
				  path, strerror(errno));
	err = table_check_map(table, fd);
	if (err) {
		char *why = strdup(hotprobe_error(hp));

		close(fd);
		fail_table(table, err, "remove the pinned one if nobody needs it any more",
			   "%s (pinned at %s)", why ? why : "out of memory", path);
		free(why);
		return err;
	}
	note(hp, HOTPROBE_NOTE, "%s: as pinned at %s", table->name, path);
	return use_map(table, fd);
}

/* ---- Loaded
 * --------------------------------------------------------------------------------------- */

static int load_table(struct hotprobe *hp, struct hotprobe_table *table)
{
	const char *path = image_str(&hp->image, table->image->pin);

	if (table->given_fd >= 0) {
		use_map(table, table->given_fd);
		table->given_fd = -1;
		return 0;
	}
	if (is_extern(table))
		return fail_table(
			table, -ENOENT, "give it one before loading: hotprobe_table_reuse_fd()",
			"table %s is extern: it stands for a map of another program", table->name);
	return *path ? open_pinned(hp, table, path) : make_table(hp, table);
}

int load_tables(struct hotprobe *hp)
{
	int err = 0;

	/* Inner tables first: the outer ones are made after their pattern. */
	for (size_t i = 0; i < hp->table_count && !err; i++)
		if (!hp->tables[i].image->inner)
			err = load_table(hp, &hp->tables[i]);
	for (size_t i = 0; i < hp->table_count && !err; i++)
		if (hp->tables[i].image->inner)
			err = load_table(hp, &hp->tables[i]);
	return err;
}

void table_close(struct hotprobe_table *table)
{
	for (size_t i = 0; i < table->perf_events.count; i++)
		close(table->perf_events.at[i]);
	array_free(&table->perf_events);
	array_free(&table->sizes);
	if (table->given_fd >= 0)
		close(table->given_fd);
	if (table->fd >= 0)
		close(table->fd);
	table->fd = table->given_fd = -1;
}
