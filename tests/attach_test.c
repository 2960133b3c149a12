/* SPDX-License-Identifier: Apache-2.0 */
/* Probes: by name and explicitly, each once, all or none, and what cannot be is said with its
   place. */
#include "support.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Members of struct pt_regs. */
#ifdef __aarch64__
#define SYSCALL_NUMBER "syscallno"
#define INSTRUCTION_POINTER "pc"
#else
#define SYSCALL_NUMBER "orig_ax"
#define INSTRUCTION_POINTER "ip"
#endif

#define PT_REGS "#include <uapi/linux/ptrace.h>\n"
#define HITS "BPF_ARRAY(hits, u64, 8);\n"
/* Adds one to the element of that number. */
#define HIT(number) "	hits.increment(" #number ");\n	return 0;\n}\n"

static const struct hotprobe_opts confined = {.confine = true};

static struct hotprobe *open_confined(const char *text)
{
	struct hotprobe *hp = new_handle(&confined);

	open_text(hp, text);
	return hp;
}

static uint64_t hits(struct hotprobe *hp, int number)
{
	uint64_t value = 0;

	ck_hp(hp, hotprobe_table_lookup(hotprobe_find_table(hp, "hits"), &number, &value));
	return value;
}

static void call_getpgid(void *unused)
{
	(void)unused;
	for (int i = 0; i < 7; i++)
		syscall(SYS_getpgid, 0);
}

static struct peer trace_calls(struct hotprobe *hp)
{
	struct peer peer = peer_start(call_getpgid, NULL);

	ck_hp(hp, hotprobe_trace_pid(hp, peer.pid));
	return peer;
}

/* Opens, loads, attaches by name, lets the peer make its seven calls; checks how often each of
   count probes was hit. */
static void check_hits(const char *text, int probes, uint64_t wanted)
{
	struct hotprobe *hp = open_confined(text);
	struct peer peer;

	load_program(hp);
	peer = trace_calls(hp);
	ck_assert_int_eq(ck_hp(hp, hotprobe_attach(hp)), probes);
	peer_work(&peer);
	for (int i = 0; i < probes; i++)
		ck_assert_msg(hits(hp, i) == wanted, "probe %d was hit %llu times", i,
			      (unsigned long long)hits(hp, i));
	peer_end(&peer);
	hotprobe_free(hp);
}

START_TEST(syscalls_are_attached_by_every_spelling)
{
	NEED(no_bpf());

	check_hits(PT_REGS HITS "int syscall__getpgid(struct pt_regs *ctx)\n{\n" HIT(
			   0) "int "
			      "kprobe__sys_getpgid("
			      "struct pt_regs "
			      "*ctx)\n{\n" HIT(1) "int "
						  "syscal"
						  "l_ret_"
						  "_getpg"
						  "id("
						  "struct"
						  " pt_"
						  "regs "
						  "*ctx)"
						  "\n{"
						  "\n" HIT(2) "int kretprobe__sys_getpgid(struct "
							      "pt_regs *ctx)\n{\n" HIT(3),
		   4, 7);
}
END_TEST

START_TEST(tracepoints_are_attached_by_macro_and_by_name)
{
	NEED(no_bpf());

	check_hits(HITS "TRACEPOINT_PROBE(syscalls, sys_enter_getpgid)\n{\n" HIT(
			   0) "int tracepoint__syscalls__sys_exit_getpgid("
			      "struct tracepoint__syscalls__sys_exit_getpgid *args)\n{\n" HIT(1),
		   2, 7);
}
END_TEST

START_TEST(raw_tracepoints_are_attached_by_macro_and_by_name)
{
	NEED(no_bpf());

	char *text;

	text = format(
		HITS
		"RAW_TRACEPOINT_PROBE(sys_enter)\n{\n"
		"	if (ctx->args[1] != %d)\n		return 0;\n" HIT(
			0) "int raw_tracepoint__sys_exit(struct bpf_raw_tracepoint_args *ctx)\n{\n"
			   "	struct pt_regs *regs = (struct pt_regs *)ctx->args[0];\n"
			   "	u32 number;\n"
			   "	bpf_probe_read_kernel(&number, 4, &regs->" SYSCALL_NUMBER ");\n"
			   "	if (number != %d)\n		return 0;\n" HIT(1),
		(int)SYS_getpgid, (int)SYS_getpgid);
	check_hits(text, 2, 7);
	free(text);
}
END_TEST

