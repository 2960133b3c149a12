/* SPDX-License-Identifier: Apache-2.0 */
/* Probes in user space: functions of programs and libraries, USDT probes; stacks and the names of
   addresses. What is probed is the suite's own. */
#include "support.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "seen.h"

enum {
	CALLS = 50,
};

/* ---- What the tests share ---- */

static struct hotprobe *confined(void)
{
	return new_handle(&(struct hotprobe_opts){.confine = true});
}

static const char *no_uprobes(void)
{
	if (access("/sys/bus/event_source/devices/uprobe", F_OK))
		return "this kernel has no uprobes";
	return no_bpf();
}

#define NEED_UPROBES()                                                                             \
	do {                                                                                       \
		NEED(no_btf());                                                                    \
		NEED(no_uprobes());                                                                \
	} while (0)

static const char *child(void)
{
	return build_path("tests/user_child");
}

/* What attaching that target says, and how it fails. */
static void check_attach_fails(const char *spec, int err, const char *why)
{
	struct hotprobe *hp = confined();
	struct hotprobe_link *link;
	int got;

	open_text(hp, "int f(struct pt_regs *ctx) { return 0; }\n");
	load_program(hp);
	got = hotprobe_attach_spec(hp, "f", spec, &link);
	ck_assert_msg(got == err, "%s: %d (%s), not %d", spec, got, hotprobe_error(hp), err);
	ck_assert_msg(strstr(hotprobe_error(hp), why), "%s: \"%s\" lacks \"%s\"", spec,
		      hotprobe_error(hp), why);
	hotprobe_free(hp);
}

/* ---- The suite's own functions ---- */

int64_t user_test_function(int a, int64_t b, const char *text);

__attribute__((noinline)) int64_t user_test_function(int a, int64_t b, const char *text)
{
	__asm__ volatile("" ::: "memory");
	return a + b + text[0];
}

static void call_function(void *arg)
{
	static char text[16] = "argument";
	int *count = arg;

	for (int i = 0; i < *count; i++) {
		text[0] = (char)('a' + i % 26);
		user_test_function(-i, (int64_t)i << 32, text);
	}
}

static const char entry_and_return[] =
	EVENT "int on_entry(struct pt_regs *ctx, int a, s64 b, const char *text)\n"
	      "{\n"
	      "	struct event e = {};\n"
	      "	e.n[0] = 1;\n"
	      "	e.n[1] = a;\n"
	      "	e.n[2] = b;\n"
	      "	e.n[3] = PT_REGS_IP(ctx);\n"
	      "	e.n[4] = bpf_get_current_pid_tgid() >> 32;\n"
	      "	bpf_probe_read_user_str(e.text, sizeof(e.text), text);\n"
	      "	events.perf_submit(ctx, &e, sizeof(e));\n"
	      "	return 0;\n"
	      "}\n"
	      "int on_return(struct pt_regs *ctx)\n"
	      "{\n"
	      "	struct event e = {};\n"
	      "	e.n[0] = 2;\n"
	      "	e.n[1] = PT_REGS_RC(ctx);\n"
	      "	e.n[3] = PT_REGS_IP(ctx);\n"
	      "	events.perf_submit(ctx, &e, sizeof(e));\n"
	      "	return 0;\n"
	      "}\n";

START_TEST(entry_and_return_are_counted_exactly)
{
	struct seen *seen = new_seen();
	struct hotprobe_symbol symbol;
	struct hotprobe *hp = confined();
	int count = CALLS;
	struct peer traced = peer_start(call_function, &count);
	struct peer other = peer_start(call_function, &count);

	NEED_UPROBES();
	prepare(hp, entry_and_return, seen);
	ck_hp(hp, hotprobe_trace_pid(hp, traced.pid));
	ck_hp(hp, hotprobe_attach_uprobe(hp, "on_entry", "/proc/self/exe", "user_test_function", 0,
					 NULL));
	ck_hp(hp, hotprobe_attach_uretprobe(hp, "on_return", "/proc/self/exe", "user_test_function",
					    NULL));
	peer_work(&traced);
	peer_work(&other);
	consume_all(hp);
	ck_assert_uint_eq(seen->count, 2 * CALLS);
	for (int i = 0; i < CALLS; i++) {
		const struct event *in = &seen->event[2 * i], *out = in + 1;

		ck_assert_int_eq(in->n[0], 1);
		ck_assert_int_eq(in->n[1], -i);
		ck_assert_int_eq(in->n[2], (int64_t)i << 32);
		ck_assert_int_eq(in->n[4], traced.pid);
		ck_assert_int_eq(in->text[0], 'a' + i % 26);
		ck_assert_str_eq(in->text + 1, "rgument");
		ck_assert_int_eq(out->n[0], 2);
		ck_assert_int_eq(out->n[1], -i + ((int64_t)i << 32) + 'a' + i % 26);
	}
	ck_hp(hp, hotprobe_symbol_user(hp, traced.pid, (uint64_t)seen->event[0].n[3], &symbol));
	ck_assert_str_eq(symbol.name, "user_test_function");
	ck_assert_uint_eq(symbol.offset, 0);
	ck_assert_ptr_nonnull(strstr(symbol.module, "user_test"));
	ck_hp(hp, hotprobe_symbol_user(hp, traced.pid, (uint64_t)seen->event[1].n[3], &symbol));
	ck_assert_str_eq(symbol.name, "call_function");
	hotprobe_detach(hp);
	peer_work(&traced);
	ck_assert_int_eq(consume_all(hp), 0);
	peer_end(&traced);
	peer_end(&other);
	hotprobe_free(hp);
	free(seen);
}
END_TEST

