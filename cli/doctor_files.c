/* SPDX-License-Identifier: Apache-2.0 */
#include "doctor_files.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "doctor.h"
#include "doctor_privileges.h"

const struct file_system file_system_tracing = {
	.name = "tracefs",
	.magic = TRACEFS_MAGIC,
	.paths = {"/sys/kernel/tracing", "/sys/kernel/debug/tracing"},
};
const struct file_system file_system_debug = {
	.name = "debugfs",
	.magic = DEBUGFS_MAGIC,
	.paths = {"/sys/kernel/debug"},
	.only_mounted = true,
};
const struct file_system file_system_bpf = {
	.name = "bpf",
	.magic = BPF_FS_MAGIC,
	.paths = {"/sys/fs/bpf"},
	.only_mounted = true, /* each new one may have the kernel load its module bpf_preload */
};
const struct file_system file_system_security = {
	.name = "securityfs",
	.magic = SECURITYFS_MAGIC,
	.paths = {"/sys/kernel/security"},
};
const struct file_system file_system_cgroup2 = {
	.name = "cgroup2",
	.magic = CGROUP2_SUPER_MAGIC,
	.paths = {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"},
};

/* debugfs would mount tracefs for who only looks. */
static bool is_mounted(const char *path)
{
	struct statx st;

	if (statx(AT_FDCWD, path, AT_NO_AUTOMOUNT, STATX_TYPE, &st))
		return true;
	return !(st.stx_attributes_mask & STATX_ATTR_MOUNT_ROOT) ||
	       st.stx_attributes & STATX_ATTR_MOUNT_ROOT;
}

/* Another file system, or a plain directory, at that path is -ENOENT. */
static int open_mounted(const char *path, unsigned magic)
{
	int err = -ENOENT, fd;
	struct statfs st;

	if (!is_mounted(path))
		return err;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (!fstatfs(fd, &st) && (unsigned)st.f_type == magic)
		return fd;
	close(fd);
	return err;
}

static int open_detached(const char *name)
{
	int context = fsopen(name, FSOPEN_CLOEXEC), fd = -1, err;

	if (context < 0)
		return -errno;
	if (!fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0))
		fd = fsmount(context, FSMOUNT_CLOEXEC, 0);
	err = -errno;
	close(context);
	return fd < 0 ? err : fd;
}

int open_file_system(const struct file_system *fs, const char **mounted)
{
	bool is_hidden = false;
	int fd;

	if (mounted)
		*mounted = NULL;
	for (const char *const *path = fs->paths; *path; path++) {
		fd = open_mounted(*path, fs->magic);
		if (fd >= 0 && mounted)
			*mounted = *path;
		if (fd >= 0)
			return fd;
		is_hidden = is_hidden || fd == -EACCES;
	}
	fd = fs->only_mounted ? -ENOENT : open_detached(fs->name);
	return fd < 0 && is_hidden ? -EACCES : fd;
}

/* ---- Checks -------------------------------------------------------------------------------
 */

static void remedy(struct finding *finding, const struct file_system *fs, int error)
{
	if (error == -EACCES)
		finding_remedy(finding, "mount -o remount,mode=755 %s", fs->paths[0]);
	else
		finding_remedy(finding, "mount -t %s %s %s", fs->name, fs->name, fs->paths[0]);
}

/* Returns what open_file_system() does. */
static int look_for(struct finding *finding, const struct file_system *fs, const char **mounted)
{
	int fd = open_file_system(fs, mounted);

	finding_tried(finding, fd < 0 ? fd : 0, "open %s%s%s", fs->name, *mounted ? " in " : "",
		      *mounted ? *mounted : "");
	finding_value(finding, "%s",
		      *mounted	      ? *mounted
		      : fd >= 0	      ? "not mounted"
		      : fd == -EACCES ? "not readable"
		      : fd == -ENODEV ? "not there"
				      : "not mounted");
	return fd;
}

void check_tracefs(struct doctor *doctor, struct finding *finding)
{
	const char *mounted;
	int fd = look_for(finding, &file_system_tracing, &mounted);

	doctor->tracefs_fd = fd;
	if (fd >= 0) {
		finding_is(finding, MARK_OK, "%s",
			   mounted ? "has the numbers and formats of tracepoints"
				   : "hotprobe opens it without that");
		return;
	}
	finding_is(finding, MARK_MISSING,
		   "no tracepoint__ functions, and no system calls where they are traced by "
		   "tracepoints");
	if (fd == -ENODEV)
		finding_remedy(finding, "use a kernel with CONFIG_TRACING");
	else
		remedy(finding, &file_system_tracing, fd);
}

void check_debugfs(struct doctor *doctor, struct finding *finding)
{
	const char *mounted;
	int fd = look_for(finding, &file_system_debug, &mounted);

	(void)doctor;
	finding_is(finding, MARK_OK, "not needed");
	if (fd >= 0)
		close(fd);
}

void check_bpffs(struct doctor *doctor, struct finding *finding)
{
	const char *mounted;
	int fd = look_for(finding, &file_system_bpf, &mounted);

	(void)doctor;
	if (mounted) {
		finding_is(finding, MARK_OK, "BPF_TABLE_PINNED has a place for its tables");
	} else {
		finding_is(finding, MARK_LIMITED,
			   "tables of BPF_TABLE_PINNED have no place; nothing else needs it");
		remedy(finding, &file_system_bpf, fd);
	}
	if (fd >= 0)
		close(fd);
}