static void rename_thread(void *unused)
{
	(void)unused;
	prctl(PR_SET_NAME, "before");
	prctl(PR_SET_NAME, "after");
}

struct names {
	char old[16], new[16];
	int count;
};

static void see_names(void *ctx, int cpu, const void *data, size_t size)
{
	struct names *names = ctx;

	(void)cpu;
	ck_assert_uint_ge(size, 32);
	memcpy(names->old, data, 16);
	memcpy(names->new, (const char *)data + 16, 16);
	names->count++;
}

START_TEST(a_tracepoint_has_its_fields)
{
	NEED(no_bpf());

	struct names names = {0};
	struct hotprobe *hp;
	struct peer peer;

	hp = open_confined("struct names_t { char old[16]; char new_[16]; };\n"
			   "BPF_PERF_OUTPUT(events);\n"
			   "TRACEPOINT_PROBE(task, task_rename)\n{\n"
			   "	struct names_t n = {};\n"
			   "	bpf_probe_read_kernel(&n.old, 16, args->oldcomm);\n"
			   "	bpf_probe_read_kernel(&n.new_, 16, args->newcomm);\n"
			   "	events.perf_submit(args, &n, sizeof(n));\n"
			   "	return 0;\n}\n");
	load_program(hp);
	ck_hp(hp, hotprobe_on_event(hp, "events", see_names, NULL, &names));
	peer = peer_start(rename_thread, NULL);
	ck_hp(hp, hotprobe_trace_pid(hp, peer.pid));
	ck_assert_int_eq(ck_hp(hp, hotprobe_attach(hp)), 1);
	peer_work(&peer);
	while (ck_hp(hp, hotprobe_consume(hp)))
		;
	ck_assert_int_eq(names.count, 2);
	ck_assert_str_eq(names.old, "before");
	ck_assert_str_eq(names.new, "after");
	peer_end(&peer);
	hotprobe_free(hp);
}
END_TEST

/* All six arguments of a syscall, by parameters and by macros, and what it returns. */
static void call_six(void *unused)
{
	(void)unused;
	/* EBADF, for the first two descriptors there are not. */
	syscall(SYS_copy_file_range, 1000001, 0x2222, 1000003, 0x4444, 0x5555, 0x6666);
}

struct arguments {
	uint64_t value[7];
	int count;
};

static void see_arguments(void *ctx, int cpu, const void *data, size_t size)
{
	struct arguments *a = ctx;

	(void)cpu;
	ck_assert_uint_ge(size, sizeof(a->value));
	memcpy(a->value, data, sizeof(a->value));
	a->count++;
}

static void check_arguments(const char *body, const uint64_t wanted[7])
{
	char *text =
		format(PT_REGS "struct args_t { u64 v[7]; };\nBPF_PERF_OUTPUT(events);\n%s", body);
	struct hotprobe *hp = open_confined(text);
	struct arguments a = {0};
	struct peer peer;

	load_program(hp);
	ck_hp(hp, hotprobe_on_event(hp, "events", see_arguments, NULL, &a));
	peer = peer_start(call_six, NULL);
	ck_hp(hp, hotprobe_trace_pid(hp, peer.pid));
	ck_hp(hp, hotprobe_attach(hp));
	peer_work(&peer);
	while (ck_hp(hp, hotprobe_consume(hp)))
		;
	ck_assert_int_eq(a.count, 1);
	for (int i = 0; i < 7; i++)
		ck_assert_msg(a.value[i] == wanted[i], "value %d is 0x%llx", i,
			      (unsigned long long)a.value[i]);
	peer_end(&peer);
	hotprobe_free(hp);
	free(text);
}

START_TEST(a_syscalls_arguments_and_result_are_right)
{
	NEED(no_bpf());

	static const uint64_t six[7] = {1000001, 0x2222, 1000003, 0x4444, 0x5555, 0x6666, 0};
	static const uint64_t result[7] = {(uint64_t)-EBADF};

	check_arguments("int syscall__copy_file_range(struct pt_regs *ctx, int in, void *off_in,\n"
			"	int out, void *off_out, size_t len, unsigned flags)\n{\n"
			"	struct args_t a = {{in, (u64)off_in, out, (u64)off_out, len,"
			" flags}};\n"
			"	events.perf_submit(ctx, &a, sizeof(a));\n	return 0;\n}\n",
			six);
	check_arguments("int syscall_ret__copy_file_range(struct pt_regs *ctx)\n{\n"
			"	struct args_t a = {{(s64)(int)PT_REGS_RC(ctx)}};\n"
			"	events.perf_submit(ctx, &a, sizeof(a));\n	return 0;\n}\n",
			result);
}
END_TEST

