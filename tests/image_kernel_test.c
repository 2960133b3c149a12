/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Images on kernels that they were not compiled for: they load where all that they use is as it
 * was, and else are refused with the name of what is not. The other kernel is this one's BTF,
 * changed in one point.
 */
#include "support.h"

#include <bpf/btf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "image.h"

/* ---- Changes to a kernel's BTF ----------------------------------------------------------------
 */

static struct btf_type *type_at(struct btf *btf, uint32_t id)
{
	return (struct btf_type *)(uintptr_t)btf__type_by_id(btf, id);
}

static struct btf_type *find(struct btf *btf, const char *name, unsigned kind)
{
	int id = btf__find_by_name_kind(btf, name, kind);

	ck_assert_msg(id > 0, "this kernel has no %s", name);
	return type_at(btf, (uint32_t)id);
}

/* Of that name among the type's own members. */
static struct btf_member *find_member(struct btf *btf, struct btf_type *type, const char *name)
{
	for (unsigned i = 0; i < btf_vlen(type); i++)
		if (!strcmp(btf__name_by_offset(btf, btf_members(type)[i].name_off), name))
			return &btf_members(type)[i];
	ck_abort_msg("no member %s", name);
}

static struct btf_member *member(struct btf *btf, const char *type, const char *name)
{
	return find_member(btf, find(btf, type, BTF_KIND_STRUCT), name);
}

static void swap_names(struct btf_member *a, struct btf_member *b)
{
	uint32_t name = a->name_off;

	a->name_off = b->name_off;
	b->name_off = name;
}

static uint32_t new_name(struct btf *btf, const char *name)
{
	int offset = btf__add_str(btf, name);

	ck_assert_int_gt(offset, 0);
	return (uint32_t)offset;
}

static void move_tgid(struct btf *btf)
{
	swap_names(member(btf, "task_struct", "tgid"), member(btf, "task_struct", "pid"));
}

static void add_a_member(struct btf *btf)
{
	uint32_t name = new_name(btf, "hotprobe_new");

	member(btf, "task_struct", "tgid")->name_off = name;
}

static void retype_tgid(struct btf *btf)
{
	int id = btf__find_by_name_kind(btf, "unsigned int", BTF_KIND_INT);

	ck_assert_int_gt(id, 0);
	member(btf, "task_struct", "tgid")->type = (uint32_t)id;
}

static void point_elsewhere(struct btf *btf)
{
	member(btf, "task_struct", "real_parent")->type = member(btf, "task_struct", "mm")->type;
}

static void change_what_is_not_used(struct btf *btf)
{
	struct btf_type *task = find(btf, "task_struct", BTF_KIND_STRUCT);

	task->size += 64;
	swap_names(find_member(btf, task, "exit_code"), find_member(btf, task, "exit_signal"));
}

static void move_below_anonymous(struct btf *btf)
{
	struct btf_type *common = find(btf, "sock_common", BTF_KIND_STRUCT), *pair;

	/* union { u64 skc_addrpair; struct { u32 skc_daddr, skc_rcv_saddr; }; }; */
	pair = type_at(btf, btf_members(common)[0].type);
	pair = type_at(btf, btf_members(pair)[1].type);
	swap_names(find_member(btf, pair, "skc_daddr"), find_member(btf, pair, "skc_rcv_saddr"));
}

static struct btf_type *address_union(struct btf *btf)
{
	return type_at(btf, member(btf, "in6_addr", "in6_u")->type);
}

static void rename_in_a_type_without_name(struct btf *btf)
{
	struct btf_type *address = address_union(btf);

	swap_names(find_member(btf, address, "u6_addr16"), find_member(btf, address, "u6_addr32"));
}

static void grow_what_is_copied(struct btf *btf)
{
	find(btf, "rlimit", BTF_KIND_STRUCT)->size += 8;
}

static void change_an_enumerator(struct btf *btf)
{
	for (uint32_t id = 1; id < btf__type_cnt(btf); id++) {
		struct btf_type *type = type_at(btf, id);

		for (unsigned i = 0; btf_is_enum(type) && i < btf_vlen(type); i++)
			if (!strcmp(btf__name_by_offset(btf, btf_enum(type)[i].name_off),
				    "TCP_ESTABLISHED"))
				btf_enum(type)[i].val = 21;
	}
}