START_TEST(a_process_alone_by_its_id)
{
	struct seen *seen = new_seen();
	struct hotprobe *hp = new_handle(NULL); /* the kernel sets breakpoints only in that one */
	int count = CALLS;
	struct peer traced = peer_start(call_function, &count);
	struct peer other = peer_start(call_function, &count);
	char *spec = format("uprobe:@%d:user_test_function", traced.pid);

	NEED_UPROBES();
	prepare(hp, entry_and_return, seen);
	ck_hp(hp, hotprobe_attach_spec(hp, "on_entry", spec, NULL));
	peer_work(&other);
	peer_work(&traced);
	consume_all(hp);
	ck_assert_uint_eq(seen->count, CALLS);
	ck_assert_int_eq(seen->event[0].n[4], traced.pid);
	hotprobe_free(hp);
	peer_end(&traced);
	peer_end(&other);
	free(spec);
	free(seen);
}
END_TEST

/* The file offset of a function of the running program. */
static uint64_t offset_of(struct hotprobe *hp, const void *function)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	unsigned long long start, end, offset, found = 0;
	uintptr_t address = (uintptr_t)function;
	char line[512];

	(void)hp;
	ck_assert_ptr_nonnull(maps);
	while (fgets(line, sizeof(line), maps))
		if (sscanf(line, "%llx-%llx %*s %llx", &start, &end, &offset) == 3 &&
		    address >= start && address < end)
			found = address - start + offset;
	fclose(maps);
	ck_assert_uint_ne(found, 0);
	return found;
}

START_TEST(by_offset_in_the_file)
{
	struct seen *seen = new_seen();
	struct hotprobe *hp = confined();
	int count = 3;
	struct peer traced = peer_start(call_function, &count);
	char *spec = format("uprobe:/proc/self/exe:0x%llx",
			    (unsigned long long)offset_of(hp, (void *)user_test_function));

	NEED_UPROBES();
	prepare(hp, entry_and_return, seen);
	ck_hp(hp, hotprobe_trace_pid(hp, traced.pid));
	ck_hp(hp, hotprobe_attach_spec(hp, "on_entry", spec, NULL));
	ck_assert_str_eq(hotprobe_link_target(hotprobe_link_at(hp, 0)), spec);
	/* The same once more is the same. */
	ck_hp(hp, hotprobe_attach_spec(hp, "on_entry", spec, NULL));
	ck_assert_uint_eq(hotprobe_link_count(hp), 1);
	peer_work(&traced);
	consume_all(hp);
	ck_assert_uint_eq(seen->count, 3);
	ck_assert_int_eq(seen->event[2].n[1], -2);
	hotprobe_free(hp);
	peer_end(&traced);
	free(spec);
	free(seen);
}
END_TEST

/* A function of which every instruction is known. */
void user_test_steps(void);

__asm__(".text\n"
	".globl user_test_steps\n"
	".type user_test_steps, %function\n"
	"user_test_steps:\n"
	"	nop\n"
	"	nop\n"
	"	ret\n"
	".size user_test_steps, . - user_test_steps\n");

#ifdef __x86_64__
enum { NOP_SIZE = 1 };
#else
enum { NOP_SIZE = 4 };
#endif

static void take_steps(void *unused)
{
	(void)unused;
	user_test_steps();
}

START_TEST(by_offset_in_a_function)
{
	struct seen *seen = new_seen();
	struct hotprobe *hp = confined();
	struct peer traced = peer_start(take_steps, NULL);
	struct hotprobe_link *link;
	char *spec = format("uprobe:/proc/self/exe:user_test_steps+%d", NOP_SIZE);

	NEED_UPROBES();
	prepare(hp, entry_and_return, seen);
	ck_hp(hp, hotprobe_trace_pid(hp, traced.pid));
	ck_hp(hp, hotprobe_attach_spec(hp, "on_return", spec, NULL));
	ck_hp(hp, hotprobe_attach_uprobe(hp, "on_return", "/proc/self/exe", "user_test_steps",
					 2 * NOP_SIZE, &link));
	peer_work(&traced);
	consume_all(hp);
	ck_assert_uint_eq(seen->count, 2);
	for (int i = 0; i < 2; i++)
		ck_assert_uint_eq((uint64_t)seen->event[i].n[3],
				  (uintptr_t)user_test_steps + (unsigned)(i + 1) * NOP_SIZE);
	hotprobe_link_detach(link);
	peer_work(&traced);
	consume_all(hp);
	ck_assert_uint_eq(seen->count, 3);
	hotprobe_free(hp);
	peer_end(&traced);
	free(spec);
	free(seen);
}
END_TEST

/* ---- Libraries ---- */

