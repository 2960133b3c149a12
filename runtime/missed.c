/* SPDX-License-Identifier: Apache-2.0 */
/* What the kernel says about the calls of its functions that a kprobe has not seen. */
#include <bpf/bpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <string.h>

#include "internal.h"

enum {
	/* Of enum bpf_link_type and enum bpf_perf_event_type, of newer headers. */
	LINK_PERF_EVENT = 7,
	LINK_KPROBE_MULTI = 8,
	EVENT_KPROBE = 3,
	EVENT_KRETPROBE = 4,
};

/* The first bytes of struct bpf_link_info of Linux 6.7. An older kernel's is shorter. */
struct link_info {
	uint32_t type, id, prog_id, padding;
	union {
		struct {
			uint32_t type, padding;
			uint64_t name;
			uint32_t name_size, offset;
			uint64_t address, missed;
		} event;
		struct {
			uint64_t addresses;
			uint32_t count, flags;
			uint64_t missed;
		} multi;
	};
};

static int read_missed(int fd, uint64_t *missed)
{
	struct link_info info = {0};
	uint32_t size = sizeof(info);

	/* A perf event is no link: -EINVAL. */
	if (bpf_obj_get_info_by_fd(fd, &info, &size) || size < sizeof(info))
		return -EOPNOTSUPP;
	if (info.type == LINK_KPROBE_MULTI)
		*missed = info.multi.missed;
	else if (info.type == LINK_PERF_EVENT &&
		 (info.event.type == EVENT_KPROBE || info.event.type == EVENT_KRETPROBE))
		*missed = info.event.missed;
	else
		return -EOPNOTSUPP;
	return 0;
}

int hotprobe_link_missed(const struct hotprobe_link *link, uint64_t *missed)
{
	uint64_t one;

	*missed = 0;
	for (size_t i = 0; i < link->fds.count; i++) {
		int err = read_missed(link->fds.at[i], &one);

		if (err)
			return err;
		*missed += one;
	}
	return link->fds.count ? 0 : -EOPNOTSUPP;
}
