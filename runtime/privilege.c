/* SPDX-License-Identifier: Apache-2.0 */
#include "privilege.h"

#include <linux/capability.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#define BIT(capability) (UINT64_C(1) << (capability))

static uint64_t effective(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {{0}};

	if (syscall(SYS_capget, &header, data))
		return 0;
	return data[0].effective | (uint64_t)data[1].effective << 32;
}

static uint64_t taken_by(enum bpf_prog_type type)
{
	switch (type) {
	case BPF_PROG_TYPE_UNSPEC:
		return BIT(CAP_BPF);
	case BPF_PROG_TYPE_SOCKET_FILTER:
		return BIT(CAP_BPF) | BIT(CAP_NET_RAW);
	case BPF_PROG_TYPE_XDP:
	case BPF_PROG_TYPE_SCHED_CLS:
	case BPF_PROG_TYPE_CGROUP_SKB:
	case BPF_PROG_TYPE_CGROUP_SOCK:
	case BPF_PROG_TYPE_CGROUP_SOCK_ADDR:
	case BPF_PROG_TYPE_CGROUP_SOCKOPT:
	case BPF_PROG_TYPE_CGROUP_DEVICE:
	case BPF_PROG_TYPE_CGROUP_SYSCTL:
	case BPF_PROG_TYPE_SOCK_OPS:
	case BPF_PROG_TYPE_SK_SKB:
	case BPF_PROG_TYPE_SK_MSG:
		return BIT(CAP_BPF) | BIT(CAP_NET_ADMIN);
	default:
		return BIT(CAP_BPF) | BIT(CAP_PERFMON);
	}
}

/* CAP_SYS_ADMIN stands for all of them but CAP_NET_RAW. */
static uint64_t missing_for(enum bpf_prog_type type)
{
	uint64_t has = effective(), takes = taken_by(type);

	return takes & ~has & (has & BIT(CAP_SYS_ADMIN) ? BIT(CAP_NET_RAW) : ~UINT64_C(0));
}

/* "CAP_BPF and CAP_PERFMON"; returns its length. */
static size_t put_names(char *text, size_t size, uint64_t capabilities)
{
	static const struct {
		int number;
		const char *name;
	} names[] = {{CAP_BPF, "CAP_BPF"},
		     {CAP_PERFMON, "CAP_PERFMON"},
		     {CAP_NET_ADMIN, "CAP_NET_ADMIN"},
		     {CAP_NET_RAW, "CAP_NET_RAW"}};
	size_t used = 0;

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (capabilities & BIT(names[i].number))
			used += (size_t)snprintf(text + used, size - used, "%s%s",
						 used ? " and " : "", names[i].name);
	return used;
}

bool privilege_is_missing(enum bpf_prog_type type)
{
	return missing_for(type);
}

struct privilege_hint privilege_hint(enum bpf_prog_type type)
{
	uint64_t missing = missing_for(type);
	struct privilege_hint hint;
	char takes[80];
	size_t used;

	if (!missing) {
		snprintf(hint.text, sizeof(hint.text),
			 "capabilities count outside of user namespaces only; kernel lockdown, "
			 "perf_event_paranoid or another policy may forbid it too");
		return hint;
	}
	used = put_names(hint.text, sizeof(hint.text), missing);
	put_names(takes, sizeof(takes), taken_by(type) | (type ? 0 : BIT(CAP_PERFMON)));
	snprintf(hint.text + used, sizeof(hint.text) - used,
		 " %s missing: run it as root, or with %s", missing & (missing - 1) ? "are" : "is",
		 takes);
	return hint;
}

struct privilege_hint privilege_hint_of_uprobe(void)
{
	struct privilege_hint hint;

	if (privilege_is_missing(BPF_PROG_TYPE_KPROBE) || effective() & BIT(CAP_SYS_ADMIN))
		return privilege_hint(BPF_PROG_TYPE_KPROBE);
	snprintf(hint.text, sizeof(hint.text),
		 "CAP_SYS_ADMIN is missing: newer kernels want it for uprobes");
	return hint;
}
