/* SPDX-License-Identifier: Apache-2.0 */
/* What hotprobe_list_targets() tells, compared with what the kernel and files say themselves. */
#include "support.h"

#include <bpf/btf.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <grp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "describe.h"
#include "pattern.h"
#include "perf_name.h"
#include "tracefs.h"

/* ---- Lists ------------------------------------------------------------------------------------
 */

struct log {
	char text[4096];
};

static void keep_log(void *ctx, enum hotprobe_severity severity, const char *line)
{
	struct log *log = ctx;
	size_t used = strlen(log->text);

	if (severity >= HOTPROBE_WARNING)
		snprintf(log->text + used, sizeof(log->text) - used, "%s\n", line);
}

static bool keep_name(void *ctx, const struct hotprobe_target_info *info)
{
	size_t length = strlen(info->kind);

	ck_assert(!strncmp(info->target, info->kind, length) && info->target[length] == ':');
	ck_assert_int_eq(names_add(ctx, strdup(info->target)), 0);
	return false;
}

/* Returns what the library returned. */
static int list(const char *pattern, struct names *names, struct log *log)
{
	struct hotprobe_opts opts = {.log = keep_log, .log_ctx = log};
	struct hotprobe *hp = new_handle(log ? &opts : NULL);
	int count = hotprobe_list_targets(hp, pattern, false, keep_name, names);

	if (count >= 0)
		ck_assert_uint_eq(names->list.count, (size_t)count);
	hotprobe_free(hp);
	return count;
}

static bool has(const struct names *names, const char *name)
{
	for (size_t i = 0; i < names->list.count; i++)
		if (!strcmp(names->list.at[i], name))
			return true;
	return false;
}

static void check_same(struct names *got, struct names *wanted)
{
	names_sort(got);
	names_sort(wanted);
	for (size_t i = 0; i < wanted->list.count; i++)
		ck_assert_msg(names_have(got, wanted->list.at[i]), "%s is not listed",
			      wanted->list.at[i]);
	for (size_t i = 0; i < got->list.count; i++)
		ck_assert_msg(names_have(wanted, got->list.at[i]), "%s is listed", got->list.at[i]);
	names_free(got);
	names_free(wanted);
}

/* One target with all that is known of it, as text: "target(argument, argument) -> result {field;
   field;}". */
static bool describe(void *ctx, const struct hotprobe_target_info *info)
{
	FILE *out = ctx;

	fputs(info->target, out);
	for (size_t i = 0; i < info->argument_count; i++)
		fprintf(out, "%s%s", i ? ", " : "(", info->arguments[i].declaration);
	if (info->has_arguments)
		fputs(info->argument_count ? ")" : "()", out);
	if (info->result)
		fprintf(out, " -> %s", info->result->declaration);
	for (size_t i = 0; i < info->field_count; i++)
		fprintf(out, " {%s}", info->fields[i].declaration);
	if (*info->context)
		fprintf(out, " [%s]", info->context);
	fputc('\n', out);
	return false;
}

static void check_described(const char *pattern, const char *wanted)
{
	struct hotprobe *hp = new_handle(NULL);
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	ck_hp(hp, hotprobe_list_targets(hp, pattern, true, describe, out));
	fclose(out);
	ck_assert_str_eq(text, wanted);
	free(text);
	hotprobe_free(hp);
}

/* NULL, or why tracefs cannot be read. */
static const char *no_tracefs(void)
{
	struct hotprobe *hp = new_handle(NULL);
	int fd = tracefs_fd(hp);

	hotprobe_free(hp);
	return fd < 0 ? "tracefs cannot be opened" : NULL;
}

/* ---- Tracepoints and system calls -------------------------------------------------------------
 */

/* Directories of tracefs, "events/CATEGORY/EVENT", that have an id. */
static void each_event(int root, const char *category,
		       void (*fn)(void *ctx, const char *category, const char *event), void *ctx)
{
	char *path = format("events/%s", category);
	int fd = openat(root, path, O_RDONLY | O_DIRECTORY);
	DIR *dir = fdopendir(fd);
	struct dirent *entry;

	ck_assert_ptr_nonnull(dir);
	while ((entry = readdir(dir))) {
		char *id = format("%s/%s/id", path, entry->d_name);

		if (entry->d_name[0] != '.' && !faccessat(root, id, F_OK, 0))
			fn(ctx, category, entry->d_name);
		free(id);
	}
	closedir(dir);
	free(path);
}

static void add_syscall(void *ctx, const char *category, const char *event)
{
	(void)category;
	if (!strncmp(event, "sys_enter_", 10))
		names_add(ctx, format("syscall:%s", event + 10));
}

static void add_event(void *ctx, const char *category, const char *event)
{
	names_add(ctx, format("tracepoint:%s:%s", category, event));
}