START_TEST(libraries_by_path_and_by_name)
{
	const char *text = EVENT "int on_add(struct pt_regs *ctx, int a, int b)\n"
				 "{\n"
				 "	struct event e = {.n = {1, a, b}};\n"
				 "	events.perf_submit(ctx, &e, sizeof(e));\n"
				 "	return 0;\n"
				 "}\n"
				 "HOTPROBE(\"uprobe:c:a64l\")\n"
				 "HOTPROBE(\"uprobe:libc.so.6:a64l\")\n"
				 "int on_a64l(struct pt_regs *ctx, const char *text)\n"
				 "{\n"
				 "	struct event e = {.n = {2}};\n"
				 "	bpf_probe_read_user_str(e.text, sizeof(e.text), text);\n"
				 "	events.perf_submit(ctx, &e, sizeof(e));\n"
				 "	return 0;\n"
				 "}\n";
	char *spec = format("uprobe:%s:user_library_add", build_path("tests/libuser.so"));
	struct seen *seen = new_seen();
	struct hotprobe *hp = confined();
	int added = 0, named = 0;

	NEED_UPROBES();
	prepare(hp, text, seen);
	ck_hp(hp, hotprobe_attach_spec(hp, "on_add", spec, NULL));
	ck_assert_int_eq(run_command(hp, (const char *[]){child(), "library", "20", NULL}), 0);
	for (size_t i = 0; i < seen->count; i++) {
		const struct event *e = &seen->event[i];

		if (e->n[0] == 1) {
			ck_assert_int_eq(e->n[1], added);
			ck_assert_int_eq(e->n[2], 2 * added);
			added++;
		} else {
			ck_assert_str_eq(e->text, "user");
			named++;
		}
	}
	ck_assert_int_eq(added, 20);
	ck_assert_int_eq(named, 40); /* by two names */
	hotprobe_free(hp);
	free(spec);
	free(seen);
}
END_TEST

START_TEST(patterns_attach_to_all_that_match)
{
	char *spec = format("uprobe:%s:*ner", child());
	const char *text = EVENT "int f(struct pt_regs *ctx, int a)\n"
				 "{\n"
				 "	struct event e = {.n = {1, a}};\n"
				 "	events.perf_submit(ctx, &e, sizeof(e));\n"
				 "	return 0;\n"
				 "}\n";
	struct seen *seen = new_seen();
	struct hotprobe *hp = confined();

	NEED_UPROBES();
	prepare(hp, text, seen);
	ck_hp(hp, hotprobe_attach_spec(hp, "f", spec, NULL));
	free(spec);
	spec = format("uprobe:%s:[om]uter", child());
	ck_hp(hp, hotprobe_attach_spec(hp, "f", spec, NULL));
	run_command(hp, (const char *[]){child(), "stack", "7", NULL});
	ck_assert_uint_eq(seen->count, 14); /* inner and outer */
	hotprobe_free(hp);
	free(spec);
	free(seen);
}
END_TEST

START_TEST(what_is_not_there_is_said)
{
	char *spec;
	pid_t gone;

	NEED_UPROBES();
	check_attach_fails("uprobe:/no/such/file:f", -ENOENT, "/no/such/file");
	check_attach_fails("uprobe:no_such_library:f", -ENOENT, "no library or program");
	check_attach_fails("uprobe:/etc/passwd:f", -ENOEXEC, "no ELF file");
	check_attach_fails("uprobe:/tmp:f", -EISDIR, "/tmp");
	check_attach_fails("uprobe:c:no_such_function", -ENOENT, "no symbol");
	check_attach_fails("uprobe:c:no_such_*", -ENOENT, "matches");
	check_attach_fails("uprobe:/proc/self/exe:0xfffffffff", -EINVAL, "no probe");
	check_attach_fails("uprobe:c", -EINVAL, "no target");
	check_attach_fails("uprobe::f", -EINVAL, "the file is missing");
	check_attach_fails("uprobe:c:", -EINVAL, "missing");
	check_attach_fails("uprobe:c:f+x", -EINVAL, "no number");
	check_attach_fails("uretprobe:c:f+1", -EINVAL, "only a uprobe");
	check_attach_fails("uprobe:@x:f", -EINVAL, "no process id");
	check_attach_fails("usdt:c:no:such", -ENOENT, "USDT");
	check_attach_fails("usdt:/proc/self/exe:x:y", -ENOENT, "no USDT probes");
	gone = fork();
	ck_assert_int_ge(gone, 0);
	if (!gone)
		_exit(0);
	waitpid(gone, NULL, 0);
	spec = format("uprobe:@%d:f", gone);
	check_attach_fails(spec, -ESRCH, "no process");
	free(spec);
#ifdef __x86_64__
	check_attach_fails("uprobe:c:strlen", -EOPNOTSUPP, "chooses");
#endif
}
END_TEST

/* ---- Annotations ---- */

