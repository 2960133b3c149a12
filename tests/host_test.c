/* SPDX-License-Identifier: Apache-2.0 */
/* A host of the library stays as it was: its directory, environment, signals, children, standard
   streams, descriptors and the libraries it has mapped. */
#include "support.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static const char program[] = "#include <uapi/linux/ptrace.h>\n"
			      "BPF_HASH(calls, u32, u64);\n"
			      "BPF_PERF_OUTPUT(events);\n"
			      "int syscall__getpgid(struct pt_regs *ctx)\n"
			      "{\n"
			      "	u32 pid = bpf_get_current_pid_tgid() >> 32;\n"
			      "\n"
			      "	calls.increment(pid);\n"
			      "	events.perf_submit(ctx, &pid, sizeof(pid));\n"
			      "	return 0;\n"
			      "}\n";

static void count_event(void *ctx, int cpu, const void *data, size_t size)
{
	(void)cpu;
	(void)data;
	(void)size;
	++*(int *)ctx;
}

static void call_getpgid(void *unused)
{
	(void)unused;
	syscall(SYS_getpgid, 0);
}

/* All that a host does, once. */
static void trace_once(const struct hotprobe_opts *opts)
{
	struct hotprobe *hp = new_handle(opts);
	struct peer peer = peer_start(call_getpgid, NULL);
	int count = 0;

	open_text(hp, program);
	load_program(hp);
	ck_hp(hp, hotprobe_on_event(hp, "events", count_event, NULL, &count));
	ck_hp(hp, hotprobe_trace_pid(hp, peer.pid));
	ck_assert_int_eq(ck_hp(hp, hotprobe_attach(hp)), 1);
	peer_work(&peer);
	while (ck_hp(hp, hotprobe_consume(hp)))
		;
	ck_assert_int_eq(count, 1);
	peer_end(&peer);
	hotprobe_free(hp);
}

static const struct hotprobe_opts confined = {.confine = true};

static char *environment(void)
{
	extern char **environ;
	char *text = strdup("");

	for (char **e = environ; *e; e++) {
		char *longer = format("%s%s\n", text, *e);

		free(text);
		text = longer;
	}
	return text;
}

START_TEST(directory_and_environment_stay)
{
	NEED(no_bpf());

	char *before, *after, before_dir[4096], after_dir[4096];
	mode_t mask;

	before = environment();
	ck_assert_ptr_nonnull(getcwd(before_dir, sizeof(before_dir)));
	mask = umask(027);
	trace_once(&confined);
	ck_assert_int_eq(umask(mask), 027);
	ck_assert_ptr_nonnull(getcwd(after_dir, sizeof(after_dir)));
	ck_assert_str_eq(before_dir, after_dir);
	after = environment();
	ck_assert_str_eq(before, after);
	free(before);
	free(after);
}
END_TEST

static volatile sig_atomic_t signals;

static void count_signal(int number)
{
	(void)number;
	signals++;
}

/* Without a peer, whose end would be a SIGCHLD of its own. */
static void load_and_free(void)
{
	struct hotprobe *hp = new_handle(&confined);

	open_text(hp, program);
	load_program(hp);
	ck_hp(hp, hotprobe_attach(hp));
	hotprobe_free(hp);
}

START_TEST(signals_and_children_stay)
{
	NEED(no_bpf());

	struct sigaction before[NSIG], after;
	sigset_t mask_before, mask_after;

	for (int i = 1; i < NSIG; i++)
		if (i != SIGKILL && i != SIGSTOP && i != SIGALRM)
			signal(i, count_signal);
	for (int i = 1; i < NSIG; i++)
		sigaction(i, NULL, &before[i]);
	sigprocmask(SIG_SETMASK, NULL, &mask_before);
	load_and_free();
	ck_assert_int_eq(signals, 0);
	for (int i = 1; i < NSIG; i++)
		if (!sigaction(i, NULL, &after))
			ck_assert_ptr_eq(before[i].sa_handler, after.sa_handler);
	sigprocmask(SIG_SETMASK, NULL, &mask_after);
	for (int i = 1; i < NSIG; i++)
		ck_assert_int_eq(sigismember(&mask_before, i), sigismember(&mask_after, i));
	ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
	ck_assert_int_eq(errno, ECHILD);
}
END_TEST

