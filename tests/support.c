/* SPDX-License-Identifier: Apache-2.0 */
#include "support.h"

#include <bpf/bpf.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "internal.h"

/* ---- Suites ------------------------------------------------------------------------------------
 */

enum {
	SKIPS_MAX = 256,
	TESTS_MAX = 1024,
};

struct skip {
	int test; /* in the order they run, from 0 */
	char reason[256];
};

/* Tests run in forked children: what they say of being skipped is in shared memory. */
static struct skips {
	int started; /* tests */
	int count;
	struct skip skip[SKIPS_MAX];
} * skips;

/* In the order they run. */
static const char *names[TESTS_MAX];
static int name_count;

/* Tells whoever looks after a machine that may hang, from outside: what comes next is on disk
 * there. */
static void note_progress(const char *path, const char *test)
{
	int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_SYNC | O_CLOEXEC, 0644);
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	if (fd < 0 ||
	    dprintf(fd, "%ld.%03ld %s\n", (long)now.tv_sec, now.tv_nsec / 1000000, test) < 0)
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
	if (fd >= 0)
		close(fd);
}

/* Runs before each test, in its process. */
static void note_start(void)
{
	const char *progress = getenv("HOTPROBE_TEST_PROGRESS");

	if (progress)
		note_progress(progress, names[skips->started % TESTS_MAX]);
	skips->started++;
}

void add_loop_test(Suite *suite, const TTest *test, unsigned seconds, int times)
{
	TCase *tc = tcase_create(test->name);

	for (int i = 0; i < times; i++)
		names[name_count++ % TESTS_MAX] = test->name;
	tcase_add_checked_fixture(tc, note_start, NULL);
	tcase_add_loop_test(tc, test, 0, times);
	tcase_set_timeout(tc, seconds);
	suite_add_tcase(suite, tc);
}

void add_test(Suite *suite, const TTest *test, unsigned seconds)
{
	add_loop_test(suite, test, seconds, 1);
}

void note_skip(const char *format, ...)
{
	struct skip *skip;
	va_list args;

	if (skips->count == SKIPS_MAX)
		return;
	skip = &skips->skip[skips->count++];
	skip->test = skips->started - 1;
	va_start(args, format);
	vsnprintf(skip->reason, sizeof(skip->reason), format, args);
	va_end(args);
}

static const struct skip *find_skip(int test)
{
	for (int i = 0; i < skips->count; i++)
		if (skips->skip[i].test == test)
			return &skips->skip[i];
	return NULL;
}

struct counts {
	int passed, failed, skipped;
};

/* round: of a test that is run several times, from 0. */
static void print_result(TestResult *result, int round, const struct skip *skip,
			 struct counts *counts)
{
	char name[256];

	snprintf(name, sizeof(name), "%s", tr_tcname(result));
	if (round)
		snprintf(name, sizeof(name), "%s [%d]", tr_tcname(result), round);

	if (tr_rtype(result) != CK_PASS) {
		counts->failed++;
		printf("  FAIL  %s\n        %s:%d: %s\n", name, tr_lfile(result), tr_lno(result),
		       tr_msg(result));
	} else if (skip) {
		counts->skipped++;
		printf("  skip  %s: %s\n", name, skip->reason);
	} else {
		counts->passed++;
		printf("  ok    %s\n", name);
	}
}

int run_suite(Suite *suite)
{
	SRunner *runner = srunner_create(suite);
	struct counts counts = {0};
	TestResult **results;
	int count, round = 0;

	skips = mmap(NULL, sizeof(*skips), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		     0);
	if (skips == MAP_FAILED)
		return EXIT_FAILURE;
	/* Who runs it in the background may have had them ignored. */
	signal(SIGINT, SIG_DFL);
	signal(SIGHUP, SIG_DFL);
	srunner_run_all(runner, CK_SILENT);
	results = srunner_results(runner);
	count = srunner_ntests_run(runner);
	for (int i = 0; i < count; i++) {
		bool again = i && !strcmp(tr_tcname(results[i]), tr_tcname(results[i - 1]));

		round = again ? round + 1 : 0;
		print_result(results[i], round, find_skip(i), &counts);
	}
	printf("%s: %d passed, %d failed, %d skipped\n", program_invocation_short_name,
	       counts.passed, counts.failed, counts.skipped);
	free(results);
	srunner_free(runner);
	munmap(skips, sizeof(*skips));
	return counts.failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

const char *no_btf(void)
{
	return access("/sys/kernel/btf/vmlinux", R_OK) ? "this kernel has no BTF" : NULL;
}

static const char *refused(const char *what)
{
	static char reason[128];

	snprintf(reason, sizeof(reason), "%s: %s", what, strerror(errno));
	return reason;
}

const char *no_bpf(void)
{
	const struct bpf_insn insns[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0},
		{.code = BPF_JMP | BPF_EXIT},
	};
	ino_t initial = 0xEFFFFFFC; /* PROC_PID_INIT_INO of the kernel */
	struct stat st;
	int fd;

	if (no_btf())
		return no_btf();
	fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "probe", 4, 4, 1, NULL);
	if (fd < 0)
		return refused("bpf(2) makes no map");
	close(fd);
	fd = bpf_prog_load(BPF_PROG_TYPE_TRACEPOINT, "probe", "GPL", insns, COUNT(insns), NULL);
	if (fd < 0)
		return refused("bpf(2) loads no program");
	close(fd);
	if (!stat("/proc/self/ns/pid", &st) && st.st_ino != initial)
		return "tests trace their own children only, and in a PID namespace the kernel's "
		       "numbers of them are not known";
	return NULL;
}

