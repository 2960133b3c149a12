/* SPDX-License-Identifier: Apache-2.0 */
/* Finds in the bytecode what libbcc lets pass and no kernel takes. */
#ifndef HOTPROBE_CC_CHECK_H
#define HOTPROBE_CC_CHECK_H

#include <linux/bpf.h>
#include <stddef.h>

#include "diag.h"
#include "parse.h"
#include "source.h"

/* Looks through a program whose maps are numbered; its line info is already the source's. */
void check_program(const struct parse_function *function, const char *name,
		   const struct bpf_insn *insns, size_t count, const struct bpf_line_info *lines,
		   size_t line_count, const struct source *source, struct diag_list *diags);

#endif