START_TEST(every_system_call_is_listed_and_nothing_else)
{
	struct names wanted = {0}, got = {0}, returns = {0};
	struct hotprobe *hp;

	NEED(no_tracefs());
	hp = new_handle(NULL);
	each_event(tracefs_fd(hp), "syscalls", add_syscall, &wanted);
	ck_assert_uint_gt(wanted.list.count, 250);
	ck_assert_int_eq(list("syscall", &got, NULL), (int)wanted.list.count);
	ck_assert_int_eq(list("syscall_ret:*", &returns, NULL), (int)wanted.list.count);
	check_same(&got, &wanted);
	names_free(&returns);
	hotprobe_free(hp);
}
END_TEST

START_TEST(every_tracepoint_is_listed_and_nothing_else)
{
	struct names wanted = {0}, got = {0};
	struct hotprobe *hp;
	struct dirent *entry;
	DIR *dir;

	NEED(no_tracefs());
	hp = new_handle(NULL);
	dir = fdopendir(openat(tracefs_fd(hp), "events", O_RDONLY | O_DIRECTORY));
	ck_assert_ptr_nonnull(dir);
	while ((entry = readdir(dir)))
		if (entry->d_type == DT_DIR && entry->d_name[0] != '.')
			each_event(tracefs_fd(hp), entry->d_name, add_event, &wanted);
	closedir(dir);
	ck_assert_uint_gt(wanted.list.count, 1000);
	ck_assert_int_gt(list("tracepoint", &got, NULL), 0);
	check_same(&got, &wanted);
	hotprobe_free(hp);
}
END_TEST

/* Each field's line, found by its name. */
static bool check_fields(void *ctx, const struct hotprobe_target_info *info)
{
	char category[128], event[128], *text;
	struct hotprobe *hp = ctx;

	ck_assert_int_eq(sscanf(info->target, "tracepoint:%127[^:]:%127s", category, event), 2);
	ck_assert_int_eq(tracefs_read_event(hp, category, event, "format", &text), 0);
	for (size_t i = 0; i < info->field_count; i++) {
		const struct hotprobe_arg *field = &info->fields[i];
		char *plain = format(" %s;\toffset:%zu;", field->name, field->offset);
		char *array = format(" %s[", field->name);
		char *line = strstr(text, plain);
		unsigned long size = 0;

		if (!line)
			line = strstr(text, array);
		ck_assert_msg(line, "%s has no field %s at %zu", info->target, field->name,
			      field->offset);
		ck_assert_int_eq(sscanf(strstr(line, "size:"), "size:%lu;", &size), 1);
		ck_assert_msg(field->is_dynamic
				      ? !field->size && size == 4
				      : field->size == size || !strcmp(category, "syscalls") ||
						field->kind == HOTPROBE_BOOL,
			      "%s: %s has %zu bytes, %lu in the record", info->target,
			      field->declaration, field->size, size);
		free(plain);
		free(array);
	}
	free(text);
	return false;
}

START_TEST(fields_are_those_of_the_format)
{
	struct hotprobe *hp;

	NEED(no_tracefs());
	hp = new_handle(NULL);
	ck_assert_int_gt(ck_hp(hp, hotprobe_list_targets(hp, "tracepoint", true, check_fields, hp)),
			 1000);
	hotprobe_free(hp);
	check_described("tracepoint:sched:sched_process_exec",
			"tracepoint:sched:sched_process_exec {__data_loc char[] filename} "
			"{pid_t pid} {pid_t old_pid} "
			"[struct tracepoint__sched__sched_process_exec]\n");
}
END_TEST

struct one {
	char target[256];
	struct hotprobe_arg args[12];
	size_t count;
	char names[12][64];
};

static bool keep_args(void *ctx, const struct hotprobe_target_info *info)
{
	const struct hotprobe_arg *args = info->field_count ? info->fields : info->arguments;
	struct one *one = ctx;

	snprintf(one->target, sizeof(one->target), "%s", info->target);
	one->count = info->field_count ? info->field_count : info->argument_count;
	for (size_t i = 0; i < one->count && i < COUNT(one->args); i++) {
		one->args[i] = args[i];
		snprintf(one->names[i], sizeof(one->names[i]), "%s", args[i].name);
	}
	return false;
}

static struct one get(const char *target)
{
	struct hotprobe *hp = new_handle(NULL);
	struct one one = {.count = 0};

	ck_assert_int_eq(ck_hp(hp, hotprobe_list_targets(hp, target, true, keep_args, &one)), 1);
	hotprobe_free(hp);
	return one;
}

static void check_arg(const struct one *one, size_t index, const char *name,
		      enum hotprobe_kind kind, size_t size, bool is_signed)
{
	const struct hotprobe_arg *arg = &one->args[index];

	ck_assert_uint_gt(one->count, index);
	ck_assert_str_eq(one->names[index], name);
	ck_assert_msg(arg->kind == kind && arg->size == size && arg->is_signed == is_signed,
		      "%s of %s: kind %d, %zu bytes, %ssigned", name, one->target, arg->kind,
		      arg->size, arg->is_signed ? "" : "un");
}

