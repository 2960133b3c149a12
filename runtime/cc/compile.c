/* SPDX-License-Identifier: Apache-2.0 */
/* Runs libbcc on a program. */
#include <bcc/bcc_common.h>
#include <llvm-c/ErrorHandling.h>
#include <llvm-c/Support.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "compile.h"
#include "lines.h"
#include "text.h"
#include "vfs.h"

/* LLVM's and libc's handlers take no context of the caller's. */
static struct {
	void (*given_up)(void);
	bool has_options;
	int stray_fd; /* what is written to standard error, -1 if that could not be had */
} compile = {.stray_fd = -1};

static void on_fatal_error(const char *reason)
{
	dprintf(2, "LLVM ERROR: %s\n", reason);
	compile.given_up();
}

static void on_exit_call(void)
{
	compile.given_up();
}

/*
 * libbcc parses a program three times. The first time it only looks for tracepoints, to declare
 * their structs, and takes no notice of errors. The headers have declared them already, so that
 * pass may skip everything: all it is there for is that it hands on the text as it is.
 */
static void arrange_skip(void)
{
	static const char text[] = "#define " LINES_SKIPPED "\n"
				   "#define _UAPI__LINUX_BPF_H__\n"
				   "#define __BPF_HELPERS_H\n";

	vfs_add_once(VFS_KERNEL "/include/linux/kconfig.h", text, sizeof(text) - 1);
}

/*
 * Calls in two branches may be merged behind them. Then the format of a bpf_trace_printk() is not
 * known from the code, and its messages cannot be told from those of others (../printk.h).
 */
static void keep_printks_apart(const char *text)
{
	static const char *const options[] = {"hotprobe-cc", "-enable-tail-merge=false",
					      "-sink-common-insts=false"};

	/* LLVM takes options once in a process. */
	if (!compile.has_options && strstr(text, "bpf_trace_printk")) {
		compile.has_options = true;
		LLVMParseCommandLineOptions(sizeof(options) / sizeof(*options), options, NULL);
	}
}

void *compile_run(const char *text, const struct flags *user, bool skip_first_pass,
		  void (*given_up)(void))
{
	compile.given_up = given_up;
	compile.stray_fd = memfd_create("stderr", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (compile.stray_fd >= 0) {
		dup2(compile.stray_fd, 1);
		dup2(compile.stray_fd, 2);
	}
	if (skip_first_pass)
		arrange_skip();
	LLVMInstallFatalErrorHandler(on_fatal_error);
	keep_printks_apart(text);
	/* An error that is reported to no handler ends in exit(1). */
	atexit(on_exit_call);
	return bpf_module_create_c_from_string(text, 0, user->argv, (int)user->count, false, NULL);
}

char *compile_stray_text(void)
{
	struct stat st;
	char *text;
	ssize_t got;

	fflush(stdout);
	fflush(stderr);
	if (compile.stray_fd < 0 || fstat(compile.stray_fd, &st) || !st.st_size)
		return cc_strdup("");
	text = cc_alloc((size_t)st.st_size + 1);
	got = pread(compile.stray_fd, text, (size_t)st.st_size, 0);
	text[got > 0 ? got : 0] = 0;
	return text;
}