const char *no_compiler_here(void)
{
	return access("/run/hotprobe-outside", F_OK)
		       ? NULL
		       : "the compiler is on the host, where this test's files are not";
}

const char *no_kprobes(void)
{
	if (access("/sys/bus/event_source/devices/kprobe", F_OK))
		return "this kernel has no kprobes";
	return no_bpf();
}

const char *shared_machine(void)
{
	char *line = access("/proc/cmdline", R_OK) ? NULL : read_file("/proc/cmdline", NULL);
	bool is_guest = line && strstr(line, "hotprobe.guest");

	free(line);
	return is_guest ? no_bpf() : "others have processes on this machine";
}

void claim_function(const char *name)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	ck_assert_int_ge(fd, 0);
	/* A name without a file, which goes with the last process that has it. */
	snprintf(address.sun_path + 1, sizeof(address.sun_path) - 1, "hotprobe-test-%s", name);
	while (bind(fd, (struct sockaddr *)&address, sizeof(address))) {
		ck_assert_int_eq(errno, EADDRINUSE);
		usleep(10000);
	}
}

/* ---- Files -------------------------------------------------------------------------------------
 */

char *format(const char *format, ...)
{
	char *text;
	va_list args;

	va_start(args, format);
	ck_assert_int_ge(vasprintf(&text, format, args), 0);
	va_end(args);
	return text;
}

/* Paths are few and stay: they are kept in a list, so that no leak is reported. */
static const char *keep(char *path)
{
	static struct kept {
		struct kept *next;
		char *path;
	} * all;
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	struct kept *new = malloc(sizeof(*new));

	ck_assert_ptr_nonnull(new);
	pthread_mutex_lock(&lock);
	*new = (struct kept){.next = all, .path = path};
	all = new;
	pthread_mutex_unlock(&lock);
	return path;
}

/* The tests are in BUILD/tests. */
const char *build_path(const char *name)
{
	char exe[4096];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);

	ck_assert_int_gt(n, 0);
	exe[n] = '\0';
	*strrchr(exe, '/') = '\0';
	*strrchr(exe, '/') = '\0';
	return keep(format("%s/%s", exe, name));
}

const char *source_path(const char *name)
{
	return keep(format("%s/%s", SOURCE_DIR, name));
}

