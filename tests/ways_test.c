/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every kind of probe in every way that a function gets to it: by its name, by a call of the API,
 * by an annotation in front of it, by --attach on the command line. All on a command with known
 * activity, counted exactly.
 */
#include "calls.h"
#include "net.h"
#include "support.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { HITS = 7 };

enum where { ANYWHERE, IN_NET, IN_CGROUP, IN_KERNEL /* which may not have it */ };

/* CHILD in a target stands for the path of user_child, CGROUP for that of the test's cgroup. */
static const struct kind {
	const char *target;
	const char *name; /* by convention, NULL if there is none */
	const char *context, *result;
	const char *program, *work; /* user_child or child, and what it is to do; then HITS */
	int hits;		    /* negative: at least as many */
	enum where where;
} kinds[] = {
	{"syscall:getpgid", "syscall__getpgid", "struct pt_regs", "0", "child", "calls", HITS, 0},
	{"syscall_ret:getpgid", "syscall_ret__getpgid", "struct pt_regs", "0", "child", "calls",
	 HITS, 0},
	{"kprobe:sys_getpgid", "kprobe__sys_getpgid", "struct pt_regs", "0", "child", "calls", HITS,
	 0},
	{"kretprobe:sys_getpgid", "kretprobe__sys_getpgid", "struct pt_regs", "0", "child", "calls",
	 HITS, 0},
#ifdef __x86_64__
	{"kprobe:__x64_sys_getpgid", "kprobe____x64_sys_getpgid", "struct pt_regs", "0", "child",
	 "calls", HITS, 0},
	{"kretprobe:__x64_sys_getpgid", "kretprobe____x64_sys_getpgid", "struct pt_regs", "0",
	 "child", "calls", HITS, 0},
#endif
	{"tracepoint:syscalls:sys_enter_getpgid", "tracepoint__syscalls__sys_enter_getpgid",
	 "struct tracepoint__syscalls__sys_enter_getpgid", "0", "child", "calls", HITS, 0},
	{"tracepoint:syscalls:sys_exit_getpg*", NULL,
	 "struct tracepoint__syscalls__sys_exit_getpgid", "0", "child", "calls", HITS, 0},
	{"raw_tracepoint:sched_process_exec", "raw_tracepoint__sched_process_exec",
	 "struct bpf_raw_tracepoint_args", "0", "child", "calls", 1, 0},
	{"kprobe:do_unlinkat", "kprobe__do_unlinkat", "struct pt_regs", "0", "child", "unlinks",
	 HITS, IN_KERNEL},
	{"kretprobe:do_unlinkat", "kretprobe__do_unlinkat", "struct pt_regs", "0", "child",
	 "unlinks", HITS, IN_KERNEL},
	{"kprobe:do_unlinka?", NULL, "struct pt_regs", "0", "child", "unlinks", HITS, IN_KERNEL},
	{"kfunc:do_unlinkat", "kfunc__do_unlinkat", "unsigned long long", "0", "child", "unlinks",
	 HITS, IN_KERNEL},
	{"kretfunc:do_unlinkat", "kretfunc__do_unlinkat", "unsigned long long", "0", "child",
	 "unlinks", HITS, IN_KERNEL},
	{"fmod_ret:security_path_unlink", "kmod_ret__security_path_unlink", "unsigned long long",
	 "0", "child", "unlinks", HITS, IN_KERNEL},
	{"lsm:path_unlink", "lsm__path_unlink", "unsigned long long", "0", "child", "unlinks", HITS,
	 IN_KERNEL},
	{"uprobe:CHILD:inner", NULL, "struct pt_regs", "0", "user_child", "stack", HITS, 0},
	{"uretprobe:CHILD:inner", NULL, "struct pt_regs", "0", "user_child", "stack", HITS, 0},
	{"uretprobe:CHILD:*ner", NULL, "struct pt_regs", "0", "user_child", "stack", HITS, 0},
	{"uprobe:c:a64l", NULL, "struct pt_regs", "0", "user_child", "library", HITS, 0},
	{"usdt:CHILD:user:values", NULL, "struct pt_regs", "0", "user_child", "usdt", HITS, 0},
	{"usdt:CHILD:twice", NULL, "struct pt_regs", "0", "user_child", "usdt", 2 * HITS, 0},
	{"perf_event:page-faults:period=1", NULL, "struct bpf_perf_event_data", "0", "child",
	 "calls", -10, 0},
	{"perf_event:page-faults:period=1,cpu=0", NULL, "struct bpf_perf_event_data", "0", "child",
	 "calls on CPU 0", -10, 0},
	{"xdp:lo", NULL, "struct xdp_md", "XDP_PASS", "child", "datagrams", HITS, IN_NET},
	{"tc:lo:ingress", NULL, "struct __sk_buff", "-1", "child", "datagrams", HITS, IN_NET},
	{"tc:lo:egress", NULL, "struct __sk_buff", "-1", "child", "datagrams", HITS, IN_NET},
	/* As they go out and as they come in. */
	{"socket:lo", NULL, "struct __sk_buff", "0", "child", "datagrams", 2 * HITS, IN_NET},
	{"cgroup:CGROUP:egress", NULL, "struct __sk_buff", "1", "child", "datagrams", HITS,
	 IN_CGROUP},
	{"cgroup:CGROUP:sock_create", NULL, "struct bpf_sock", "1", "child", "datagrams", 2,
	 IN_CGROUP},
};