START_TEST(arguments_of_system_calls_have_their_types)
{
	struct one one;

	NEED(no_tracefs());
	NEED(no_btf());
	one = get("syscall:openat");
	check_arg(&one, 0, "dfd", HOTPROBE_INT, 4, true);
	check_arg(&one, 1, "filename", HOTPROBE_POINTER, 8, false);
	check_arg(&one, 2, "flags", HOTPROBE_INT, 4, true);
	check_arg(&one, 3, "mode", HOTPROBE_INT, 2, false);
	ck_assert_uint_eq(one.count, 4);
	ck_assert(one.args[1].is_user && one.args[1].is_const);
	ck_assert_int_eq(one.args[1].of, HOTPROBE_CHAR);
	one = get("syscall:read");
	check_arg(&one, 0, "fd", HOTPROBE_INT, 4, false);
	check_arg(&one, 2, "count", HOTPROBE_INT, 8, false);
	ck_assert(!one.args[1].is_const);
	one = get("syscall:execve");
	ck_assert_int_eq(one.args[1].of, HOTPROBE_POINTER);
	one = get("syscall:capget");
	check_arg(&one, 0, "header", HOTPROBE_POINTER, 8, false);
	ck_assert_uint_eq(get("syscall:getpid").count, 0);
	check_described("syscall:close",
			"syscall:close(unsigned int fd) -> long [struct pt_regs]\n");
}
END_TEST

/* ---- Functions --------------------------------------------------------------------------------
 */

struct compared {
	struct btf *btf;
	size_t seen, checked;
};

static void check_parameter(const struct compared *c, const struct hotprobe_arg *arg,
			    const struct btf_param *param)
{
	int64_t size = btf__resolve_size(c->btf, param->type);
	const struct btf_type *type = btf__type_by_id(c->btf, param->type);

	ck_assert_str_eq(arg->name, btf__name_by_offset(c->btf, param->name_off));
	ck_assert_uint_eq(arg->size, (size_t)size);
	if (*arg->name)
		ck_assert_ptr_nonnull(strstr(arg->declaration, arg->name));
	if (!btf_is_ptr(type))
		return;
	ck_assert_int_eq(arg->kind, HOTPROBE_POINTER);
	type = btf__type_by_id(c->btf, type->type);
	if (!btf_is_struct(type))
		return;
	ck_assert_int_eq(arg->of, HOTPROBE_STRUCT);
	ck_assert_str_eq(arg->tag, btf__name_by_offset(c->btf, type->name_off));
	ck_assert_ptr_nonnull(strstr(arg->declaration, arg->tag));
}

/* One in 50 is looked up again, from the first type on. */
static bool check_function(void *ctx, const struct hotprobe_target_info *info)
{
	struct compared *c = ctx;
	const char *name = strchr(info->target, ':') + 1;
	const struct btf_type *proto;
	const struct btf_param *params;
	int id;

	if (c->seen++ % 50)
		return false;
	id = btf__find_by_name_kind(c->btf, name, BTF_KIND_FUNC);
	ck_assert_msg((id > 0) == info->has_arguments, "%s", name);
	if (id < 0)
		return false;
	proto = btf__type_by_id(c->btf, btf__type_by_id(c->btf, (uint32_t)id)->type);
	params = btf_params(proto);
	ck_assert_msg(info->argument_count == btf_vlen(proto) || !params[btf_vlen(proto) - 1].type,
		      "%s has %zu arguments", name, info->argument_count);
	for (size_t i = 0; i < info->argument_count; i++)
		check_parameter(c, &info->arguments[i], &params[i]);
	ck_assert((info->result != NULL) == (proto->type != 0));
	c->checked++;
	return false;
}

START_TEST(arguments_of_functions_are_those_of_btf)
{
	struct compared c = {.btf = btf__parse_raw("/sys/kernel/btf/vmlinux")};
	struct hotprobe *hp;

	NEED(no_btf());
	hp = new_handle(NULL);
	ck_assert_int_gt(ck_hp(hp, hotprobe_list_targets(hp, "kprobe", true, check_function, &c)),
			 10000);
	ck_assert_uint_gt(c.checked, 200);
	hotprobe_free(hp);
	btf__free(c.btf);
}
END_TEST

START_TEST(functions_are_declared_as_in_c)
{
	NEED(no_btf());
	check_described("kprobe:vfs_fsync",
			"kprobe:vfs_fsync(struct file *file, int datasync) -> int [struct "
			"pt_regs]\n");
	check_described("kretprobe:vfs_fsync",
			"kretprobe:vfs_fsync(struct file *file, int datasync) -> int [struct "
			"pt_regs]\n");
	check_described("kprobe:kstrtoint",
			"kprobe:kstrtoint(const char *s, unsigned int base, int "
			"*res) -> int [struct pt_regs]\n");
	check_described("kfunc:vfs_fsync",
			"kfunc:vfs_fsync(struct file *file, int datasync) -> int\n");
	check_described("raw_tracepoint:sys_exit",
			"raw_tracepoint:sys_exit(struct pt_regs *regs, long int ret) [struct "
			"bpf_raw_tracepoint_args]\n");
	check_described("iter:bpf_map", "iter:bpf_map {struct bpf_iter_meta *meta} {struct bpf_map "
					"*map} [struct bpf_iter__bpf_map]\n");
}
END_TEST

