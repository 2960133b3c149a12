/* SPDX-License-Identifier: Apache-2.0 */
#include "image_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "arch.h"
#include "compile.h"
#include "file.h"
#include "kernel.h"

bool image_file_is(const void *data, size_t size)
{
	const struct image_header *header = data;

	return size >= sizeof(*header) && header->magic == IMAGE_MAGIC;
}

/* The code has offsets of that kernel's structures in it: elsewhere it would read wrong places.
   Two kernels of one release may differ, so where the build id is known it decides. */
static int check_kernel(struct hotprobe *hp, const char *path)
{
	const struct image *img = &hp->image;
	const char *release = image_str(img, img->facts->release);
	const char *wanted = image_str(img, img->facts->kernel_id);
	const char *machine = image_str(img, img->facts->machine);
	char id[KERNEL_ID_SIZE];
	struct utsname un;

	if (strcmp(machine, arch_native.machine))
		return fail_at(hp, -EINVAL, path, 0, 0,
			       "build it for this machine, or take it to one of that kind",
			       "the image was compiled for %s, and this is %s",
			       *machine ? machine : "an unknown machine", arch_native.machine);
	uname(&un);
	kernel_build_id(KERNEL_NOTES, id);
	if (*wanted && *id ? !strcmp(wanted, id) : !strcmp(release, un.release))
		return 0;
	return fail_at(hp, -EINVAL, path, 0, 0,
		       "build it again here, or for this kernel with hotprobe build --btf",
		       "the image was compiled for %s %s, and this is %s",
		       strcmp(release, un.release) ? "kernel" : "another build of kernel", release,
		       un.release);
}

int image_file_open(struct hotprobe *hp, const char *path, void *data, size_t size)
{
	int err = take_image(hp, data, size);
	char *reason;

	if (err == -EBADMSG) {
		reason = strdup(hotprobe_error(hp));
		fail_at(hp, -EINVAL, path, 0, 0, "build it again from its source", "%s",
			reason ? reason : "");
		free(reason);
		return -EINVAL;
	}
	return err ? err : check_kernel(hp, path);
}

/* Beside the file, then in its place: whoever reads it sees the old one or the whole new one. */
static int replace_file(const char *path, const void *data, size_t size)
{
	char *temporary;
	int fd, err;

	if (asprintf(&temporary, "%s.%d.new", path, (int)getpid()) < 0)
		return -ENOMEM;
	fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
	if (fd < 0) {
		err = -errno;
		free(temporary);
		return err;
	}
	err = file_write(fd, data, size);
	if (!err && fsync(fd))
		err = -errno;
	close(fd);
	if (!err && rename(temporary, path))
		err = -errno;
	if (err)
		unlink(temporary);
	free(temporary);
	return err;
}

int hotprobe_save(struct hotprobe *hp, const char *path)
{
	int err;

	if (!hp->programs)
		return fail(hp, -EBUSY, "there is no compiled program to save");
	err = replace_file(path, hp->image.data, hp->image.size);
	return err ? fail(hp, err, "cannot write %s: %s", path, strerror(-err)) : 0;
}
