/* SPDX-License-Identifier: Apache-2.0 */
/* Tables of every kind: made as declared, used by programs, read and changed from C. */
#include "calls.h"
#include "support.h"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/perf_event.h>
#include <net/if.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/* ---- A kernel without batches
 * ---------------------------------------------------------------------- */

static bool no_batches;
static int batches;

static int batch_call(int command, int fd, void *in, void *out, void *keys, void *values,
		      uint32_t *count, uint64_t elem_flags)
{
	union bpf_attr attr = {0};
	long err;

	if (no_batches) {
		errno = EINVAL;
		return -EINVAL;
	}
	batches++;
	attr.batch.map_fd = (uint32_t)fd;
	attr.batch.in_batch = (uintptr_t)in;
	attr.batch.out_batch = (uintptr_t)out;
	attr.batch.keys = (uintptr_t)keys;
	attr.batch.values = (uintptr_t)values;
	attr.batch.count = *count;
	attr.batch.elem_flags = elem_flags;
	err = syscall(SYS_bpf, command, &attr, sizeof(attr));
	*count = attr.batch.count;
	return err < 0 ? -errno : 0;
}

/* The library's calls end up here. */
int bpf_map_lookup_batch(int fd, void *in, void *out, void *keys, void *values, __u32 *count,
			 const struct bpf_map_batch_opts *opts)
{
	(void)opts;
	return batch_call(BPF_MAP_LOOKUP_BATCH, fd, in, out, keys, values, count, 0);
}

int bpf_map_lookup_and_delete_batch(int fd, void *in, void *out, void *keys, void *values,
				    __u32 *count, const struct bpf_map_batch_opts *opts)
{
	(void)opts;
	return batch_call(BPF_MAP_LOOKUP_AND_DELETE_BATCH, fd, in, out, keys, values, count, 0);
}

int bpf_map_update_batch(int fd, const void *keys, const void *values, __u32 *count,
			 const struct bpf_map_batch_opts *opts)
{
	return batch_call(BPF_MAP_UPDATE_BATCH, fd, NULL, NULL, (void *)keys, (void *)values, count,
			  opts->elem_flags);
}

/* ---- Every kind
 * ----------------------------------------------------------------------------------- */

static const char every_kind[] =
	"struct key_t { u32 prefixlen; u32 addr; };\n"
	"struct val_t { u64 a; char name[16]; };\n"
	"BPF_HASH(h1); BPF_HASH(h3, u32, struct val_t); BPF_TABLE(\"hash\", u32, u64, h5, 77);\n"
	"BPF_ARRAY(a1, u64, 4); BPF_PERCPU_HASH(ph); BPF_PERCPU_ARRAY(pa, u64, 3);\n"
	"BPF_TABLE(\"lru_hash\", u32, u64, lru, 128);\n"
	"BPF_TABLE(\"lru_percpu_hash\", u32, u64, lrup, 128);\n"
	"BPF_LPM_TRIE(lpm, struct key_t, u64, 100);\n"
	"BPF_HISTOGRAM(hist); BPF_HISTOGRAM(hist2, struct key_t);\n"
	"BPF_STACK_TRACE(st, 100); BPF_STACK_TRACE_BUILDID(stb, 128);\n"
	"BPF_PROG_ARRAY(progs, 8); BPF_PERF_OUTPUT(po); BPF_PERF_ARRAY(pe, 64);\n"
	"BPF_CGROUP_ARRAY(cg, 2); BPF_RINGBUF_OUTPUT(rb, 8);\n"
	"BPF_QUEUE(q, struct val_t, 16); BPF_STACK(s, u64, 16, 0);\n"
	"BPF_DEVMAP(dev, 4); BPF_CPUMAP(cpum, 4); BPF_XSKMAP(xsk, 4);\n"
	"BPF_SOCKMAP(sm, 4); BPF_SOCKHASH(sh, u32, 4);\n"
	"BPF_TABLE(\"hash\", int, u64, inner1, 10); BPF_TABLE(\"hash\", int, u64, inner2, 10);\n"
	"BPF_ARRAY_OF_MAPS(aom, \"inner1\", 4); BPF_HASH_OF_MAPS(hom, int, \"inner2\", 4);\n"
	"BPF_SK_STORAGE(sks, u64); BPF_INODE_STORAGE(ins, u64); BPF_TASK_STORAGE(tks, u64);\n"
	"BPF_CGROUP_STORAGE(cgs, u64); BPF_PERCPU_CGROUP_STORAGE(pcgs, u64);\n"
	"BPF_TABLE_PUBLIC(\"hash\", u32, u64, pub, 10);\n"
	"BPF_TABLE_SHARED(\"hash\", u32, u64, shr, 10);\n"
	"BPF_QUEUESTACK_PUBLIC(\"queue\", qpub, u64, 10, 0);\n"
	"BPF_QUEUESTACK_SHARED(\"stack\", sshr, u64, 10, 0);\n"
	"BPF_F_TABLE(\"hash\", u32, u64, flg, 10, BPF_F_NO_PREALLOC);\n";