START_TEST(raw_tracepoints_hooks_and_iterators_are_those_of_btf)
{
	struct btf *btf = btf__parse_raw("/sys/kernel/btf/vmlinux");
	struct names events = {0}, iterators = {0}, got = {0};

	NEED(no_btf());
	for (uint32_t id = 1; id < btf__type_cnt(btf); id++) {
		const struct btf_type *type = btf__type_by_id(btf, id);
		const char *name = btf__name_by_offset(btf, type->name_off);

		if (btf_is_typedef(type) && !strncmp(name, "btf_trace_", 10))
			names_add(&events, format("raw_tracepoint:%s", name + 10));
	}
	ck_assert_int_gt(list("raw_tracepoint", &got, NULL), 500);
	check_same(&got, &events);
	ck_assert_int_gt(list("iter", &iterators, NULL), 3);
	ck_assert(has(&iterators, "iter:task"));
	ck_assert(has(&iterators, "iter:bpf_map_elem:map=TABLE"));
	for (size_t i = 0; i < iterators.list.count; i++) {
		char kind[128], *context;

		ck_assert_int_eq(sscanf(iterators.list.at[i], "iter:%127[^:]", kind), 1);
		context = format("bpf_iter__%s", kind);
		ck_assert_int_gt(btf__find_by_name_kind(btf, context, BTF_KIND_STRUCT), 0);
		free(context);
	}
	names_free(&iterators);
	if (btf__find_by_name_kind(btf, "bpf_lsm_file_open", BTF_KIND_FUNC) > 0) {
		ck_assert_int_gt(list("lsm", &got, NULL), 100);
		ck_assert(has(&got, "lsm:file_open"));
		ck_assert(!has(&got, "lsm:verify_prog"));
		names_free(&got);
	}
	btf__free(btf);
}
END_TEST

/* ---- Files ------------------------------------------------------------------------------------
 */

START_TEST(probes_of_a_program_are_listed_with_their_arguments)
{
	static const struct {
		size_t size;
		bool is_signed;
	} values[] = {{4, true},  {8, true},  {1, true}, {2, false}, {4, true},
		      {8, false}, {1, false}, {4, true}, {8, false}};
	char *pattern = format("usdt:%s", build_path("tests/user_child"));
	struct names got = {0}, wanted = {0};
	struct one one;
	char *name;

	ck_assert_int_eq(list(pattern, &got, NULL), 3);
	names_add(&wanted, format("%s:user:guarded", pattern));
	names_add(&wanted, format("%s:user:twice", pattern));
	names_add(&wanted, format("%s:user:values", pattern));
	check_same(&got, &wanted);

	name = format("%s:user:values", pattern);
	one = get(name);
	ck_assert_uint_eq(one.count, COUNT(values));
	for (size_t i = 0; i < COUNT(values); i++) {
		char *arg = format("arg%zu", i + 1);

		check_arg(&one, i, arg, HOTPROBE_INT, values[i].size, values[i].is_signed);
		free(arg);
	}
	free(name);
	/* By the provider, by the probe, by a pattern of both. */
	for (size_t i = 0; i < 3; i++) {
		static const char *const rests[] = {":user", ":g*d", ":u*:?uarded"};
		char *some = format("%s%s", pattern, rests[i]);

		got = (struct names){0};
		ck_assert_int_eq(list(some, &got, NULL), i ? 1 : 3);
		names_free(&got);
		free(some);
	}
	free(pattern);
}
END_TEST

/* As libelf reads them here. */
static void add_functions(const char *path, uint32_t table, const char *prefix, struct names *names)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	Elf_Scn *section = NULL;
	GElf_Shdr header;
	Elf *elf;

	elf_version(EV_CURRENT);
	elf = elf_begin(fd, ELF_C_READ, NULL);
	while ((section = elf_nextscn(elf, section))) {
		Elf_Data *data = elf_getdata(section, NULL);
		GElf_Sym symbol;

		if (!gelf_getshdr(section, &header) || header.sh_type != table)
			continue;
		for (int i = 0; gelf_getsym(data, i, &symbol); i++)
			if (GELF_ST_TYPE(symbol.st_info) == STT_FUNC &&
			    symbol.st_shndx != SHN_UNDEF && symbol.st_value)
				names_add(names,
					  format("%s%s", prefix,
						 elf_strptr(elf, header.sh_link, symbol.st_name)));
	}
	elf_end(elf);
	close(fd);
}