START_TEST(a_host_may_ignore_sigchld)
{
	NEED(no_bpf());

	signal(SIGCHLD, SIG_IGN);
	load_and_free();
	ck_assert_ptr_eq(signal(SIGCHLD, SIG_DFL), SIG_IGN);
}
END_TEST

START_TEST(standard_streams_stay_silent_and_open)
{
	NEED(no_bpf());

	int saved[3], fds[3];
	struct stat st;

	fflush(NULL);
	for (int i = 0; i < 3; i++) {
		saved[i] = fcntl(i, F_DUPFD_CLOEXEC, 10);
		fds[i] = memfd_create("stream", MFD_CLOEXEC);
		ck_assert_int_eq(dup2(fds[i], i), i);
	}
	trace_once(&confined);
	fflush(NULL);
	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(fstat(i, &st), 0);
		ck_assert_int_eq(st.st_size, 0);
		ck_assert_int_eq(lseek(i, 0, SEEK_CUR), 0);
		if (saved[i] >= 0)
			dup2(saved[i], i);
	}
}
END_TEST

START_TEST(no_compiler_is_mapped)
{
	NEED(no_bpf());

	char *maps;

	trace_once(&confined);
	maps = read_file("/proc/self/maps", NULL);
	ck_assert_ptr_nonnull(strstr(maps, "libbpf"));
	ck_assert_ptr_null(strstr(maps, "LLVM"));
	ck_assert_ptr_null(strstr(maps, "libclang"));
	ck_assert_ptr_null(strstr(maps, "libbcc"));
	free(maps);
}
END_TEST

static size_t resident_kb(void)
{
	char *status = read_file("/proc/self/status", NULL);
	const char *line = strstr(status, "\nVmRSS:");
	size_t kb;

	ck_assert_ptr_nonnull(line);
	kb = strtoul(line + 7, NULL, 10);
	free(status);
	return kb;
}

/* AddressSanitizer and valgrind keep freed memory for a while. */
static bool memory_is_watched(void)
{
#ifdef __SANITIZE_ADDRESS__
	return true;
#else
	const char *preloaded = getenv("LD_PRELOAD");

	return preloaded && strstr(preloaded, "vgpreload");
#endif
}

/* The first is compiled, the others are taken from the cache; each is loaded and attached. The
   limit of memory is generous: what matters is what nobody frees, each time. */
START_TEST(two_hundred_cycles_leave_no_descriptor_and_no_memory)
{
	NEED(no_bpf());

	struct hotprobe_opts opts = {.confine = true};
	char *dir = make_dir();
	size_t fds = 0, kb = 0;

	opts.cache_dir = dir;
	for (int i = 0; i < 200; i++) {
		trace_once(&opts);
		if (!i)
			fds = count_fds();
		if (i == 20)
			kb = resident_kb();
		ck_assert_uint_eq(count_fds(), fds);
	}
	if (!memory_is_watched())
		ck_assert_uint_lt(resident_kb(), kb + 2048);
	remove_dir(dir);
}
END_TEST

START_TEST(twenty_compiles_leave_no_descriptor)
{
	NEED(no_bpf());

	size_t before;

	before = count_fds();
	for (int i = 0; i < 20; i++)
		trace_once(&confined);
	ck_assert_uint_eq(count_fds(), before);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("host");

	add_test(suite, directory_and_environment_stay, 30);
	add_test(suite, signals_and_children_stay, 30);
	add_test(suite, a_host_may_ignore_sigchld, 30);
	add_test(suite, standard_streams_stay_silent_and_open, 30);
	add_test(suite, no_compiler_is_mapped, 30);
	add_test(suite, two_hundred_cycles_leave_no_descriptor_and_no_memory, 180);
	add_test(suite, twenty_compiles_leave_no_descriptor, 60);
	return run_suite(suite);
}
