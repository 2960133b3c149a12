/* SPDX-License-Identifier: Apache-2.0 */
#include "image_file.h"

#include <endian.h>
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
#include "image_uses.h"
#include "kernel.h"

bool image_file_is(const void *data, size_t size)
{
	const struct image_header *header = data;

	return size >= sizeof(*header) &&
	       (header->magic == htole32(IMAGE_MAGIC) || header->magic == htobe32(IMAGE_MAGIC));
}

/* The code has offsets of that kernel's structures in it. Two kernels of one release may differ,
   so where the build id is known it decides; on another one what the code uses is compared. */
static int check_kernel(struct hotprobe *hp, const char *path)
{
	const struct image *img = &hp->image;
	const char *release = image_str(img, img->facts->release);
	const char *wanted = image_str(img, img->facts->kernel_id);
	const char *machine = image_str(img, img->facts->machine);
	char id[KERNEL_ID_SIZE];
	bool known, same;
	struct utsname un;

	if (strcmp(machine, arch_native.machine))
		return fail_at(hp, -EINVAL, path, 0, 0,
			       "build it for this machine, or take it to one of that kind",
			       "the image was compiled for %s, and this is %s",
			       *machine ? machine : "an unknown machine", arch_native.machine);
	uname(&un);
	kernel_build_id(KERNEL_NOTES, id);
	known = *wanted && *id;
	same = !strcmp(known ? wanted : release, known ? id : un.release);
	if (same && (known || !(img->flags & IMAGE_F_COMPARABLE)))
		return 0;
	if (img->flags & IMAGE_F_COMPARABLE)
		return image_uses_check(hp, path);
	return fail_at(hp, -EINVAL, path, 0, 0, IMAGE_USES_HINT,
		       "the image was compiled for %s %s alone, and this is %s",
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

/* Where programs are placed other than by their names: what the source says, and what was added. */
static int write_targets(struct hotprobe *hp, struct image_writer *w)
{
	for (size_t i = 0; i < hp->links.count; i++) {
		const struct hotprobe_link *link = hp->links.at[i];
		struct image_target target = {
			.program = (uint32_t)(link->program - hp->programs),
			.spec = image_add_string(w, link->target_text),
		};

		if (!link->by_name)
			image_add(w, IMAGE_TARGETS, &target, sizeof(target), 1);
	}
	return w->failed;
}

/* Sections that are not changed stay as they are, with all that refers to them. */
static int write_image(struct hotprobe *hp, struct image_writer *w)
{
	const struct image *img = &hp->image;
	int err;

	w->flags = img->flags;
	for (uint32_t kind = 1; kind < IMAGE_SECTION_KINDS; kind++)
		if (kind != IMAGE_TARGETS && kind != IMAGE_USES && kind != IMAGE_TOOLS)
			image_add(w, kind, image_section(img, kind), image_record_size[kind],
				  img->count[kind]);
	err = w->failed;
	if (!err)
		err = write_targets(hp, w);
	if (err)
		return fail(hp, err, "out of memory");
	return image_uses_write(hp, w);
}

int hotprobe_save(struct hotprobe *hp, const char *path)
{
	struct image_writer w = {0};
	void *data = NULL;
	size_t size;
	int err;

	if (!hp->programs)
		return fail(hp, -EBUSY, "there is no compiled program to save");
	err = write_image(hp, &w);
	if (err)
		goto out;
	err = image_write(&w, &data, &size);
	if (err) {
		fail(hp, err, "out of memory");
		goto out;
	}
	err = replace_file(path, data, size);
	if (err)
		fail(hp, err, "cannot write %s: %s", path, strerror(-err));
out:
	free(data);
	image_writer_free(&w);
	return err;
}