START_TEST(functions_of_a_program_are_its_symbols)
{
	char *pattern = format("uprobe:%s", build_path("tests/user_child"));
	char *prefix = format("%s:", pattern), *some = format("%s:*inner", pattern);
	struct names got = {0}, wanted = {0};

	add_functions(build_path("tests/user_child"), SHT_SYMTAB, prefix, &wanted);
	ck_assert_uint_gt(wanted.list.count, 5);
	ck_assert_int_gt(list(pattern, &got, NULL), 0);
	ck_assert(!has(&got, format("%s%s", prefix, "user_library_add")));
	check_same(&got, &wanted);
	ck_assert_int_eq(list(some, &got, NULL), 1);
	names_free(&got);
	free(pattern);
	free(prefix);
	free(some);
}
END_TEST

START_TEST(functions_of_libraries_are_found_by_name_and_process)
{
	struct names names = {0};
	struct result result;
	char *pattern;

	ck_assert_int_gt(list("uprobe:c", &names, NULL), 1000);
	ck_assert(has(&names, "uprobe:c:a64l"));
	ck_assert(has(&names, "uprobe:c:malloc"));
	names_free(&names);
	/* What is chosen when a program starts is no function to be probed. */
	ck_assert_int_eq(list("uprobe:c:strlen", &names, NULL), -ENOENT);
	pattern = format("uprobe:@%d:a64l", (int)getpid());
	ck_assert_int_eq(list(pattern, &names, NULL), 1);
	ck_assert_str_eq(names.list.at[0], pattern);
	names_free(&names);
	free(pattern);
	result = RUN("/bin/true");
	result_free(&result);
}
END_TEST

/* ---- Names are good for attaching -------------------------------------------------------------
 */

static const char any_context[] = "int probe(void *ctx) { return 0; }\n";

struct attached {
	struct hotprobe *hp;
	size_t seen, every, count;
	const char *suffix;
};

static bool attach_one(void *ctx, const struct hotprobe_target_info *info)
{
	struct attached *a = ctx;
	struct hotprobe_link *link;
	char *spec;

	if (a->seen++ % a->every || strstr(info->target, "=TABLE"))
		return false;
	spec = format("%s%s", info->target, a->suffix);
	ck_hp(a->hp, hotprobe_attach_spec(a->hp, "probe", spec, &link));
	hotprobe_link_detach(link);
	free(spec);
	a->count++;
	return false;
}

/* In a handle that traces no one. */
static void check_attach(const char *pattern, const char *program, size_t every, const char *suffix,
			 size_t least)
{
	struct hotprobe_opts opts = {.confine = true};
	struct attached a = {.hp = new_handle(&opts), .every = every, .suffix = suffix};
	struct hotprobe *lister = new_handle(NULL);

	open_text(a.hp, program);
	load_program(a.hp);
	ck_hp(lister, hotprobe_list_targets(lister, pattern, false, attach_one, &a));
	ck_assert_uint_ge(a.count, least);
	hotprobe_free(a.hp);
	hotprobe_free(lister);
}

START_TEST(tracepoints_that_are_listed_can_be_attached)
{
	NEED(no_bpf());
	NEED(no_tracefs());
	check_attach("tracepoint", any_context, 40, "", 25);
	check_attach("syscall", "int probe(struct pt_regs *ctx) { return 0; }\n", 15, "", 15);
	check_attach("syscall_ret", "int probe(struct pt_regs *ctx) { return 0; }\n", 15, "", 15);
}
END_TEST

START_TEST(raw_tracepoints_that_are_listed_can_be_attached)
{
	NEED(no_bpf());
	NEED(no_btf());
	check_attach("raw_tracepoint",
		     "int probe(struct bpf_raw_tracepoint_args *ctx) { return 0; }\n", 20, "", 25);
}
END_TEST

START_TEST(counters_that_are_listed_can_be_attached)
{
	char *pid = format(",pid=%d", (int)getpid());

	NEED(no_bpf());
	check_attach("perf_event", "int probe(struct bpf_perf_event_data *ctx) { return 0; }\n", 1,
		     pid, 5);
	free(pid);
}
END_TEST

START_TEST(functions_of_files_that_are_listed_can_be_attached)
{
	char *functions = format("uprobe:%s", build_path("tests/libuser.so"));
	char *probes = format("usdt:%s", build_path("tests/user_child"));

	NEED(no_bpf());
	check_attach(functions, "int probe(struct pt_regs *ctx) { return 0; }\n", 1, "", 1);
	check_attach(probes, "int probe(struct pt_regs *ctx) { return 0; }\n", 1, "", 3);
	free(functions);
	free(probes);
}
END_TEST

/* ---- Patterns ---------------------------------------------------------------------------------
 */