START_TEST(the_source_names_its_targets)
{
	const char *text = "#ifndef HOTPROBE\n"
			   "#define HOTPROBE(target)\n"
			   "#endif\n"
			   "HOTPROBE(\"uprobe:/bin/sh:0x10\")\n"
			   "HOTPROBE(\"raw_tracepoint:sys_enter\")\n"
			   "int one(struct pt_regs *ctx)\n"
			   "{\n"
			   "	return 0;\n"
			   "}\n"
			   "HOTPROBE(\"tracepoint:sched:sched_switch\") int two(void *ctx)\n"
			   "{\n"
			   "	return 0;\n"
			   "}\n"
			   "static int help(void) { return 1; }\n"
			   "int three(struct pt_regs *ctx) { return help(); }\n";
	static const char *const targets[] = {"uprobe:/bin/sh:0x10", "raw_tracepoint:sys_enter",
					      "tracepoint:sched:sched_switch"};
	struct hotprobe *hp = new_handle(NULL);

	NEED(no_btf());
	open_text(hp, text);
	ck_assert_uint_eq(hotprobe_link_count(hp), COUNT(targets));
	for (size_t i = 0; i < COUNT(targets); i++)
		ck_assert_str_eq(hotprobe_link_target(hotprobe_link_at(hp, i)), targets[i]);
	ck_assert_uint_eq(hotprobe_program_line(hotprobe_find_program(hp, "one")), 6);
	ck_assert_uint_eq(hotprobe_program_line(hotprobe_find_program(hp, "two")), 10);
	ck_assert(!hotprobe_program_placed(hotprobe_find_program(hp, "three")));
	hotprobe_free(hp);
}
END_TEST

static void check_refused(const char *text, unsigned line, const char *why)
{
	struct hotprobe *hp = new_handle(NULL);
	const struct hotprobe_diagnostic *d;

	ck_assert_int_eq(hotprobe_open_string(hp, "text.c", text, strlen(text)), -EINVAL);
	d = find_diagnostic(hp, HOTPROBE_ERROR);
	ck_assert_ptr_nonnull(d);
	ck_assert_msg(strstr(d->text, why), "\"%s\" lacks \"%s\"", d->text, why);
	ck_assert_uint_eq(d->line, line);
	ck_assert_uint_gt(strlen(d->hint), 0);
	hotprobe_free(hp);
}

START_TEST(bad_annotations_are_refused_where_they_are)
{
	NEED(no_btf());
	check_refused("HOTPROBE(\"uprobe\")\nint f(void *ctx) { return 0; }\n", 2, "no target");
	check_refused("HOTPROBE(\"nonsense:x\")\nint f(void *ctx) { return 0; }\n", 2,
		      "no probe of that kind");
	check_refused("HOTPROBE(\"uprobe:c:f\")\nstatic int f(void *ctx) { return 0; }\n"
		      "int g(void *ctx) { return f(ctx); }\n",
		      2, "static");
	check_refused("#define ONE 1\n"
		      "int f(struct pt_regs *ctx)\n"
		      "{\n"
		      "	int x = 0;\n"
		      "	bpf_usdt_readarg(ONE, ctx, &x);\n"
		      "	return x;\n"
		      "}\n",
		      5, "a number from 1 to 12");
}
END_TEST

/* ---- USDT ---- */

static const char read_values[] =
	EVENT "int on_values(struct pt_regs *ctx)\n"
	      "{\n"
	      "	struct event e = {};\n"
	      "	int i;\n"
	      "	s64 local;\n"
	      "	s8 small;\n"
	      "	u16 medium;\n"
	      "	s32 large;\n"
	      "	u8 byte;\n"
	      "	s64 wide;\n"
	      "	bpf_usdt_readarg(1, ctx, &i);\n"
	      "	bpf_usdt_readarg(2, ctx, &local);\n"
	      "	bpf_usdt_readarg(3, ctx, &small);\n"
	      "	bpf_usdt_readarg(4, ctx, &medium);\n"
	      "	bpf_usdt_readarg(5, ctx, &large);\n"
	      "	bpf_usdt_readarg_p(6, ctx, &e.text, sizeof(e.text));\n"
	      "	bpf_usdt_readarg(7, ctx, &byte);\n"
	      "	bpf_usdt_readarg(8, ctx, &wide);\n"
	      "	bpf_usdt_readarg(9, ctx, &e.n[9]);\n"
	      "	e.n[0] = 1;\n"
	      "	e.n[1] = i;\n"
	      "	e.n[2] = local;\n"
	      "	e.n[3] = small;\n"
	      "	e.n[4] = medium;\n"
	      "	e.n[5] = large;\n"
	      "	e.n[7] = byte;\n"
	      "	e.n[8] = wide;\n"
	      "	events.perf_submit(ctx, &e, sizeof(e));\n"
	      "	return 0;\n"
	      "}\n"
	      "int on_guarded(struct pt_regs *ctx)\n"
	      "{\n"
	      "	struct event e = {.n = {2}};\n"
	      "	bpf_usdt_readarg(1, ctx, &e.n[1]);\n"
	      "	events.perf_submit(ctx, &e, sizeof(e));\n"
	      "	return 0;\n"
	      "}\n"
	      "int on_twice(struct pt_regs *ctx)\n"
	      "{\n"
	      "	struct event e = {.n = {3}};\n"
	      "	bpf_usdt_readarg(1, ctx, &e.n[1]);\n"
	      "	bpf_usdt_readarg(2, ctx, &e.n[2]);\n"
	      "	events.perf_submit(ctx, &e, sizeof(e));\n"
	      "	return 0;\n"
	      "}\n";

