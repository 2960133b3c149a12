/* SPDX-License-Identifier: Apache-2.0 */
/* libclang's diagnostics, put in terms of the user's own files. */
#ifndef HOTPROBE_CC_PARSE_DIAGS_H
#define HOTPROBE_CC_PARSE_DIAGS_H

#include <clang-c/Index.h>

#include "diag.h"
#include "source.h"

void parse_diags(CXTranslationUnit unit, const struct source *source, struct diag_list *diags);

#endif