START_TEST(an_explicit_attach_of_what_its_name_attached_is_not_a_second_one)
{
	NEED(no_bpf());

	struct hotprobe_link *link = NULL, *again = NULL;
	struct hotprobe *hp;
	struct peer peer;

	hp = open_confined(PT_REGS HITS "int syscall__getpgid(struct pt_regs *ctx)\n{\n" HIT(0));
	/* Before the load it is noted... */
	ck_hp(hp, hotprobe_attach_syscall(hp, "syscall__getpgid", "getpgid", &link));
	ck_assert_ptr_null(link);
	load_program(hp);
	peer = trace_calls(hp);
	ck_assert_int_eq(ck_hp(hp, hotprobe_attach(hp)), 1);
	/* ...and after it there is the one link, by whatever spelling. */
	ck_hp(hp, hotprobe_attach_spec(hp, "syscall__getpgid", "syscall:getpgid", &link));
	ck_hp(hp, hotprobe_attach_kprobe(hp, "syscall__getpgid", "sys_getpgid", 0, &again));
	ck_assert_ptr_nonnull(link);
	ck_assert_ptr_eq(link, again);
	ck_assert_uint_eq(hotprobe_link_count(hp), 1);
	ck_assert_int_eq(ck_hp(hp, hotprobe_attach(hp)), 0);
	peer_work(&peer);
	ck_assert_uint_eq(hits(hp, 0), 7);
	peer_end(&peer);
	hotprobe_free(hp);
}
END_TEST

static const char plain_program[] = PT_REGS HITS "int on_call(struct pt_regs *ctx)\n{\n" HIT(
	0) "int on_return(struct pt_regs *ctx)\n{\n" HIT(1) "int on_raw(struct "
							    "bpf_raw_tracepoint_args "
							    "*ctx)\n{\n" HIT(2) "int "
										"on_"
										"tracepoint"
										"(struct "
										"tracepoint"
										"__"
										"syscalls__"
										"sys_exit_"
										"getpgid "
										"*args)\n{"
										"\n" HIT(3);

START_TEST(functions_are_attached_explicitly_before_and_after_the_load)
{
	NEED(no_bpf());

	struct hotprobe_link *link = NULL;
	struct hotprobe *hp;
	struct peer peer;

	hp = open_confined(plain_program);
	ck_hp(hp, hotprobe_attach_syscall(hp, "on_call", "getpgid", NULL));
	ck_hp(hp, hotprobe_attach_spec(hp, "on_return", "kretprobe:sys_getpgid", NULL));
	ck_hp(hp, hotprobe_attach_tracepoint(hp, "on_tracepoint", "syscalls", "sys_exit_getpgid",
					     NULL));
	ck_hp(hp, hotprobe_attach_raw_tracepoint(hp, "on_raw", "task_rename", NULL));
	load_program(hp);
	peer = trace_calls(hp);
	ck_assert_int_eq(ck_hp(hp, hotprobe_attach(hp)), 4);
	peer_work(&peer);
	ck_assert_uint_eq(hits(hp, 0), 7);
	ck_assert_uint_eq(hits(hp, 1), 7);
	ck_assert_uint_eq(hits(hp, 2), 0);
	ck_assert_uint_eq(hits(hp, 3), 7);
	/* To a second place, at once. */
	ck_hp(hp, hotprobe_attach_syscall(hp, "on_call", "getsid", &link));
	ck_assert_ptr_nonnull(link);
	ck_assert_str_eq(hotprobe_link_target(link), "syscall:getsid");
	ck_assert_ptr_eq(hotprobe_link_program(link), hotprobe_find_program(hp, "on_call"));
	peer_work(&peer);
	ck_assert_uint_eq(hits(hp, 0), 14);
	peer_end(&peer);
	hotprobe_free(hp);
}
END_TEST