static void check_values(const struct event *e, int i)
{
	static const int large[] = {1, -2, 3, -4};

	ck_assert_int_eq(e->n[1], i);
	ck_assert_int_eq(e->n[2], -((int64_t)i << 33) - 1);
	ck_assert_int_eq(e->n[3], -8);
	ck_assert_int_eq(e->n[4], 50000);
	ck_assert_int_eq(e->n[5], large[i & 3]);
	ck_assert_str_eq(e->text, "some text");
	ck_assert_int_eq(e->n[7], 200);
	ck_assert_int_eq(e->n[8], -7);
	ck_assert_int_eq(e->n[9], INT64_MIN);
}

START_TEST(usdt_arguments_are_as_they_were_given)
{
	struct seen *seen = new_seen();
	struct hotprobe *hp = confined();
	int values = 0, guarded = 0, twice = 0;
	struct hotprobe_link *link;

	NEED_UPROBES();
	prepare(hp, read_values, seen);
	ck_hp(hp, hotprobe_attach_usdt(hp, "on_values", child(), "user", "values", NULL));
	ck_hp(hp, hotprobe_attach_usdt(hp, "on_guarded", child(), NULL, "guarded", NULL));
	ck_hp(hp, hotprobe_attach_usdt(hp, "on_twice", child(), "user", "twice", &link));
	ck_assert_ptr_nonnull(strstr(hotprobe_link_attached_to(link), "2 sites"));
	ck_assert_int_eq(run_command(hp, (const char *[]){child(), "usdt", "30", NULL}), 0);
	for (size_t j = 0; j < seen->count; j++) {
		const struct event *e = &seen->event[j];

		if (e->n[0] == 1) {
			check_values(e, values++);
		} else if (e->n[0] == 2) {
			ck_assert_int_eq(e->n[1], guarded++);
		} else {
			ck_assert_int_eq(e->n[1], twice % 2 ? 2 : twice / 2);
			ck_assert_int_eq(e->n[2], 1 + twice % 2);
			twice++;
		}
	}
	ck_assert_int_eq(values, 30);
	ck_assert_int_eq(guarded, 30);
	ck_assert_int_eq(twice, 60);
	hotprobe_free(hp);
	free(seen);
}
END_TEST

/* A user_child that serves, and its two pipes. */
struct server {
	pid_t pid;
	int to_fd, from_fd;
};

/* argv with the pipes as its standard input and output. */
static struct server server_run(const char *const argv[])
{
	struct server s;
	int to[2], from[2];

	ck_assert_int_eq(pipe2(to, O_CLOEXEC), 0);
	ck_assert_int_eq(pipe2(from, O_CLOEXEC), 0);
	s.pid = fork();
	ck_assert_int_ge(s.pid, 0);
	if (!s.pid) {
		dup2(to[0], 0);
		dup2(from[1], 1);
		close(to[1]);
		close(from[0]);
		execvp(argv[0], (char *const *)argv);
		_exit(127);
	}
	close(to[0]);
	close(from[1]);
	s.to_fd = to[1];
	s.from_fd = from[0];
	return s;
}

static struct server server_start(const char *mode)
{
	return server_run((const char *[]){child(), "serve", mode, NULL});
}

/* Returns the semaphore's value. */
static int server_work(struct server *s)
{
	char byte = 0;

	ck_assert_int_eq(write(s->to_fd, &byte, 1), 1);
	ck_assert_int_eq(read(s->from_fd, &byte, 1), 1);
	return byte;
}

static void server_end(struct server *s)
{
	close(s->to_fd);
	close(s->from_fd);
	waitpid(s->pid, NULL, 0);
}

START_TEST(semaphores_are_raised_and_put_back)
{
	struct seen *seen = new_seen();
	struct hotprobe *hp = confined();
	struct server s = server_start("usdt"), other = server_start("usdt");
	char *spec;
	pid_t pid;
	int fds[2];
	char byte;

	NEED_UPROBES();
	ck_assert_int_eq(server_work(&s), 0);
	ck_assert_int_eq(server_work(&other), 0);
	prepare(hp, read_values, seen);
	ck_hp(hp, hotprobe_trace_pid(hp, s.pid));
	spec = format("usdt:@%d:user:guarded", s.pid);
	ck_hp(hp, hotprobe_attach_spec(hp, "on_guarded", spec, NULL));
	ck_assert_int_eq(server_work(&s), 1);
	ck_assert_int_eq(server_work(&other), 0); /* by process id, only there */
	consume_all(hp);
	ck_assert_uint_eq(seen->count, 1);
	hotprobe_detach(hp);
	ck_assert_int_eq(server_work(&s), 0);
	hotprobe_free(hp);

	/* One that is killed leaves none behind. */
	ck_assert_int_eq(pipe(fds), 0);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (!pid) {
		hp = confined();
		prepare(hp, read_values, seen);
		ck_hp(hp, hotprobe_trace_pid(hp, s.pid));
		ck_hp(hp, hotprobe_attach_spec(hp, "on_guarded", spec, NULL));
		if (write(fds[1], "", 1) == 1)
			pause();
		_exit(1);
	}
	ck_assert_int_eq(read(fds[0], &byte, 1), 1);
	ck_assert_int_eq(server_work(&s), 1);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	ck_assert_int_eq(server_work(&s), 0);
	server_end(&s);
	server_end(&other);
	close(fds[0]);
	close(fds[1]);
	free(spec);
	free(seen);
}
END_TEST

