/* SPDX-License-Identifier: Apache-2.0 */
/* Kernel headers made from BTF, as programs meet them: what a kernel has, what it lacks, what it
   says about itself. Nothing is loaded. */
#include "support.h"

#include <bpf/btf.h>
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BTF "/sys/kernel/btf/vmlinux"
#define PROBE "int kprobe__vfs_read(struct pt_regs *ctx)\n{\n"
#define TASK "	struct task_struct *task = (void *)bpf_get_current_task();\n"

/* Compiles; the handle has the diagnostics. */
static struct hotprobe *compile(const struct hotprobe_opts *opts, const char *text, int expected)
{
	struct hotprobe_opts with = opts ? *opts : (struct hotprobe_opts){0};
	struct hotprobe *hp;
	int err;

	with.no_cache = true;
	hp = new_handle(&with);
	err = hotprobe_open_string(hp, "text.c", text, strlen(text));
	ck_assert_msg(err == expected, "%d: %s", err, hotprobe_error(hp));
	return hp;
}

static void check_compiles(const struct hotprobe_opts *opts, const char *text)
{
	hotprobe_free(compile(opts, text, 0));
}

static void check_wrong(const struct hotprobe_opts *opts, const char *text, unsigned line,
			const char *message, const char *hint)
{
	struct hotprobe *hp = compile(opts, text, -EINVAL);
	const struct hotprobe_diagnostic *d = find_diagnostic(hp, HOTPROBE_ERROR);

	ck_assert_ptr_nonnull(d);
	ck_assert_uint_eq(d->line, line);
	ck_assert_msg(strstr(d->text, message), "\"%s\" does not say \"%s\"", d->text, message);
	ck_assert_msg(strstr(d->hint, hint), "\"%s\" does not say \"%s\"", d->hint, hint);
	hotprobe_free(hp);
}

/* ---- Members -----------------------------------------------------------------------------------
 */

START_TEST(a_member_that_is_missing_is_named_with_where_it_is_and_how_to_ask)
{
	NEED(no_btf());

	/* Others do not exist anywhere near. */
	check_wrong(NULL, PROBE TASK "	return task->nonesuch;\n}\n", 4,
		    "no member named 'nonesuch' in 'struct task_struct'",
		    "HOTPROBE_HAS_FIELD(task_struct, nonesuch)");
	/* It is in mm_struct, where task->mm points to. */
	check_wrong(NULL, PROBE TASK "	return task->start_brk;\n}\n", 4,
		    "no member named 'start_brk' in 'struct task_struct'",
		    "has mm->start_brk in struct task_struct");
	/* The program's own. */
	check_wrong(NULL,
		    "struct own { int a; };\n" PROBE "	struct own own = {};\n"
		    "	return own.b;\n}\n",
		    5, "no member named 'b' in 'struct own'", "");
}
END_TEST

START_TEST(sources_ask_what_the_kernel_has)
{
	NEED(no_btf());

	check_compiles(NULL,
		       "#if !HOTPROBE_HAS_FIELD(task_struct, pid)\n#error no pid\n#endif\n"
		       "#if HOTPROBE_HAS_FIELD(task_struct, nonesuch)\n#error nonesuch\n"
		       "#endif\n"
		       "#if HOTPROBE_HAS_FIELD(nonesuch, pid)\n#error nonesuch\n#endif\n"
		       "#if !HOTPROBE_HAS_TYPE(sock) || HOTPROBE_HAS_TYPE(nonesuch)\n"
		       "#error type\n#endif\n"
		       "#if !HOTPROBE_HAS_ENUMERATOR(TCP_CLOSE)\n#error enumerator\n#endif\n" PROBE
		       "	return 0;\n}\n");
	/* The branch that this kernel does not take may use what it lacks. */
	check_compiles(NULL, "#include <linux/sched.h>\n" PROBE TASK
			     "#if HOTPROBE_HAS_FIELD(task_struct, nonesuch)\n"
			     "	return task->nonesuch;\n#else\n	return task->pid;\n#endif\n}\n");
}
END_TEST

/* ---- What the kernel says about itself ---------------------------------------------------------
 */

/* A directory with the kernel's BTF as vmlinux, and a configuration. */
static char *other_kernel(struct hotprobe_opts *opts, const char *config)
{
	char *dir = make_dir(), *path = format("%s/config-3.21.7-own", dir);

	write_file(path, config, strlen(config));
	free(path);
	path = format("%s/vmlinux", dir);
	ck_assert_int_eq(symlink(BTF, path), 0);
	/* The compiler that root starts is nobody's. */
	ck_assert_int_eq(chmod(dir, 0755), 0);
	*opts = (struct hotprobe_opts){.btf_path = path, .kernel_release = "3.21.7-own"};
	return dir;
}

static void free_kernel(struct hotprobe_opts *opts, char *dir)
{
	free((char *)opts->btf_path);
	remove_dir(dir);
}