static const struct expected {
	const char *name, *kind;
	uint32_t type, key, value, entries;
} expected[] = {
	{"h1", "hash", BPF_MAP_TYPE_HASH, 8, 8, 10240},
	{"h3", "hash", BPF_MAP_TYPE_HASH, 4, 24, 10240},
	{"h5", "hash", BPF_MAP_TYPE_HASH, 4, 8, 77},
	{"a1", "array", BPF_MAP_TYPE_ARRAY, 4, 8, 4},
	{"ph", "percpu_hash", BPF_MAP_TYPE_PERCPU_HASH, 8, 8, 10240},
	{"pa", "percpu_array", BPF_MAP_TYPE_PERCPU_ARRAY, 4, 8, 3},
	{"lru", "lru_hash", BPF_MAP_TYPE_LRU_HASH, 4, 8, 128},
	{"lrup", "lru_percpu_hash", BPF_MAP_TYPE_LRU_PERCPU_HASH, 4, 8, 128},
	{"lpm", "lpm_trie", BPF_MAP_TYPE_LPM_TRIE, 8, 8, 100},
	{"hist", "histogram", BPF_MAP_TYPE_ARRAY, 4, 8, 64},
	{"hist2", "histogram", BPF_MAP_TYPE_HASH, 8, 8, 64},
	{"st", "stacktrace", BPF_MAP_TYPE_STACK_TRACE, 4, 127 * 8, 128},
	{"stb", "stacktrace", BPF_MAP_TYPE_STACK_TRACE, 4, 127 * 32, 128},
	{"progs", "prog", BPF_MAP_TYPE_PROG_ARRAY, 4, 4, 8},
	{"pe", "perf_array", BPF_MAP_TYPE_PERF_EVENT_ARRAY, 4, 4, 64},
	{"cg", "cgroup_array", BPF_MAP_TYPE_CGROUP_ARRAY, 4, 4, 2},
	{"rb", "ringbuf", BPF_MAP_TYPE_RINGBUF, 0, 0, 8 * 4096},
	{"q", "queue", BPF_MAP_TYPE_QUEUE, 0, 24, 16},
	{"s", "stack", BPF_MAP_TYPE_STACK, 0, 8, 16},
	{"dev", "devmap", BPF_MAP_TYPE_DEVMAP, 4, 4, 4},
	{"cpum", "cpumap", BPF_MAP_TYPE_CPUMAP, 4, 4, 4},
	{"xsk", "xskmap", BPF_MAP_TYPE_XSKMAP, 4, 4, 4},
	{"sm", "sockmap", BPF_MAP_TYPE_SOCKMAP, 4, 4, 4},
	{"sh", "sockhash", BPF_MAP_TYPE_SOCKHASH, 4, 4, 4},
	{"aom", "array_of_maps", BPF_MAP_TYPE_ARRAY_OF_MAPS, 4, 4, 4},
	{"hom", "hash_of_maps", BPF_MAP_TYPE_HASH_OF_MAPS, 4, 4, 4},
	{"sks", "sk_storage", BPF_MAP_TYPE_SK_STORAGE, 4, 8, 0},
	{"ins", "inode_storage", BPF_MAP_TYPE_INODE_STORAGE, 4, 8, 0},
	{"tks", "task_storage", BPF_MAP_TYPE_TASK_STORAGE, 4, 8, 0},
	{"cgs", "cgroup_storage", BPF_MAP_TYPE_CGROUP_STORAGE, 16, 8, 0},
	{"pcgs", "percpu_cgroup_storage", BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE, 16, 8, 0},
	{"pub", "hash", BPF_MAP_TYPE_HASH, 4, 8, 10},
	{"shr", "hash", BPF_MAP_TYPE_HASH, 4, 8, 10},
	{"qpub", "queue", BPF_MAP_TYPE_QUEUE, 0, 8, 10},
	{"sshr", "stack", BPF_MAP_TYPE_STACK, 0, 8, 10},
	{"flg", "hash", BPF_MAP_TYPE_HASH, 4, 8, 10},
};

START_TEST(every_kind_is_made_as_declared)
{
	struct hotprobe *hp;

	NEED(no_bpf());
	hp = load_tables_of(every_kind);
	for (size_t i = 0; i < COUNT(expected); i++) {
		const struct expected *e = &expected[i];
		const struct hotprobe_table *table = table_of(hp, e->name);
		struct bpf_map_info info = {0};
		uint32_t size = sizeof(info);

		ck_assert_int_eq(bpf_obj_get_info_by_fd(hotprobe_table_fd(table), &info, &size), 0);
		ck_assert_str_eq(hotprobe_table_kind(table), e->kind);
		ck_assert_str_eq(hotprobe_table_name(table), e->name);
		ck_assert_msg(info.type == e->type, "%s: %u", e->name, info.type);
		ck_assert_msg(info.key_size == e->key, "%s: %u", e->name, info.key_size);
		ck_assert_msg(info.value_size == e->value, "%s: %u", e->name, info.value_size);
		ck_assert_msg(info.max_entries == e->entries, "%s: %u", e->name, info.max_entries);
		ck_assert_msg(!e->key || hotprobe_table_key_type(table), "%s", e->name);
		ck_assert_msg(!e->value || hotprobe_table_value_type(table), "%s", e->name);
		if (!strcmp(e->name, "flg"))
			ck_assert_uint_eq(info.map_flags, BPF_F_NO_PREALLOC);
	}
	ck_assert_uint_eq(hotprobe_table_count(hp), COUNT(expected) + 3); /* po, inner1, inner2 */
	hotprobe_free(hp);
}
END_TEST

START_TEST(programs_use_what_c_reads)
{
	static const int calls[] = {1, 2, 3, 3, 3, 100, -1};
	struct lpm_key {
		uint32_t prefix, address;
	} wide = {8, htonl(0x0a000000)}, narrow = {32, htonl(0x0a010203)};
	uint64_t value = 7, sum = 0;
	struct hotprobe *hp;
	uint64_t *values;
	uint32_t key = 0;

	NEED(no_bpf());
	hp = open_confined(
		"struct lpm_t { u32 prefix; u32 addr; };\n"
		"BPF_HASH(hash, u32); BPF_ARRAY(array, u64, 8); BPF_HISTOGRAM(hist);\n"
		"BPF_PERCPU_ARRAY(percpu, u64, 1); BPF_TABLE(\"lru_hash\", u32, u64, lru, 64);\n"
		"BPF_LPM_TRIE(lpm, struct lpm_t); BPF_QUEUE(queue, u64, 3);\n"
		"BPF_STACK(stack, u64, 10); BPF_HISTOGRAM(by_pid, u32);\n"
		"int syscall__getpgid(struct pt_regs *ctx, int pid)\n"
		"{\n"
		"	u32 key = pid;\n"
		"	u64 zero = 0, *count, n = pid;\n"
		"	struct lpm_t address = { .prefix = 32, .addr = 0x0302010a };\n"
		"	hash.increment(key);\n"
		"	array.increment(pid & 7);\n"
		"	hist.atomic_increment(bpf_log2l(pid));\n"
		"	by_pid.increment(key);\n"
		"	percpu.increment(0);\n"
		"	count = lru.lookup_or_try_init(&key, &zero);\n"
		"	if (count) (*count) += 2;\n"
		"	count = lpm.lookup(&address);\n"
		"	if (count) lock_xadd(count, 1);\n"
		"	queue.push(&n, BPF_EXIST);\n"
		"	stack.push(&n, 0);\n"
		"	if (pid == 100) { stack.pop(&n); queue.peek(&n); }\n"
		"	return 0;\n"
		"}\n");
	load_program(hp);
	ck_hp(hp, hotprobe_table_update(table_of(hp, "lpm"), &wide, &value, BPF_ANY));
	run_calls(hp, calls);
	ck_assert_uint_eq(value_at(hp, "hash", 3), 3);
	ck_assert_uint_eq(value_at(hp, "array", 3), 3);
	ck_assert_uint_eq(value_at(hp, "hist", 2), 4); /* 2 and 3 */
	ck_assert_uint_eq(value_at(hp, "by_pid", 100), 1);
	ck_assert_uint_eq(value_at(hp, "lru", 3), 6);
	ck_hp(hp, hotprobe_table_lookup(table_of(hp, "lpm"), &narrow, &value));
	ck_assert_uint_eq(value, 7 + 6);
	/* The queue of three dropped the oldest. */
	ck_hp(hp, hotprobe_table_peek(table_of(hp, "queue"), &value));
	ck_assert_uint_eq(value, 3);
	for (int i = 0; i < 3; i++)
		ck_hp(hp, hotprobe_table_pop(table_of(hp, "queue"), &value));
	ck_assert_uint_eq(value, 100);
	ck_assert_int_eq(hotprobe_table_pop(table_of(hp, "queue"), &value), -ENOENT);
	ck_hp(hp, hotprobe_table_pop(table_of(hp, "stack"), &value));
	ck_assert_uint_eq(value, 3);
	/* One value for each CPU. */
	ck_assert_uint_eq(hotprobe_table_value_size(table_of(hp, "percpu")),
			  8 * hotprobe_table_cpu_count(table_of(hp, "percpu")));
	values = calloc(1, hotprobe_table_value_size(table_of(hp, "percpu")));
	ck_hp(hp, hotprobe_table_lookup(table_of(hp, "percpu"), &key, values));
	for (size_t cpu = 0; cpu < hotprobe_table_cpu_count(table_of(hp, "percpu")); cpu++)
		sum += *(uint64_t *)hotprobe_table_cpu_value(table_of(hp, "percpu"), values, cpu);
	ck_assert_uint_eq(sum, 6);
	ck_assert_ptr_null(hotprobe_table_cpu_value(table_of(hp, "percpu"), values, 1 << 20));
	free(values);
	hotprobe_free(hp);
}
END_TEST