START_TEST(usdt_mistakes_are_said)
{
	const char *text = "int f(struct pt_regs *ctx)\n"
			   "{\n"
			   "	int x;\n"
			   "	bpf_usdt_readarg(2, ctx, &x);\n"
			   "	return x;\n"
			   "}\n";
	struct hotprobe *hp = confined();
	struct hotprobe_link *link;
	char *spec = format("uprobe:%s:inner", child());

	NEED_UPROBES();
	open_text(hp, text);
	/* Attached nowhere, it passes the verifier. */
	load_program(hp);
	ck_assert_int_eq(hotprobe_attach_usdt(hp, "f", child(), "user", "guarded", &link), -EINVAL);
	ck_assert_ptr_nonnull(strstr(hotprobe_error(hp), "argument 2 of a probe that has 1"));
	ck_assert_uint_eq(find_diagnostic(hp, HOTPROBE_ERROR)->line, 4);
	ck_assert_int_eq(hotprobe_attach_usdt(hp, "f", child(), "other", "guarded", &link),
			 -ENOENT);
	ck_assert_int_eq(hotprobe_attach_spec(hp, "f", spec, &link), -EINVAL);
	ck_assert_ptr_nonnull(strstr(hotprobe_error(hp), "USDT"));
	hotprobe_free(hp);
	free(spec);
}
END_TEST

/* ---- Stacks and symbols ---- */

static const char take_stacks[] =
	"BPF_STACK_TRACE(stacks, 1024);\n" EVENT "int on_inner(struct pt_regs *ctx)\n"
	"{\n"
	"	struct event e = {};\n"
	"	e.n[0] = bpf_get_current_pid_tgid() >> 32;\n"
	"	e.n[1] = stacks.get_stackid(ctx, BPF_F_USER_STACK);\n"
	"	e.n[2] = stacks.get_stackid(ctx, 0);\n"
	"	e.n[3] = PT_REGS_IP(ctx);\n"
	"	events.perf_submit(ctx, &e, sizeof(e));\n"
	"	return 0;\n"
	"}\n";

static void check_stack(struct hotprobe *hp, const struct event *e)
{
	static const char *const names[] = {"inner", "user::middle(int)", "outer", "work"};
	uint64_t stack[128];
	struct hotprobe_symbol symbol;
	int count = ck_hp(hp, hotprobe_stack(hotprobe_find_table(hp, "stacks"), e->n[1], stack,
					     COUNT(stack)));

	ck_assert_int_ge(count, 4);
	ck_assert_uint_eq(stack[0], (uint64_t)e->n[3]);
	for (int i = 0; i < 4; i++) {
		/* On its first instruction a function has no frame yet: its caller's is missed. */
		if (i == 1)
			continue;
		ck_hp(hp, hotprobe_symbol_user(hp, (pid_t)e->n[0], stack[i > 1 ? i - 1 : i] - !!i,
					       &symbol));
		ck_assert_str_eq(symbol.name, names[i]);
		ck_assert_str_eq(symbol.module, child());
		ck_assert_uint_eq(strlen(symbol.build_id), 40);
	}
	ck_assert_uint_eq(symbol.address, symbol.address & 0xffffff);
}

START_TEST(stacks_of_processes_that_have_ended)
{
	char *spec = format("uprobe:%s:inner", child());
	struct seen *seen = new_seen();
	struct hotprobe *hp = confined();
	uint64_t stack[1];

	NEED_UPROBES();
	prepare(hp, take_stacks, seen);
	ck_hp(hp, hotprobe_attach_spec(hp, "on_inner", spec, NULL));
	/* Descendants too, which have ended long before they are looked at. */
	run_command(hp,
		    (const char *[]){"sh", "-c", "$0 stack 1; $0 stack 1; true", child(), NULL});
	ck_assert_uint_eq(seen->count, 2);
	ck_assert_int_ne(seen->event[0].n[0], seen->event[1].n[0]);
	check_stack(hp, &seen->event[0]);
	check_stack(hp, &seen->event[1]);
	ck_assert_int_eq(hotprobe_stack(hotprobe_find_table(hp, "stacks"), -EFAULT, stack, 1),
			 -EFAULT);
	ck_assert_int_eq(hotprobe_stack(hotprobe_find_table(hp, "stacks"), 1000, stack, 1),
			 -ENOENT);
	ck_assert_int_eq(hotprobe_stack(hotprobe_find_table(hp, "events"), 0, stack, 1), -EINVAL);
	hotprobe_free(hp);
	free(spec);
	free(seen);
}
END_TEST

/* What readelf -n says of the file's build id. */
static char *build_id_of(const char *path)
{
	struct result r = RUN("sh", "-c", "readelf -n \"$0\" | sed -n 's/.*Build ID: //p'", path);
	char *id = strndup(r.out, strcspn(r.out, "\n"));

	ck_assert_uint_eq(strlen(id), 40);
	result_free(&r);
	return id;
}

