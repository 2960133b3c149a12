/* SPDX-License-Identifier: Apache-2.0 */
/* hotprobe's own parts. */
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "doctor.h"
#include "doctor_try.h"
#include "guest.h"

enum {
	VERSION_MS = 10000, /* an emulated processor may be busy */
};

void check_versions(struct doctor *doctor, struct finding *finding)
{
	(void)doctor;
	finding_value(finding, "hotprobe %s, libbpf %d.%d", hotprobe_version(),
		      (int)libbpf_major_version(), (int)libbpf_minor_version());
	finding_is(finding, MARK_OK, "%s", "");
}

/* ---- The compiler -------------------------------------------------------------------------
 */

/* Becomes the compiler, which is asked for its version. */
static _Noreturn void exec_version(const char *path, int fd)
{
	char *const argv[] = {(char *)path, "--version", NULL}, *const envp[] = {NULL};

	if (dup2(fd, STDOUT_FILENO) >= 0 && dup2(fd, STDERR_FILENO) >= 0)
		execve(path, argv, envp);
	_exit(errno == EACCES ? 126 : 127);
}

/* Reads what fits into text, and on until the end, or for so long. Returns whether the end came. */
static bool read_all(int fd, char *text, size_t size, int timeout_ms)
{
	struct pollfd wait = {.fd = fd, .events = POLLIN};
	int64_t end = now_ms() + timeout_ms, left;
	char rest[256];
	size_t used = 0;

	text[0] = '\0';
	while ((left = end - now_ms()) > 0 && poll(&wait, 1, (int)left) > 0) {
		size_t room = size - 1 - used;
		ssize_t n = room ? read(fd, text + used, room) : read(fd, rest, sizeof(rest));

		if (n <= 0)
			return true;
		used += room ? (size_t)n : 0;
		text[used] = '\0';
	}
	return false;
}

/* Returns 0 and what it prints, or a negative errno. */
static int ask_version(const char *path, char *text, size_t size)
{
	int ends[2], status;
	bool ended;
	pid_t pid;

	if (access(path, X_OK))
		return -errno;
	if (pipe2(ends, O_CLOEXEC))
		return -errno;
	pid = fork();
	if (!pid)
		exec_version(path, ends[1]);
	close(ends[1]);
	ended = pid > 0 && read_all(ends[0], text, size, VERSION_MS);
	close(ends[0]);
	if (pid < 0)
		return -EAGAIN;
	if (!ended)
		kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (!ended)
		return -ETIMEDOUT;
	return WIFEXITED(status) && !WEXITSTATUS(status) ? 0 : -ENOEXEC;
}

/* The lines of text but for the first, separated by commas. */
static void join_lines(struct text *joined, char *text)
{
	char *save, *line = strtok_r(text, "\n", &save);

	while (line && (line = strtok_r(NULL, "\n", &save)))
		text_format(joined, "%s%s", joined->length ? ", " : "", line);
}

void check_compiler(struct doctor *doctor, struct finding *finding)
{
	char path[4096] = "", text[1024] = "";
	struct text versions = {0};
	int err = hotprobe_compiler_path(NULL, path, sizeof(path));

	if (err >= 0)
		err = ask_version(path, text, sizeof(text));
	finding_tried(finding, err, "%s --version", path);
	doctor->has_compiler = !err;
	if (!err) {
		join_lines(&versions, text);
		finding_value(finding, "%s", path);
		finding_is(finding, MARK_OK, "%s", text_cstr(&versions));
	} else if (err == -ENOENT || err == -EACCES) {
		finding_is(finding, MARK_MISSING,
			   "no sources can be run: there is no compiler at %s; images (hotprobe "
			   "build) need none",
			   path);
		finding_remedy(finding, "install hotprobe wholly (make install)");
	} else {
		finding_is(finding, MARK_MISSING, "%s does not run: %s", path,
			   *text ? text : strerror(-err));
		finding_remedy(finding, "apt-get install libbpfcc libclang1-14 libllvm14");
	}
	text_free(&versions);
}

/* ---- The cache ----------------------------------------------------------------------------
 */

static void add_size(void *ctx, const struct hotprobe_cache_entry *entry)
{
	uint64_t *bytes = ctx;

	*bytes += entry->size;
}

