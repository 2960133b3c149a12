/* SPDX-License-Identifier: Apache-2.0 */
#include "unlinks.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

struct unlinks *new_unlinks(const char *parent, int there, int absent)
{
	struct unlinks *u =
		mmap(NULL, sizeof(*u), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	char *dir = parent ? format("%s/hotprobe-test-XXXXXX", parent) : make_dir();

	ck_assert_ptr_ne(u, MAP_FAILED);
	if (parent)
		ck_assert_ptr_nonnull(mkdtemp(dir));
	*u = (struct unlinks){.there = there, .absent = absent};
	snprintf(u->path, sizeof(u->path), "%s/file", dir);
	free(dir);
	return u;
}

void free_unlinks(struct unlinks *u)
{
	unlink(u->path);
	*strrchr(u->path, '/') = '\0';
	ck_assert_int_eq(rmdir(u->path), 0);
	munmap(u, sizeof(*u));
}

void unlink_files(void *unlinks)
{
	struct unlinks *u = unlinks;

	u->refused = 0;
	for (int i = 0; i < u->there + u->absent; i++) {
		if (i < u->there)
			close(open(u->path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
		if (!syscall(SYS_unlinkat, AT_FDCWD, u->path, 0) || i >= u->there)
			continue;
		u->refused++;
		u->error = errno;
	}
}

struct peer trace_peer(struct hotprobe *hp, void (*work)(void *arg), void *arg)
{
	struct peer peer = peer_start(work, arg);

	ck_hp(hp, hotprobe_trace_pid(hp, peer.pid));
	return peer;
}