START_TEST(stacks_of_places_in_files)
{
	static const char *const names[] = {"inner", "outer", "work"};
	static const char text[] = "BPF_STACK_TRACE_BUILDID(stacks, 1024);\n" EVENT
				   "int on_inner(struct pt_regs *ctx)\n"
				   "{\n"
				   "	struct event e = {};\n"
				   "	e.n[0] = bpf_get_current_pid_tgid() >> 32;\n"
				   "	e.n[1] = stacks.get_stackid(ctx, BPF_F_USER_STACK);\n"
				   "	events.perf_submit(ctx, &e, sizeof(e));\n"
				   "	return 0;\n"
				   "}\n";
	char *spec = format("uprobe:%s:inner", child()), *id;
	struct hotprobe_frame frames[128];
	struct seen *seen = new_seen();
	struct hotprobe_symbol symbol;
	struct hotprobe *hp = confined(), *other = new_handle(NULL);
	const struct hotprobe_table *stacks;
	uint64_t addresses[1];
	int count;

	NEED_UPROBES();
	prepare(hp, text, seen);
	ck_hp(hp, hotprobe_attach_spec(hp, "on_inner", spec, NULL));
	run_command(hp, (const char *[]){child(), "stack", "1", NULL});
	ck_assert_uint_eq(seen->count, 1);
	stacks = hotprobe_find_table(hp, "stacks");
	count = ck_hp(hp, hotprobe_stack_frames(stacks, seen->event[0].n[1], frames, 128));
	ck_assert_int_ge(count, 3);
	id = build_id_of(child());
	for (int i = 0; i < 3; i++) {
		ck_assert_str_eq(frames[i].build_id, id);
		ck_hp(hp, hotprobe_symbol_build_id(hp, frames[i].build_id, frames[i].offset - !!i,
						   &symbol));
		ck_assert_str_eq(symbol.name, names[i]);
		ck_assert_str_eq(symbol.module, child());
		ck_assert_str_eq(symbol.build_id, id);
	}
	/* Where no process was seen, the file can be named. */
	ck_assert_int_eq(hotprobe_symbol_build_id(other, id, frames[0].offset, &symbol), -ENOENT);
	ck_assert_ptr_nonnull(strstr(hotprobe_error(other), "hotprobe_symbol_file"));
	ck_assert_int_eq(hotprobe_symbol_build_id(other, "", frames[0].offset, &symbol), -ENOENT);
	ck_assert_int_eq(hotprobe_symbol_file(other, "/no/such/file"), -ENOENT);
	ck_assert_int_eq(hotprobe_symbol_file(other, "/etc/passwd"), -ENOEXEC);
	for (int i = 0; i < 2; i++)
		ck_hp(other, hotprobe_symbol_file(other, child()));
	ck_hp(other, hotprobe_symbol_build_id(other, id, frames[0].offset, &symbol));
	ck_assert_str_eq(symbol.name, "inner");
	ck_assert_uint_eq(symbol.offset, 0);
	/* Each kind of table has its own call. */
	ck_assert_int_eq(hotprobe_stack(stacks, 0, addresses, 1), -EINVAL);
	ck_assert_ptr_nonnull(strstr(hotprobe_error(hp), "hotprobe_stack_frames"));
	ck_assert_int_eq(hotprobe_stack_frames(hotprobe_find_table(hp, "events"), 0, frames, 1),
			 -EINVAL);
	ck_assert_int_eq(hotprobe_stack_frames(stacks, -EFAULT, frames, 1), -EFAULT);
	ck_assert_int_eq(hotprobe_stack_frames(stacks, 1 << 30, frames, 1), -ENOENT);
	hotprobe_free(hp);
	hotprobe_free(other);
	free(id);
	free(spec);
	free(seen);
}
END_TEST

START_TEST(a_process_with_other_mounts)
{
	char *dir = make_dir();
	char *script =
		format("mount -t tmpfs none %s && cp %s %s %s && exec %s/user_child serve stack",
		       dir, child(), build_path("tests/libuser.so"), dir, dir);
	struct server s = server_run((const char *[]){"unshare", "-m", "sh", "-c", script, NULL});
	char *spec = format("uprobe:@%d:inner", s.pid), *path = format("%s/user_child", dir);
	struct seen *seen = new_seen();
	struct hotprobe_symbol symbol;
	struct hotprobe *hp = confined();
	char byte = 0;

	NEED_UPROBES();
	if (write(s.to_fd, &byte, 1) != 1 || read(s.from_fd, &byte, 1) != 1)
		SKIP("no mount namespace can be made here");
	ck_assert_int_ne(access(path, F_OK), 0);
	prepare(hp, take_stacks, seen);
	ck_hp(hp, hotprobe_trace_pid(hp, s.pid));
	ck_hp(hp, hotprobe_attach_spec(hp, "on_inner", spec, NULL));
	server_work(&s);
	consume_all(hp);
	ck_assert_uint_eq(seen->count, 1);
	server_end(&s);
	/* The file has gone with the process, but for what the library holds of it. */
	ck_hp(hp, hotprobe_symbol_user(hp, s.pid, (uint64_t)seen->event[0].n[3], &symbol));
	ck_assert_str_eq(symbol.name, "inner");
	ck_assert_str_eq(symbol.module, path);
	hotprobe_free(hp);
	remove_dir(dir);
	free(path);
	free(spec);
	free(script);
	free(seen);
}
END_TEST

