/* SPDX-License-Identifier: Apache-2.0 */
/* What function names and KIND:TARGET texts ask for. */
#include "support.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "provider.h"
#include "target.h"

/* group NULL means none. */
struct expected {
	const char *text;
	const struct provider *provider;
	const char *group, *name;
	uint64_t offset;
};

static void check_target(const struct target *target, const struct expected *wanted)
{
	ck_assert_msg(target->provider == wanted->provider, "%s: kind %s", wanted->text,
		      target->provider->word);
	ck_assert_str_eq(target->name, wanted->name);
	ck_assert_uint_eq(target->offset, wanted->offset);
	if (wanted->group)
		ck_assert_str_eq(target->group, wanted->group);
	else
		ck_assert_ptr_null(target->group);
}

START_TEST(names_of_every_convention_are_understood)
{
	static const struct expected cases[] = {
		{"kprobe__vfs_read", &provider_kprobe, NULL, "vfs_read", 0},
		{"kretprobe__vfs_read", &provider_kretprobe, NULL, "vfs_read", 0},
		{"kprobe__do_sys_openat2", &provider_kprobe, NULL, "do_sys_openat2", 0},
		{"syscall__openat", &provider_syscall, NULL, "openat", 0},
		{"syscall_ret__openat", &provider_syscall_ret, NULL, "openat", 0},
		{"tracepoint__sched__sched_switch", &provider_tracepoint, "sched", "sched_switch",
		 0},
		{"tracepoint__block__a__b", &provider_tracepoint, "block", "a__b", 0},
		{"raw_tracepoint__sched_switch", &provider_raw_tracepoint, NULL, "sched_switch", 0},
		{"kfunc__do_unlinkat", &provider_kfunc, NULL, "do_unlinkat", 0},
		{"kfunc____x64_sys_open", &provider_kfunc, NULL, "__x64_sys_open", 0},
		{"kretfunc__do_unlinkat", &provider_kretfunc, NULL, "do_unlinkat", 0},
		{"kmod_ret__security_file_open", &provider_fmod_ret, NULL, "security_file_open", 0},
		{"lsm__file_open", &provider_lsm, NULL, "file_open", 0},
		{"bpf_iter__task", &provider_iter, NULL, "task", 0},
	};
	struct target target;
	const char *why;

	for (size_t i = 0; i < COUNT(cases); i++) {
		ck_assert_int_eq(target_from_name(&target, cases[i].text, &why), 1);
		check_target(&target, &cases[i]);
		target_free(&target);
	}
}
END_TEST

START_TEST(a_kprobe_on_a_syscalls_function_is_that_syscall)
{
	static const struct expected cases[] = {
		{"kprobe__sys_open", &provider_syscall, NULL, "open", 0},
		{"kretprobe__sys_open", &provider_syscall_ret, NULL, "open", 0},
		{"kprobe____x64_sys_openat", &provider_syscall, NULL, "openat", 0},
		{"kretprobe____arm64_sys_openat", &provider_syscall_ret, NULL, "openat", 0},
		{"kprobe__sys_", &provider_kprobe, NULL, "sys_", 0},
		{"kprobe__my_sys_open", &provider_kprobe, NULL, "my_sys_open", 0},
	};
	struct target target;
	const char *why;

	for (size_t i = 0; i < COUNT(cases); i++) {
		ck_assert_int_eq(target_from_name(&target, cases[i].text, &why), 1);
		check_target(&target, &cases[i]);
		target_free(&target);
	}
}
END_TEST

START_TEST(other_names_follow_no_convention)
{
	static const char *const names[] = {
		"do_something",	       "",
		"kprobe_vfs_read",     "kprobes__x",
		"KPROBE__x",	       "my_kprobe__",
		"syscall_enter__open", "tracepoint_sched",
		"_kprobe__f",
	};
	struct target target;
	const char *why;

	for (size_t i = 0; i < COUNT(names); i++)
		ck_assert_msg(!target_from_name(&target, names[i], &why), "%s", names[i]);
}
END_TEST

