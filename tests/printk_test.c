/* SPDX-License-Identifier: Apache-2.0 */
/* bpf_trace_printk(): the messages of a handle's own programs, all of them, and no others. */
#include "support.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum {
	MESSAGES_MAX = 8192,
	TEXT_SIZE = 1024,
};

struct seen {
	size_t count;
	uint64_t last_ns;
	struct {
		char text[TEXT_SIZE], comm[16];
		pid_t tid;
		int cpu;
	} message[MESSAGES_MAX];
};

static void see(void *ctx, const struct hotprobe_printk *message)
{
	struct seen *seen = ctx;

	ck_assert_uint_lt(seen->count, MESSAGES_MAX);
	ck_assert_uint_lt(message->length, TEXT_SIZE);
	ck_assert_uint_eq(message->sz, sizeof(*message));
	memcpy(seen->message[seen->count].text, message->text, message->length);
	snprintf(seen->message[seen->count].comm, 16, "%s", message->comm);
	seen->message[seen->count].tid = message->tid;
	seen->message[seen->count].cpu = message->cpu;
	seen->last_ns = message->time_ns;
	seen->count++;
}

/* getpgid(n) for each n up to a negative one. The comm is known. */
static void get_pgids(void *arg)
{
	prctl(PR_SET_NAME, "hotprobe peer");
	for (const int *n = arg; *n >= 0; n++)
		syscall(SYS_getpgid, *n);
}

struct fixture {
	struct hotprobe *hp;
	struct peer peer;
	struct seen *seen;
};

static struct fixture start(const char *text, void (*work)(void *arg), const void *arg)
{
	struct hotprobe_opts opts = {.confine = true};
	struct fixture f = {.hp = new_handle(&opts), .seen = calloc(1, sizeof(*f.seen))};

	f.peer = peer_start(work, (void *)arg);
	open_text(f.hp, text);
	load_program(f.hp);
	hotprobe_on_printk(f.hp, see, f.seen);
	ck_hp(f.hp, hotprobe_trace_pid(f.hp, f.peer.pid));
	ck_hp(f.hp, hotprobe_attach(f.hp));
	return f;
}

static void end(struct fixture *f)
{
	peer_end(&f->peer);
	hotprobe_free(f->hp);
	free(f->seen);
}

static void work(struct fixture *f)
{
	peer_work(&f->peer);
	while (ck_hp(f->hp, hotprobe_consume(f->hp)))
		;
}

static void expect(const struct fixture *f, const char *const texts[], size_t count)
{
	for (size_t i = 0; i < count && i < f->seen->count; i++)
		ck_assert_str_eq(f->seen->message[i].text, texts[i]);
	ck_assert_uint_eq(f->seen->count, count);
}

/* ---- What comes
 * ------------------------------------------------------------------------------------ */

START_TEST(a_message_comes_with_time_task_and_cpu)
{
	static const int calls[] = {1, 22, 333, -1};
	static const char *const texts[] = {"getpgid(1)", "getpgid(22)", "getpgid(333)"};
	struct timespec before, after;
	struct fixture f;

	NEED(no_bpf());
	clock_gettime(CLOCK_MONOTONIC, &before);
	f = start("int syscall__getpgid(struct pt_regs *ctx, int pid)\n"
		  "{ bpf_trace_printk(\"getpgid(%d)\\n\", pid); return 0; }\n",
		  get_pgids, calls);
	ck_assert_uint_eq(hotprobe_diagnostic_count(f.hp), 0);
	work(&f);
	clock_gettime(CLOCK_MONOTONIC, &after);
	expect(&f, texts, COUNT(texts));
	ck_assert_int_eq(f.seen->message[0].tid, f.peer.pid);
	ck_assert_str_eq(f.seen->message[0].comm, "hotprobe peer");
	ck_assert_int_ge(f.seen->message[0].cpu, 0);
	ck_assert_uint_ge(f.seen->last_ns, (uint64_t)before.tv_sec * 1000000000);
	ck_assert_uint_lt(f.seen->last_ns, (uint64_t)(after.tv_sec + 1) * 1000000000);
	hotprobe_on_printk(f.hp, NULL, NULL);
	work(&f);
	expect(&f, texts, COUNT(texts));
	end(&f);
}
END_TEST