START_TEST(names_of_kernel_functions)
{
	struct hotprobe *hp = new_handle(NULL);
	struct hotprobe_symbol symbol;
	unsigned long long address;
	char line[512], name[256];
	int checked = 0, err;
	FILE *file;

	err = hotprobe_symbol_kernel(hp, 0, &symbol);
	if (err == -EPERM)
		SKIP("the kernel hides its addresses");
	ck_assert_int_eq(err, -ENOENT);
	ck_assert_str_eq(symbol.name, "");
	ck_assert_int_eq(hotprobe_symbol_kernel(hp, UINT64_MAX, &symbol), -ENOENT);
	file = fopen("/proc/kallsyms", "r");
	ck_assert_ptr_nonnull(file);
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%llx T %255s", &address, name) != 2 ||
		    (strcmp(name, "vfs_read") && strcmp(name, "do_exit")))
			continue;
		ck_hp(hp, hotprobe_symbol_kernel(hp, address + 4, &symbol));
		ck_assert_str_eq(symbol.name, name);
		ck_assert_uint_eq(symbol.offset, 4);
		ck_assert_str_eq(symbol.module, "kernel");
		checked++;
	}
	fclose(file);
	ck_assert_int_eq(checked, 2);
	hotprobe_free(hp);
}
END_TEST

START_TEST(names_in_processes)
{
	struct hotprobe *hp = new_handle(NULL);
	struct hotprobe_symbol symbol;
	char *path = format("/tmp/perf-%d.map", getpid());
	int count = 1;
	struct peer peer = peer_start(call_function, &count);
	pid_t pid = peer.pid;
	void *jit;

	ck_hp(hp, hotprobe_symbol_user(hp, pid, (uintptr_t)user_test_function + 2, &symbol));
	ck_assert_str_eq(symbol.name, "user_test_function");
	ck_assert_uint_eq(symbol.offset, 2);
	ck_hp(hp, hotprobe_symbol_user(hp, pid, (uintptr_t)getenv, &symbol));
	ck_assert_str_eq(symbol.name, "getenv");
	ck_assert_ptr_nonnull(strstr(symbol.module, "libc.so"));
	ck_assert_int_eq(hotprobe_symbol_user(hp, pid, 16, &symbol), -ENOENT);
	ck_assert_str_eq(symbol.name, "");
	/* It has ended, but it was seen. */
	peer_end(&peer);
	ck_hp(hp, hotprobe_symbol_user(hp, pid, (uintptr_t)user_test_function, &symbol));
	ck_assert_str_eq(symbol.name, "user_test_function");
	peer = peer_start(call_function, &count);
	pid = peer.pid;
	peer_end(&peer);
	ck_assert_int_eq(hotprobe_symbol_user(hp, pid, (uintptr_t)user_test_function, &symbol),
			 -ESRCH);

	/* Code made at run time has the names that its maker wrote down, as it goes. */
	jit = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		   0);
	ck_assert_ptr_ne(jit, MAP_FAILED);
	ck_hp(hp, hotprobe_symbol_user(hp, getpid(), (uintptr_t)jit, &symbol));
	ck_assert_str_eq(symbol.name, "");
	for (int i = 0; i < 2; i++) {
		char *text = format("garbage\n%llx 10 first [made] \n%llx 20 second%d\n1 2\n",
				    (unsigned long long)(uintptr_t)jit,
				    (unsigned long long)(uintptr_t)jit + 0x20 + 0x100 * i, i);

		write_file(path, text, strlen(text));
		free(text);
	}
	ck_hp(hp, hotprobe_symbol_user(hp, getpid(), (uintptr_t)jit + 5, &symbol));
	ck_assert_str_eq(symbol.name, "first [made] ");
	ck_assert_uint_eq(symbol.offset, 5);
	ck_hp(hp, hotprobe_symbol_user(hp, getpid(), (uintptr_t)jit + 0x13f, &symbol));
	ck_assert_str_eq(symbol.name, "second1");
	ck_hp(hp, hotprobe_symbol_user(hp, getpid(), (uintptr_t)jit + 0x1f, &symbol));
	ck_assert_str_eq(symbol.name, "");
	unlink(path);
	munmap(jit, 4096);
	free(path);
	hotprobe_free(hp);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("user");

	add_test(suite, entry_and_return_are_counted_exactly, 60);
	add_test(suite, a_process_alone_by_its_id, 60);
	add_test(suite, by_offset_in_the_file, 60);
	add_test(suite, by_offset_in_a_function, 60);
	add_test(suite, libraries_by_path_and_by_name, 60);
	add_test(suite, patterns_attach_to_all_that_match, 60);
	add_test(suite, what_is_not_there_is_said, 120);
	add_test(suite, the_source_names_its_targets, 60);
	add_test(suite, bad_annotations_are_refused_where_they_are, 60);
	add_test(suite, usdt_arguments_are_as_they_were_given, 60);
	add_test(suite, semaphores_are_raised_and_put_back, 60);
	add_test(suite, usdt_mistakes_are_said, 60);
	add_test(suite, stacks_of_processes_that_have_ended, 60);
	add_test(suite, stacks_of_places_in_files, 60);
	add_test(suite, a_process_with_other_mounts, 60);
	add_test(suite, names_of_kernel_functions, 60);
	add_test(suite, names_in_processes, 60);
	return run_suite(suite);
}
