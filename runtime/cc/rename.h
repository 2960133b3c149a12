/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kprobe__sys_NAME stands for the system call, whatever the kernel calls its function. Where that
 * has a wrapper, the parameters are behind its pointer; libbcc looks for them there only in
 * functions whose names begin with syscall__ (or kprobe____x64_sys_). So for libbcc the function
 * has such a name.
 */
#ifndef HOTPROBE_CC_RENAME_H
#define HOTPROBE_CC_RENAME_H

#include "flags.h"
#include "parse.h"

/* The flags with which libbcc sees those names. */
struct flags rename_flags(const struct flags *user, const struct parsed *parsed);
/* What the source calls a function that libbcc calls name: a part of it. */
const char *rename_undo(const char *name);

#endif