/* ---- Walks
 * ---------------------------------------------------------------------------------------- */

enum { MANY = 5000 };

struct walk {
	const struct hotprobe_table *table;
	char seen[MANY];
	int count, stop_at;
	bool deletes;
};

static bool see(void *ctx, const void *key, const void *value)
{
	struct walk *walk = ctx;
	uint32_t k = *(const uint32_t *)key;
	uint64_t v = *(const uint64_t *)value;

	ck_assert_uint_lt(k, MANY);
	ck_assert_uint_eq(v, k * 3ull);
	ck_assert(!walk->seen[k]++);
	if (walk->deletes)
		ck_assert_int_eq(hotprobe_table_delete(walk->table, key), 0);
	return ++walk->count == walk->stop_at;
}

static void fill(const struct hotprobe_table *table, uint32_t count)
{
	size_t size = hotprobe_table_value_size(table);
	uint32_t *keys = calloc(count, sizeof(*keys));
	char *values = calloc(count, size);

	for (uint32_t i = 0; i < count; i++) {
		keys[i] = i;
		for (size_t at = 0; at < size; at += 8)
			*(uint64_t *)(values + i * size + at) = i * 3ull;
	}
	ck_assert_int_eq(hotprobe_table_update_all(table, keys, values, count, BPF_ANY), 0);
	free(keys);
	free(values);
}

static void check_walks(struct hotprobe *hp, const char *name, uint32_t count, bool deletable)
{
	struct walk walk = {.table = table_of(hp, name)};
	uint32_t last = count - 1;
	uint64_t value[1024] = {0};

	fill(walk.table, count);
	ck_assert_int_eq(ck_hp(hp, hotprobe_table_each(walk.table, see, &walk)), (int)count);
	walk = (struct walk){.table = walk.table, .stop_at = 10};
	ck_assert_int_eq(ck_hp(hp, hotprobe_table_each(walk.table, see, &walk)), 10);
	if (!deletable) {
		ck_assert_int_eq(hotprobe_table_drain(walk.table, NULL, NULL), -EINVAL);
		ck_hp(hp, hotprobe_table_clear(walk.table));
		ck_hp(hp, hotprobe_table_lookup(walk.table, &last, value));
		ck_assert_uint_eq(value[0], 0);
		return;
	}
	ck_hp(hp, hotprobe_table_take(walk.table, &last, value));
	ck_assert_uint_eq(value[0], last * 3ull);
	ck_assert_int_eq(hotprobe_table_take(walk.table, &last, value), -ENOENT);
	walk = (struct walk){.table = walk.table};
	ck_assert_int_eq(ck_hp(hp, hotprobe_table_drain(walk.table, see, &walk)), (int)count - 1);
	ck_assert_int_eq(ck_hp(hp, hotprobe_table_each(walk.table, see, &walk)), 0);
	fill(walk.table, count);
	walk = (struct walk){.table = walk.table, .deletes = true};
	ck_assert_int_eq(ck_hp(hp, hotprobe_table_each(walk.table, see, &walk)), (int)count);
	ck_assert_int_eq(hotprobe_table_next(walk.table, NULL, &last), -ENOENT);
	fill(walk.table, count);
	ck_hp(hp, hotprobe_table_clear(walk.table));
	ck_assert_int_eq(hotprobe_table_next(walk.table, NULL, &last), -ENOENT);
}

START_TEST(walks_see_each_entry_once)
{
	struct hotprobe *hp;

	NEED(no_bpf());
	hp = load_tables_of("BPF_HASH(hash, u32, u64, 6000); BPF_ARRAY(array, u64, 5000);\n"
			    "BPF_PERCPU_HASH(per_hash, u32, u64, 6000);\n"
			    "BPF_PERCPU_ARRAY(per_array, u64, 5000);\n"
			    "BPF_TABLE(\"lru_hash\", u32, u64, lru, 10000);\n");
	for (int i = 0; i < 2; i++) {
		batches = 0;
		no_batches = i;
		check_walks(hp, "hash", MANY, true);
		check_walks(hp, "array", MANY, false);
		check_walks(hp, "per_hash", MANY, true);
		check_walks(hp, "per_array", MANY, false);
		check_walks(hp, "lru", 100, true);
		ck_assert(i ? !batches : batches > 0);
	}
	hotprobe_free(hp);
}
END_TEST

static bool count_values(void *ctx, const void *key, const void *value)
{
	uint64_t *sum = ctx;

	ck_assert_ptr_null(key);
	*sum += *(const uint64_t *)value;
	return false;
}

