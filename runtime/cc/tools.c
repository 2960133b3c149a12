/* SPDX-License-Identifier: Apache-2.0 */
#include "tools.h"

#include <fcntl.h>
#include <link.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* By the system call: libc's stat here shows the files that the compiler is to see. */
static void add_file(struct image_writer *w, const char *path)
{
	struct image_tool tool;
	struct statx st;

	if (syscall(SYS_statx, AT_FDCWD, path, 0, STATX_SIZE | STATX_MTIME, &st))
		return;
	tool = (struct image_tool){
		.path = image_add_string(w, path),
		.size = st.stx_size,
		.mtime_ns = (uint64_t)st.stx_mtime.tv_sec * 1000000000 + st.stx_mtime.tv_nsec,
	};
	image_add(w, IMAGE_TOOLS, &tool, sizeof(tool), 1);
}

static int add_library(struct dl_phdr_info *info, size_t size, void *w)
{
	static const char *const names[] = {"libbcc.", "libclang", "libLLVM", "libbpf."};
	const char *slash = strrchr(info->dlpi_name, '/');

	(void)size;
	for (size_t i = 0; slash && i < sizeof(names) / sizeof(*names); i++)
		if (!strncmp(slash + 1, names[i], strlen(names[i])))
			add_file(w, info->dlpi_name);
	return 0;
}

void tools_add(struct image_writer *w)
{
	char self[4096];
	ssize_t n = syscall(SYS_readlinkat, AT_FDCWD, "/proc/self/exe", self, sizeof(self) - 1);

	if (n > 0) {
		self[n] = '\0';
		add_file(w, self);
	}
	dl_iterate_phdr(add_library, w);
}
