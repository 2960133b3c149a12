/* SPDX-License-Identifier: Apache-2.0 */
/* Puts together what libbcc made and what the parse knows. */
#ifndef HOTPROBE_CC_ASSEMBLE_H
#define HOTPROBE_CC_ASSEMBLE_H

#include <stdbool.h>

#include "../image.h"
#include "diag.h"
#include "parse.h"
#include "source.h"

/* Adds the module's tables, programs and BTF. Returns 0, or -1 with the reason in diags. */
int assemble(void *module, const struct source *source, struct parsed *parsed, bool direct_syscalls,
	     struct image_writer *w, struct diag_list *diags);

#endif