/* Can it be written to, or be made? */
static bool can_write(const char *dir)
{
	char parent[4096];
	char *slash;

	if (!access(dir, W_OK | X_OK))
		return true;
	if (errno != ENOENT)
		return false;
	snprintf(parent, sizeof(parent), "%s", dir);
	/* The library makes the last directory, and the one it is in. */
	for (int i = 0; i < 2 && (slash = strrchr(parent, '/')); i++) {
		*slash = '\0';
		if (!access(*parent ? parent : "/", F_OK))
			return !access(*parent ? parent : "/", W_OK | X_OK);
	}
	return false;
}

void check_cache(struct doctor *doctor, struct finding *finding)
{
	static const char cost[] = "each program is compiled anew at each start";
	char dir[4096] = "";
	uint64_t bytes = 0;
	int count = hotprobe_cache_dir(NULL, dir, sizeof(dir));

	(void)doctor;
	if (count >= 0)
		count = hotprobe_cache_each(NULL, add_size, &bytes);
	finding_tried(finding, count < 0 ? count : 0, "look into the cache");
	if (*dir)
		finding_value(finding, "%s", dir);
	if (count == -EPERM) {
		finding_is(finding, MARK_LIMITED, "%s: the directory is not this user's alone",
			   cost);
		finding_remedy(finding, "chown %u %s && chmod 700 %s", (unsigned)geteuid(), dir,
			       dir);
	} else if (count < 0 || !can_write(dir)) {
		finding_is(finding, MARK_LIMITED, "%s: the directory cannot be %s", cost,
			   count < 0 ? "read" : "written to");
		if (geteuid())
			finding_remedy(finding,
				       "let XDG_CACHE_HOME name a directory of this user's");
		else
			finding_remedy(finding, "mkdir -p -m 700 %s", dir);
	} else {
		finding_is(finding, MARK_OK,
			   "%d program%s, %llu KiB: they start without the compiler", count,
			   count == 1 ? "" : "s", (unsigned long long)(bytes + 1023) / 1024);
	}
}

/* ---- Guests -------------------------------------------------------------------------------
 */

static bool is_in_path(const char *program)
{
	const char *path = secure_getenv("PATH");
	char *dirs, *save, file[4096];
	bool found = false;

	if (asprintf(&dirs, "%s:/usr/sbin:/sbin", path ? path : "/usr/bin:/bin") < 0)
		return false;
	for (char *dir = strtok_r(dirs, ":", &save); dir && !found;
	     dir = strtok_r(NULL, ":", &save)) {
		snprintf(file, sizeof(file), "%s/%s", dir, program);
		found = !access(file, X_OK);
	}
	free(dirs);
	return found;
}

void check_guest(struct doctor *doctor, struct finding *finding)
{
	static const struct {
		const char *program, *package;
	} needed[] = {
#ifdef __aarch64__
		{"qemu-system-aarch64", "qemu-system-arm"},
#else
		{"qemu-system-x86_64", "qemu-system-x86"},
#endif
		{"busybox", "busybox-static"},
		{"cpio", "cpio"},
		{"xz", "xz-utils"},
		{"depmod", "kmod"},
	};
	char script[PATH_MAX], exe[PATH_MAX] = "/";
	struct text packages = {0};
	bool kvm = !access("/dev/kvm", R_OK | W_OK);

	(void)doctor;
	for (size_t i = 0; i < sizeof(needed) / sizeof(*needed); i++)
		if (finding_tried(finding, is_in_path(needed[i].program) ? 0 : -ENOENT, "find %s",
				  needed[i].program))
			text_format(&packages, " %s", needed[i].package);
	if (readlink("/proc/self/exe", exe, sizeof(exe) - 1) < 0)
		exe[1] = '\0';
	if (!guest_script(script, exe)) {
		finding_is(finding, MARK_MISSING, "no hotprobe guest: there is no %s", script);
		finding_remedy(finding, "install hotprobe wholly (make install)");
	} else if (packages.length) {
		finding_is(finding, MARK_MISSING, "no hotprobe guest run");
		finding_remedy(finding, "apt-get install%s", text_cstr(&packages));
	} else {
		finding_value(finding, kvm ? "with /dev/kvm" : "emulated, without /dev/kvm");
		finding_is(finding, MARK_OK,
			   "hotprobe guest run: other kernels, with kprobes, without privilege");
	}
	text_free(&packages);
}