START_TEST(one_link_is_detached_and_the_others_stay)
{
	NEED(no_bpf());

	struct hotprobe_link *link;
	struct hotprobe *hp;
	struct peer peer;

	hp = open_confined(PT_REGS HITS "int syscall__getpgid(struct pt_regs *ctx)\n{\n" HIT(
		0) "int syscall_ret__getpgid(struct pt_regs *ctx)\n{\n" HIT(1));
	load_program(hp);
	peer = trace_calls(hp);
	ck_assert_int_eq(ck_hp(hp, hotprobe_attach(hp)), 2);
	for (size_t i = 0; (link = hotprobe_link_at(hp, i)); i++)
		if (!strcmp(hotprobe_link_target(link), "syscall:getpgid"))
			break;
	ck_assert_ptr_nonnull(link);
	ck_assert_uint_gt(strlen(hotprobe_link_attached_to(link)), 0);
	hotprobe_link_detach(link);
	ck_assert_uint_eq(hotprobe_link_count(hp), 1);
	ck_assert(!hotprobe_program_placed(hotprobe_find_program(hp, "syscall__getpgid")));
	peer_work(&peer);
	ck_assert_uint_eq(hits(hp, 0), 0);
	ck_assert_uint_eq(hits(hp, 1), 7);
	peer_end(&peer);
	hotprobe_free(hp);
}
END_TEST

START_TEST(two_handles_trace_the_same_call)
{
	NEED(no_bpf());

	const char *text = PT_REGS HITS "int syscall__getpgid(struct pt_regs *ctx)\n{\n" HIT(0);
	struct hotprobe *a, *b;
	struct peer peer;

	a = open_confined(text);
	b = open_confined(text);
	load_program(a);
	load_program(b);
	peer = trace_calls(a);
	ck_hp(b, hotprobe_trace_pid(b, peer.pid));
	ck_hp(a, hotprobe_attach(a));
	ck_hp(b, hotprobe_attach(b));
	peer_work(&peer);
	hotprobe_free(a);
	peer_work(&peer);
	ck_assert_uint_eq(hits(b, 0), 14);
	peer_end(&peer);
	hotprobe_free(b);
}
END_TEST

/* Attaching must fail with that errno and a diagnostic of that line that says so, with a remedy,
   and nothing may be attached. */
static void check_refused(const char *text, int err, unsigned line, const char *wanted,
			  const char *remedy)
{
	struct hotprobe *hp = open_confined(text);
	const struct hotprobe_diagnostic *d;

	load_program(hp);
	ck_assert_int_eq(hotprobe_attach(hp), err);
	d = find_diagnostic(hp, HOTPROBE_ERROR);
	ck_assert_ptr_nonnull(d);
	ck_assert_str_eq(d->file, "text.c");
	ck_assert_uint_eq(d->line, line);
	ck_assert_msg(strstr(d->text, wanted), "\"%s\" does not say \"%s\"", d->text, wanted);
	ck_assert_msg(strstr(d->hint, remedy), "\"%s\" does not say \"%s\"", d->hint, remedy);
	for (size_t i = 0; i < hotprobe_link_count(hp); i++)
		ck_assert_str_eq(hotprobe_link_attached_to(hotprobe_link_at(hp, i)), "");
	hotprobe_free(hp);
}

#define GOOD "int syscall__getsid(struct pt_regs *ctx)\n{\n	return 0;\n}\n"

/* Some of BCC's tools call functions so that are for other syscalls. */
static const char misnamed[] =
	PT_REGS HITS "int syscall__trace_entry(struct pt_regs *ctx, int pid)\n{\n" HIT(0);

START_TEST(a_name_that_is_no_syscalls_gives_way_to_an_explicit_attach)
{
	NEED(no_bpf());

	struct hotprobe *hp = open_confined(misnamed);
	struct peer peer;

	ck_hp(hp, hotprobe_attach_spec(hp, "syscall__trace_entry", "kprobe:sys_getpgid", NULL));
	ck_assert_uint_eq(hotprobe_link_count(hp), 1);
	load_program(hp);
	peer = trace_calls(hp);
	ck_assert_int_eq(ck_hp(hp, hotprobe_attach(hp)), 1);
	peer_work(&peer);
	ck_assert_uint_eq(hits(hp, 0), 7);
	peer_end(&peer);
	hotprobe_free(hp);

	/* By a kprobe it is a function that is missing, by a tracepoint a system call. */
	check_refused(misnamed, -ENOENT, 3, "trace_entry", "");
}
END_TEST

START_TEST(an_unknown_syscall_has_its_line_and_a_suggestion)
{
	NEED(no_bpf());

	check_refused(PT_REGS GOOD "int syscall__no_such_call(struct pt_regs *ctx)\n{\n"
				   "	return 0;\n}\n",
		      -ENOENT, 6, "no_such_call", "");
}
END_TEST

