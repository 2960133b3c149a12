/* SPDX-License-Identifier: Apache-2.0 */
/* Which privilege a refusal is about. */
#ifndef HOTPROBE_PRIVILEGE_H
#define HOTPROBE_PRIVILEGE_H

#include <linux/bpf.h>
#include <stdbool.h>

struct privilege_hint {
	char text[192];
};

/* Does the caller lack a capability that such programs take? */
bool privilege_is_missing(enum bpf_prog_type type);

/* For a diagnostic's hint, after the kernel has refused a program of that type: names those of the
   capabilities it takes that the caller lacks. Of type BPF_PROG_TYPE_UNSPEC: of tables and BTF. */
struct privilege_hint privilege_hint(enum bpf_prog_type type);
/* After it has refused a uprobe, which newer kernels (6.18 is one) allow to CAP_SYS_ADMIN alone. */
struct privilege_hint privilege_hint_of_uprobe(void);

#endif