static void change_a_parameter(struct btf *btf)
{
	struct btf_type *proto = type_at(btf, find(btf, "tcp_connect", BTF_KIND_FUNC)->type);

	btf_params(proto)[0].type = member(btf, "task_struct", "mm")->type;
}

static void change_a_raw_tracepoint(struct btf *btf)
{
	struct btf_type *pointer =
		type_at(btf, find(btf, "btf_trace_sched_process_exit", BTF_KIND_TYPEDEF)->type);

	btf_params(type_at(btf, pointer->type))[1].type = member(btf, "task_struct", "mm")->type;
}

static void change_nothing(struct btf *btf)
{
	(void)btf;
}

/* ---- Images of such a kernel ------------------------------------------------------------------
 */

struct other {
	char *dir, *btf, *image;
};

static struct other other_kernel(void (*change)(struct btf *btf))
{
	struct other other = {.dir = make_dir()};
	struct btf *btf = btf__parse_raw("/sys/kernel/btf/vmlinux");
	const void *data;
	uint32_t size;

	ck_assert_int_eq(chmod(other.dir, 0755), 0); /* the compiler is no one */
	other.btf = format("%s/btf", other.dir);
	other.image = format("%s/image.hpo", other.dir);
	ck_assert_ptr_nonnull(btf);
	new_name(btf, "hotprobe_test"); /* from here on it is memory of its own */
	change(btf);
	data = btf__raw_data(btf, &size);
	ck_assert_ptr_nonnull(data);
	write_file(other.btf, data, size);
	btf__free(btf);
	return other;
}

static void other_free(struct other *other)
{
	free(other->btf);
	free(other->image);
	remove_dir(other->dir);
}

static void build_image(const struct other *other, const char *text, const char *release,
			const char *tracefs, bool attach)
{
	struct hotprobe_opts opts = {
		.sz = sizeof(opts),
		.btf_path = other->btf,
		.kernel_release = release,
		.tracefs = tracefs,
		.no_cache = true,
	};
	struct hotprobe *hp = new_handle(&opts);

	ck_hp(hp, hotprobe_open_string(hp, "prog.c", text, strlen(text)));
	if (attach)
		ck_hp(hp, hotprobe_attach_kprobe(hp, "later", "tcp_connect", 0, NULL));
	ck_hp(hp, hotprobe_save(hp, other->image));
	hotprobe_free(hp);
}

/* Opens it on this kernel, without a compiler. part: of the error's text, NULL if it fits. Returns
   the line of that error. */
static unsigned open_image(const char *image, const char *part)
{
	struct hotprobe_opts opts = {.sz = sizeof(opts), .compiler = "/nonexistent/hotprobe-cc"};
	struct hotprobe *hp = new_handle(&opts);
	const struct hotprobe_diagnostic *d;
	unsigned line = 0;

	if (!part) {
		ck_hp(hp, hotprobe_open_file(hp, image));
		ck_assert_ptr_null(find_diagnostic(hp, HOTPROBE_ERROR));
	} else {
		ck_assert_int_eq(hotprobe_open_file(hp, image), -EINVAL);
		ck_assert_msg(strstr(hotprobe_error(hp), part), "\"%s\" does not say \"%s\"",
			      hotprobe_error(hp), part);
		d = find_diagnostic(hp, HOTPROBE_ERROR);
		ck_assert_ptr_nonnull(d);
		ck_assert_ptr_nonnull(strstr(d->text, part));
		ck_assert_ptr_nonnull(strstr(d->hint, "build"));
		line = d->line;
	}
	hotprobe_free(hp);
	return line;
}

#define TASK "	struct task_struct *t = (void *)bpf_get_current_task();\n"
#define SOCK "int kprobe__tcp_connect(struct pt_regs *ctx, struct sock *sk)\n{\n"
#define LIMIT                                                                                      \
	"int kprobe__do_exit(struct pt_regs *ctx)\n{\n"                                            \
	"	struct rlimit *limit = (void *)PT_REGS_PARM1(ctx);\n"