START_TEST(queues_and_stacks_are_pushed_and_drained)
{
	uint64_t value, sum = 0;
	struct hotprobe *hp;

	NEED(no_bpf());
	hp = load_tables_of("BPF_QUEUE(queue, u64, 4); BPF_STACK(stack, u64, 4);\n"
			    "BPF_HASH(hash, u32);\n");
	for (value = 1; value <= 4; value++) {
		ck_hp(hp, hotprobe_table_push(table_of(hp, "queue"), &value, BPF_ANY));
		ck_hp(hp, hotprobe_table_push(table_of(hp, "stack"), &value, BPF_ANY));
	}
	ck_assert_int_eq(hotprobe_table_push(table_of(hp, "queue"), &value, BPF_ANY), -E2BIG);
	ck_hp(hp, hotprobe_table_push(table_of(hp, "queue"), &value, BPF_EXIST));
	ck_hp(hp, hotprobe_table_peek(table_of(hp, "queue"), &value));
	ck_assert_uint_eq(value, 2);
	ck_hp(hp, hotprobe_table_pop(table_of(hp, "stack"), &value));
	ck_assert_uint_eq(value, 4);
	ck_assert_int_eq(ck_hp(hp, hotprobe_table_drain(table_of(hp, "queue"), count_values, &sum)),
			 4);
	ck_assert_uint_eq(sum, 2 + 3 + 4 + 5);
	ck_hp(hp, hotprobe_table_clear(table_of(hp, "stack")));
	ck_assert_int_eq(hotprobe_table_pop(table_of(hp, "stack"), &value), -ENOENT);
	ck_assert_int_eq(hotprobe_table_each(table_of(hp, "queue"), NULL, NULL), -EINVAL);
	ck_assert_int_eq(hotprobe_table_push(table_of(hp, "hash"), &value, 0), -EINVAL);
	ck_assert_ptr_nonnull(strstr(hotprobe_error(hp), "no queue or stack"));
	hotprobe_free(hp);
}
END_TEST

/* ---- Tables of programs, tables, events
 * ------------------------------------------------------------ */

START_TEST(tail_calls_go_to_functions_by_name)
{
	static const int calls[] = {0, 1, 1, 2, 2, 2, 5, -1};
	struct hotprobe *hp;

	NEED(no_bpf());
	hp = open_confined("BPF_PROG_ARRAY(jumps, 8); BPF_ARRAY(count, u64, 4);\n"
			   "int syscall__getpgid(struct pt_regs *ctx, int pid)\n"
			   "{ jumps.call(ctx, pid); count.increment(0); return 0; }\n"
			   "int one(struct pt_regs *ctx) { count.increment(1); return 0; }\n"
			   "int two(struct pt_regs *ctx)\n"
			   "{ if (PT_REGS_PARM1(ctx)) count.increment(2);\n"
			   "  jumps.call(ctx, 1); return 0; }\n");
	load_program(hp);
	ck_hp(hp, hotprobe_table_set_program(table_of(hp, "jumps"), 1, "one"));
	ck_hp(hp, hotprobe_table_set_program(table_of(hp, "jumps"), 2, "two"));
	ck_assert_int_eq(hotprobe_table_set_program(table_of(hp, "jumps"), 3, "three"), -ENOENT);
	ck_assert_ptr_nonnull(strstr(hotprobe_error(hp), "three"));
	ck_assert_int_eq(hotprobe_table_set_program(table_of(hp, "jumps"), 8, "one"), -E2BIG);
	ck_assert_int_eq(hotprobe_table_set_program(table_of(hp, "count"), 0, "one"), -EINVAL);
	run_calls(hp, calls);
	ck_assert_uint_eq(value_at(hp, "count", 0), 2); /* 0 and 5 go nowhere */
	ck_assert_uint_eq(value_at(hp, "count", 1), 5);
	ck_assert_uint_eq(value_at(hp, "count", 2), 3);
	ck_hp(hp, hotprobe_table_clear(table_of(hp, "jumps")));
	run_calls(hp, calls);
	ck_assert_uint_eq(value_at(hp, "count", 0), 2 + 7);
	hotprobe_free(hp);
}
END_TEST

START_TEST(tables_hold_tables)
{
	struct hotprobe *hp;
	int key = 5, index = 1;
	uint64_t value = 55;
	uint32_t id = 0;

	NEED(no_bpf());
	hp = load_tables_of("BPF_TABLE(\"hash\", int, u64, inner, 10);\n"
			    "BPF_TABLE(\"hash\", int, u64, other, 10);\n"
			    "BPF_TABLE(\"array\", int, u64, array, 10);\n"
			    "BPF_ARRAY_OF_MAPS(maps, \"inner\", 4);\n"
			    "BPF_HASH_OF_MAPS(by_key, int, \"inner\", 4);\n");
	ck_hp(hp, hotprobe_table_set_table(table_of(hp, "maps"), &index, table_of(hp, "other")));
	ck_hp(hp, hotprobe_table_set_table(table_of(hp, "by_key"), &key, table_of(hp, "other")));
	ck_hp(hp, hotprobe_table_update(table_of(hp, "other"), &key, &value, BPF_ANY));
	ck_hp(hp, hotprobe_table_lookup(table_of(hp, "maps"), &index, &id));
	ck_assert_uint_gt(id, 0);
	ck_assert_int_eq(
		hotprobe_table_set_table(table_of(hp, "maps"), &index, table_of(hp, "array")),
		-EINVAL);
	ck_assert_ptr_nonnull(strstr(hotprobe_error(hp), "cannot hold array"));
	ck_assert_int_eq(
		hotprobe_table_set_table(table_of(hp, "other"), &index, table_of(hp, "array")),
		-EINVAL);
	hotprobe_free(hp);
}
END_TEST