START_TEST(a_pattern_is_the_whole_targets)
{
	struct names names = {0};

	ck_assert_int_gt(list("kprobe:vfs_*", &names, NULL), 10);
	for (size_t i = 0; i < names.list.count; i++)
		ck_assert(!strncmp(names.list.at[i], "kprobe:vfs_", 11));
	ck_assert(has(&names, "kprobe:vfs_read"));
	names_free(&names);
	NEED(no_tracefs());
	ck_assert_int_eq(list("syscall:open?t", &names, NULL), 1);
	ck_assert_str_eq(names.list.at[0], "syscall:openat");
	names_free(&names);
	ck_assert_int_eq(list("tracepoint:sched:sched_[sw]witch", &names, NULL), 1);
	names_free(&names);
	ck_assert_int_gt(list("tracepoint:sched", &names, NULL), 10);
	ck_assert(has(&names, "tracepoint:sched:sched_switch"));
	names_free(&names);
	ck_assert_int_gt(list("tracepoint:sched_swit*", &names, NULL), 0);
	ck_assert_str_eq(names.list.at[0], "tracepoint:sched:sched_switch");
	names_free(&names);
	ck_assert_int_eq(list("t*t:sched:sched_switch", &names, NULL), 1);
	names_free(&names);
}
END_TEST

START_TEST(without_a_kind_those_that_have_others_targets_are_left_out)
{
	struct names names = {0};

	NEED(no_tracefs());
	ck_assert_int_gt(list("*unlink*", &names, NULL), 3);
	ck_assert(has(&names, "syscall:unlinkat"));
	ck_assert(has(&names, "tracepoint:syscalls:sys_enter_unlink"));
	ck_assert_int_eq(!no_kprobes(), has(&names, "kprobe:vfs_unlink"));
	for (size_t i = 0; i < names.list.count; i++) {
		ck_assert_ptr_nonnull(strstr(names.list.at[i], "unlink"));
		ck_assert(strncmp(names.list.at[i], "syscall_ret:", 12));
		ck_assert(strncmp(names.list.at[i], "kretprobe:", 10));
	}
	names_free(&names);
}
END_TEST

START_TEST(what_cannot_be_attached_is_listed_if_it_is_named_and_said_to_be_so)
{
	struct names names = {0};
	struct log log = {""};

	if (!no_kprobes())
		SKIP("this kernel has kprobes");
	ck_assert_int_eq(list("kprobe:vfs_read", &names, &log), 1);
	ck_assert_ptr_nonnull(strstr(log.text, "this kernel has no kprobes"));
	names_free(&names);
	*log.text = '\0';
	NEED(no_btf());
	ck_assert_int_gt(list("vfs_re*", &names, &log) + 3, 0);
	ck_assert_str_eq(log.text, "");
	names_free(&names);
}
END_TEST

START_TEST(a_kprobe_on_a_system_calls_function_is_listed_as_that)
{
	struct names names = {0};

	NEED(no_tracefs());
	ck_assert_int_eq(list("kprobe:sys_openat", &names, NULL), 1);
	ck_assert_str_eq(names.list.at[0], "syscall:openat");
	names_free(&names);
	ck_assert_int_eq(list("kretprobe:__x64_sys_openat", &names, NULL), 1);
	ck_assert_str_eq(names.list.at[0], "syscall_ret:openat");
	names_free(&names);
}
END_TEST

static bool stop_at_three(void *ctx, const struct hotprobe_target_info *info)
{
	(void)info;
	return ++*(int *)ctx == 3;
}

START_TEST(a_list_can_be_ended)
{
	struct hotprobe *hp = new_handle(NULL);
	int seen = 0;

	ck_assert_int_eq(hotprobe_list_targets(hp, "kprobe", true, stop_at_three, &seen), 3);
	ck_assert_int_eq(seen, 3);
	seen = 0;
	ck_assert_int_eq(hotprobe_list_targets(hp, "*", false, stop_at_three, &seen), 3);
	hotprobe_free(hp);
}
END_TEST

START_TEST(a_list_leaves_no_descriptors_behind)
{
	size_t fds = count_fds();
	struct names names = {0};

	list("*", &names, NULL);
	names_free(&names);
	list("usdt:c", &names, NULL);
	names_free(&names);
	list("uprobe:/etc/passwd", &names, NULL);
	ck_assert_uint_eq(count_fds(), fds);
}
END_TEST

/* ---- What is wrong ----------------------------------------------------------------------------
 */

static void check_refused(const char *pattern, int wanted, const char *message, const char *hint)
{
	struct hotprobe *hp = new_handle(NULL);
	const struct hotprobe_diagnostic *diagnostic;
	struct names names = {0};
	int err = hotprobe_list_targets(hp, pattern, false, keep_name, &names);

	ck_assert_msg(err == wanted, "%s: %d, %s", pattern, err, hotprobe_error(hp));
	ck_assert_msg(strstr(hotprobe_error(hp), message), "%s: %s", pattern, hotprobe_error(hp));
	diagnostic = find_diagnostic(hp, HOTPROBE_ERROR);
	if (hint) {
		ck_assert_msg(diagnostic, "%s", pattern);
		ck_assert_msg(strstr(diagnostic->hint, hint), "%s: %s", pattern, diagnostic->hint);
	}
	ck_assert_uint_eq(names.list.count, 0);
	hotprobe_free(hp);
}