#define HEADERS "#include <linux/sched.h>\n#include <net/sock.h>\n"

static const char task_text[] = HEADERS "BPF_HASH(h, u32, u32);\n"
					"int kprobe__do_exit(struct pt_regs *ctx)\n{\n" TASK
					"	u32 id = t->real_parent->tgid;\n"
					"	h.update(&id, &id);\n"
					"	return 0;\n}\n";

static const struct {
	const char *what;
	void (*change)(struct btf *btf);
	const char *text;
	const char *error; /* NULL: it fits */
	unsigned line;
} cases[] = {
	{"nothing", change_nothing, task_text, NULL, 0},
	{"a member at another place", move_tgid, task_text, "struct task_struct.tgid is another",
	 7},
	{"a member with a sign less", retype_tgid, task_text, "s32 at byte", 7},
	{"a member that points to another struct", point_elsewhere,
	 HEADERS "int kprobe__do_exit(struct pt_regs *ctx)\n{\n" TASK
		 "	return t->real_parent != 0;\n}\n",
	 "struct task_struct.real_parent is another", 6},
	{"members that are not used", change_what_is_not_used, task_text, NULL, 0},
	{"a member that is not there", add_a_member,
	 HEADERS "int kprobe__do_exit(struct pt_regs *ctx)\n{\n" TASK
		 "	return t->hotprobe_new;\n}\n",
	 "struct task_struct.hotprobe_new, which the image uses, is not there", 6},
	{"a member of which only the place is asked", move_tgid,
	 HEADERS "int kprobe__do_exit(struct pt_regs *ctx)\n{\n"
		 "	return offsetof(struct task_struct, tgid);\n}\n",
	 "struct task_struct.tgid is another", 5},
	{"a member of an anonymous struct", move_below_anonymous,
	 HEADERS SOCK "	return sk->__sk_common.skc_daddr;\n}\n",
	 "struct sock_common.skc_daddr is another", 5},
	{"a member under the name of a macro", move_below_anonymous,
	 HEADERS SOCK "	return sk->sk_daddr;\n}\n", "struct sock.skc_daddr is another", 5},
	{"a member beside those", move_below_anonymous,
	 HEADERS SOCK "	return sk->__sk_common.skc_family;\n}\n", NULL, 0},
	{"a member of a union without a tag", rename_in_a_type_without_name,
	 HEADERS SOCK "	return sk->__sk_common.skc_v6_daddr.in6_u.u6_addr32[1];\n}\n",
	 "struct in6_addr.in6_u.u6_addr32 is another", 5},
	{"a part of an event", rename_in_a_type_without_name,
	 HEADERS "struct event { u32 pid; struct in6_addr address; };\n"
		 "BPF_PERF_OUTPUT(events);\n" SOCK "	struct event e = {};\n"
		 "	events.perf_submit(ctx, &e, sizeof(e));\n	return 0;\n}\n",
	 "struct in6_addr is another on this kernel: in6_u.u6_addr16: u16[8]", 3},
	{"a struct that is copied", grow_what_is_copied,
	 LIMIT "	struct rlimit copy;\n"
	       "	bpf_probe_read_kernel(&copy, sizeof(copy), limit);\n"
	       "	return copy.rlim_max;\n}\n",
	 "struct rlimit is another on this kernel: 16 bytes, where the image has 24", 5},
	{"a struct that only has a member read", grow_what_is_copied,
	 LIMIT "	return limit->rlim_max;\n}\n", NULL, 0},
	{"a struct that is only handed on", grow_what_is_copied,
	 LIMIT "	struct rlimit *next = limit;\n	return next == limit;\n}\n", NULL, 0},
	{"a step over a struct", grow_what_is_copied,
	 LIMIT "	return (limit + 1)->rlim_max;\n}\n", "struct rlimit is another", 4},
	{"an array of structs", grow_what_is_copied, LIMIT "	return limit[2].rlim_max;\n}\n",
	 "struct rlimit is another", 4},
	{"an enumerator", change_an_enumerator,
	 HEADERS SOCK "	return sk->sk_state == TCP_ESTABLISHED;\n}\n",
	 "TCP_ESTABLISHED is another on this kernel: 1, where the image has 21", 5},
	{"an enumerator that is not used", change_an_enumerator,
	 HEADERS SOCK "	return sk->sk_state == TCP_CLOSE;\n}\n", NULL, 0},
	{"a member that a function of a header reads", move_below_anonymous,
	 HEADERS "static inline u32 address(struct sock *sk)\n{\n"
		 "	return sk->__sk_common.skc_daddr;\n}\n" SOCK "	return address(sk);\n}\n",
	 "struct sock_common.skc_daddr is another", 5},
	{"a function's parameter", change_a_parameter, HEADERS SOCK "	return sk != 0;\n}\n",
	 "tcp_connect is another on this kernel", 3},
	{"a function's parameter that is not asked for", change_a_parameter,
	 HEADERS "int kprobe__tcp_connect(struct pt_regs *ctx)\n{\n	return 0;\n}\n", NULL, 0},
	{"a raw tracepoint's argument", change_a_raw_tracepoint,
	 "RAW_TRACEPOINT_PROBE(sched_process_exit)\n{\n	return ctx->args[0] != 0;\n}\n",
	 "btf_trace_sched_process_exit is another", 1},
	{"a question that was answered otherwise", add_a_member,
	 HEADERS "int kprobe__do_exit(struct pt_regs *ctx)\n{\n"
		 "#if HOTPROBE_HAS_FIELD(task_struct, hotprobe_new)\n	return 1;\n#endif\n"
		 "	return 0;\n}\n",
	 "task_struct.hotprobe_new is another on this kernel: not there", 0},
};

