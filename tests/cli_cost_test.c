/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an event costs the process that takes it: no memory, no lock and no system call of its own.
 *
 * Allocations and locks are counted by definitions that are found before the C library's. System
 * calls are counted by a second handle, which traces the test itself. Batches of events are taken
 * at once; a large one must not cost more of these than a small one does.
 */
#include "support.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../cli/line_format.h"
#include "../cli/output.h"

enum {
	SMALL = 50,
	LARGE = 2500,
};

/* ---- Counting ---- */

static unsigned long allocations, locks;

#ifdef __SANITIZE_ADDRESS__
void __sanitizer_malloc_hook(const volatile void *bytes, size_t size);
void __sanitizer_malloc_hook(const volatile void *bytes, size_t size)
{
	(void)bytes;
	(void)size;
	allocations++;
}
#else
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *bytes, size_t size);

void *malloc(size_t size)
{
	allocations++;
	return __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
	allocations++;
	return __libc_calloc(count, size);
}

void *realloc(void *bytes, size_t size)
{
	allocations++;
	return __libc_realloc(bytes, size);
}
#endif

int pthread_mutex_lock(pthread_mutex_t *mutex)
{
	static int (*lock)(pthread_mutex_t *);

	locks++;
	if (!lock)
		lock = (int (*)(pthread_mutex_t *))dlsym(RTLD_NEXT, "pthread_mutex_lock");
	return lock(mutex);
}

/* Counts the system calls of this process, once it is attached. */
static struct hotprobe *count_calls(void)
{
	struct hotprobe_opts opts = {.confine = true};
	struct hotprobe *hp = new_handle(&opts);

	open_text(hp, "BPF_ARRAY(calls, u64, 1);\n"
		      "RAW_TRACEPOINT_PROBE(sys_enter) { calls.increment(0); return 0; }\n");
	load_program(hp);
	ck_hp(hp, hotprobe_trace_pid(hp, getpid()));
	ck_hp(hp, hotprobe_attach(hp));
	return hp;
}

struct cost {
	unsigned long allocations, locks, calls;
};

/* So far; asking is a call itself. Check's macros allocate: they come after. */
static struct cost cost_now(const struct hotprobe_table *table)
{
	uint64_t calls = 0;
	uint32_t zero = 0;

	hotprobe_table_lookup(table, &zero, &calls);
	return (struct cost){allocations, locks, calls};
}

static struct cost cost_since(const struct hotprobe_table *table, struct cost before)
{
	struct cost now = cost_now(table);

	return (struct cost){now.allocations - before.allocations, now.locks - before.locks,
			     now.calls - before.calls - 1};
}

/* ---- Events ---- */

static const char events_program[] =
	"#include <uapi/linux/ptrace.h>\n"
	"enum state_t { IDLE, BUSY };\n"
	"struct event_t { u64 number; s32 ret; enum state_t state; char comm[16]; char name[12];\n"
	"	u32 low : 3, high : 29; u16 list[3]; bool ok; void *where; double load; };\n"
	"BPF_PERF_OUTPUT(events);\n"
	"int syscall__getpgid(struct pt_regs *ctx, int pid)\n"
	"{\n"
	"	struct event_t e = {.number = pid, .ret = -2, .state = BUSY, .ok = true};\n"
	"	e.low = 5;\n"
	"	e.name[0] = '\"'; e.name[1] = 'a'; e.name[2] = 1; e.name[3] = 0xc3; e.name[4] = "
	"0xa4;\n"
	"	bpf_get_current_comm(e.comm, sizeof(e.comm));\n"
	"	events.perf_submit(ctx, &e, sizeof(e));\n"
	"	return 0;\n"
	"}\n";

static void call(void *count)
{
	for (long i = 0; i < *(const long *)count; i++)
		syscall(SYS_getpgid, i);
}

static void count_event(void *ctx, int cpu, const void *data, size_t size)
{
	(void)cpu;
	(void)data;
	(void)size;
	++*(size_t *)ctx;
}