/* One kind, with its target and command filled in. */
struct run {
	const struct kind *kind;
	char *target;
	const char *argv[8];
	char *script;
	char *dir; /* for "unlinks" */
	struct cgroup cgroup;
};

static char *replace(const char *text, const char *word, const char *by)
{
	const char *at = strstr(text, word);

	return at ? format("%.*s%s%s", (int)(at - text), text, by, at + strlen(word))
		  : format("%s", text);
}

/* Returns why there can be none, or NULL. */
static const char *prepare(struct run *r, const struct kind *kind)
{
	const char *program =
		build_path(*kind->program == 'u' ? "tests/user_child" : "tests/child");
	bool in_net = kind->where == IN_NET || kind->where == IN_CGROUP;
	const char *missing = in_net ? enter_net() : no_bpf();
	char *target;

	*r = (struct run){.kind = kind};
	if (!missing && !strncmp(kind->target, "tc:", 3))
		missing = no_tc();
	if (!missing && kind->where == IN_CGROUP && !make_cgroup(&r->cgroup))
		missing = "this kernel mounts no cgroup2 file system";
	if (missing)
		return missing;
	target = replace(kind->target, "CHILD", build_path("tests/user_child"));
	r->target = replace(target, "CGROUP", r->cgroup.path ? r->cgroup.path : "");
	free(target);
	if (!strcmp(kind->work, "calls"))
		r->script = format("exec %s numbers 1 2 3 4 5 6 7", program);
	else if (!strcmp(kind->work, "calls on CPU 0"))
		r->script = format("exec taskset -c 0 %s numbers 1 2 3 4 5 6 7", program);
	else if (!strcmp(kind->work, "unlinks"))
		r->script = format("exec %s unlinks %s %d", program, r->dir = make_dir(), HITS);
	else
		r->script = format("exec %s %s %d >/dev/null", program, kind->work, HITS);
	if (kind->where == IN_CGROUP) {
		char *inside = format("echo 0 > %s/cgroup.procs && %s", r->cgroup.path, r->script);

		free(r->script);
		r->script = inside;
	}
	return NULL;
}

static void finish(struct run *r)
{
	if (r->cgroup.path)
		remove_cgroup(&r->cgroup);
	if (r->dir)
		remove_dir(r->dir);
	free(r->script);
	free(r->target);
}

