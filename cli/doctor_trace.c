/* SPDX-License-Identifier: Apache-2.0 */
/* hotprobe's work, from a source to an event: on a child of doctor's own. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "doctor.h"
#include "doctor_privileges.h"
#include "doctor_try.h"

enum {
	COMPILE_MS = 30000, /* an emulated processor may take a third of it */
	EVENT_MS = 2000,
	NUMBER = 0x2f6b7a11, /* what the child asks the kernel about: no process */
};

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
	struct hotprobe *hp;
	int err;

	if (!doctor->has_compiler) {
		finding_is(finding, MARK_MISSING, "not tried: there is no compiler");
		return;
	}
	hp = hotprobe_new(&opts);
	err = hp ? hotprobe_open_string(hp, "doctor.c", source, strlen(source)) : -ENOMEM;

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
	enum hotprobe_backend backend;
	int err;

	if (!doctor->hp) {
		finding_is(finding, MARK_MISSING, "not tried: no program was loaded");
		return;
	}
	err = hotprobe_attach_spec(doctor->hp, "on_function", "kprobe:unshare_nsproxy_namespaces",
				   &link);
	finding_tried(finding, err, "attach it to a function of the kernel");
	if (err == -EOPNOTSUPP) {
		finding_is(finding, MARK_MISSING,
			   "kprobe__ functions on anything but system calls cannot be attached");
		finding_remedy(finding, "see kprobe and fentry");
		return;
	}
	if (err) {
		library_failed(doctor, finding, doctor->hp, err);
		return;
	}
	backend = hotprobe_link_backend(link);
	finding_value(finding, "%s", backend_name(backend));
	finding_is(finding, MARK_OK, "what kprobe__ functions get%s",
		   backend == HOTPROBE_BACKEND_FENTRY ? " that read no more than arguments" : "");
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