/* The compiler would merge these calls: then neither format were known. */
START_TEST(branches_keep_their_messages)
{
	static const int calls[] = {1, 2, 3, 9, -1};
	static const char *const texts[] = {
		"low 1", "one hotprobe peer", "low 2", "two hotprobe peer", "low 3", "big 9"};
	struct fixture f;

	NEED(no_bpf());
	f = start("int syscall__getpgid(struct pt_regs *ctx, int pid)\n"
		  "{\n"
		  "	char comm[16];\n"
		  "	bpf_get_current_comm(comm, sizeof(comm));\n"
		  "	if (pid > 5) bpf_trace_printk(\"big %d\\n\", pid);\n"
		  "	else bpf_trace_printk(\"low %d\\n\", pid);\n"
		  "	switch (pid) {\n"
		  "	case 1: bpf_trace_printk(\"one %s\\n\", comm); break;\n"
		  "	case 2: bpf_trace_printk(\"two %s\\n\", comm); break;\n"
		  "	}\n"
		  "	return 0;\n"
		  "}\n",
		  get_pgids, calls);
	work(&f);
	ck_assert_uint_eq(hotprobe_diagnostic_count(f.hp), 0);
	expect(&f, texts, COUNT(texts));
	end(&f);
}
END_TEST

START_TEST(conversions_are_the_kernels)
{
	static const int calls[] = {42, -1};
	static const char *const texts[] = {
		"d -42 u 4294967254 x 2a",
		"ld -42 llu 18446744073709551574 llx ffffffffffffffd6",
		"100% c * i    42|",
		"",
		"no newline",
		"sum 6",
	};
	struct fixture f;

	NEED(no_bpf());
	f = start("int syscall__getpgid(struct pt_regs *ctx, int pid)\n"
		  "{\n"
		  "	long l = -(long)pid;\n"
		  "	int sum = 0;\n"
		  "	bpf_trace_printk(\"d %d u %u x %x\\n\", -pid, -pid, pid);\n"
		  "	bpf_trace_printk(\"ld %ld llu %llu llx %llx\\n\", l, l, l);\n"
		  "	bpf_trace_printk(\"100%% c %c i %5i|\\n\", pid, pid);\n"
		  "	bpf_trace_printk(\"\\n\");\n"
		  "	bpf_trace_printk(\"no newline\");\n"
		  "	for (int i = 0; i < 4; i++) sum += i;\n"
		  "	bpf_trace_printk(\"sum %d\\n\", sum);\n"
		  "	return 0;\n"
		  "}\n",
		  get_pgids, calls);
	work(&f);
	expect(&f, texts, COUNT(texts));
	end(&f);
}
END_TEST

/* The kernel does not wait for a page that is not there: it is read before. */
static void change_dir(void *arg)
{
	char path[64];

	snprintf(path, sizeof(path), "%s", (const char *)arg);
	syscall(SYS_chdir, path);
}

START_TEST(strings_are_read_from_user_and_kernel_memory)
{
	static const char *const texts[] = {"to /nonexistent/directory by hotprobe-test and 7"};
	struct fixture f;

	NEED(no_bpf());
	f = start("int syscall__chdir(struct pt_regs *ctx, const char *path)\n"
		  "{\n"
		  "	char comm[16] = \"hotprobe-test\";\n"
		  "	bpf_trace_printk(\"to %s by %s and %d\\n\", path, comm, 7);\n"
		  "	return 0;\n"
		  "}\n",
		  change_dir, "/nonexistent/directory");
	work(&f);
	expect(&f, texts, COUNT(texts));
	end(&f);
}
END_TEST

START_TEST(what_a_helper_wrote_is_printed)
{
	static const int calls[] = {1, -1};
	static const char *const texts[] = {"word 626f7270746f68"}; /* "hotprob" */
	struct fixture f;

	NEED(no_bpf());
	f = start("int syscall__getpgid(struct pt_regs *ctx)\n"
		  "{\n"
		  "	u64 word;\n"
		  "	bpf_get_current_comm(&word, sizeof(word));\n"
		  "	bpf_trace_printk(\"word %llx\\n\", word);\n"
		  "	return 0;\n"
		  "}\n",
		  get_pgids, calls);
	work(&f);
	expect(&f, texts, COUNT(texts));
	end(&f);
}
END_TEST

START_TEST(the_result_is_what_the_program_goes_on_with)
{
	static const int calls[] = {1, -1};
	struct fixture f;
	uint64_t value = 0;
	int key = 0;

	NEED(no_bpf());
	f = start("BPF_ARRAY(result, u64, 1);\n"
		  "int syscall__getpgid(struct pt_regs *ctx, int pid)\n"
		  "{\n"
		  "	int key = 0;\n"
		  "	u64 n = bpf_trace_printk(\"1234 %d\\n\", pid);\n"
		  "	result.update(&key, &n);\n"
		  "	return 0;\n"
		  "}\n",
		  get_pgids, calls);
	work(&f);
	ck_hp(f.hp, hotprobe_table_lookup(hotprobe_find_table(f.hp, "result"), &key, &value));
	ck_assert_uint_ge(value, 7);
	ck_assert_uint_le(value, 8); /* with the NUL */
	end(&f);
}
END_TEST