static char *source(const struct kind *kind, const char *annotation, const char *function)
{
	return format("BPF_ARRAY(hits, u64, 1);\n%s\n"
		      "int %s(%s *ctx)\n{\n	hits.atomic_increment(0);\n	return %s;\n}\n",
		      annotation, function, kind->context, kind->result);
}

static void check_hits(const struct run *r, const char *way, uint64_t hits)
{
	int wanted = r->kind->hits;

	ck_assert_msg(wanted < 0 ? hits >= (uint64_t)-wanted : hits == (uint64_t)wanted,
		      "%s, %s: %llu hits", r->target, way, (unsigned long long)hits);
}

/* The shell becomes what is traced, and calls getpgid() itself never. Its own execve is one more.
 */
static void run_in_library(const struct run *r, const char *way, const char *annotation,
			   const char *function, bool by_call)
{
	const char *const argv[] = {"sh", "-c", r->script, NULL};
	char *text = source(r->kind, annotation, function);
	struct hotprobe *hp = open_confined(text);
	bool execs = strstr(r->target, "exec");

	load_program(hp);
	if (by_call)
		ck_hp(hp, hotprobe_attach_spec(hp, function, r->target, NULL));
	ck_assert_int_eq(run_command(hp, argv), 0);
	check_hits(r, way, value_at(hp, "hits", 0) - execs);
	ck_assert_uint_eq(hotprobe_link_count(hp), 1);
	hotprobe_free(hp);
	free(text);
}

static uint64_t hits_of(const char *json)
{
	json_t *table = json_loads(json, 0, NULL);
	json_t *entry = json_array_get(json_object_get(table, "entries"), 0);
	uint64_t hits = (uint64_t)json_integer_value(json_object_get(entry, "value"));

	ck_assert_msg(table != NULL, "%s", json);
	json_decref(table);
	return hits;
}

static void run_on_command_line(const struct run *r)
{
	char *attach = format("%s=probe", r->target), *text = source(r->kind, "", "probe");
	const char *const argv[] = {build_path("hotprobe"),
				    "run",
				    "--no-cache",
				    "--json",
				    "-",
				    "--attach",
				    attach,
				    "--",
				    "sh",
				    "-c",
				    r->script,
				    NULL};
	struct result got = run(argv, text, strlen(text));

	ck_assert_msg(!got.status, "%s: %s", r->target, got.err);
	check_hits(r, "--attach", hits_of(got.out) - !!strstr(r->target, "exec"));
	result_free(&got);
	free(attach);
	free(text);
}

/* Has this kernel such probes? If not, that is noted. */
static bool can_be_had(const struct run *r)
{
	char *text = source(r->kind, "", "probe");
	struct hotprobe *hp = open_confined(text);
	int err;

	ck_hp(hp, hotprobe_attach_spec(hp, "probe", r->target, NULL));
	err = hotprobe_load(hp);
	if (!err)
		err = hotprobe_attach(hp);
	if (err == -EOPNOTSUPP)
		note_skip("%s", hotprobe_error(hp));
	else
		ck_hp(hp, err);
	hotprobe_free(hp);
	free(text);
	return err != -EOPNOTSUPP;
}

START_TEST(a_function_gets_to_its_target_in_every_way)
{
	const struct kind *kind = &kinds[_i];
	struct run r;
	char *annotation;

	NEED(prepare(&r, kind));
	if (strstr(r.target, "do_unlinkat"))
		claim_function("do_unlinkat");
	if (kind->where == IN_KERNEL && !can_be_had(&r)) {
		finish(&r);
		return;
	}
	if (kind->name)
		run_in_library(&r, "by name", "", kind->name, false);
	run_in_library(&r, "by call", "", "probe", true);
	annotation = format("HOTPROBE(\"%s\")", r.target);
	run_in_library(&r, "by annotation", annotation, "probe", false);
	run_on_command_line(&r);
	free(annotation);
	finish(&r);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("ways");

	add_loop_test(suite, a_function_gets_to_its_target_in_every_way, 120, COUNT(kinds));
	return run_suite(suite);
}