START_TEST(programs_look_into_tables_of_tables)
{
	static const int calls[] = {0, 1, 1, 2, 3, 3, 3, -1};
	struct hotprobe *hp;
	uint64_t value = 100;
	int index, key = 3;

	NEED(no_bpf());
	hp = open_confined("BPF_TABLE(\"hash\", int, u64, inner, 10);\n"
			   "BPF_TABLE(\"hash\", int, u64, other, 10);\n"
			   "BPF_ARRAY_OF_MAPS(maps, \"inner\", 4);\n"
			   "BPF_HASH_OF_MAPS(by_key, int, \"inner\", 4);\n"
			   "static inline void count(void *map, int key)\n"
			   "{\n"
			   "	u64 one = 1, *n;\n"
			   "	if (!map) return;\n"
			   "	n = bpf_map_lookup_elem(map, &key);\n"
			   "	if (n) lock_xadd(n, 1);\n"
			   "	else bpf_map_update_elem(map, &key, &one, BPF_NOEXIST);\n"
			   "}\n"
			   "int syscall__getpgid(struct pt_regs *ctx, int pid)\n"
			   "{\n"
			   "	int odd = pid & 1;\n"
			   "	count(maps.lookup(&odd), pid);\n"
			   "	count(by_key.lookup(&pid), 42);\n"
			   "	return 0;\n"
			   "}\n");
	load_program(hp);
	index = 0;
	ck_hp(hp, hotprobe_table_set_table(table_of(hp, "maps"), &index, table_of(hp, "inner")));
	index = 1;
	ck_hp(hp, hotprobe_table_set_table(table_of(hp, "maps"), &index, table_of(hp, "other")));
	ck_hp(hp, hotprobe_table_set_table(table_of(hp, "by_key"), &key, table_of(hp, "inner")));
	ck_hp(hp, hotprobe_table_update(table_of(hp, "other"), &key, &value, BPF_ANY));
	run_calls(hp, calls);
	ck_assert_uint_eq(value_at(hp, "inner", 0), 1);
	ck_assert_uint_eq(value_at(hp, "inner", 2), 1);
	ck_assert_uint_eq(value_at(hp, "other", 1), 2);
	ck_assert_uint_eq(value_at(hp, "other", 3), 103);
	ck_assert_uint_eq(value_at(hp, "inner", 42), 3);
	/* Taken out, it is looked into no more. */
	ck_hp(hp, hotprobe_table_delete(table_of(hp, "by_key"), &key));
	run_calls(hp, calls);
	ck_assert_uint_eq(value_at(hp, "inner", 42), 3);
	hotprobe_free(hp);
}
END_TEST

START_TEST(perf_counters_are_read_by_programs)
{
	static const int calls[] = {1, -1};
	struct hotprobe *hp;
	struct peer peer;

	NEED(no_bpf());
	hp = open_confined("BPF_PERF_ARRAY(clock, 256); BPF_ARRAY(last, u64, 1);\n"
			   "BPF_ARRAY(values, u64, 1);\n"
			   "BPF_PERF_OUTPUT(events);\n"
			   "int syscall__getpgid(struct pt_regs *ctx)\n"
			   "{\n"
			   "	int zero = 0;\n"
			   "	u64 n = clock.perf_read(CUR_CPU_IDENTIFIER);\n"
			   "	struct bpf_perf_event_value v = {};\n"
			   "	last.update(&zero, &n);\n"
			   "	if (!clock.perf_counter_value(CUR_CPU_IDENTIFIER, &v, sizeof(v)))\n"
			   "		values.update(&zero, &v.counter);\n"
			   "	return 0;\n"
			   "}\n");
	load_program(hp);
	peer = peer_start(get_pgids, (void *)calls);
	if (_i)
		ck_hp(hp,
		      hotprobe_table_open_counter(table_of(hp, "clock"), "task-clock", peer.pid));
	else
		ck_hp(hp, hotprobe_table_open_perf_event(table_of(hp, "clock"), PERF_TYPE_SOFTWARE,
							 PERF_COUNT_SW_TASK_CLOCK, peer.pid));
	ck_hp(hp, hotprobe_trace_pid(hp, peer.pid));
	ck_hp(hp, hotprobe_attach(hp));
	peer_work(&peer);
	ck_assert_uint_gt(value_at(hp, "last", 0), 0);
	ck_assert_uint_lt(value_at(hp, "last", 0), 60000000000ull); /* no errno */
	ck_assert_uint_ge(value_at(hp, "values", 0), value_at(hp, "last", 0));
	ck_assert_int_eq(hotprobe_table_open_counter(table_of(hp, "clock"), "bogus", peer.pid),
			 -EINVAL);
	ck_assert_ptr_nonnull(strstr(hotprobe_error(hp), "there is no event bogus"));
	peer_end(&peer);
	ck_assert_int_lt(hotprobe_table_open_perf_event(table_of(hp, "clock"), 4711, 0, getpid()),
			 0);
	ck_assert_ptr_nonnull(strstr(hotprobe_error(hp), "4711"));
	ck_assert_int_eq(hotprobe_table_open_perf_event(table_of(hp, "events"), PERF_TYPE_SOFTWARE,
							PERF_COUNT_SW_TASK_CLOCK, getpid()),
			 -EINVAL);
	hotprobe_free(hp);
}
END_TEST

struct ring_seen {
	uint64_t values[16];
	int count;
};

static void see_ring(void *ctx, int cpu, const void *data, size_t size)
{
	struct ring_seen *seen = ctx;

	ck_assert_int_eq(cpu, -1);
	ck_assert_uint_eq(size, 16);
	ck_assert_int_lt(seen->count, 16);
	seen->values[seen->count++] = *(const uint64_t *)data;
}

START_TEST(ring_buffers_deliver_like_perf_buffers)
{
	static const int calls[] = {1, 2, 3, 4, -1};
	struct ring_seen seen = {0};
	struct hotprobe *hp;

	NEED(no_bpf());
	hp = open_confined("struct event_t { u64 pid; u32 avail, how; };\n"
			   "BPF_RINGBUF_OUTPUT(events, 8);\n"
			   "int syscall__getpgid(struct pt_regs *ctx, int pid)\n"
			   "{\n"
			   "	struct event_t e = { .pid = pid }, *r;\n"
			   "	if (pid & 1) return events.ringbuf_output(&e, sizeof(e), 0);\n"
			   "	r = events.ringbuf_reserve(sizeof(*r));\n"
			   "	if (!r) return 0;\n"
			   "	r->pid = pid; r->avail = 0; r->how = 1;\n"
			   "	if (pid == 4) events.ringbuf_discard(r, 0);\n"
			   "	else events.ringbuf_submit(r, 0);\n"
			   "	return 0;\n"
			   "}\n");
	load_program(hp);
	ck_assert_str_eq(hotprobe_type_name(hotprobe_event_type(hp, "events")), "event_t");
	ck_hp(hp, hotprobe_on_event(hp, "events", see_ring, NULL, &seen));
	run_calls(hp, calls);
	ck_hp(hp, hotprobe_consume(hp));
	ck_assert_int_eq(seen.count, 3);
	ck_assert_uint_eq(seen.values[0], 1);
	ck_assert_uint_eq(seen.values[1], 2);
	ck_assert_uint_eq(seen.values[2], 3);
	hotprobe_free(hp);
}
END_TEST