START_TEST(none_is_lost_unnoticed)
{
	static int calls[5001];
	struct fixture f;
	char text[32];

	NEED(no_bpf());
	for (int i = 0; i < 5000; i++)
		calls[i] = i;
	calls[5000] = -1;
	f = start("int syscall__getpgid(struct pt_regs *ctx, int pid)\n"
		  "{ bpf_trace_printk(\"call %d\\n\", pid); return 0; }\n",
		  get_pgids, calls);
	for (int i = 0; i < 3; i++)
		peer_work(&f.peer);
	while (ck_hp(f.hp, hotprobe_consume(f.hp)))
		;
	ck_assert_uint_gt(hotprobe_lost(f.hp, NULL), 0);
	ck_assert_uint_eq(f.seen->count + hotprobe_lost(f.hp, NULL), 15000);
	for (size_t i = 0; i < f.seen->count; i++) {
		snprintf(text, sizeof(text), "call %zu", i % 5000);
		ck_assert_str_eq(f.seen->message[i].text, text);
	}
	end(&f);
}
END_TEST

/* ---- Whose they are
 * -------------------------------------------------------------------------------- */

START_TEST(handles_do_not_see_each_others_messages)
{
	static const int calls[] = {1, -1};
	static const char *const ours[] = {"ours"}, *const theirs[] = {"theirs"};
	struct fixture a, b;

	NEED(no_bpf());
	a = start("int syscall__getpgid(struct pt_regs *ctx)\n"
		  "{ bpf_trace_printk(\"ours\\n\"); return 0; }\n",
		  get_pgids, calls);
	b = start("int syscall__getpgid(struct pt_regs *ctx)\n"
		  "{ bpf_trace_printk(\"theirs\\n\"); return 0; }\n",
		  get_pgids, calls);
	work(&b);
	work(&a);
	expect(&a, ours, 1);
	expect(&b, theirs, 1);
	end(&a);
	end(&b);
}
END_TEST

/* Packets run in no task's context, but on some CPU. */
START_TEST(xdp_programs_have_messages_too)
{
	char packet[ETH_HLEN + 46] = "";
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = packet, .data_size_in = sizeof(packet));
	struct seen *seen;
	struct hotprobe *hp;

	NEED(no_bpf());
	hp = new_handle(NULL);
	seen = calloc(1, sizeof(*seen));
	open_text(hp, "int count(struct xdp_md *ctx)\n"
		      "{ bpf_trace_printk(\"%d bytes\\n\", ctx->data_end - ctx->data);\n"
		      "  return XDP_PASS; }\n");
	load_program(hp);
	hotprobe_on_printk(hp, see, seen);
	ck_assert_int_eq(bpf_prog_test_run_opts(
				 hotprobe_program_fd(hotprobe_find_program(hp, "count")), &opts),
			 0);
	ck_assert_int_eq(hotprobe_consume(hp), 1);
	ck_assert_str_eq(seen->message[0].text, "60 bytes");
	hotprobe_free(hp);
	free(seen);
}
END_TEST

/* ---- What cannot be had
 * ---------------------------------------------------------------------------- */

START_TEST(a_format_that_the_kernel_refuses_has_a_warning)
{
	const struct hotprobe_diagnostic *d;
	struct hotprobe *hp;

	NEED(no_bpf());
	hp = new_handle(NULL);
	open_text(hp, "int syscall__getpgid(struct pt_regs *ctx, int pid)\n"
		      "{\n"
		      "	bpf_trace_printk(\"%d is %f\\n\", pid, pid);\n"
		      "	return 0;\n"
		      "}\n");
	load_program(hp);
	d = find_diagnostic(hp, HOTPROBE_WARNING);
	ck_assert_ptr_nonnull(d);
	for (size_t i = 0; i < hotprobe_diagnostic_count(hp); i++)
		d = hotprobe_diagnostic_at(hp, i);
	ck_assert_ptr_nonnull(strstr(d->text, "does not take this format"));
	ck_assert_uint_eq(d->line, 3);
	hotprobe_free(hp);
}
END_TEST