START_TEST(an_image_fits_where_what_it_uses_is_the_same)
{
	NEED(no_btf());

	struct other other = other_kernel(cases[_i].change);
	unsigned line;

	build_image(&other, cases[_i].text, "5.19.0-other", NULL, false);
	line = open_image(other.image, cases[_i].error);
	ck_assert_msg(line == cases[_i].line, "%s: line %u", cases[_i].what, line);
	other_free(&other);
}
END_TEST

START_TEST(a_function_that_is_placed_when_the_image_is_saved_counts)
{
	NEED(no_btf());

	static const char text[] = HEADERS "int later(struct pt_regs *ctx, struct sock *sk)\n{\n"
					   "	return sk != 0;\n}\n";
	struct other other = other_kernel(change_a_parameter);

	build_image(&other, text, "5.19.0-other", NULL, true);
	ck_assert_uint_eq(open_image(other.image, "tcp_connect is another on this kernel"), 3);
	build_image(&other, text, "5.19.0-other", NULL, false);
	open_image(other.image, NULL);
	other_free(&other);
}
END_TEST

START_TEST(a_version_counts_as_far_as_the_source_compares_it)
{
	NEED(no_btf());

	static const char compares[] =
		"#if LINUX_VERSION_CODE >= KERNEL_VERSION(5, 6, 0)\n#define A 1\n#else\n"
		"#define A 2\n#endif\nint kprobe__do_exit(void *ctx) { return A; }\n";
	static const char takes[] =
		"int kprobe__do_exit(void *ctx) { return LINUX_VERSION_CODE; }\n";
	struct other other = other_kernel(change_nothing);

	build_image(&other, compares, "5.6.0-other", NULL, false);
	open_image(other.image, NULL);
	build_image(&other, compares, "5.5.19-other", NULL, false);
	open_image(other.image,
		   "LINUX_VERSION_CODE, and the image has what is for 0.0.0 and later, "
		   "before 5.6.0");
	build_image(&other, takes, "5.6.0-other", NULL, false);
	open_image(other.image, "5.6.0 and later, before 5.6.1");
	other_free(&other);
}
END_TEST

