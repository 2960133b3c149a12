/* SPDX-License-Identifier: Apache-2.0 */
/* Tables from C, and what programs and C see of each other's writes. */
#include "support.h"

#include <errno.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static const char program[] =
	"#include <uapi/linux/ptrace.h>\n"
	"struct key_t { u32 pid; u32 call; };\n"
	"struct value_t { u64 count; s32 last; };\n"
	"BPF_HASH(calls, struct key_t, struct value_t, 8);\n"
	"BPF_ARRAY(settings, u64, 4);\n"
	"BPF_PERCPU_ARRAY(per_cpu, u32, 1);\n"
	"BPF_HISTOGRAM(sizes, int, 16);\n"
	"BPF_TABLE(\"lru_hash\", u32, u32, recent, 32);\n"
	"int syscall__getpgid(struct pt_regs *ctx, int pid)\n"
	"{\n"
	"	struct key_t key = {.pid = bpf_get_current_pid_tgid() >> 32, .call = 1};\n"
	"	struct value_t *value, zero = {};\n"
	"	int index = 2, first = 0;\n"
	"	u64 *setting = settings.lookup(&index);\n"
	"	u32 *mine = per_cpu.lookup(&first);\n"
	"\n"
	"	value = calls.lookup_or_try_init(&key, &zero);\n"
	"	if (!value || !setting || !mine)\n"
	"		return 0;\n"
	"	value->count += *setting;\n"
	"	value->last = pid;\n"
	"	*mine += 1;\n"
	"	sizes.increment(pid & 15);\n"
	"	return 0;\n"
	"}\n";

struct key {
	uint32_t pid, call;
};

struct value {
	uint64_t count;
	int32_t last;
};

static struct hotprobe *load_confined(void)
{
	struct hotprobe_opts opts = {.confine = true};
	struct hotprobe *hp = new_handle(&opts);

	open_text(hp, program);
	load_program(hp);
	return hp;
}

static struct hotprobe_table *table(struct hotprobe *hp, const char *name)
{
	struct hotprobe_table *t = hotprobe_find_table(hp, name);

	ck_assert_msg(t, "there is no table %s", name);
	return t;
}

START_TEST(a_hash_is_looked_up_updated_and_deleted)
{
	NEED(no_bpf());

	struct key key = {1, 2};
	struct value value = {.count = 3, .last = -4}, got;
	struct hotprobe *hp;
	struct hotprobe_table *t;

	hp = load_confined();
	t = table(hp, "calls");
	ck_assert_int_eq(hotprobe_table_lookup(t, &key, &got), -ENOENT);
	ck_assert_int_eq(hotprobe_table_delete(t, &key), -ENOENT);
	ck_assert_int_eq(hotprobe_table_update(t, &key, &value, BPF_EXIST), -ENOENT);
	ck_hp(hp, hotprobe_table_update(t, &key, &value, BPF_ANY));
	memset(&got, 0xff, sizeof(got));
	ck_hp(hp, hotprobe_table_lookup(t, &key, &got));
	ck_assert_uint_eq(got.count, 3);
	ck_assert_int_eq(got.last, -4);
	ck_assert_int_eq(hotprobe_table_update(t, &key, &value, BPF_NOEXIST), -EEXIST);
	ck_assert_ptr_nonnull(strstr(hotprobe_error(hp), "calls"));
	ck_hp(hp, hotprobe_table_delete(t, &key));
	ck_assert_int_eq(hotprobe_table_lookup(t, &key, &got), -ENOENT);
	hotprobe_free(hp);
}
END_TEST

