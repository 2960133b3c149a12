/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many entries of a table at once: in batches where the kernel has them for that kind of map
 * (Linux 5.6 and later), else one by one.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>

#include "table.h"

enum {
	BATCH = 256,
};

/* Room for entries, and for where a walk has come. */
struct batch {
	const struct hotprobe_table *table;
	size_t key_size, value_size;
	uint32_t capacity; /* entries */
	char *keys, *values;
	char *position, *next; /* a key's size or more: batches of hashes count buckets */
};

static void free_batch(struct batch *b)
{
	free(b->keys);
	free(b->values);
	free(b->position);
	free(b->next);
}

static int make_batch(struct batch *b, const struct hotprobe_table *table, uint32_t capacity)
{
	size_t position = table->image->key_size > 8 ? table->image->key_size : 8;

	*b = (struct batch){
		.table = table,
		.key_size = table->image->key_size,
		.value_size = hotprobe_table_value_size(table),
		.capacity = capacity,
	};
	b->keys = calloc(capacity, b->key_size + 1);
	b->values = calloc(capacity, b->value_size + 1);
	b->position = calloc(1, position);
	b->next = calloc(1, position);
	if (b->keys && b->values && b->position && b->next)
		return 0;
	free_batch(b);
	return fail(table->hp, -ENOMEM, "out of memory");
}

/* A full bucket of a hash does not fit: more room. */
static int grow_batch(struct batch *b)
{
	struct batch larger;

	if (b->capacity > UINT32_MAX / 2)
		return -ENOSPC;
	if (make_batch(&larger, b->table, b->capacity * 2))
		return -ENOMEM;
	memcpy(larger.position, b->position, b->key_size > 8 ? b->key_size : 8);
	free_batch(b);
	*b = larger;
	return 0;
}

/* ---- Walks
 * ---------------------------------------------------------------------------------------- */

static bool has_keys(const struct hotprobe_table *table)
{
	return table->image->key_size && table->map_type != BPF_MAP_TYPE_RINGBUF;
}

static int no_keys(const struct hotprobe_table *table)
{
	return fail(table->hp, -EINVAL, "table %s is a %s: it has no keys to walk through",
		    table->name, hotprobe_table_kind(table));
}

/* Hands over entries until fn wants no more. */
static bool hand_over(const struct batch *b, uint32_t count, hotprobe_entry_fn fn, void *ctx,
		      int *total)
{
	for (uint32_t i = 0; i < count; i++) {
		++*total;
		if (fn && fn(ctx, b->keys + i * b->key_size, b->values + i * b->value_size))
			return true;
	}
	return false;
}

/* One batch after the other. Returns 0 or a negative errno, and adds to *total. */
static int walk_batches(struct batch *b, bool removes, hotprobe_entry_fn fn, void *ctx, int *total)
{
	bool first = true;

	for (;;) {
		void *position = first ? NULL : b->position, *next = b->next;
		uint32_t count = b->capacity;
		int fd = b->table->fd;
		int err = removes ? bpf_map_lookup_and_delete_batch(fd, position, next, b->keys,
								    b->values, &count, NULL)
				  : bpf_map_lookup_batch(fd, position, next, b->keys, b->values,
							 &count, NULL);

		err = err ? -errno : 0;
		if (err == -ENOSPC) {
			err = grow_batch(b);
			if (err)
				return err;
			continue;
		}
		/* -ENOENT says that these were the last. */
		if (err && err != -ENOENT)
			return err;
		if (hand_over(b, count, fn, ctx, total) || err)
			return 0;
		memcpy(b->position, b->next, b->key_size > 8 ? b->key_size : 8);
		first = false;
	}
}

static int take(const struct hotprobe_table *table, const void *key, void *value)
{
	int err = bpf_map_lookup_and_delete_elem(table->fd, key, value) ? -errno : 0;

	/* Hashes have it from Linux 5.14. */
	if (!table_lacks(err) || !key)
		return err;
	if (bpf_map_lookup_elem(table->fd, key, value))
		return -errno;
	return bpf_map_delete_elem(table->fd, key) ? -errno : 0;
}

/* The same one by one; position holds the next key. */
static int walk_keys(struct batch *b, bool removes, hotprobe_entry_fn fn, void *ctx, int *total)
{
	int fd = b->table->fd;
	/* A key that vanishes starts the kernel's walk over: it must end all the same. */
	uint64_t left = 2 * (uint64_t)b->table->max_entries + BATCH;
	int err = bpf_map_get_next_key(fd, NULL, b->position) ? -errno : 0;

	while (!err && left--) {
		memcpy(b->keys, b->position, b->key_size);
		err = bpf_map_get_next_key(fd, b->keys, b->next) ? -errno : 0;
		memcpy(b->position, b->next, b->key_size);
		if (removes ? !take(b->table, b->keys, b->values)
			    : !bpf_map_lookup_elem(fd, b->keys, b->values)) {
			if (hand_over(b, 1, fn, ctx, total))
				return 0;
		} else if (errno != ENOENT) {
			return -errno;
		}
	}
	return err == -ENOENT ? 0 : err;
}

static int walk(const struct hotprobe_table *table, bool removes, hotprobe_entry_fn fn, void *ctx,
		const char *what)
{
	struct batch b;
	int err = table_check_loaded(table), total = 0;

	if (!err && !has_keys(table))
		err = no_keys(table);
	if (!err)
		err = make_batch(&b, table, BATCH);
	if (err)
		return err;
	err = walk_batches(&b, removes, fn, ctx, &total);
	if (table_lacks(err) && !total)
		err = walk_keys(&b, removes, fn, ctx, &total);
	free_batch(&b);
	if (!err)
		return total;
	errno = -err;
	return table_result(table, -1, what);
}

