/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A host that is killed, at whatever it is about, leaves nothing: no BPF object, no process, no
 * file; and what it traced goes on. HOTPROBE_TEST_KILLS says how often, by default twice at each
 * stage.
 */
#include "soak/producer.h"
#include "support.h"
#include "unheld.h"
#include "victim.h"

#include <bpf/bpf.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
	PATIENCE_S = 30,
	HEX_KEY = 64, /* digits of a cache entry's name */
	KILLED_STAGES = STAGES - STAGE_NONE - 1,
};

struct scene {
	char *dir, *tmp, *cache, *stage_file, *control_file;
	_Atomic uint32_t *stage;
	struct control *control;
	struct unheld before;
};

static void *map_new_file(const char *path, size_t size)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	void *memory;

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(ftruncate(fd, (off_t)size), 0);
	memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	ck_assert_ptr_ne(memory, MAP_FAILED);
	close(fd);
	return memory;
}

static void set_up(struct scene *scene)
{
	scene->dir = make_dir();
	scene->tmp = format("%s/tmp", scene->dir);
	scene->cache = format("%s/cache", scene->dir);
	scene->stage_file = format("%s/stage", scene->dir);
	scene->control_file = format("%s/control", scene->dir);
	ck_assert_int_eq(mkdir(scene->tmp, 0700), 0);
	ck_assert_int_eq(setenv("TMPDIR", scene->tmp, 1), 0);
	scene->stage = map_new_file(scene->stage_file, sizeof(*scene->stage));
	scene->control = map_new_file(scene->control_file, sizeof(*scene->control));
	atomic_store(&scene->control->order, 1); /* to work */
	/* What the victim leaves behind becomes this process's. */
	ck_assert_int_eq(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
	unheld_find(&scene->before);
}

static void tear_down(struct scene *scene)
{
	unheld_free(&scene->before);
	munmap(scene->control, sizeof(*scene->control));
	munmap((void *)scene->stage, sizeof(*scene->stage));
	free(scene->control_file);
	free(scene->stage_file);
	free(scene->cache);
	free(scene->tmp);
	remove_dir(scene->dir);
}

/* ---- The killing ---------------------------------------------------------------------------- */

static struct process start_victim(const struct scene *scene)
{
	const char *const argv[] = {build_path("tests/victim"),
				    scene->stage_file,
				    build_path("hotprobe-cc"),
				    scene->cache,
				    build_path("tests/soak/producer"),
				    scene->control_file,
				    NULL};

	atomic_store(scene->stage, STAGE_NONE);
	return process_start(argv, NULL, 0);
}

/* A compile takes some fifty milliseconds, the rest a few. */
static useconds_t a_moment_in(enum stage stage)
{
	return (useconds_t)(random() % (stage == STAGE_COMPILE ? 80000 : 4000));
}

static void kill_victim_at(const struct scene *scene, enum stage stage)
{
	struct process victim = start_victim(scene);
	time_t end = time(NULL) + PATIENCE_S;
	struct result result;

	while (atomic_load(scene->stage) != stage) {
		ck_assert_msg(!waitpid(victim.pid, NULL, WNOHANG) && time(NULL) <= end,
			      "the victim did not come to stage %d: %s", stage,
			      process_printed(victim.err_fd, NULL));
		usleep(20);
	}
	usleep(a_moment_in(stage));
	kill(victim.pid, SIGKILL);
	result = process_wait(victim);
	ck_assert_msg(result.status == 128 + SIGKILL, "the victim ended by itself: %s", result.err);
	result_free(&result);
}

/* ---- What is left --------------------------------------------------------------------------- */

/* The children of this process, reaped if they have ended. Returns how many live; *pid is one. */
static int children(pid_t *pid)
{
	char *path = format("/proc/self/task/%d/children", (int)getpid()), *text, *at, *end;
	int count = 0;

	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
	text = read_file(path, NULL);
	for (at = text;; at = end) {
		long child = strtol(at, &end, 10);

		if (end == at)
			break;
		*pid = (pid_t)child;
		count++;
	}
	free(text);
	free(path);
	return count;
}

static bool runs(pid_t pid, const char *program)
{
	char *path = format("/proc/%d/exe", (int)pid), exe[4096];
	ssize_t n = readlink(path, exe, sizeof(exe) - 1);

	free(path);
	exe[n < 0 ? 0 : n] = '\0';
	return !strcmp(exe, program);
}

static uint64_t calls(const struct scene *scene)
{
	return atomic_load(&scene->control->producer[0].calls);
}

/* The worker ends, and a command that was not let go yet; one that was runs on, unless the victim
   was about to end it itself. */
static void expect_no_child_but_the_command(const struct scene *scene, enum stage stage)
{
	time_t end = time(NULL) + PATIENCE_S;
	pid_t pid = 0;
	uint64_t before;
	int count;

	while ((count = children(&pid)) > 1 ||
	       (count && !runs(pid, build_path("tests/soak/producer")))) {
		ck_assert_msg(time(NULL) <= end, "%d processes are left, such as %d", count,
			      (int)pid);
		usleep(2000);
	}
	if (!count)
		return;
	before = calls(scene);
	while (calls(scene) == before) {
		if (stage >= STAGE_DETACH && waitpid(pid, NULL, WNOHANG) == pid)
			return;
		ck_assert_msg(time(NULL) <= end, "the command does not go on");
		usleep(2000);
	}
	kill(pid, SIGKILL);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
}

static void expect_only_entries(const char *dir, bool keys)
{
	DIR *open = opendir(dir);
	struct dirent *entry;

	while (open && (entry = readdir(open))) {
		const char *name = entry->d_name;
		bool key = strlen(name) == HEX_KEY && strspn(name, "0123456789abcdef") == HEX_KEY;

		ck_assert_msg(*name == '.' || (keys && key), "%s/%s is left", dir, name);
	}
	if (open)
		closedir(open);
}

static void expect_nothing_left(const struct scene *scene, enum stage stage)
{
	const char *left;

	expect_no_child_but_the_command(scene, stage);
	left = unheld_since(&scene->before, PATIENCE_S);
	ck_assert_msg(!left, "%s is left", left);
	expect_only_entries(scene->tmp, false);
	expect_only_entries(scene->cache, true);
}

START_TEST(a_killed_host_leaves_nothing_and_its_command_runs)
{
	const char *times = getenv("HOTPROBE_TEST_KILLS");
	enum stage stage = (enum stage)(STAGE_NONE + 1 + _i);
	struct scene scene;

	NEED(no_bpf());
	srandom((unsigned)time(NULL) ^ (unsigned)getpid());
	set_up(&scene);
	for (int i = times ? atoi(times) / KILLED_STAGES + 1 : 2; i > 0; i--) {
		kill_victim_at(&scene, stage);
		expect_nothing_left(&scene, stage);
	}
	tear_down(&scene);
}
END_TEST

/* A map that a program alone holds, so that the others can fail. */
START_TEST(an_object_that_no_descriptor_stands_for_is_found)
{
	struct bpf_insn insns[] = {
		{.code = BPF_LD | BPF_IMM | BPF_DW,
		 .dst_reg = BPF_REG_1,
		 .src_reg = BPF_PSEUDO_MAP_FD},
		{0},
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0},
		{.code = BPF_JMP | BPF_EXIT},
	};
	struct unheld before;
	int map, program;

	NEED(no_bpf());
	unheld_find(&before);
	map = bpf_map_create(BPF_MAP_TYPE_ARRAY, "unheld", 4, 4, 1, NULL);
	ck_assert_int_ge(map, 0);
	insns[0].imm = map;
	program = bpf_prog_load(BPF_PROG_TYPE_SOCKET_FILTER, "unheld", "GPL", insns, COUNT(insns),
				NULL);
	ck_assert_int_ge(program, 0);
	ck_assert_ptr_null(unheld_since(&before, PATIENCE_S));
	close(map);
	ck_assert_ptr_nonnull(unheld_since(&before, 0));
	close(program);
	ck_assert_ptr_null(unheld_since(&before, PATIENCE_S));
	unheld_free(&before);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("killed");

	add_test(suite, an_object_that_no_descriptor_stands_for_is_found, 60);
	add_loop_test(suite, a_killed_host_leaves_nothing_and_its_command_runs, 1200,
		      KILLED_STAGES);
	return run_suite(suite);
}