START_TEST(a_hash_is_walked_key_by_key)
{
	NEED(no_bpf());

	struct key key = {0}, next;
	struct value value = {0};
	struct hotprobe *hp;
	struct hotprobe_table *t;
	unsigned seen = 0;
	int count = 0;

	hp = load_confined();
	t = table(hp, "calls");
	ck_assert_int_eq(hotprobe_table_next(t, NULL, &next), -ENOENT);
	for (key.pid = 0; key.pid < 8; key.pid++)
		ck_hp(hp, hotprobe_table_update(t, &key, &value, BPF_ANY));
	ck_assert_int_eq(hotprobe_table_update(t, &key, &value, BPF_ANY), -E2BIG);
	for (int err = hotprobe_table_next(t, NULL, &next); !err;
	     err = hotprobe_table_next(t, &key, &next)) {
		ck_assert_uint_lt(next.pid, 8);
		seen |= 1u << next.pid;
		count++;
		key = next;
	}
	ck_assert_int_eq(count, 8);
	ck_assert_uint_eq(seen, 0xff);
	hotprobe_free(hp);
}
END_TEST

START_TEST(an_array_has_all_its_elements_always)
{
	NEED(no_bpf());

	uint32_t index = 3, next;
	uint64_t value = 77, got = 1;
	struct hotprobe *hp;
	struct hotprobe_table *t;

	hp = load_confined();
	t = table(hp, "settings");
	ck_assert_uint_eq(hotprobe_table_max_entries(t), 4);
	ck_hp(hp, hotprobe_table_lookup(t, &index, &got));
	ck_assert_uint_eq(got, 0);
	ck_hp(hp, hotprobe_table_update(t, &index, &value, BPF_ANY));
	ck_hp(hp, hotprobe_table_lookup(t, &index, &got));
	ck_assert_uint_eq(got, 77);
	ck_assert_int_lt(hotprobe_table_delete(t, &index), 0);
	ck_assert_int_eq(hotprobe_table_next(t, &index, &next), -ENOENT);
	index = 4;
	ck_assert_int_eq(hotprobe_table_lookup(t, &index, &got), -ENOENT);
	ck_assert_int_eq(hotprobe_table_update(t, &index, &value, BPF_ANY), -E2BIG);
	ck_hp(hp, hotprobe_table_next(t, NULL, &next));
	ck_assert_uint_eq(next, 0);
	hotprobe_free(hp);
}
END_TEST

static void call_getpgid(void *unused)
{
	(void)unused;
	for (int i = 0; i < 5; i++)
		syscall(SYS_getpgid, 17);
}

START_TEST(programs_and_c_see_each_others_writes)
{
	NEED(no_bpf());

	struct hotprobe *hp;
	struct peer peer;
	struct key key = {.call = 1};
	struct value value;
	uint64_t step = 10, bucket;
	uint32_t index = 2, first = 0, sum = 0, *per_cpu;
	size_t size;

	hp = load_confined();
	ck_hp(hp, hotprobe_table_update(table(hp, "settings"), &index, &step, BPF_ANY));
	peer = peer_start(call_getpgid, NULL);
	ck_hp(hp, hotprobe_trace_pid(hp, peer.pid));
	ck_hp(hp, hotprobe_attach(hp));
	peer_work(&peer);
	key.pid = (uint32_t)peer.pid;
	ck_hp(hp, hotprobe_table_lookup(table(hp, "calls"), &key, &value));
	ck_assert_uint_eq(value.count, 50);
	ck_assert_int_eq(value.last, 17);
	index = 1; /* 17 & 15 */
	ck_hp(hp, hotprobe_table_lookup(table(hp, "sizes"), &index, &bucket));
	ck_assert_uint_eq(bucket, 5);
	/* A value for each CPU, each in 8 bytes. */
	size = hotprobe_table_value_size(table(hp, "per_cpu"));
	ck_assert_uint_eq(size % 8, 0);
	per_cpu = calloc(1, size);
	ck_hp(hp, hotprobe_table_lookup(table(hp, "per_cpu"), &first, per_cpu));
	for (size_t i = 0; i < size / 4; i += 2)
		sum += per_cpu[i];
	ck_assert_uint_eq(sum, 5);
	free(per_cpu);
	peer_end(&peer);
	hotprobe_free(hp);
}
END_TEST

