/* SPDX-License-Identifier: Apache-2.0 */
#include "victim.h"

#include <err.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "hotprobe.h"

enum { ROUNDS = 1000 };

/* Of every way in which a probe is held: perf events of tracepoints, breakpoints in a file,
   samples, BPF links; with tables, stacks and messages. */
static const char source[] =
	"struct event { u32 pid; int stack; u64 number; };\n"
	"BPF_PERF_OUTPUT(events);\n"
	"BPF_HASH(victim_calls, u32, u64);\n"
	"BPF_STACK_TRACE(victim_stacks, 1024);\n"
	"TRACEPOINT_PROBE(syscalls, sys_enter_getppid)\n"
	"{\n"
	"	struct event e = {.pid = bpf_get_current_pid_tgid() >> 32};\n"
	"	u64 zero = 0, *n = victim_calls.lookup_or_try_init(&e.pid, &zero);\n"
	"	if (n)\n"
	"		e.number = ++*n;\n"
	"	e.stack = victim_stacks.get_stackid(args, BPF_F_USER_STACK);\n"
	"	events.perf_submit(args, &e, sizeof(e));\n"
	"	return 0;\n"
	"}\n"
	"int syscall_ret__getppid(struct pt_regs *ctx) { return 0; }\n"
	"RAW_TRACEPOINT_PROBE(sys_enter) { return 0; }\n"
	"HOTPROBE(\"uprobe:c:usleep\")\n"
	"int victim_usleep(struct pt_regs *ctx)\n"
	"{\n"
	"	bpf_trace_printk(\"usleep\\n\");\n"
	"	return 0;\n"
	"}\n"
	"HOTPROBE(\"uretprobe:c:usleep\")\n"
	"int victim_usleep_ret(struct pt_regs *ctx) { return 0; }\n"
	"HOTPROBE(\"perf_event:cpu-clock:freq=99\")\n"
	"int victim_sample(struct bpf_perf_event_data *ctx) { return 0; }\n"
	"BPF_ITER(task) { return 0; }\n";

static _Atomic uint32_t *stage;

static void is_about_to(enum stage next)
{
	atomic_store(stage, next);
}

static void must(struct hotprobe *hp, int status)
{
	if (status < 0)
		errx(1, "%s", hotprobe_error(hp));
}

static void ignore(void *ctx, int cpu, const void *data, size_t size)
{
	(void)ctx;
	(void)cpu;
	(void)data;
	(void)size;
}

static struct hotprobe *open_program(const struct hotprobe_opts *opts)
{
	struct hotprobe *hp = hotprobe_new(opts);

	if (!hp)
		err(1, "hotprobe_new");
	must(hp, hotprobe_open_string(hp, "victim.c", source, strlen(source)));
	return hp;
}

/* Another takes its place, as after an edit. */
static struct hotprobe *succeed(const struct hotprobe_opts *opts, struct hotprobe *old)
{
	struct hotprobe *hp;

	is_about_to(STAGE_LOAD_SUCCESSOR);
	hp = open_program(opts);
	must(hp, hotprobe_inherit(hp, old));
	must(hp, hotprobe_load(hp));
	must(hp, hotprobe_on_event(hp, "events", ignore, NULL, NULL));
	is_about_to(STAGE_SUCCEED);
	must(hp, hotprobe_attach(hp));
	hotprobe_free(old);
	return hp;
}

static void live(const struct hotprobe_opts *opts, const char *const command[])
{
	struct hotprobe *hp;

	is_about_to(opts->no_cache ? STAGE_COMPILE : STAGE_OPEN_CACHED);
	hp = open_program(opts);
	is_about_to(STAGE_LOAD);
	must(hp, hotprobe_load(hp));
	must(hp, hotprobe_on_event(hp, "events", ignore, NULL, NULL));
	is_about_to(STAGE_START_COMMAND);
	must(hp, hotprobe_command_start(hp, command, NULL));
	is_about_to(STAGE_ATTACH);
	must(hp, hotprobe_attach(hp));
	is_about_to(STAGE_RELEASE);
	must(hp, hotprobe_command_release(hp));
	is_about_to(STAGE_RUN);
	for (int i = 0; i < 5; i++)
		hotprobe_poll(hp, 1);
	if (opts->replaceable)
		hp = succeed(opts, hp);
	is_about_to(STAGE_DETACH);
	hotprobe_detach(hp);
	kill(hotprobe_command_pid(hp), SIGKILL);
	is_about_to(STAGE_FREE);
	hotprobe_free(hp);
}

int main(int argc, char **argv)
{
	struct hotprobe_opts opts = {.sz = sizeof(opts), .confine = true};
	const char *command[] = {NULL, NULL, "1", "-1", NULL};
	int fd;

	if (argc != 6)
		errx(2, "usage: victim FILE WORKER CACHE PRODUCER CONTROL");
	fd = open(argv[1], O_RDWR | O_CLOEXEC);
	stage = mmap(NULL, sizeof(*stage), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (fd < 0 || stage == MAP_FAILED)
		err(1, "%s", argv[1]);
	opts.compiler = argv[2];
	opts.cache_dir = argv[3];
	command[0] = argv[4];
	command[1] = argv[5];
	for (int i = 0; i < ROUNDS; i++) {
		opts.no_cache = i % 2 == 0;
		opts.replaceable = i % 4 < 2;
		live(&opts, command);
	}
	return 0;
}