char *make_dir(void)
{
	const char *tmp = getenv("TMPDIR");
	char *dir = format("%s/hotprobe-test-XXXXXX", tmp && *tmp ? tmp : "/tmp");

	ck_assert_ptr_nonnull(mkdtemp(dir));
	return dir;
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

void remove_dir(char *dir)
{
	nftw(dir, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
	free(dir);
}

void write_file(const char *path, const void *data, size_t size)
{
	FILE *file = fopen(path, "we");

	ck_assert_msg(file, "%s: %s", path, strerror(errno));
	ck_assert_uint_eq(fwrite(data, 1, size, file), size);
	ck_assert_int_eq(fclose(file), 0);
}

static char *read_fd(int fd, size_t *size)
{
	size_t capacity = 4096, used = 0;
	char *text = malloc(capacity + 1);
	ssize_t n;

	ck_assert_ptr_nonnull(text);
	while ((n = pread(fd, text + used, capacity - used, (off_t)used)) > 0) {
		used += (size_t)n;
		if (used == capacity) {
			text = realloc(text, (capacity *= 2) + 1);
			ck_assert_ptr_nonnull(text);
		}
	}
	text[used] = '\0';
	if (size)
		*size = used;
	return text;
}

char *read_file(const char *path, size_t *size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char *text;

	ck_assert_msg(fd >= 0, "%s: %s", path, strerror(errno));
	text = read_fd(fd, size);
	close(fd);
	return text;
}

/* ---- Processes ---------------------------------------------------------------------------------
 */

static int memory_file(const char *name, const void *data, size_t size)
{
	int fd = memfd_create(name, MFD_CLOEXEC);

	ck_assert_int_ge(fd, 0);
	if (size)
		ck_assert_int_eq(pwrite(fd, data, size, 0), (ssize_t)size);
	return fd;
}

struct process process_start(const char *const argv[], const void *input, size_t input_size)
{
	int in_fd = memory_file("input", input, input_size);
	struct process p = {
		.out_fd = memory_file("output", NULL, 0),
		.err_fd = memory_file("errors", NULL, 0),
	};

	fflush(NULL);
	p.pid = fork();
	ck_assert_int_ge(p.pid, 0);
	if (!p.pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (dup2(in_fd, 0) < 0 || dup2(p.out_fd, 1) < 0 || dup2(p.err_fd, 2) < 0)
			_exit(125);
		execvp(argv[0], (char *const *)argv);
		_exit(125);
	}
	close(in_fd);
	return p;
}

char *process_printed(int fd, size_t *size)
{
	return read_fd(fd, size);
}

struct result process_wait(struct process p)
{
	struct result r = {0};
	int status;

	while (waitpid(p.pid, &status, 0) < 0)
		ck_assert_int_eq(errno, EINTR);
	r.status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	r.out = read_fd(p.out_fd, &r.out_size);
	r.err = read_fd(p.err_fd, NULL);
	close(p.out_fd);
	close(p.err_fd);
	return r;
}

struct result run(const char *const argv[], const void *input, size_t input_size)
{
	return process_wait(process_start(argv, input, input_size));
}

void result_free(struct result *result)
{
	free(result->out);
	free(result->err);
	*result = (struct result){0};
}

/* ---- Peers: bytes over two pipes, one for each piece of work and one when it is done */

enum {
	PEER_IN = 200,
	PEER_OUT,
};

/* Nothing else is kept open: another peer's pipe would never come to its end. */
static void run_peer(int in, int out, void (*work)(void *arg), void *arg)
{
	char byte;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (dup2(in, PEER_IN) < 0 || dup2(out, PEER_OUT) < 0)
		_exit(1);
	close_range(3, PEER_IN - 1, 0);
	close_range(PEER_OUT + 1, ~0U, 0);
	while (read(PEER_IN, &byte, 1) == 1) {
		work(arg);
		if (write(PEER_OUT, &byte, 1) != 1)
			_exit(1);
	}
	_exit(0);
}

struct peer peer_start(void (*work)(void *arg), void *arg)
{
	int to[2], from[2];
	struct peer peer;

	ck_assert_int_eq(pipe2(to, O_CLOEXEC), 0);
	ck_assert_int_eq(pipe2(from, O_CLOEXEC), 0);
	fflush(NULL);
	peer.pid = fork();
	ck_assert_int_ge(peer.pid, 0);
	if (!peer.pid)
		run_peer(to[0], from[1], work, arg);
	close(to[0]);
	close(from[1]);
	peer.to_fd = to[1];
	peer.from_fd = from[0];
	return peer;
}

void peer_work(struct peer *peer)
{
	char byte = 0;

	ck_assert_int_eq(write(peer->to_fd, &byte, 1), 1);
	ck_assert_int_eq(read(peer->from_fd, &byte, 1), 1);
}

void peer_rest(const struct peer *peer)
{
	char *path = format("/proc/%d/stat", peer->pid), state;

	do {
		char *stat = read_file(path, NULL);

		usleep(1000);
		ck_assert_int_eq(sscanf(strrchr(stat, ')'), ") %c", &state), 1);
		free(stat);
	} while (state != 'S');
	free(path);
}

void peer_end(struct peer *peer)
{
	close(peer->to_fd);
	close(peer->from_fd);
	waitpid(peer->pid, NULL, 0);
}

/* ---- Handles -----------------------------------------------------------------------------------
 */

struct hotprobe *new_handle(const struct hotprobe_opts *opts)
{
	struct hotprobe_opts with = opts ? *opts : (struct hotprobe_opts){0};
	struct hotprobe *hp;

	with.sz = sizeof(with);
	if (!with.compiler)
		with.compiler = build_path("hotprobe-cc");
	if (!with.cache_dir)
		with.no_cache = true;
	hp = hotprobe_new(&with);
	ck_assert_ptr_nonnull(hp);
	return hp;
}

int check_hp(struct hotprobe *hp, int err, const char *file, int line, const char *what)
{
	char text[2048] = "";
	size_t used = 0;

	if (err >= 0)
		return err;
	for (size_t i = 0; i < hotprobe_diagnostic_count(hp) && used < sizeof(text); i++) {
		const struct hotprobe_diagnostic *d = hotprobe_diagnostic_at(hp, i);

		used += (size_t)snprintf(text + used, sizeof(text) - used, "\n%s:%u:%u: %s",
					 d->file, d->line, d->column, d->text);
	}
	ck_abort_msg("%s:%d: %s is %d (%s): %s%s", file, line, what, err, strerror(-err),
		     hotprobe_error(hp), text);
	return err;
}

/* A handle with the options of hp. */
static struct hotprobe *like(const struct hotprobe *hp)
{
	const char **flags = calloc(hp->cflags.count + 1, sizeof(*flags));
	struct hotprobe_opts opts = hp->opts;
	struct hotprobe *other;

	ck_assert_ptr_nonnull(flags);
	for (size_t i = 0; i < hp->cflags.count; i++)
		flags[i] = hp->cflags.at[i];
	opts.cflags = flags;
	opts.errbuf = NULL;
	other = hotprobe_new(&opts);
	ck_assert_ptr_nonnull(other);
	free(flags);
	return other;
}

/* text NULL: it is a file's. */
static int open_source(struct hotprobe *hp, const char *name, const char *text)
{
	return text ? hotprobe_open_string(hp, name, text, strlen(text))
		    : hotprobe_open_file(hp, name);
}

/* Another handle compiles it and saves it; for this one there is no compiler. */
static int open_saved(struct hotprobe *hp, const char *name, const char *text)
{
	char *dir = make_dir(), *path = format("%s/image.hpo", dir);
	struct hotprobe *other = like(hp);
	int err = open_source(other, name, text);

	if (err) {
		err = open_source(hp, name, text);
	} else {
		ck_hp(other, hotprobe_save(other, path));
		free((char *)hp->opts.compiler);
		hp->opts.compiler = strdup("/nonexistent/hotprobe-cc");
		err = hotprobe_open_file(hp, path);
	}
	hotprobe_free(other);
	free(path);
	remove_dir(dir);
	return err;
}

static void open_either_way(struct hotprobe *hp, const char *name, const char *text)
{
	ck_hp(hp, getenv("HOTPROBE_TEST_IMAGES") ? open_saved(hp, name, text)
						 : open_source(hp, name, text));
}

void open_program(struct hotprobe *hp, const char *path)
{
	open_either_way(hp, source_path(path), NULL);
}

void open_text(struct hotprobe *hp, const char *text)
{
	open_either_way(hp, "text.c", text);
}

void load_program(struct hotprobe *hp)
{
	ck_hp(hp, hotprobe_load(hp));
}

const struct hotprobe_diagnostic *find_diagnostic(const struct hotprobe *hp,
						  enum hotprobe_severity severity)
{
	for (size_t i = 0; i < hotprobe_diagnostic_count(hp); i++)
		if (hotprobe_diagnostic_at(hp, i)->severity == severity)
			return hotprobe_diagnostic_at(hp, i);
	return NULL;
}

size_t count_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	size_t count = 0;

	ck_assert_ptr_nonnull(dir);
	while (readdir(dir))
		count++;
	closedir(dir);
	return count - 3; /* ".", "..", the directory itself */
}

void poll_until(struct hotprobe *hp, bool (*done)(void *arg), void *arg, int seconds)
{
	time_t end = time(NULL) + seconds;

	while (!done(arg)) {
		int n = hotprobe_poll(hp, 100);

		if (n != -EINTR)
			ck_hp(hp, n);
		ck_assert_msg(time(NULL) <= end, "the expected events did not come");
	}
}

int run_command(struct hotprobe *hp, const char *const argv[])
{
	struct pollfd fds[2] = {{.events = POLLIN}, {.events = POLLIN}};
	int status = -1;

	ck_hp(hp, hotprobe_command_start(hp, argv, NULL));
	ck_hp(hp, hotprobe_attach(hp));
	ck_hp(hp, hotprobe_command_release(hp));
	fds[0].fd = hotprobe_fd(hp);
	fds[1].fd = hotprobe_command_fd(hp);
	while (!fds[1].revents) {
		ck_assert(poll(fds, 2, -1) > 0 || errno == EINTR);
		ck_hp(hp, hotprobe_consume(hp));
	}
	while (ck_hp(hp, hotprobe_consume(hp)))
		;
	ck_assert_int_eq(hotprobe_command_status(hp, &status), 1);
	return status;
}