START_TEST(tables_tell_what_they_are)
{
	NEED(no_btf());

	static const struct {
		const char *name, *kind, *key, *value;
		size_t key_size, max_entries;
	} wanted[] = {
		{"calls", "hash", "key_t", "value_t", 8, 8},
		{"settings", "array", "int", "u64", 4, 4},
		{"per_cpu", "percpu_array", "int", "u32", 4, 1},
		{"sizes", "histogram", "int", "u64", 4, 16},
		{"recent", "lru_hash", "u32", "u32", 4, 32},
	};
	struct hotprobe *hp;

	hp = new_handle(NULL);
	open_text(hp, program);
	ck_assert_uint_eq(hotprobe_table_count(hp), COUNT(wanted));
	for (size_t i = 0; i < COUNT(wanted); i++) {
		struct hotprobe_table *t = table(hp, wanted[i].name);

		ck_assert_str_eq(hotprobe_table_name(t), wanted[i].name);
		ck_assert_str_eq(hotprobe_table_kind(t), wanted[i].kind);
		ck_assert_str_eq(hotprobe_type_name(hotprobe_table_key_type(t)), wanted[i].key);
		ck_assert_str_eq(hotprobe_type_name(hotprobe_table_value_type(t)), wanted[i].value);
		ck_assert_uint_eq(hotprobe_table_key_size(t), wanted[i].key_size);
		ck_assert_uint_eq(hotprobe_table_max_entries(t), wanted[i].max_entries);
		ck_assert_int_eq(hotprobe_table_fd(t), -1);
	}
	hotprobe_free(hp);
}
END_TEST

START_TEST(before_the_load_there_is_nothing_to_look_into)
{
	NEED(no_btf());

	struct key key = {0};
	struct value value = {0};
	struct hotprobe *hp;

	hp = new_handle(NULL);
	open_text(hp, program);
	ck_assert_int_eq(hotprobe_table_lookup(table(hp, "calls"), &key, &value), -EBUSY);
	ck_assert_int_eq(hotprobe_table_update(table(hp, "calls"), &key, &value, 0), -EBUSY);
	ck_assert_int_eq(hotprobe_table_delete(table(hp, "calls"), &key), -EBUSY);
	ck_assert_int_eq(hotprobe_table_next(table(hp, "calls"), NULL, &key), -EBUSY);
	hotprobe_free(hp);
}
END_TEST

START_TEST(a_table_the_kernel_refuses_is_named)
{
	NEED(no_bpf());

	static const char text[] = "#include <uapi/linux/ptrace.h>\n"
				   "BPF_HASH(huge, u64, u64, 0x7fffffff);\n"
				   "int syscall__getpgid(struct pt_regs *ctx)\n"
				   "{\n	u64 k = 0;\n	huge.delete(&k);\n	return 0;\n}\n";
	const struct hotprobe_diagnostic *d;
	size_t fds = count_fds();
	struct hotprobe *hp;

	hp = new_handle(NULL);
	open_text(hp, text);
	ck_assert_int_lt(hotprobe_load(hp), 0);
	ck_assert_ptr_nonnull(strstr(hotprobe_error(hp), "huge"));
	d = find_diagnostic(hp, HOTPROBE_ERROR);
	ck_assert_ptr_nonnull(d);
	ck_assert_uint_eq(d->line, 2);
	ck_assert_int_eq(hotprobe_load(hp), -EBUSY);
	hotprobe_free(hp);
	ck_assert_uint_eq(count_fds(), fds);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("table");

	add_test(suite, a_hash_is_looked_up_updated_and_deleted, 30);
	add_test(suite, a_hash_is_walked_key_by_key, 30);
	add_test(suite, an_array_has_all_its_elements_always, 30);
	add_test(suite, programs_and_c_see_each_others_writes, 30);
	add_test(suite, tables_tell_what_they_are, 30);
	add_test(suite, before_the_load_there_is_nothing_to_look_into, 30);
	add_test(suite, a_table_the_kernel_refuses_is_named, 30);
	return run_suite(suite);
}
