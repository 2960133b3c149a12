/* SPDX-License-Identifier: Apache-2.0 */
#include "scenarios.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hotprobe.h"

enum { CALLS = 5 };

struct life {
	const struct stage_set *set;
	struct outcome *outcome;
	struct hotprobe *hp;
	uint64_t events, sum, messages;
};

/* ---- What went wrong ------------------------------------------------------------------------ */

static bool went_well(struct life *life, const char *call, int err)
{
	struct outcome *o = life->outcome;

	if (err >= 0)
		return true;
	o->err = err;
	snprintf(o->call, sizeof(o->call), "%.*s", (int)strcspn(call, "("), call);
	snprintf(o->message, sizeof(o->message), "%s", life->hp ? hotprobe_error(life->hp) : "");
	return false;
}

#define TRY(life, call)                                                                            \
	do {                                                                                       \
		if (!went_well(life, #call, call))                                                 \
			goto out;                                                                  \
	} while (0)

static void expect(struct life *life, uint64_t expected, uint64_t got, const char *what)
{
	struct outcome *o = life->outcome;

	if (expected != got && !o->err && !*o->wrong)
		snprintf(o->wrong, sizeof(o->wrong), "%llu %s instead of %llu",
			 (unsigned long long)got, what, (unsigned long long)expected);
}

static void count_warning(void *ctx, enum hotprobe_severity severity, const char *line)
{
	struct outcome *outcome = ctx;

	(void)line;
	outcome->warnings += severity == HOTPROBE_WARNING;
}

static bool begin(struct life *life, const struct stage_set *set, struct outcome *outcome,
		  struct hotprobe_opts opts)
{
	*life = (struct life){.set = set, .outcome = outcome};
	opts.sz = sizeof(opts);
	opts.compiler = set->worker;
	opts.log = count_warning;
	opts.log_ctx = outcome;
	if (!opts.cache_dir && !opts.no_cache)
		opts.cache_dir = set->cache;
	life->hp = hotprobe_new(&opts);
	return went_well(life, "hotprobe_new", life->hp ? 0 : -errno);
}

static int open_text(struct hotprobe *hp, const char *text)
{
	return hotprobe_open_string(hp, "scenario.c", text, strlen(text));
}

/* ---- Commands -------------------------------------------------------------------------------- */

static void count_event(void *ctx, int cpu, const void *data, size_t size)
{
	struct life *life = ctx;
	int64_t number =
		hotprobe_field_int(hotprobe_event_type(life->hp, "events"), data, size, "number");

	(void)cpu;
	life->events++;
	life->sum += (uint64_t)number;
}

static void count_message(void *ctx, const struct hotprobe_printk *message)
{
	struct life *life = ctx;

	life->messages += message->length > 0;
}

/* Takes what comes until the command has ended, and what is left after that. */
static int take_all(struct life *life)
{
	struct pollfd fds[] = {
		{.fd = hotprobe_fd(life->hp), .events = POLLIN},
		{.fd = hotprobe_command_fd(life->hp), .events = POLLIN},
	};
	int n;

	do {
		poll(fds, 2, 1000);
		n = hotprobe_consume(life->hp);
	} while (n >= 0 && !fds[1].revents);
	while (n > 0)
		n = hotprobe_consume(life->hp);
	return n;
}

static int trace(struct life *life, const char *const command[])
{
	int status = -1;

	TRY(life, hotprobe_command_start(life->hp, command, NULL));
	TRY(life, hotprobe_attach(life->hp));
	TRY(life, hotprobe_command_release(life->hp));
	TRY(life, take_all(life));
	if (hotprobe_command_status(life->hp, &status) == 1)
		expect(life, 0, (uint64_t)status, "as the command's status");
	return 0;
out:
	return life->outcome->err;
}

/* getpgid(2) of 1 to CALLS. */
static int trace_numbers(struct life *life)
{
	const char *const command[] = {
		life->set->child, "numbers", "1", "2", "3", "4", "5", NULL,
	};
	int err = trace(life, command);

	expect(life, 0, hotprobe_lost(life->hp, NULL), "records lost");
	return err;
}

/* The same with events of each call. */
static void trace_events(const struct stage_set *set, struct outcome *outcome, const char *source,
			 const char *const command[], uint64_t events, uint64_t sum)
{
	struct life life;

	if (!begin(&life, set, outcome, (struct hotprobe_opts){.confine = true}))
		return;
	TRY(&life, open_text(life.hp, source));
	TRY(&life, hotprobe_load(life.hp));
	TRY(&life, hotprobe_on_event(life.hp, "events", count_event, NULL, &life));
	TRY(&life, command ? trace(&life, command) : trace_numbers(&life));
	expect(&life, events, life.events, "events");
	expect(&life, sum, life.sum, "as the sum of their numbers");
out:
	hotprobe_free(life.hp);
}

#define EVENTS                                                                                     \
	"struct event { u64 number; char comm[16]; };\n"                                           \
	"BPF_PERF_OUTPUT(events);\n"

/* ---- From source to image -------------------------------------------------------------------- */

char *scenario_source(void)
{
	char *text;

	if (asprintf(&text,
		     EVENTS
		     "BPF_HASH(counts, u64, u64);\n"
		     "BPF_HISTOGRAM(sizes);\n"
		     "BPF_PERCPU_ARRAY(per_cpu, u64, 4);\n"
		     "BPF_STACK_TRACE(stacks, 1024);\n"
		     "RAW_TRACEPOINT_PROBE(sys_enter)\n"
		     "{\n"
		     "	struct event e = {};\n"
		     "	const struct pt_regs *regs = (void *)ctx->args[0];\n"
		     "	if (ctx->args[1] != %d)\n"
		     "		return 0;\n"
		     "	bpf_probe_read_kernel(&e.number, sizeof(e.number), &PT_REGS_PARM1(regs));\n"
		     "	bpf_get_current_comm(&e.comm, sizeof(e.comm));\n"
		     "	counts.increment(e.number);\n"
		     "	sizes.increment(bpf_log2l(e.number));\n"
		     "	per_cpu.increment(1);\n"
		     "	stacks.get_stackid(ctx, BPF_F_USER_STACK);\n"
		     "	bpf_trace_printk(\"number %%d\\n\", (int)e.number);\n"
		     "	events.perf_submit(ctx, &e, sizeof(e));\n"
		     "	return 0;\n"
		     "}\n",
		     SYS_getpgid) < 0)
		return NULL;
	return text;
}

static void compile(const struct stage_set *set, struct outcome *outcome)
{
	struct life life;

	if (!begin(&life, set, outcome, (struct hotprobe_opts){.no_cache = true}))
		return;
	TRY(&life, hotprobe_open_file(life.hp, set->source));
	expect(&life, 5, hotprobe_table_count(life.hp), "tables");
	expect(&life, 1, hotprobe_program_count(life.hp), "programs");
out:
	hotprobe_free(life.hp);
}

static void compile_wrong(const struct stage_set *set, struct outcome *outcome)
{
	struct life life;
	int err;

	if (!begin(&life, set, outcome, (struct hotprobe_opts){.no_cache = true}))
		return;
	err = open_text(life.hp, "int syscall__getpgid(void *ctx)\n{\n	return wrong;\n}\n");
	if (err == -EINVAL) {
		expect(&life, 1, hotprobe_diagnostic_count(life.hp) > 0, "diagnostics");
		if (hotprobe_diagnostic_count(life.hp))
			expect(&life, 3, hotprobe_diagnostic_at(life.hp, 0)->line, "as its line");
	} else if (err) {
		went_well(&life, "hotprobe_open_string", err);
	} else {
		expect(&life, 1, 0, "errors");
	}
	hotprobe_free(life.hp);
}

static void refuse(const struct stage_set *set, struct outcome *outcome)
{
	struct life life;
	int err;

	if (!begin(&life, set, outcome, (struct hotprobe_opts){0}))
		return;
	TRY(&life, open_text(life.hp, "BPF_HASH(t, u64, u64);\n"
				      "int syscall__getpgid(void *ctx)\n"
				      "{\n"
				      "	u64 key = 0, *value = t.lookup(&key);\n"
				      "	return *value;\n"
				      "}\n"));
	err = hotprobe_load(life.hp);
	if (!err)
		expect(&life, 1, 0, "refusals");
	else
		expect(&life, 1, *hotprobe_error(life.hp) != '\0', "messages");
	if (err && err != -EACCES && err != -EINVAL)
		went_well(&life, "hotprobe_load", err);
out:
	hotprobe_free(life.hp);
}

static void count_entry(void *ctx, const struct hotprobe_cache_entry *entry)
{
	struct life *life = ctx;

	life->events += entry->size > 0;
}

static void keep(const struct stage_set *set, struct outcome *outcome)
{
	char dir[256];
	struct hotprobe_opts opts = {.sz = sizeof(opts), .cache_dir = dir};
	struct life life;

	snprintf(dir, sizeof(dir), "%s/kept", set->scratch);
	if (!begin(&life, set, outcome, opts))
		return;
	TRY(&life, hotprobe_open_file(life.hp, set->source));
	expect(&life, 5, hotprobe_table_count(life.hp), "tables");
	/* These have no handle for a message. */
	if (hotprobe_cache_each(&opts, count_entry, &life) >= 0)
		hotprobe_cache_clear(&opts);
out:
	hotprobe_free(life.hp);
}

static void save(const struct stage_set *set, struct outcome *outcome)
{
	char path[256];
	struct life life;

	snprintf(path, sizeof(path), "%s/saved.hpo", set->scratch);
	if (!begin(&life, set, outcome, (struct hotprobe_opts){0}))
		return;
	TRY(&life, hotprobe_open_file(life.hp, set->source));
	TRY(&life, hotprobe_attach_spec(life.hp, "raw_tracepoint__sys_enter",
					"raw_tracepoint:sys_exit", NULL));
	TRY(&life, hotprobe_save(life.hp, path));
	hotprobe_free(life.hp);
	if (!begin(&life, set, outcome, (struct hotprobe_opts){0}))
		return;
	TRY(&life, hotprobe_open_file(life.hp, path));
	expect(&life, 2, hotprobe_link_count(life.hp), "places");
out:
	hotprobe_free(life.hp);
	unlink(path);
}

static void write_headers(const struct stage_set *set, struct outcome *outcome)
{
	char path[256];
	struct life life;

	snprintf(path, sizeof(path), "%s/headers", set->scratch);
	if (!begin(&life, set, outcome, (struct hotprobe_opts){0}))
		return;
	TRY(&life, hotprobe_write_headers(life.hp, path));
out:
	hotprobe_free(life.hp);
}

/* ---- From image to events -------------------------------------------------------------------- */

static bool add_value(void *ctx, const void *key, const void *value)
{
	struct life *life = ctx;
	uint64_t count;

	(void)key;
	memcpy(&count, value, sizeof(count));
	life->sum += count;
	return false;
}

static int read_tables(struct life *life)
{
	struct hotprobe_table *counts = hotprobe_find_table(life->hp, "counts");
	const struct hotprobe_type *type = hotprobe_table_value_type(counts);
	uint64_t key = 0, value = 0;
	char text[64];

	TRY(life, hotprobe_parse(hotprobe_table_key_type(counts), "3", &key, sizeof(key), NULL));
	TRY(life, hotprobe_table_lookup(counts, &key, &value));
	expect(life, 1, value, "counted for 3");
	TRY(life, hotprobe_format(type, &value, sizeof(value), text, sizeof(text)));
	expect(life, 0, (uint64_t)strcmp(text, "1"), "as text");
	life->sum = 0;
	TRY(life, hotprobe_table_each(counts, add_value, life));
	expect(life, CALLS, life->sum, "counted");
	life->sum = 0;
	TRY(life, hotprobe_table_drain(counts, add_value, life));
	expect(life, CALLS, life->sum, "drained");
	TRY(life, hotprobe_table_clear(hotprobe_find_table(life->hp, "per_cpu")));
	return 0;
out:
	return life->outcome->err;
}

static void live(const struct stage_set *set, struct outcome *outcome)
{
	struct life life;

	if (!begin(&life, set, outcome, (struct hotprobe_opts){.confine = true}))
		return;
	TRY(&life, hotprobe_open_file(life.hp, set->image));
	TRY(&life, hotprobe_load(life.hp));
	TRY(&life, hotprobe_on_event(life.hp, "events", count_event, NULL, &life));
	hotprobe_on_printk(life.hp, count_message, &life);
	TRY(&life, trace_numbers(&life));
	expect(&life, CALLS, life.events, "events");
	expect(&life, CALLS * (CALLS + 1) / 2, life.sum, "as the sum of their numbers");
	/* Where they go to trace_pipe, a warning says so. */
	if (life.messages || (!outcome->warnings && !hotprobe_diagnostic_count(life.hp)))
		expect(&life, CALLS, life.messages, "messages");
	TRY(&life, read_tables(&life));
out:
	hotprobe_free(life.hp);
}

static void live_with_perf_buffers(const struct stage_set *set, struct outcome *outcome)
{
	struct life life;

	if (!begin(&life, set, outcome,
		   (struct hotprobe_opts){.confine = true, .perf_buffer = true}))
		return;
	TRY(&life, hotprobe_open_file(life.hp, set->image));
	TRY(&life, hotprobe_load(life.hp));
	TRY(&life, hotprobe_on_event(life.hp, "events", count_event, NULL, &life));
	TRY(&life, trace_numbers(&life));
	expect(&life, CALLS, life.events, "events");
out:
	hotprobe_free(life.hp);
}

/* ---- Every kind of probe ----------------------------------------------------------------------
 */

#define SUBMIT(number_)                                                                            \
	"{\n"                                                                                      \
	"	struct event e = {.number = " number_ "};\n"                                       \
	"	events.perf_submit(ctx, &e, sizeof(e));\n"                                               \
	"	return 0;\n"                                                                             \
	"}\n"

static void attach_syscall(const struct stage_set *set, struct outcome *outcome)
{
	trace_events(set, outcome,
		     EVENTS "int syscall__getpgid(struct pt_regs *ctx, int pid)\n" SUBMIT("pid"),
		     NULL, CALLS, CALLS * (CALLS + 1) / 2);
}

static void attach_tracepoint(const struct stage_set *set, struct outcome *outcome)
{
	trace_events(set, outcome,
		     EVENTS "TRACEPOINT_PROBE(syscalls, sys_enter_getpgid)\n"
			    "{\n"
			    "	struct event e = {.number = args->pid};\n"
			    "	events.perf_submit(args, &e, sizeof(e));\n"
			    "	return 0;\n"
			    "}\n",
		     NULL, CALLS, CALLS * (CALLS + 1) / 2);
}

static void attach_uprobe(const struct stage_set *set, struct outcome *outcome)
{
	const char *const command[] = {set->user_child, "library", "4", NULL};
	char text[1024];

	snprintf(text, sizeof(text),
		 EVENTS "HOTPROBE(\"uprobe:%.400s:user_library_add\")\n"
			"int enter(struct pt_regs *ctx)\n" SUBMIT("PT_REGS_PARM2(ctx)"),
		 set->user_library);
	trace_events(set, outcome, text, command, 4, 2 * (0 + 1 + 2 + 3));
}

static void attach_usdt(const struct stage_set *set, struct outcome *outcome)
{
	const char *const command[] = {set->user_child, "usdt", "4", NULL};
	char text[1024];

	snprintf(text, sizeof(text),
		 EVENTS "HOTPROBE(\"usdt:%.400s:user:guarded\")\n"
			"int guarded(struct pt_regs *ctx)\n"
			"{\n"
			"	struct event e = {};\n"
			"	int i = 0;\n"
			"	bpf_usdt_readarg(1, ctx, &i);\n"
			"	e.number = i;\n"
			"	events.perf_submit(ctx, &e, sizeof(e));\n"
			"	return 0;\n"
			"}\n",
		 set->user_child);
	trace_events(set, outcome, text, command, 4, 0 + 1 + 2 + 3);
}

static void attach_perf_event(const struct stage_set *set, struct outcome *outcome)
{
	struct life life;

	if (!begin(&life, set, outcome, (struct hotprobe_opts){.confine = true}))
		return;
	TRY(&life, open_text(life.hp, "BPF_HASH(faults, u32, u64);\n"
				      "HOTPROBE(\"perf_event:page-faults:period=1\")\n"
				      "int fault(struct bpf_perf_event_data *ctx)\n"
				      "{\n"
				      "	faults.increment(0);\n"
				      "	return 0;\n"
				      "}\n"));
	TRY(&life, hotprobe_load(life.hp));
	TRY(&life, trace_numbers(&life));
	TRY(&life, hotprobe_table_each(hotprobe_find_table(life.hp, "faults"), add_value, &life));
	expect(&life, 1, life.sum > 10, "page faults");
out:
	hotprobe_free(life.hp);
}

static void attach_iterator(const struct stage_set *set, struct outcome *outcome)
{
	struct life life;
	char byte[16];
	int fd;

	if (!begin(&life, set, outcome, (struct hotprobe_opts){0}))
		return;
	TRY(&life, open_text(life.hp, "#include <linux/seq_file.h>\n"
				      "BPF_ITER(bpf_map)\n"
				      "{\n"
				      "	char end[] = \"end\\n\";\n"
				      "	struct seq_file *seq = ctx->meta->seq;\n"
				      "	if (!ctx->map)\n"
				      "		bpf_seq_write(seq, end, 4);\n"
				      "	return 0;\n"
				      "}\n"));
	TRY(&life, hotprobe_load(life.hp));
	TRY(&life, hotprobe_attach(life.hp));
	fd = hotprobe_open_iter(life.hp, "bpf_iter__bpf_map");
	TRY(&life, fd);
	expect(&life, 4, (uint64_t)read(fd, byte, sizeof(byte)), "bytes");
	close(fd);
out:
	hotprobe_free(life.hp);
}

static void attach_pattern(const struct stage_set *set, struct outcome *outcome)
{
	struct life life;

	if (!begin(&life, set, outcome, (struct hotprobe_opts){.confine = true}))
		return;
	TRY(&life, open_text(life.hp, "BPF_HASH(calls, u32, u64);\n"
				      "HOTPROBE(\"tracepoint:syscalls:sys_enter_getp*id\")\n"
				      "int enter(void *ctx)\n"
				      "{\n"
				      "	calls.increment(0);\n"
				      "	return 0;\n"
				      "}\n"));
	TRY(&life, hotprobe_load(life.hp));
	TRY(&life, trace_numbers(&life));
	TRY(&life, hotprobe_table_each(hotprobe_find_table(life.hp, "calls"), add_value, &life));
	expect(&life, 1, life.sum >= CALLS, "calls");
out:
	hotprobe_free(life.hp);
}

/* ---- Symbols ------------------------------------------------------------------------------------
 */

static void symbols(const struct stage_set *set, struct outcome *outcome)
{
	struct hotprobe_symbol symbol;
	struct life life;

	if (!begin(&life, set, outcome, (struct hotprobe_opts){0}))
		return;
	TRY(&life, hotprobe_symbol_process(life.hp, getpid()));
	TRY(&life, hotprobe_symbol_user(life.hp, getpid(), (uintptr_t)scenario_source, &symbol));
	/* Where the file cannot be read there is none. */
	outcome->nameless = !*symbol.name;
	expect(&life, 0, *symbol.name && strcmp(symbol.name, "scenario_source"), "other symbols");
	TRY(&life, hotprobe_symbol_file(life.hp, set->user_child));
out:
	hotprobe_free(life.hp);
}

const struct scenario scenarios[] = {
	{"compile", compile},
	{"compile_wrong", compile_wrong},
	{"refuse", refuse},
	{"keep", keep},
	{"save", save},
	{"write_headers", write_headers},
	{"live", live},
	{"live_with_perf_buffers", live_with_perf_buffers},
	{"attach_syscall", attach_syscall},
	{"attach_tracepoint", attach_tracepoint},
	{"attach_uprobe", attach_uprobe},
	{"attach_usdt", attach_usdt},
	{"attach_perf_event", attach_perf_event},
	{"attach_iterator", attach_iterator},
	{"attach_pattern", attach_pattern},
	{"symbols", symbols},
};
const size_t scenario_count = sizeof(scenarios) / sizeof(*scenarios);