START_TEST(a_name_that_begins_like_one_but_names_nothing_is_refused)
{
	static const char *const names[] = {
		"kprobe__",	     "kretprobe__",	    "syscall__",
		"syscall_ret__",     "tracepoint__",	    "raw_tracepoint__",
		"tracepoint__sched", "tracepoint__sched__", "tracepoint____x",
	};
	struct target target;
	const char *why;

	for (size_t i = 0; i < COUNT(names); i++) {
		why = NULL;
		ck_assert_msg(target_from_name(&target, names[i], &why) == -EINVAL, "%s", names[i]);
		ck_assert_ptr_nonnull(why);
	}
}
END_TEST

START_TEST(texts_of_every_kind_are_understood)
{
	static const struct expected cases[] = {
		{"kprobe:vfs_read", &provider_kprobe, NULL, "vfs_read", 0},
		{"kprobe:vfs_read+0x10", &provider_kprobe, NULL, "vfs_read", 16},
		{"kprobe:vfs_read+16", &provider_kprobe, NULL, "vfs_read", 16},
		{"kprobe:sys_open", &provider_syscall, NULL, "open", 0},
		{"kprobe:sys_open+4", &provider_kprobe, NULL, "sys_open", 4},
		{"kretprobe:vfs_read", &provider_kretprobe, NULL, "vfs_read", 0},
		{"kretprobe:__x64_sys_open", &provider_syscall_ret, NULL, "open", 0},
		{"syscall:openat", &provider_syscall, NULL, "openat", 0},
		{"syscall_ret:openat", &provider_syscall_ret, NULL, "openat", 0},
		{"tracepoint:sched:sched_switch", &provider_tracepoint, "sched", "sched_switch", 0},
		{"raw_tracepoint:sys_enter", &provider_raw_tracepoint, NULL, "sys_enter", 0},
		{"kprobe:vfs_*", &provider_kprobe, NULL, "vfs_*", 0},
		{"kprobe:sys_*", &provider_kprobe, NULL, "sys_*", 0},
		{"kretprobe:__x64_sys_[a-d]?", &provider_kretprobe, NULL, "__x64_sys_[a-d]?", 0},
		{"tracepoint:sched:*", &provider_tracepoint, "sched", "*", 0},
		{"kfunc:f", &provider_kfunc, NULL, "f", 0},
		{"kretfunc:f", &provider_kretfunc, NULL, "f", 0},
		{"fmod_ret:f", &provider_fmod_ret, NULL, "f", 0},
		{"lsm:file_open", &provider_lsm, NULL, "file_open", 0},
		{"iter:task", &provider_iter, NULL, "task", 0},
		{"iter:bpf_map_elem:map=t", &provider_iter, NULL, "bpf_map_elem:map=t", 0},
		{"perf_event:cs:period=1", &provider_perf_event, NULL, "cs:period=1", 0},
		{"perf_event:r1a8:freq=99,pid=1,cpu=0", &provider_perf_event, NULL,
		 "r1a8:freq=99,pid=1,cpu=0", 0},
		{"perf_event:L1-icache-load-misses:freq=9", &provider_perf_event, NULL,
		 "L1-icache-load-misses:freq=9", 0},
	};
	struct target target;
	const char *why;

	for (size_t i = 0; i < COUNT(cases); i++) {
		ck_assert_msg(!target_from_spec(&target, cases[i].text, &why), "%s: %s",
			      cases[i].text, why);
		check_target(&target, &cases[i]);
		target_free(&target);
	}
}
END_TEST