START_TEST(a_ring_buffer_tells_how_full_it_is)
{
	static const int calls[] = {1, 2, 3, -1};
	struct ring_seen seen = {0};
	struct hotprobe *hp;

	NEED(no_bpf());
	hp = open_confined("struct event_t { u64 pid, zero; };\n"
			   "BPF_RINGBUF_OUTPUT(events, 8); BPF_ARRAY(filled, u64, 4);\n"
			   "int syscall__getpgid(struct pt_regs *ctx, int pid)\n"
			   "{\n"
			   "	struct event_t e = { .pid = pid };\n"
			   "	u64 n = events.ringbuf_query(BPF_RB_AVAIL_DATA),\n"
			   "	    size = events.ringbuf_query(\n"
			   "		    BPF_RB_RING_SIZE);\n"
			   "	int zero = 0;\n"
			   "	filled.update(&pid, &n); filled.update(&zero, &size);\n"
			   "	if (events.ringbuf_query(BPF_RB_PROD_POS) >=\n"
			   "	    events.ringbuf_query(BPF_RB_CONS_POS))\n"
			   "		events.ringbuf_output(&e, sizeof(e), BPF_RB_NO_WAKEUP);\n"
			   "	return 0;\n"
			   "}\n");
	load_program(hp);
	ck_hp(hp, hotprobe_on_event(hp, "events", see_ring, NULL, &seen));
	run_calls(hp, calls);
	ck_assert_uint_eq(value_at(hp, "filled", 0), 8 * 4096);
	/* A record has eight bytes in front. */
	for (uint32_t i = 1; i <= 3; i++)
		ck_assert_uint_eq(value_at(hp, "filled", i), (i - 1) * 24);
	ck_hp(hp, hotprobe_consume(hp));
	ck_assert_int_eq(seen.count, 3);
	run_calls(hp, calls);
	ck_assert_uint_eq(value_at(hp, "filled", 1), 0);
	hotprobe_free(hp);
}
END_TEST

START_TEST(cgroup_arrays_tell_whose_descendant_a_task_is)
{
	static const int calls[] = {1, 1, -1};
	struct hotprobe *hp;
	int key = 0, fd;
	char *dir;

	NEED(no_bpf());
	ck_assert_int_eq(unshare(CLONE_NEWNS), 0);
	ck_assert_int_eq(mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
	dir = make_dir();
	if (mount("none", dir, "cgroup2", 0, NULL)) {
		remove_dir(dir);
		SKIP("this kernel mounts no cgroup2 file system");
	}
	hp = open_confined("BPF_CGROUP_ARRAY(groups, 1); BPF_ARRAY(count, u64, 1);\n"
			   "int syscall__getpgid(struct pt_regs *ctx)\n"
			   "{ if (groups.check_current_task(0) == 1) count.increment(0);\n"
			   "  return 0; }\n");
	load_program(hp);
	fd = open(dir, O_RDONLY | O_CLOEXEC);
	ck_hp(hp, hotprobe_table_update(table_of(hp, "groups"), &key, &fd, BPF_ANY));
	close(fd);
	run_calls(hp, calls);
	ck_assert_uint_eq(value_at(hp, "count", 0), 2);
	hotprobe_free(hp);
	ck_assert_int_eq(umount2(dir, MNT_DETACH), 0);
	remove_dir(dir);
}
END_TEST

START_TEST(maps_of_the_network_take_their_descriptors)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t length = sizeof(address);
	int key = 1, index, cpus = 192, listener, fd;
	struct hotprobe *hp;
	struct result up;

	NEED(no_bpf());
	ck_assert_int_eq(unshare(CLONE_NEWNET), 0);
	up = RUN("ip", "link", "set", "lo", "up");
	if (up.status)
		SKIP("there is no ip command (iproute2)");
	result_free(&up);
	hp = new_handle(NULL);
	open_text(hp, "BPF_DEVMAP(devs, 4); BPF_CPUMAP(cpus, 4); BPF_XSKMAP(socks, 4);\n"
		      "BPF_SOCKMAP(map, 4); BPF_SOCKHASH(hash, u32, 4);\n"
		      "BPF_SK_STORAGE(kept, u64);\n"
		      "int to_dev(struct xdp_md *ctx) { return devs.redirect_map(1, 0); }\n"
		      "int to_cpu(struct xdp_md *ctx) { return cpus.redirect_map(1, 0); }\n"
		      "int to_sock(struct xdp_md *ctx)\n"
		      "{ int i = 1; if (socks.lookup(&i)) return socks.redirect_map(1, 0);\n"
		      "  return XDP_PASS; }\n"
		      "int add(struct bpf_sock_ops *ctx)\n"
		      "{ u32 key = 2; map.sock_map_update(ctx, &key, BPF_ANY);\n"
		      "  hash.sock_hash_update(ctx, &key, BPF_ANY); return 1; }\n"
		      "int redirect(struct sk_msg_md *msg)\n"
		      "{ u32 key = 2; return hash.msg_redirect_hash(msg, &key, 0); }\n"
		      "int keep(struct __sk_buff *skb)\n"
		      "{ struct bpf_sock *sk = skb->sk; u64 *n, zero = 0;\n"
		      "  if (!sk || !(sk = bpf_sk_fullsock(sk))) return 0;\n"
		      "  n = kept.sk_storage_get(sk, &zero, BPF_SK_STORAGE_GET_F_CREATE);\n"
		      "  if (n) (*n)++;\n"
		      "  return 0; }\n");
	load_program(hp);
	index = (int)if_nametoindex("lo");
	ck_hp(hp, hotprobe_table_update(table_of(hp, "devs"), &key, &index, BPF_ANY));
	ck_hp(hp, hotprobe_table_lookup(table_of(hp, "devs"), &key, &fd));
	ck_assert_int_eq(fd, index);
	key = 0;
	ck_hp(hp, hotprobe_table_update(table_of(hp, "cpus"), &key, &cpus, BPF_ANY));
	listener = socket(AF_INET, SOCK_STREAM, 0);
	ck_assert_int_eq(bind(listener, (void *)&address, sizeof(address)), 0);
	ck_assert_int_eq(getsockname(listener, (void *)&address, &length), 0);
	ck_assert_int_eq(listen(listener, 1), 0);
	fd = socket(AF_INET, SOCK_STREAM, 0);
	ck_assert_int_eq(connect(fd, (void *)&address, sizeof(address)), 0);
	ck_hp(hp, hotprobe_table_update(table_of(hp, "map"), &key, &fd, BPF_ANY));
	ck_hp(hp, hotprobe_table_update(table_of(hp, "hash"), &key, &fd, BPF_ANY));
	ck_hp(hp, hotprobe_table_clear(table_of(hp, "map")));
	ck_hp(hp, hotprobe_table_clear(table_of(hp, "hash")));
	ck_hp(hp, hotprobe_table_clear(table_of(hp, "devs")));
	close(fd);
	close(listener);
	hotprobe_free(hp);
}
END_TEST