START_TEST(what_is_not_there_is_refused_with_a_reason)
{
	check_refused("kprob:vfs_read", -EINVAL, "no kind of target 'kprob'",
		      "the kinds are kprobe, ");
	check_refused("xyzzy:foo", -EINVAL, "no kind", "the kinds are kprobe, ");
	check_refused("kprobe:vfs_raed", -ENOENT, "no kprobe:vfs_raed", NULL);
	check_refused("*no_such_thing*", -ENOENT, "*no_such_thing*", "* stands for");
	check_refused("sockmap:t:msg_verdict", -EINVAL, "cannot be listed", NULL);
	check_refused("uprobe", -EINVAL, "one FILE", NULL);
	check_refused("uprobe:/nonexistent/x", -ENOENT, "/nonexistent/x", NULL);
	check_refused("uprobe:nosuchlibrary:f", -ENOENT, "nosuchlibrary", "ldconfig");
	check_refused("uprobe:/etc/passwd", -ENOEXEC, "no ELF file", NULL);
	check_refused("usdt:/etc/passwd:a:b", -ENOEXEC, "no ELF file", NULL);
	check_refused("usdt:/bin/true", -ENOENT, "no USDT probes", "sys/sdt.h");
	check_refused("usdt:@x:a", -EINVAL, "no process id", "@1234");
	check_refused("uprobe:@999999999:a", -ESRCH, "no process of that id", NULL);
	check_refused("uprobe:c:malocl", -ENOENT, "uprobe:c:malocl", NULL);
	check_refused("cgroup:/nonexistent:ingress", -ENOENT, "/nonexistent", NULL);
	NEED(no_tracefs());
	check_refused("syscall:opnat", -ENOENT, "no syscall:opnat", NULL);
	check_refused("tracepoint:sched:sched_swich", -ENOENT, "sched_swich", NULL);
}
END_TEST

/* Runs as a user without privileges; exits with what fails. */
static void list_as_nobody(int *status)
{
	struct names names = {0}, all = {0};
	struct log log = {""};
	pid_t pid;

	list("syscall", &all, NULL);
	pid = fork();
	if (!pid) {
		if (setgroups(0, NULL) || setgid(65534) || setuid(65534))
			_exit(1);
		if (list("raw_tracepoint", &names, &log) < 500)
			_exit(2);
		names_free(&names);
		if (list("kprobe:vfs_*", &names, NULL) < 10)
			_exit(3);
		names_free(&names);
		if (list("tracepoint", &names, &log) != -ENOENT || !strstr(log.text, "tracefs") ||
		    !strstr(log.text, "run it as root"))
			_exit(4);
		names = (struct names){0};
		if (list("syscall", &names, NULL) < (int)all.list.count)
			_exit(5);
		for (size_t i = 0; i < all.list.count; i++)
			if (!has(&names, all.list.at[i]))
				_exit(6);
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, status, 0), pid);
	names_free(&all);
}

START_TEST(without_privileges_what_everyone_may_see_is_listed)
{
	int status;

	NEED(no_btf());
	if (geteuid())
		SKIP("it takes root to become someone else");
	list_as_nobody(&status);
	ck_assert_int_eq(status, 0);
}
END_TEST

/* ---- Parts ------------------------------------------------------------------------------------
 */

START_TEST(events_of_the_kernels_own_names_are_what_their_files_say)
{
	uint32_t type;
	uint64_t config;
	size_t size;
	char *text;

	ck_assert(!perf_event_of_name("msr/no_such/", &type, &config));
	ck_assert(!perf_event_of_name("../msr/tsc/", &type, &config));
	ck_assert(!perf_event_of_name("msr/tsc", &type, &config));
	if (access("/sys/bus/event_source/devices/msr/events/tsc", R_OK))
		SKIP("this machine has no PMU msr");
	ck_assert(perf_event_of_name("msr/tsc/", &type, &config));
	ck_assert_uint_eq(config, 0); /* event=0x00 */
	text = read_file("/sys/bus/event_source/devices/msr/type", &size);
	ck_assert_uint_eq(type, strtoul(text, NULL, 10));
	free(text);
}
END_TEST

static const char made_up_format[] =
	"name: made_up\nID: 1\nformat:\n"
	"\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n"
	"\n"
	"\tfield:unsigned char small;\toffset:8;\tsize:1;\tsigned:0;\n"
	"\tfield:short int number;\toffset:10;\tsize:2;\tsigned:1;\n"
	"\tfield:unsigned long long words[3];\toffset:16;\tsize:24;\tsigned:0;\n"
	"\tfield:char name[NAME_SIZE];\toffset:40;\tsize:12;\tsigned:0;\n"
	"\tfield:__data_loc char[] text;\toffset:52;\tsize:4;\tsigned:0;\n"
	"\tfield:__rel_loc u32[] numbers;\toffset:56;\tsize:4;\tsigned:0;\n"
	"\tfield:const struct sock * sk;\toffset:64;\tsize:8;\tsigned:0;\n"
	"\tfield:enum colour colour;\toffset:72;\tsize:4;\tsigned:0;\n"
	"\tfield:bool truth;\toffset:76;\tsize:1;\tsigned:0;\n";