START_TEST(a_symbol_of_the_configuration_counts)
{
	NEED(no_btf());

	static const char text[] = "#ifdef CONFIG_NET\nint a;\n#endif\n"
				   "int kprobe__do_exit(void *ctx) { return 0; }\n";
	struct other other = other_kernel(change_nothing);
	char *config = format("%s/config-5.6.0-other", other.dir);
	struct stat st;

	if (stat("/proc/config.gz", &st)) {
		other_free(&other);
		free(config);
		SKIP("no /proc/config.gz");
	}
	write_file(config, "CONFIG_NET=y\n", 13);
	build_image(&other, text, "5.6.0-other", NULL, false);
	open_image(other.image, NULL);
	write_file(config, "CONFIG_NET=m\n", 13);
	build_image(&other, text, "5.6.0-other", NULL, false);
	open_image(other.image, "CONFIG_NET is another on this kernel: y, where the image has m");
	free(config);
	other_free(&other);
}
END_TEST

START_TEST(a_field_of_a_tracepoints_record_counts)
{
	NEED(no_btf());
	NEED(geteuid() ? "reading tracefs needs root" : NULL);

	static const char text[] = "TRACEPOINT_PROBE(sched, sched_process_exit)\n{\n"
				   "	return args->pid;\n}\n";
	static const char record[] =
		"format:\n"
		"\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n"
		"\tfield:pid_t pid;\toffset:48;\tsize:4;\tsigned:1;\n";
	struct other other = other_kernel(change_nothing);
	char *dirs = format("mkdir -p %s/events/sched/sched_process_exit", other.dir);
	char *path = format("%s/events/sched/sched_process_exit/format", other.dir);

	ck_assert_int_eq(system(dirs), 0);
	write_file(path, record, sizeof(record) - 1);
	build_image(&other, text, "5.6.0-other", other.dir, false);
	ck_assert_uint_eq(open_image(other.image, "sched_process_exit.pid is another"), 3);
	build_image(&other, text, "5.6.0-other", NULL, false);
	open_image(other.image, NULL);
	free(path);
	free(dirs);
	other_free(&other);
}
END_TEST

START_TEST(headers_and_types_of_different_kernels_are_told_apart)
{
	NEED(no_btf());

	struct other other = other_kernel(move_tgid);
	struct hotprobe_opts headers = {.sz = sizeof(headers), .btf_path = other.btf};
	struct hotprobe_opts opts = {.sz = sizeof(opts), .no_cache = true};
	struct hotprobe *hp = new_handle(&headers);
	char *tree = format("%s/tree", other.dir);

	ck_hp(hp, hotprobe_write_headers(hp, tree));
	hotprobe_free(hp);
	opts.kernel_headers = tree;
	hp = new_handle(&opts);
	ck_hp(hp, hotprobe_open_string(hp, "prog.c", task_text, strlen(task_text)));
	ck_assert_int_eq(hotprobe_save(hp, other.image), -EINVAL);
	ck_assert_ptr_nonnull(strstr(hotprobe_error(hp), "struct task_struct.tgid at bit"));
	hotprobe_free(hp);
	free(tree);
	other_free(&other);
}
END_TEST

START_TEST(an_image_for_another_machine_is_refused)
{
	NEED(no_btf());

	struct other other = other_kernel(change_nothing);
	const char *why;
	struct image img;
	size_t size;
	char *data;

	build_image(&other, task_text, NULL, NULL, false);
	data = read_file(other.image, &size);
	ck_assert_int_eq(image_parse(&img, data, size, &why), 0);
	*(char *)(uintptr_t)image_str(&img, img.facts->machine) = 'z';
	write_file(other.image, data, size);
	open_image(other.image, "the image was compiled for z");
	free(data);
	other_free(&other);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("image_kernel");

	add_loop_test(suite, an_image_fits_where_what_it_uses_is_the_same, 60, COUNT(cases));
	add_test(suite, a_function_that_is_placed_when_the_image_is_saved_counts, 60);
	add_test(suite, a_version_counts_as_far_as_the_source_compares_it, 60);
	add_test(suite, a_symbol_of_the_configuration_counts, 60);
	add_test(suite, a_field_of_a_tracepoints_record_counts, 60);
	add_test(suite, headers_and_types_of_different_kernels_are_told_apart, 60);
	add_test(suite, an_image_for_another_machine_is_refused, 60);
	return run_suite(suite);
}