/* ---- Values as text
 * --------------------------------------------------------------------------------- */

static const char all_types[] =
	"enum color { RED = 1, GREEN = 5, MINUS = -1 };\n"
	"struct inner { u16 x; s8 y; };\n"
	"struct all_t {\n"
	"	u64 big; s64 small; u8 byte; bool yes; char letter; char name[8];\n"
	"	enum color color; void *pointer; int numbers[3]; struct inner in[2];\n"
	"	unsigned low : 3; int high : 5; u64 wide : 40;\n"
	"	union { u32 word; u8 bytes[4]; u64 all; } u;\n"
	"	struct { short hidden; };\n"
	"	unsigned __int128 huge; u8 raw[2][2];\n"
	"};\n"
	"BPF_HASH(all, struct all_t); BPF_HASH(one, u32, int);\n"
	"int f(struct pt_regs *ctx) { return 0; }\n";

START_TEST(values_are_text_and_back)
{
	static const char text[] =
		"{ 18446744073709551615, -9223372036854775808, 255, true, '\\'', "
		"\"a\\\"\\n\\1772\", "
		"GREEN, 0xffff888000000000, [ 1, -2, 3 ], [ { 65535, -128 }, { 0, 127 } ], "
		"7, -16, 1099511627775, { 4294967296 }, { -5 }, "
		"0x123456789abcdef00000000000000001, [ [ 1, 2 ], [ 3, 4 ] ] }";
	const struct hotprobe_type *type;
	char data[512], again[512], out[1024];
	struct hotprobe *hp;
	const char *at;
	size_t size;
	int err;

	NEED(no_btf());
	hp = open_confined(all_types);
	type = hotprobe_table_key_type(table_of(hp, "all"));
	ck_assert_ptr_nonnull(type);
	size = hotprobe_type_size(type);
	err = hotprobe_parse(type, text, data, sizeof(data), &at);
	ck_assert_msg(!err, "%d at %s", err, at);
	ck_assert_int_eq(hotprobe_field_int(type, data, size, "wide"), 1099511627775);
	ck_assert_int_eq(hotprobe_field_int(type, data, size, "high"), -16);
	ck_assert_int_eq(hotprobe_field_int(type, data, size, "hidden"), -5);
	ck_assert_int_eq(hotprobe_field_int(type, data, size, "in[0].y"), -128);
	ck_assert_int_eq(hotprobe_format(type, data, size, out, sizeof(out)), (int)strlen(text));
	ck_assert_str_eq(out, text);
	/* Cut, and measured. */
	ck_assert_int_eq(hotprobe_format(type, data, size, out, 10), (int)strlen(text));
	ck_assert_str_eq(out, "{ 1844674");
	ck_assert_int_eq(hotprobe_format(type, data, size, NULL, 0), (int)strlen(text));
	ck_assert_int_eq(hotprobe_format(type, data, size - 1, out, sizeof(out)), -EINVAL);
	/* Whatever the bytes are, their text means the same again. */
	srand(1);
	for (int i = 0; i < 2000; i++) {
		for (size_t j = 0; j < size; j++)
			data[j] = (char)(rand() % 3 ? rand() : 0);
		hotprobe_format(type, data, size, out, sizeof(out));
		err = hotprobe_parse(type, out, again, size, &at);
		ck_assert_msg(!err, "%d at %s", err, at);
		ck_assert_int_gt(hotprobe_format(type, again, size, data, sizeof(data)), 0);
		ck_assert_str_eq(data, out);
	}
	hotprobe_free(hp);
}
END_TEST

START_TEST(text_is_read_as_c_would)
{
	static const struct {
		const char *table, *text, *path;
		int64_t value;
	} good[] = {
		{"one", "42", "", 42},
		{"one", " 0x2a ", "", 42},
		{"one", "052", "", 42},
		{"one", "'*'", "", 42},
		{"one", "true", "", 1},
		{"all", "{}", "big", 0},
		{"all", "{ 5 }", "big", 5},
		{"all", "{ .byte = 6, false, 'x', }", "letter", 'x'},
		{"all", "{ .color = MINUS }", "color", -1},
		{"all", "{ .color = 77 }", "color", 77},
		{"all", "{ .numbers = { 1, 2 }, .wide = 3 }", "numbers[1]", 2},
		{"all", "{ .u = { .bytes = [ 1, 2 ] } }", "u.word", 0x201},
		{"all", "{ .name = \"12345678\" }", "byte", 0},
		{"all", "{.in=[{.y=-1}]}", "in[0].y", -1},
	};
	static const struct {
		const char *table, *text;
		int err, at;
	} bad[] = {
		{"one", "", -EINVAL, 0},
		{"one", "x", -EINVAL, 0},
		{"one", "4 2", -EINVAL, 2},
		{"one", "42x", -EINVAL, 2},
		{"one", "-1", -ERANGE, 2},
		{"one", "4294967296", -ERANGE, 10},
		{"one", "99999999999999999999999999999999999999999", -ERANGE, -1},
		{"one", "0x", -EINVAL, 2},
		{"one", "'ab'", -EINVAL, -1},
		{"one", "{ 1 }", -EINVAL, -1},
		{"all", "1", -EINVAL, 0},
		{"all", "{ 1", -EINVAL, 3},
		{"all", "{ 1 2 }", -EINVAL, 4},
		{"all", "{ .nosuch = 1 }", -EINVAL, 3},
		{"all", "{ .byte = 256 }", -ERANGE, -1},
		{"all", "{ .name = \"123456789\" }", -ERANGE, -1},
		{"all", "{ .name = \"abc }", -EINVAL, -1},
		{"all", "{ .name = \"\\q\" }", -EINVAL, -1},
		{"all", "{ .numbers = [ 1, 2, 3, 4 ] }", -ERANGE, -1},
		{"all", "{ .low = 8 }", -ERANGE, -1},
		{"all", "{ .high = -17 }", -ERANGE, -1},
		{"all", "{ .color = BLUE }", -EINVAL, 11},
		{"all", "{ .u = { 1, 2 } }", -ERANGE, -1},
	};
	struct hotprobe *hp;
	char data[512];
	const char *at;

	NEED(no_btf());
	hp = open_confined(all_types);
	for (size_t i = 0; i < COUNT(good); i++) {
		const struct hotprobe_type *type =
			hotprobe_table_key_type(table_of(hp, good[i].table));
		int err = hotprobe_parse(type, good[i].text, data, sizeof(data), &at);

		ck_assert_msg(!err, "%s: %d at %s", good[i].text, err, at);
		ck_assert_int_eq(hotprobe_field_int(type, data, sizeof(data), good[i].path),
				 good[i].value);
	}
	for (size_t i = 0; i < COUNT(bad); i++) {
		const struct hotprobe_type *type =
			hotprobe_table_key_type(table_of(hp, bad[i].table));
		int err = hotprobe_parse(type, bad[i].text, data, sizeof(data), &at);

		ck_assert_msg(err == bad[i].err, "%s: %d", bad[i].text, err);
		if (bad[i].at >= 0)
			ck_assert_msg(at == bad[i].text + bad[i].at, "%s: at %td", bad[i].text,
				      at - bad[i].text);
	}
	ck_assert_int_eq(hotprobe_parse(NULL, "1", data, 4, NULL), -EINVAL);
	ck_assert_int_eq(hotprobe_format(NULL, data, 4, data, 4), -EINVAL);
	ck_assert_int_eq(
		hotprobe_parse(hotprobe_table_key_type(table_of(hp, "one")), "1", data, 3, NULL),
		-EINVAL);
	hotprobe_free(hp);
}
END_TEST