START_TEST(an_unknown_raw_tracepoint_has_its_line)
{
	NEED(no_bpf());

	check_refused(PT_REGS GOOD "RAW_TRACEPOINT_PROBE(no_such_event)\n{\n	return 0;\n}\n",
		      -ENOENT, 6, "no_such_event", "category");
}
END_TEST

START_TEST(an_unknown_tracepoint_is_refused_with_its_line)
{
	NEED(no_bpf());

	const struct hotprobe_diagnostic *d;
	struct hotprobe *hp;
	const char *text = "\nTRACEPOINT_PROBE(sched, no_such_event)\n{\n	return 0;\n}\n";
	int err;

	hp = new_handle(&confined);
	/* The compiler may know already, since there is no format to read. */
	err = hotprobe_open_string(hp, "text.c", text, strlen(text));
	if (!err)
		err = hotprobe_load(hp);
	if (!err)
		err = hotprobe_attach(hp);
	ck_assert_msg(err == -EINVAL || err == -ENOENT, "%d", err);
	d = find_diagnostic(hp, HOTPROBE_ERROR);
	ck_assert_ptr_nonnull(d);
	ck_assert_uint_eq(d->line, 2);
	ck_assert_ptr_nonnull(strstr(d->text, "no_such_event"));
	hotprobe_free(hp);
}
END_TEST

START_TEST(a_kprobe_without_kprobes_is_refused_with_what_else_there_is)
{
	NEED(no_bpf());

	if (!access("/sys/bus/event_source/devices/kprobe", F_OK))
		SKIP("this kernel has kprobes");
	check_refused(PT_REGS GOOD "int kprobe__vfs_read(struct pt_regs *ctx)\n{\n"
				   "	return 0;\n}\n",
		      -EOPNOTSUPP, 6, "CONFIG_KPROBES", "tracepoint");
}
END_TEST

START_TEST(a_register_that_a_syscalls_tracepoint_lacks_is_refused_with_its_line)
{
	NEED(no_bpf());

	struct hotprobe_opts opts = {.confine = true, .backend = HOTPROBE_BACKEND_TRACEPOINT};
	const struct hotprobe_diagnostic *d;
	struct hotprobe *hp;

	hp = new_handle(&opts);
	open_text(hp, PT_REGS HITS "int syscall__getpgid(struct pt_regs *ctx)\n{\n"
				   "	u64 ip = PT_REGS_IP(ctx);\n\n"
				   "	if (ip)\n		return 1;\n" HIT(0));
	ck_assert_int_eq(hotprobe_load(hp), -EOPNOTSUPP);
	d = find_diagnostic(hp, HOTPROBE_ERROR);
	ck_assert_ptr_nonnull(d);
	ck_assert_uint_eq(d->line, 5);
	ck_assert_ptr_nonnull(strstr(d->text, " " INSTRUCTION_POINTER));
	hotprobe_free(hp);
}
END_TEST

START_TEST(a_rejection_by_the_verifier_has_its_line)
{
	NEED(no_bpf());

	const struct hotprobe_diagnostic *d;
	struct hotprobe *hp;
	int err;

	hp = open_confined(PT_REGS "BPF_HASH(values, u32, u64);\n" GOOD
				   "int syscall__getpgid(struct pt_regs *ctx)\n{\n"
				   "	u32 key = 1;\n"
				   "	u64 *value = values.lookup(&key);\n\n"
				   "	return *value;\n}\n");
	err = hotprobe_load(hp);
	ck_assert_msg(err == -EACCES || err == -EINVAL, "%d", err);
	d = find_diagnostic(hp, HOTPROBE_ERROR);
	ck_assert_ptr_nonnull(d);
	ck_assert_str_eq(d->file, "text.c");
	ck_assert_uint_eq(d->line, 12);
	ck_assert_ptr_nonnull(strstr(d->source_line, "return *value;"));
	ck_assert_ptr_nonnull(strstr(d->text, "syscall__getpgid"));
	ck_assert_ptr_nonnull(strstr(d->hint, "NULL"));
	hotprobe_free(hp);
}
END_TEST