START_TEST(a_records_fields_are_read_without_btf)
{
	static const struct {
		const char *declaration;
		enum hotprobe_kind kind, of;
		size_t size, offset, count;
		bool is_signed, is_dynamic;
	} wanted[] = {
		{"unsigned char small", HOTPROBE_INT, 0, 1, 8, 0, false, false},
		{"short int number", HOTPROBE_INT, 0, 2, 10, 0, true, false},
		{"unsigned long long words[3]", HOTPROBE_ARRAY, HOTPROBE_INT, 24, 16, 3, false,
		 false},
		{"char name[NAME_SIZE]", HOTPROBE_STRING, HOTPROBE_CHAR, 12, 40, 12, true, false},
		{"__data_loc char[] text", HOTPROBE_STRING, HOTPROBE_CHAR, 0, 52, 0, true, true},
		{"__rel_loc u32[] numbers", HOTPROBE_ARRAY, HOTPROBE_INT, 0, 56, 0, false, true},
		{"const struct sock *sk", HOTPROBE_POINTER, HOTPROBE_STRUCT, 8, 64, 0, false,
		 false},
		{"enum colour colour", HOTPROBE_ENUM, 0, 4, 72, 0, false, false},
		{"bool truth", HOTPROBE_BOOL, 0, 1, 76, 0, false, false},
	};
	struct description d = {0};

	ck_assert_int_eq(describe_record(&d, made_up_format, false), 0);
	ck_assert_uint_eq(d.fields.count, COUNT(wanted));
	for (size_t i = 0; i < COUNT(wanted); i++) {
		const struct hotprobe_arg *f = &d.fields.at[i];

		ck_assert_str_eq(f->declaration, wanted[i].declaration);
		ck_assert_msg(f->kind == wanted[i].kind && f->of == wanted[i].of &&
				      f->size == wanted[i].size && f->offset == wanted[i].offset &&
				      f->count == wanted[i].count &&
				      f->is_signed == wanted[i].is_signed &&
				      f->is_dynamic == wanted[i].is_dynamic,
			      "%s: kind %d of %d, %zu bytes at %zu, %zu elements, %d %d",
			      f->declaration, f->kind, f->of, f->size, f->offset, f->count,
			      f->is_signed, f->is_dynamic);
	}
	ck_assert_str_eq(d.fields.at[6].tag, "sock");
	ck_assert_str_eq(d.fields.at[7].tag, "colour");
	description_free(&d);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("list");

	add_test(suite, every_system_call_is_listed_and_nothing_else, 30);
	add_test(suite, every_tracepoint_is_listed_and_nothing_else, 30);
	add_test(suite, fields_are_those_of_the_format, 60);
	add_test(suite, arguments_of_system_calls_have_their_types, 60);
	add_test(suite, arguments_of_functions_are_those_of_btf, 60);
	add_test(suite, functions_are_declared_as_in_c, 60);
	add_test(suite, raw_tracepoints_hooks_and_iterators_are_those_of_btf, 60);
	add_test(suite, probes_of_a_program_are_listed_with_their_arguments, 30);
	add_test(suite, functions_of_a_program_are_its_symbols, 30);
	add_test(suite, functions_of_libraries_are_found_by_name_and_process, 30);
	add_test(suite, tracepoints_that_are_listed_can_be_attached, 120);
	add_test(suite, raw_tracepoints_that_are_listed_can_be_attached, 120);
	add_test(suite, counters_that_are_listed_can_be_attached, 60);
	add_test(suite, functions_of_files_that_are_listed_can_be_attached, 60);
	add_test(suite, a_pattern_is_the_whole_targets, 60);
	add_test(suite, without_a_kind_those_that_have_others_targets_are_left_out, 30);
	add_test(suite, what_cannot_be_attached_is_listed_if_it_is_named_and_said_to_be_so, 30);
	add_test(suite, a_kprobe_on_a_system_calls_function_is_listed_as_that, 30);
	add_test(suite, a_list_can_be_ended, 30);
	add_test(suite, a_list_leaves_no_descriptors_behind, 30);
	add_test(suite, what_is_not_there_is_refused_with_a_reason, 60);
	add_test(suite, without_privileges_what_everyone_may_see_is_listed, 60);
	add_test(suite, events_of_the_kernels_own_names_are_what_their_files_say, 10);
	add_test(suite, a_records_fields_are_read_without_btf, 10);
	return run_suite(suite);
}