int hotprobe_table_each(const struct hotprobe_table *table, hotprobe_entry_fn fn, void *ctx)
{
	return walk(table, false, fn, ctx, "read");
}

static bool is_array(const struct hotprobe_table *table)
{
	return table->map_type == BPF_MAP_TYPE_ARRAY ||
	       table->map_type == BPF_MAP_TYPE_PERCPU_ARRAY;
}

/* A queue's or stack's. */
static int drain_values(const struct hotprobe_table *table, hotprobe_entry_fn fn, void *ctx)
{
	char *value = malloc(table->image->value_size + 1);
	int total = 0, err = 0;

	if (!value)
		return fail(table->hp, -ENOMEM, "out of memory");
	while (!err && !(err = take(table, NULL, value))) {
		total++;
		if (fn)
			err = fn(ctx, NULL, value);
	}
	free(value);
	return total;
}

static bool is_queue(const struct hotprobe_table *table)
{
	return table->map_type == BPF_MAP_TYPE_QUEUE || table->map_type == BPF_MAP_TYPE_STACK;
}

int hotprobe_table_drain(const struct hotprobe_table *table, hotprobe_entry_fn fn, void *ctx)
{
	if (is_array(table))
		return fail(table->hp, -EINVAL, "table %s is a %s: its entries cannot be removed",
			    table->name, hotprobe_table_kind(table));
	if (is_queue(table) && table->fd >= 0)
		return drain_values(table, fn, ctx);
	return walk(table, true, fn, ctx, "drain");
}

/* ---- Changes
 * -------------------------------------------------------------------------------------- */

int hotprobe_table_take(const struct hotprobe_table *table, const void *key, void *value)
{
	int err = table_check_loaded(table);

	if (err)
		return err;
	err = take(table, key, value);
	errno = -err;
	return table_result(table, err ? -1 : 0, "take from");
}

int hotprobe_table_update_all(const struct hotprobe_table *table, const void *keys,
			      const void *values, size_t count, uint64_t flags)
{
	LIBBPF_OPTS(bpf_map_batch_opts, opts, .elem_flags = flags);
	size_t value_size = hotprobe_table_value_size(table), key_size = table->image->key_size;
	int err = table_check_loaded(table);
	uint32_t done = (uint32_t)count;

	if (err || !count)
		return err;
	if (count > UINT32_MAX)
		return fail(table->hp, -E2BIG, "table %s takes no %zu entries", table->name, count);
	if (!bpf_map_update_batch(table->fd, keys, values, &done, &opts))
		return 0;
	if (!table_lacks(-errno))
		return table_result(table, -1, "update");
	for (size_t i = 0; i < count && !err; i++)
		err = hotprobe_table_update(table, (const char *)keys + i * key_size,
					    (const char *)values + i * value_size, flags);
	return err;
}

static int zero(const struct hotprobe_table *table)
{
	char *value = calloc(1, hotprobe_table_value_size(table));
	int err = value ? 0 : fail(table->hp, -ENOMEM, "out of memory");

	for (uint32_t i = 0; i < table->max_entries && !err; i++)
		err = hotprobe_table_update(table, &i, value, BPF_ANY);
	free(value);
	return err;
}

/* Kinds whose values cannot be read from here, such as arrays of descriptors. */
static int delete_keys(const struct hotprobe_table *table)
{
	struct batch b;
	int err = make_batch(&b, table, 1);
	bool more;

	if (err)
		return err;
	more = !bpf_map_get_next_key(table->fd, NULL, b.position);
	for (uint64_t left = 2 * (uint64_t)table->max_entries + BATCH; more && left && !err;
	     left--) {
		memcpy(b.keys, b.position, b.key_size);
		more = !bpf_map_get_next_key(table->fd, b.keys, b.position);
		if (bpf_map_delete_elem(table->fd, b.keys) && errno != ENOENT && errno != EINVAL)
			err = table_result(table, -1, "clear");
	}
	free_batch(&b);
	return err;
}

int hotprobe_table_clear(const struct hotprobe_table *table)
{
	int err = table_check_loaded(table);

	if (err)
		return err;
	if (is_array(table))
		return zero(table);
	if (is_queue(table))
		return hotprobe_table_drain(table, NULL, NULL) < 0 ? -EINVAL : 0;
	if (!has_keys(table))
		return no_keys(table);
	return delete_keys(table);
}

/* ---- Queues and stacks
 * ---------------------------------------------------------------------------- */

static int check_queue(const struct hotprobe_table *table)
{
	if (is_queue(table))
		return table_check_loaded(table);
	return fail(table->hp, -EINVAL, "table %s is a %s, and no queue or stack", table->name,
		    hotprobe_table_kind(table));
}

int hotprobe_table_push(const struct hotprobe_table *table, const void *value, uint64_t flags)
{
	int err = check_queue(table);

	return err ? err
		   : table_result(table, bpf_map_update_elem(table->fd, NULL, value, flags),
				  "push to");
}

int hotprobe_table_pop(const struct hotprobe_table *table, void *value)
{
	int err = check_queue(table);

	return err ? err
		   : table_result(table, bpf_map_lookup_and_delete_elem(table->fd, NULL, value),
				  "pop from");
}

int hotprobe_table_peek(const struct hotprobe_table *table, void *value)
{
	int err = check_queue(table);

	return err ? err
		   : table_result(table, bpf_map_lookup_elem(table->fd, NULL, value), "peek into");
}