START_TEST(malformed_texts_are_refused_with_a_reason)
{
	static const struct {
		const char *text, *reason;
	} cases[] = {
		{"", "no probe of that kind"},
		{"vfs_read", "no probe of that kind"},
		{"kprobe", "no probe of that kind"},
		{"probe:vfs_read", "no probe of that kind"},
		{"kprobes:vfs_read", "no probe of that kind"},
		{"KPROBE:vfs_read", "no probe of that kind"},
		{"kprobe:", "function is missing"},
		{"syscall:", "syscall's name is missing"},
		{"raw_tracepoint:", "event is missing"},
		{"kprobe:f+", "offset"},
		{"kprobe:f+x", "offset"},
		{"kprobe:f+-1", "offset"},
		{"kprobe:f+99999999999999999999999", "offset"},
		{"kprobe:+4", "function is missing"},
		{"uprobe:/bin/true:+4", "function is missing"},
		{"kretprobe:f+4", "only a kprobe"},
		{"kprobe:f*+4", "a pattern cannot have an offset"},
		{"kfunc:", "function is missing"},
		{"lsm:", "function is missing"},
		{"tracepoint:sched", "names no event"},
		{"tracepoint:sched:", "names no event"},
		{"tracepoint::x", "names no event"},
	};
	struct target target;
	const char *why;

	for (size_t i = 0; i < COUNT(cases); i++) {
		why = "";
		ck_assert_msg(target_from_spec(&target, cases[i].text, &why) == -EINVAL, "\"%s\"",
			      cases[i].text);
		ck_assert_msg(strstr(why, cases[i].reason), "\"%s\": %s", cases[i].text, why);
	}
}
END_TEST

START_TEST(a_target_reads_as_it_was_given)
{
	static const char *const texts[] = {
		"kprobe:vfs_read",	    "kprobe:vfs_read+0x10", "kretprobe:vfs_read",
		"syscall:openat",	    "syscall_ret:openat",   "tracepoint:sched:sched_switch",
		"raw_tracepoint:sys_enter", "iter:task:pid=1",	    "perf_event:cpu-clock:freq=99",
	};
	struct target target, again;
	const char *why;
	char *text;

	for (size_t i = 0; i < COUNT(texts); i++) {
		ck_assert_int_eq(target_from_spec(&target, texts[i], &why), 0);
		text = target_text(&target);
		ck_assert_str_eq(text, texts[i]);
		ck_assert_int_eq(target_from_spec(&again, text, &why), 0);
		ck_assert(target_equal(&target, &again));
		target_free(&target);
		target_free(&again);
		free(text);
	}
}
END_TEST

START_TEST(targets_differ_in_kind_name_group_and_offset)
{
	static const char *const texts[] = {
		"kprobe:f",	    "kretprobe:f",    "kprobe:g",
		"kprobe:f+1",	    "syscall:f",      "syscall_ret:f",
		"raw_tracepoint:f", "tracepoint:f:g", "tracepoint:g:g",
	};
	struct target a, b;
	const char *why;

	for (size_t i = 0; i < COUNT(texts); i++)
		for (size_t j = 0; j < COUNT(texts); j++) {
			ck_assert_int_eq(target_from_spec(&a, texts[i], &why), 0);
			ck_assert_int_eq(target_from_spec(&b, texts[j], &why), 0);
			ck_assert_msg(target_equal(&a, &b) == (i == j), "%s, %s", texts[i],
				      texts[j]);
			target_free(&a);
			target_free(&b);
		}
}
END_TEST

START_TEST(a_syscalls_function_has_this_kernels_prefix)
{
	char name[64], small[8];
	int length = hotprobe_syscall_fnname("openat", name, sizeof(name));

	ck_assert_int_eq(length, (int)strlen(name));
	ck_assert_ptr_nonnull(strstr(name, "sys_openat"));
	ck_assert_int_eq(hotprobe_syscall_fnname("a_long_name", small, sizeof(small)),
			 -ENAMETOOLONG);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("target");

	add_test(suite, names_of_every_convention_are_understood, 10);
	add_test(suite, a_kprobe_on_a_syscalls_function_is_that_syscall, 10);
	add_test(suite, other_names_follow_no_convention, 10);
	add_test(suite, a_name_that_begins_like_one_but_names_nothing_is_refused, 10);
	add_test(suite, texts_of_every_kind_are_understood, 10);
	add_test(suite, malformed_texts_are_refused_with_a_reason, 10);
	add_test(suite, a_target_reads_as_it_was_given, 10);
	add_test(suite, targets_differ_in_kind_name_group_and_offset, 10);
	add_test(suite, a_syscalls_function_has_this_kernels_prefix, 20);
	return run_suite(suite);
}
