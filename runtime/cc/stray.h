/* SPDX-License-Identifier: Apache-2.0 */
/* What libbcc, clang's passes inside it and LLVM's BPF backend write to standard error. */
#ifndef HOTPROBE_CC_STRAY_H
#define HOTPROBE_CC_STRAY_H

#include <stdbool.h>

#include "diag.h"
#include "parse.h"
#include "source.h"

/* Turns the text into diagnostics. failed: there is no program, so something must say why. */
void stray_parse(char *text, bool failed, const struct source *source, const struct parsed *parsed,
		 struct diag_list *diags);

#endif