START_TEST(the_version_and_the_configuration_are_those_of_the_kernel)
{
	NEED(no_btf());

	struct hotprobe_opts opts;
	char *dir = other_kernel(&opts, "CONFIG_ONE=y\nCONFIG_TWO=m\n# CONFIG_THREE is not set\n"
					"CONFIG_FOUR=44\nCONFIG_FIVE=\"five\"\n");

	check_compiles(
		&opts,
		"#include <linux/version.h>\n"
		"#if LINUX_VERSION_CODE != KERNEL_VERSION(3, 21, 7)\n#error version\n#endif\n"
		"#if LINUX_VERSION_CODE >= KERNEL_VERSION(3, 22, 0)\n#error later\n#endif\n"
		"#ifndef CONFIG_ONE\n#error one\n#endif\n"
		"#if defined(CONFIG_TWO) || !defined(CONFIG_TWO_MODULE)\n#error two\n#endif\n"
		"#if IS_ENABLED(CONFIG_THREE) || !IS_ENABLED(CONFIG_TWO)\n#error is\n#endif\n"
		"#if CONFIG_FOUR != 44\n#error four\n#endif\n" PROBE
		"	char five[] = CONFIG_FIVE;\n"
		"	_Static_assert(sizeof(five) == 5, \"five\");\n"
		"	return five[0];\n}\n");
	check_wrong(&opts,
		    "#ifndef CONFIG_THREE\n#error it is not set\n#endif\n" PROBE
		    "	return 0;\n}\n",
		    2, "it is not set", "");
	free_kernel(&opts, dir);
}
END_TEST

/* ---- Modules -----------------------------------------------------------------------------------
 */

/* BTF of a module that has one structure, split from the kernel's. */
static void write_module(const char *dir)
{
	struct btf *base = btf__parse(BTF, NULL), *btf;
	char *path = format("%s/own_module", dir);
	const void *data;
	uint32_t size;
	int number;

	ck_assert_ptr_nonnull(base);
	btf = btf__new_empty_split(base);
	number = btf__find_by_name_kind(base, "int", BTF_KIND_INT);
	ck_assert_int_gt(number, 0);
	ck_assert_int_gt(btf__add_struct(btf, "only_a_module_has_it", 8), 0);
	ck_assert_int_eq(btf__add_field(btf, "first", number, 0, 0), 0);
	ck_assert_int_eq(btf__add_field(btf, "second", number, 32, 0), 0);
	data = btf__raw_data(btf, &size);
	write_file(path, data, size);
	btf__free(btf);
	btf__free(base);
	free(path);
}

START_TEST(types_of_modules_are_found_beside_the_kernels)
{
	NEED(no_btf());

	const char *text =
		"BPF_HASH(seen, u32, u64);\n"
		"int kprobe__x(struct pt_regs *ctx, struct only_a_module_has_it *it)\n{\n"
		"	u32 key = it->second;\n\n	seen.increment(key);\n	return 0;\n}\n";
	struct hotprobe_opts opts;
	char *dir = other_kernel(&opts, "");

	check_wrong(&opts, text, 4, "struct only_a_module_has_it",
		    "has no struct only_a_module_has_it, or only a module has it");
	write_module(dir);
	check_compiles(&opts, text);
	free_kernel(&opts, dir);
}
END_TEST

/* ---- Names -------------------------------------------------------------------------------------
 */

START_TEST(a_program_may_have_its_own_copy_of_a_kernel_type)
{
	NEED(no_btf());

	check_compiles(
		NULL, "#include <linux/fs.h>\n#include <linux/sched.h>\n"
		      "struct mnt_namespace {\n	atomic_t count;\n	int own;\n};\n"
		      "enum pid_type { MINE, YOURS };\n"
		      "typedef struct { int fd; } file_t;\n" PROBE TASK
		      "	struct mnt_namespace *ns = task->nsproxy->mnt_ns;\n"
		      "	file_t file = {.fd = ns->own};\n	return file.fd + YOURS;\n}\n");
}
END_TEST

START_TEST(tables_variables_and_functions_may_be_called_like_a_kernel_type)
{
	NEED(no_btf());

	check_compiles(NULL, "#include <linux/fs.h>\n#include <linux/sched.h>\n"
			     "struct config { int level; };\n"
			     "BPF_HASH(config, u32, struct config);\nBPF_ARRAY(request, u64, 4);\n"
			     "static inline int inode(int file)\n{\n	return file + 1;\n}\n" PROBE
			     "	u32 page = 0, dentry = inode(2);\n"
			     "	struct config *path = config.lookup(&page);\n"
			     "	request.increment(dentry & 3);\n"
			     "	return path ? path->level : 0;\n}\n");
}
END_TEST

/* ---- Whole programs ----------------------------------------------------------------------------
 */

static int is_source(const struct dirent *entry)
{
	size_t size = strlen(entry->d_name);

	return size > 2 && !strcmp(entry->d_name + size - 2, ".c");
}

START_TEST(programs_in_the_style_of_bccs_tutorials_compile)
{
	NEED(no_btf());

	struct dirent **entries;
	int count =
		scandir(source_path("tests/conformance/programs"), &entries, is_source, alphasort);

	ck_assert_int_gt(count, 10);
	for (int i = 0; i < count; i++) {
		char *path = format("tests/conformance/programs/%s", entries[i]->d_name);
		struct hotprobe *hp = new_handle(NULL);

		open_program(hp, path);
		hotprobe_free(hp);
		free(path);
		free(entries[i]);
	}
	free(entries);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("headers");

	add_test(suite, a_member_that_is_missing_is_named_with_where_it_is_and_how_to_ask, 60);
	add_test(suite, sources_ask_what_the_kernel_has, 60);
	add_test(suite, the_version_and_the_configuration_are_those_of_the_kernel, 60);
	add_test(suite, types_of_modules_are_found_beside_the_kernels, 60);
	add_test(suite, a_program_may_have_its_own_copy_of_a_kernel_type, 30);
	add_test(suite, tables_variables_and_functions_may_be_called_like_a_kernel_type, 30);
	add_test(suite, programs_in_the_style_of_bccs_tutorials_compile, 120);
	return run_suite(suite);
}
