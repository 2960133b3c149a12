/* SPDX-License-Identifier: Apache-2.0 */
/* hotprobe's own parts, and its work from a source to an event. */
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "doctor.h"
#include "doctor_privileges.h"
#include "guest.h"

enum {
	COMPILE_MS = 10000,
	EVENT_MS = 2000,
	NUMBER = 0x2f6b7a11, /* what doctor's own child asks the kernel about: no process */
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

/* Reads until the end, or for so long. Returns whether the end came. */
static bool read_all(int fd, char *text, size_t size, int timeout_ms)
{
	size_t used = 0;
	ssize_t n = 1;

	while (used < size - 1 && n > 0) {
		if (poll(&(struct pollfd){.fd = fd, .events = POLLIN}, 1, timeout_ms) <= 0)
			break;
		n = read(fd, text + used, size - 1 - used);
		used += n > 0 ? (size_t)n : 0;
	}
	text[used] = '\0';
	return n <= 0;
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
	ended = pid > 0 && read_all(ends[0], text, size, COMPILE_MS);
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

	(void)doctor;
	if (err >= 0)
		err = ask_version(path, text, sizeof(text));
	finding_tried(finding, err, "%s --version", path);
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

/* What the library says of its last failure. */
static void library_failed(const struct doctor *doctor, struct finding *finding,
			   struct hotprobe *hp, int err)
{
	const char *hint = "", *message = hotprobe_error(hp);

	for (size_t i = 0; i < hotprobe_diagnostic_count(hp); i++) {
		const struct hotprobe_diagnostic *diagnostic = hotprobe_diagnostic_at(hp, i);

		if (diagnostic->severity != HOTPROBE_ERROR)
			continue;
		/* Without its place in the source, which no one sees. */
		message = diagnostic->text;
		hint = diagnostic->hint;
	}
	if (err == -EPERM && TRACING_CAPABILITIES & ~doctor->capabilities) {
		finding_refused(doctor, finding, err, TRACING_CAPABILITIES, "", NULL);
		return;
	}
	finding_is(finding, MARK_MISSING, "%s", *message ? message : strerror(-err));
	finding_remedy(finding, "%s", hint);
}

static const char source[] = "#include <uapi/linux/ptrace.h>\n"
			     "struct event { u32 number; };\n"
			     "BPF_PERF_OUTPUT(events);\n"
			     "int syscall__sched_rr_get_interval(struct pt_regs *ctx, int number)\n"
			     "{\n"
			     "	struct event event = {.number = number};\n"
			     "	events.perf_submit(ctx, &event, sizeof(event));\n"
			     "	return 0;\n"
			     "}\n"
			     "int on_function(struct pt_regs *ctx)\n"
			     "{\n"
			     "	return 0;\n"
			     "}\n";

void check_compile(struct doctor *doctor, struct finding *finding)
{
	const struct hotprobe_opts opts = {
		.sz = sizeof(opts),
		.confine = true,
		.no_cache = true,
		.compile_timeout_ms = COMPILE_MS,
	};
	struct hotprobe *hp = hotprobe_new(&opts);
	int err = hp ? hotprobe_open_string(hp, "doctor.c", source, strlen(source)) : -ENOMEM;

	finding_tried(finding, err, "compile a small program");
	if (!hp) {
		finding_refused(doctor, finding, err, 0, "", NULL);
		return;
	}
	if (!err) {
		doctor->hp = hp;
		finding_is(finding, MARK_OK, "a small program was compiled");
		return;
	}
	library_failed(doctor, finding, hp, err);
	hotprobe_free(hp);
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
		finding_remedy(finding, "let XDG_CACHE_HOME name a directory of this user's");
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
	const char *path = getenv("PATH");
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

/* ---- Tracing ------------------------------------------------------------------------------
 */

static const char *backend_name(enum hotprobe_backend backend)
{
	switch (backend) {
	case HOTPROBE_BACKEND_FENTRY:
		return "fentry";
	case HOTPROBE_BACKEND_KPROBE:
		return "kprobe";
	case HOTPROBE_BACKEND_TRACEPOINT:
		return "tracepoint";
	case HOTPROBE_BACKEND_AUTO:
		break;
	}
	return "none";
}

/* Nothing follows without a program. Returns whether there is none. */
static bool no_program(const struct doctor *doctor, struct finding *finding)
{
	if (doctor->hp)
		return false;
	finding_is(finding, MARK_MISSING, "not tried: no program was compiled");
	return true;
}

static void forget_program(struct doctor *doctor)
{
	hotprobe_free(doctor->hp);
	doctor->hp = NULL;
}

void check_syscall_backend(struct doctor *doctor, struct finding *finding)
{
	const struct hotprobe_link *link;
	int err;

	if (no_program(doctor, finding))
		return;
	err = finding_tried(finding, hotprobe_load(doctor->hp), "load the program");
	if (!err) {
		err = hotprobe_attach(doctor->hp);
		finding_tried(finding, err < 0 ? err : 0, "attach it to a system call");
	}
	link = err > 0 ? hotprobe_link_at(doctor->hp, 0) : NULL;
	if (link) {
		finding_value(finding, "%s", backend_name(hotprobe_link_backend(link)));
		finding_is(finding, MARK_OK, "what syscall__ functions get: %s",
			   hotprobe_link_attached_to(link));
		return;
	}
	library_failed(doctor, finding, doctor->hp, err);
	forget_program(doctor);
}

void check_function_backend(struct doctor *doctor, struct finding *finding)
{
	struct hotprobe_link *link = NULL;
	int err;

	if (!doctor->hp) {
		finding_is(finding, MARK_MISSING, "not tried: no program was loaded");
		return;
	}
	err = hotprobe_attach_spec(doctor->hp, "on_function", "kprobe:unshare_nsproxy_namespaces",
				   &link);
	finding_tried(finding, err, "attach it to a function of the kernel");
	if (err) {
		library_failed(doctor, finding, doctor->hp, err);
		return;
	}
	finding_value(finding, "%s", backend_name(hotprobe_link_backend(link)));
	finding_is(finding, MARK_OK,
		   "what kprobe__ functions get, if they read no more than "
		   "arguments");
	hotprobe_link_detach(link);
}

/* A child that makes the system call once a byte comes, and ends. */
static pid_t start_child(int *to_fd)
{
	struct timespec interval;
	int ends[2];
	pid_t pid;
	char byte;

	if (pipe2(ends, O_CLOEXEC))
		return -1;
	pid = fork();
	if (!pid) {
		close(ends[1]);
		if (read(ends[0], &byte, 1) == 1)
			syscall(SYS_sched_rr_get_interval, NUMBER, &interval);
		_exit(0);
	}
	close(ends[0]);
	if (pid < 0)
		close(ends[1]);
	else
		*to_fd = ends[1];
	return pid;
}

static void end_child(pid_t pid, int to_fd)
{
	close(to_fd);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}

static void see_event(void *ctx, int cpu, const void *data, size_t size)
{
	bool *came = ctx;

	(void)cpu;
	*came = *came || (size >= 4 && *(const uint32_t *)data == NUMBER);
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}

/* Returns 0 if the child's event came, or a negative errno. */
static int trace_child(struct hotprobe *hp, pid_t pid, int to_fd)
{
	int64_t end = now_ms() + EVENT_MS, left;
	bool came = false;
	int err = hotprobe_on_event(hp, "events", see_event, NULL, &came);

	if (!err)
		err = hotprobe_trace_pid(hp, pid);
	if (!err && write(to_fd, "", 1) != 1)
		err = -errno;
	while (!err && !came && (left = end - now_ms()) > 0) {
		int n = hotprobe_poll(hp, (int)left);

		err = n < 0 && n != -EINTR ? n : 0;
	}
	return !err && !came ? -ENODATA : err;
}

void check_trace(struct doctor *doctor, struct finding *finding)
{
	int to_fd = -1, err;
	pid_t pid;

	if (!doctor->hp) {
		finding_is(finding, MARK_MISSING,
			   "hotprobe cannot trace commands here: see what is missing above");
		return;
	}
	pid = start_child(&to_fd);
	err = pid < 0 ? -errno : trace_child(doctor->hp, pid, to_fd);
	finding_tried(finding, err, "have the event of a system call of a child");
	if (pid > 0)
		end_child(pid, to_fd);
	doctor->works = !err;
	if (!err)
		finding_is(finding, MARK_OK,
			   "hotprobe traces commands here: a program was compiled, loaded and "
			   "attached, and its event came");
	else if (err == -ENODATA)
		finding_is(finding, MARK_MISSING,
			   "a program was attached to a system call, but no event came");
	else
		library_failed(doctor, finding, doctor->hp, err);
	forget_program(doctor);
}