static void print_event(void *ctx, int cpu, const void *data, size_t size)
{
	output_event(ctx, cpu, data, size);
}

static struct cost take(struct hotprobe *hp, struct hotprobe *counter, struct peer *peer,
			long *calls, long count)
{
	const struct hotprobe_table *table = hotprobe_find_table(counter, "calls");
	struct cost before, cost;
	int taken;

	*calls = count;
	peer_work(peer);
	before = cost_now(table);
	taken = hotprobe_poll(hp, 1000);
	cost = cost_since(table, before);
	ck_assert_int_eq(taken, count);
	return cost;
}

/* Each batch comes at once, so that after the first the pace of the buffer stays as it is. */
static void check_cost(bool perf_buffer, hotprobe_event_fn event, struct output *out)
{
	struct hotprobe_opts opts = {
		.confine = true, .perf_buffer = perf_buffer, .perf_pages = 128};
	struct hotprobe *hp = new_handle(&opts), *counter;
	struct cost small, large;
	size_t count = 0;
	struct peer peer;
	long *calls;

	calls = mmap(NULL, sizeof(*calls), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		     0);
	open_text(hp, events_program);
	load_program(hp);
	ck_hp(hp, hotprobe_on_event(hp, "events", event, NULL,
				    out ? (void *)output_add_table(
						  out, "events", hotprobe_event_type(hp, "events"))
					: &count));
	peer = peer_start(call, calls);
	ck_hp(hp, hotprobe_trace_pid(hp, peer.pid));
	ck_hp(hp, hotprobe_attach(hp));
	counter = count_calls();
	/* What is made once: layouts, a buffer of the size that is written at once. */
	take(hp, counter, &peer, calls, LARGE);
	small = take(hp, counter, &peer, calls, SMALL);
	large = take(hp, counter, &peer, calls, LARGE);
	ck_assert_uint_eq(small.allocations, 0);
	ck_assert_uint_eq(large.allocations, 0);
	ck_assert_uint_eq(small.locks, 0);
	ck_assert_uint_eq(large.locks, 0);
	/* To wait, to set the pace, and to write a large piece now and then. */
	ck_assert_uint_gt(small.calls, 0);
	ck_assert_uint_le(small.calls, 16);
	ck_assert_uint_le(large.calls, 32);
	hotprobe_free(counter);
	peer_end(&peer);
	if (out)
		output_close(out);
	hotprobe_free(hp);
	munmap(calls, sizeof(*calls));
}

START_TEST(a_callback_costs_nothing_but_itself)
{
	NEED(no_bpf());
	check_cost(_i, count_event, NULL);
}
END_TEST

/* The ways to print: on a narrow and a wide terminal text is cut and coloured, a format converts.
 */
static const struct way {
	const struct output_format *format;
	unsigned columns; /* 0: no terminal */
	const char *line;
} ways[] = {
	{&output_columns, 0, NULL},
	{&output_json, 0, NULL},
	{&output_csv, 0, NULL},
	{&output_columns, 20, NULL},
	{&output_columns, 1000, NULL},
	{&output_lines, 0,
	 "{time:.3} {number:>12} {number!hex:<8.4}|{number!ms:.1} {comm:^20} {ret} {state} "
	 "{load:.2} {low}"},
};

START_TEST(a_printed_event_costs_a_part_of_a_write)
{
	const struct way *way = &ways[_i];
	struct line_format line = {0};
	struct output out;
	size_t at;
	int fd;

	NEED(no_bpf());
	fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
	output_open(&out, way->format, fd);
	out.terminal = out.colours = way->columns != 0;
	out.width = way->columns;
	if (way->line)
		ck_assert_ptr_null(line_format_parse(&line, way->line, &at));
	out.line_format = &line;
	check_cost(false, print_event, &out);
	line_format_free(&line);
	close(fd);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("cli_cost");

	add_loop_test(suite, a_callback_costs_nothing_but_itself, 60, 2);
	add_loop_test(suite, a_printed_event_costs_a_part_of_a_write, 60, COUNT(ways));
	return run_suite(suite);
}