/* ---- What is wrong
 * -------------------------------------------------------------------------------- */

START_TEST(wrong_calls_say_what_is_wrong)
{
	uint64_t key = 1, value = 1;
	struct hotprobe *hp;

	NEED(no_bpf());
	hp = open_confined("BPF_HASH(small, u64, u64, 1); BPF_ARRAY(array, u64, 2);\n"
			   "BPF_PERF_OUTPUT(events);\n"
			   "int syscall__getpgid(struct pt_regs *ctx) { return 0; }\n");
	ck_assert_ptr_null(hotprobe_find_table(hp, "nosuch"));
	ck_assert_int_eq(hotprobe_table_fits(table_of(hp, "small"), 8, 8), 0);
	ck_assert_int_eq(hotprobe_table_fits(table_of(hp, "small"), 4, 8), -EINVAL);
	ck_assert_ptr_nonnull(strstr(hotprobe_error(hp), "small has keys of 8 bytes"));
	ck_assert_int_eq(hotprobe_table_fits(table_of(hp, "array"), 4, 4), -EINVAL);
	ck_assert_int_eq(hotprobe_table_each(table_of(hp, "small"), NULL, NULL), -EBUSY);
	ck_assert_int_eq(hotprobe_table_clear(table_of(hp, "small")), -EBUSY);
	load_program(hp);
	ck_assert_int_eq(hotprobe_table_lookup(table_of(hp, "small"), &key, &value), -ENOENT);
	ck_assert_int_eq(hotprobe_table_delete(table_of(hp, "small"), &key), -ENOENT);
	ck_hp(hp, hotprobe_table_update(table_of(hp, "small"), &key, &value, BPF_NOEXIST));
	ck_assert_int_eq(hotprobe_table_update(table_of(hp, "small"), &key, &value, BPF_NOEXIST),
			 -EEXIST);
	key = 2;
	ck_assert_int_eq(hotprobe_table_update(table_of(hp, "small"), &key, &value, BPF_ANY),
			 -E2BIG);
	ck_assert_ptr_nonnull(strstr(hotprobe_error(hp), "small"));
	ck_assert_int_eq(hotprobe_table_delete(table_of(hp, "array"), &key), -EINVAL);
	ck_assert_int_eq(hotprobe_table_reuse_fd(table_of(hp, "events"), 0), -EBUSY);
	hotprobe_free(hp);
}
END_TEST

START_TEST(a_table_declared_twice_is_named_with_both_places)
{
	const struct hotprobe_diagnostic *d;
	struct hotprobe *hp;
	static const char text[] = "BPF_HASH(counts);\n"
				   "BPF_HASH(other);\n"
				   "BPF_ARRAY(counts, u64, 8);\n"
				   "int syscall__getpgid(struct pt_regs *ctx) { return 0; }\n";

	NEED(no_btf());
	hp = new_handle(NULL);
	ck_assert_int_eq(hotprobe_open_string(hp, "twice.c", text, strlen(text)), -EINVAL);
	d = find_diagnostic(hp, HOTPROBE_ERROR);
	ck_assert_uint_eq(d->line, 3);
	ck_assert_ptr_nonnull(strstr(d->text, "counts"));
	d = find_diagnostic(hp, HOTPROBE_NOTE);
	ck_assert_ptr_nonnull(d);
	ck_assert_uint_eq(d->line, 1);
	hotprobe_free(hp);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("tables");

	add_test(suite, every_kind_is_made_as_declared, 30);
	add_test(suite, programs_use_what_c_reads, 30);
	add_test(suite, walks_see_each_entry_once, 60);
	add_test(suite, queues_and_stacks_are_pushed_and_drained, 30);
	add_test(suite, tail_calls_go_to_functions_by_name, 30);
	add_test(suite, tables_hold_tables, 30);
	add_test(suite, programs_look_into_tables_of_tables, 30);
	add_loop_test(suite, perf_counters_are_read_by_programs, 30, 2);
	add_test(suite, ring_buffers_deliver_like_perf_buffers, 30);
	add_test(suite, a_ring_buffer_tells_how_full_it_is, 30);
	add_test(suite, cgroup_arrays_tell_whose_descendant_a_task_is, 30);
	add_test(suite, maps_of_the_network_take_their_descriptors, 30);
	add_test(suite, values_are_text_and_back, 30);
	add_test(suite, text_is_read_as_c_would, 30);
	add_test(suite, wrong_calls_say_what_is_wrong, 30);
	add_test(suite, a_table_declared_twice_is_named_with_both_places, 30);
	return run_suite(suite);
}
