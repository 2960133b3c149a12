/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any string as a KIND:TARGET, from the command line or an image, and as a function's name. What
 * is accepted can be written, and reads the same then.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "kernel.h"
#include "target.h"

static void check(struct target *target)
{
	char *text = target_text(target), *again;
	struct target same = {0};
	const char *why = NULL;

	REQUIRE(text && target->name && target->provider);
	REQUIRE(target_equal(target, target));
	REQUIRE(!target_from_spec(&same, text, &why));
	again = target_text(&same);
	/* sys_ is taken off a system call's name each time. */
	if (!kernel_syscall_of(target->name)) {
		REQUIRE(again && !strcmp(again, text));
		REQUIRE(target_equal(target, &same));
	}
	free(again);
	free(text);
	target_free(&same);
	target_free(target);
}

/* As the functions of a source are called; an image may say otherwise. */
static bool is_identifier(const char *text)
{
	return !text[strspn(text,
			    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")];
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size);
	struct target target;
	const char *why = NULL;
	int err = target_from_spec(&target, text, &why);

	REQUIRE(!err || (err == -EINVAL && why));
	if (!err)
		check(&target);
	err = target_from_name(&target, text, &why);
	REQUIRE(err >= 0 || (err == -EINVAL && why));
	if (err > 0 && is_identifier(text))
		check(&target);
	else if (err > 0)
		target_free(&target);
	free(text);
	return 0;
}

size_t fuzz_seed(unsigned n, uint8_t *data)
{
	static const char *const texts[] = {
		"kprobe:do_unlinkat+0x10",
		"kretprobe:sys_open",
		"kprobe:vfs_*",
		"syscall:openat",
		"syscall_ret:__x64_sys_read",
		"tracepoint:sched:sched_process_fork",
		"raw_tracepoint:sched_switch",
		"uprobe:/bin/bash:readline+8",
		"uprobe:c:0x1234",
		"uretprobe:@1234:malloc",
		"usdt:/usr/bin/python3:python:function__entry",
		"perf_event:cpu-clock:freq=99",
		"perf_event:L1-dcache-load-misses:period=1000",
		"perf_event:r01c2:freq=1",
		"kfunc:vfs_read",
		"kretfunc:vfs_read",
		"fmod_ret:security_file_open",
		"lsm:file_open",
		"iter:task",
		"iter:bpf_map_elem:counts",
		"xdp:eth0",
		"tc:eth0:ingress",
		"socket:lo",
		"cgroup:/sys/fs/cgroup/a:connect4",
		"syscall__openat",
		"kprobe__sys_clone",
		"tracepoint__irq__softirq_entry",
		"raw_tracepoint__sched_switch",
		"bpf_iter__task",
		NULL,
	};

	return fuzz_seed_text(texts, n, data);
}