START_TEST(programs_have_the_type_of_their_first_parameter)
{
	NEED(no_bpf());

	static const struct {
		const char *name, *type;
	} wanted[] = {
		{"on_call", "kprobe"},		 {"on_raw", "raw_tracepoint"},
		{"on_tracepoint", "tracepoint"}, {"on_packet", "xdp"},
		{"on_buffer", "sched_cls"},	 {"on_sample", "perf_event"},
	};
	struct hotprobe *hp;

	hp = new_handle(NULL);
	open_text(hp, "#include <uapi/linux/ptrace.h>\n#include <uapi/linux/bpf_perf_event.h>\n"
		      "int on_call(struct pt_regs *ctx) { return 0; }\n"
		      "int on_raw(struct bpf_raw_tracepoint_args *ctx) { return 0; }\n"
		      "int on_tracepoint(struct tracepoint__syscalls__sys_exit_getpgid *args)"
		      " { return 0; }\n"
		      "int on_packet(struct xdp_md *ctx) { return 2; }\n"
		      "int on_buffer(struct __sk_buff *skb) { return 0; }\n"
		      "int on_sample(struct bpf_perf_event_data *ctx) { return 0; }\n");
	for (size_t i = 0; i < COUNT(wanted); i++) {
		struct hotprobe_program *p = hotprobe_find_program(hp, wanted[i].name);

		ck_assert_msg(p, "there is no %s", wanted[i].name);
		ck_assert_str_eq(hotprobe_program_type(p), wanted[i].type);
		ck_assert(!hotprobe_program_placed(p));
		ck_assert_int_eq(hotprobe_program_fd(p), -1);
	}
	load_program(hp);
	for (size_t i = 0; i < COUNT(wanted); i++)
		ck_assert_int_ge(hotprobe_program_fd(hotprobe_find_program(hp, wanted[i].name)), 0);
	ck_assert_int_eq(ck_hp(hp, hotprobe_attach(hp)), 0);
	hotprobe_free(hp);
}
END_TEST

START_TEST(explicit_attaches_of_nonsense_are_refused)
{
	NEED(no_bpf());

	struct hotprobe *hp;

	hp = open_confined(plain_program);
	load_program(hp);
	ck_assert_int_eq(hotprobe_attach_syscall(hp, "nothing", "getpgid", NULL), -ENOENT);
	ck_assert_ptr_nonnull(strstr(hotprobe_error(hp), "nothing"));
	ck_assert_int_eq(hotprobe_attach_syscall(hp, "on_call", "no_such_call", NULL), -ENOENT);
	ck_assert_int_eq(hotprobe_attach_tracepoint(hp, "on_tracepoint", "no", "such", NULL),
			 -ENOENT);
	ck_assert_int_eq(hotprobe_attach_raw_tracepoint(hp, "on_raw", "no_such", NULL), -ENOENT);
	ck_assert_int_eq(hotprobe_attach_spec(hp, "on_call", "no such kind:x", NULL), -EINVAL);
	ck_assert_int_eq(hotprobe_attach_tracepoint(hp, "on_tracepoint", "..", "..", NULL),
			 -ENOENT);
	/* Nothing of that is left to be tried again. */
	ck_assert_uint_eq(hotprobe_link_count(hp), 0);
	ck_assert_int_eq(ck_hp(hp, hotprobe_attach(hp)), 0);
	hotprobe_free(hp);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("attach");

	add_test(suite, syscalls_are_attached_by_every_spelling, 30);
	add_test(suite, tracepoints_are_attached_by_macro_and_by_name, 30);
	add_test(suite, raw_tracepoints_are_attached_by_macro_and_by_name, 30);
	add_test(suite, a_tracepoint_has_its_fields, 30);
	add_test(suite, a_syscalls_arguments_and_result_are_right, 30);
	add_test(suite, an_explicit_attach_of_what_its_name_attached_is_not_a_second_one, 30);
	add_test(suite, a_name_that_is_no_syscalls_gives_way_to_an_explicit_attach, 30);
	add_test(suite, functions_are_attached_explicitly_before_and_after_the_load, 30);
	add_test(suite, one_link_is_detached_and_the_others_stay, 30);
	add_test(suite, two_handles_trace_the_same_call, 30);
	add_test(suite, an_unknown_syscall_has_its_line_and_a_suggestion, 30);
	add_test(suite, an_unknown_raw_tracepoint_has_its_line, 30);
	add_test(suite, an_unknown_tracepoint_is_refused_with_its_line, 30);
	add_test(suite, a_kprobe_without_kprobes_is_refused_with_what_else_there_is, 30);
	add_test(suite, a_register_that_a_syscalls_tracepoint_lacks_is_refused_with_its_line, 30);
	add_test(suite, a_rejection_by_the_verifier_has_its_line, 30);
	add_test(suite, programs_have_the_type_of_their_first_parameter, 30);
	add_test(suite, explicit_attaches_of_nonsense_are_refused, 30);
	return run_suite(suite);
}