START_TEST(a_program_without_stack_to_spare_still_loads)
{
	struct hotprobe_opts opts = {.confine = true};
	const struct hotprobe_diagnostic *d;
	struct hotprobe *hp;

	NEED(no_bpf());
	hp = new_handle(&opts);
	open_text(hp, "struct big { char bytes[460]; };\n"
		      "BPF_ARRAY(last, struct big, 1);\n"
		      "int syscall__getpgid(struct pt_regs *ctx, int pid)\n"
		      "{\n"
		      "	struct big big = {};\n"
		      "	int key = 0;\n"
		      "	bpf_get_current_comm(big.bytes, sizeof(big.bytes));\n"
		      "	last.update(&key, &big);\n"
		      "	bpf_trace_printk(\"pid %d\\n\", pid);\n"
		      "	return 0;\n"
		      "}\n");
	load_program(hp);
	d = find_diagnostic(hp, HOTPROBE_WARNING);
	ck_assert_ptr_nonnull(d);
	ck_assert_ptr_nonnull(strstr(d->text, "trace_pipe"));
	ck_assert_uint_eq(d->line, 9);
	hotprobe_free(hp);
}
END_TEST

START_TEST(a_licence_that_is_not_gpl_is_refused_with_place_and_remedy)
{
	const struct hotprobe_diagnostic *d;
	struct hotprobe *hp;

	NEED(no_bpf());
	hp = new_handle(NULL);
	open_text(hp, "#define BPF_LICENSE MIT\n"
		      "int syscall__getpgid(struct pt_regs *ctx)\n"
		      "{\n"
		      "	bpf_trace_printk(\"pid\\n\");\n"
		      "	return 0;\n"
		      "}\n");
	ck_assert_int_lt(hotprobe_load(hp), 0);
	d = find_diagnostic(hp, HOTPROBE_ERROR);
	ck_assert_ptr_nonnull(d);
	ck_assert_uint_eq(d->line, 4);
	ck_assert_ptr_nonnull(strstr(d->text, "GPL"));
	ck_assert_ptr_nonnull(strstr(d->hint, "BPF_LICENSE GPL"));
	hotprobe_free(hp);
}
END_TEST

/* ---- From the command line
 * ------------------------------------------------------------------------- */

static void run_cli(const char *json, char **out)
{
	char *dir = make_dir(), *file = format("%s/printk.c", dir);
	const char *text = "int syscall__chdir(struct pt_regs *ctx, const char *path)\n"
			   "{ bpf_trace_printk(\"to\\t%s\\n\", path); return 0; }\n";
	struct result result;

	write_file(file, text, strlen(text));
	result = RUN(build_path("hotprobe"), "run", "--no-cache", file, json, "--", "sh", "-c",
		     "cd /usr; cd /");
	ck_assert_msg(!result.status, "%s", result.err);
	*out = strdup(result.out);
	result_free(&result);
	free(file);
	remove_dir(dir);
}

START_TEST(the_command_prints_messages)
{
	char *out, comm[16] = "";
	int tid, cpu;
	double time;

	NEED(no_bpf());
	run_cli("-I/", &out);
	ck_assert_int_eq(sscanf(out, "%15[^-]-%d [%d] %lf:", comm, &tid, &cpu, &time), 4);
	ck_assert_str_eq(comm, "sh");
	ck_assert_ptr_nonnull(strstr(out, ": to\t/usr\n"));
	ck_assert_ptr_nonnull(strstr(out, ": to\t/\n"));
	free(out);
	run_cli("--json", &out);
	ck_assert_ptr_nonnull(strstr(out, "{\"printk\":\"to\\t/usr\",\"cpu\":"));
	ck_assert_ptr_nonnull(strstr(out, "\"comm\":\"sh\""));
	free(out);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("printk");

	add_test(suite, a_message_comes_with_time_task_and_cpu, 30);
	add_test(suite, branches_keep_their_messages, 30);
	add_test(suite, conversions_are_the_kernels, 30);
	add_test(suite, strings_are_read_from_user_and_kernel_memory, 30);
	add_test(suite, what_a_helper_wrote_is_printed, 30);
	add_test(suite, the_result_is_what_the_program_goes_on_with, 30);
	add_test(suite, none_is_lost_unnoticed, 30);
	add_test(suite, handles_do_not_see_each_others_messages, 30);
	add_test(suite, xdp_programs_have_messages_too, 30);
	add_test(suite, a_format_that_the_kernel_refuses_has_a_warning, 30);
	add_test(suite, a_program_without_stack_to_spare_still_loads, 30);
	add_test(suite, a_licence_that_is_not_gpl_is_refused_with_place_and_remedy, 30);
	add_test(suite, the_command_prints_messages, 30);
	return run_suite(suite);
}
