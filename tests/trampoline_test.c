/* SPDX-License-Identifier: Apache-2.0 */
/* What the kernel attaches by trampolines: kfunc, kretfunc, fmod_ret, lsm. Only the suite's own
   children are traced, and refused anything. */
#include "support.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "seen.h"
#include "unlinks.h"

#define FS "#include <linux/fs.h>\n"

enum { CALLS = 100 };

static struct hotprobe *confined(void)
{
	return new_handle(&(struct hotprobe_opts){.confine = true});
}

static const char *no_bpf_lsm(void)
{
	char *modules = access("/sys/kernel/security/lsm", R_OK)
				? NULL
				: read_file("/sys/kernel/security/lsm", NULL);
	bool has = modules && strstr(modules, "bpf");

	free(modules);
	return has ? NULL : "this kernel asks no BPF programs (lsm=bpf)";
}

/* Loads, attaches by name, has a child unlink its files. */
static struct seen *trace_unlinks(const char *text, struct unlinks *unlinks, int probes)
{
	struct seen *seen = new_seen();
	struct hotprobe *hp = confined();
	struct peer traced, other;

	claim_function("do_unlinkat");
	prepare(hp, text, seen);
	traced = trace_peer(hp, unlink_files, unlinks);
	other = peer_start(unlink_files, unlinks);
	ck_assert_int_eq(ck_hp(hp, hotprobe_attach(hp)), probes);
	peer_work(&other);
	ck_assert_int_eq(unlinks->refused, 0);
	peer_work(&traced);
	consume_all(hp);
	hotprobe_free(hp);
	peer_end(&traced);
	peer_end(&other);
	return seen;
}

/* ---- Functions ---------------------------------------------------------------------------------
 */

START_TEST(entry_and_return_have_the_arguments_by_name)
{
	static const char text[] =
		FS EVENT "KFUNC_PROBE(do_unlinkat, int dfd, struct filename *name)\n"
			 "{\n"
			 "	struct event e = {.n = {1, dfd}};\n"
			 "	bpf_probe_read_kernel_str(e.text, sizeof(e.text), name->name);\n"
			 "	events.perf_submit(ctx, &e, sizeof(e));\n"
			 "	return 0;\n"
			 "}\n"
			 "KRETFUNC_PROBE(do_unlinkat, int dfd, struct filename *name, int ret)\n"
			 "{\n"
			 "	struct event e = {.n = {2, dfd, ret}};\n"
			 "	events.perf_submit(ctx, &e, sizeof(e));\n"
			 "	return 0;\n"
			 "}\n";
	struct unlinks *unlinks;
	struct seen *seen;

	NEED(no_kprobes());
	unlinks = new_unlinks(NULL, CALLS, CALLS);
	seen = trace_unlinks(text, unlinks, 2);
	ck_assert_uint_eq(seen->count, 4 * CALLS);
	for (int i = 0; i < 2 * CALLS; i++) {
		const struct event *in = &seen->event[2 * i], *out = in + 1;

		ck_assert_int_eq(in->n[0], 1);
		ck_assert_int_eq(in->n[1], AT_FDCWD);
		ck_assert_int_eq(strncmp(in->text, unlinks->path, sizeof(in->text) - 1), 0);
		ck_assert_int_eq(out->n[0], 2);
		ck_assert_int_eq(out->n[1], AT_FDCWD);
		ck_assert_int_eq(out->n[2], i < CALLS ? 0 : -ENOENT);
	}
	free_unlinks(unlinks);
	free(seen);
}
END_TEST

START_TEST(functions_of_modules_have_their_arguments)
{
	static const char text[] = FS EVENT
		"KFUNC_PROBE(ovl_unlink, struct inode *dir, struct dentry *dentry)\n"
		"{\n"
		"	struct event e = {.n = {dir == dentry->d_parent->d_inode}};\n"
		"	bpf_probe_read_kernel_str(e.text, sizeof(e.text), dentry->d_name.name);\n"
		"	events.perf_submit(ctx, &e, sizeof(e));\n"
		"	return 0;\n"
		"}\n";
	struct unlinks *unlinks;
	struct statfs fs;
	struct seen *seen;

	NEED(no_kprobes());
	if (access("/sys/kernel/btf/overlay", F_OK) || statfs("/root", &fs) ||
	    fs.f_type != OVERLAYFS_SUPER_MAGIC)
		SKIP("the root directory is no overlay");
	unlinks = new_unlinks("/root", CALLS, 0);
	seen = trace_unlinks(text, unlinks, 1);
	ck_assert_uint_eq(seen->count, CALLS);
	for (int i = 0; i < CALLS; i++) {
		ck_assert_int_eq(seen->event[i].n[0], 1);
		ck_assert_str_eq(seen->event[i].text, "file");
	}
	free_unlinks(unlinks);
	free(seen);
}
END_TEST

/* ---- Other results -----------------------------------------------------------------------------
 */

#define REFUSE(probe, error)                                                                       \
	FS EVENT probe "\n"                                                                        \
		       "{\n"                                                                       \
		       "	struct event e = {.n = {ret}};\n"                                         \
		       "	events.perf_submit(ctx, &e, sizeof(e));\n"                                \
		       "	return -" error ";\n"                                              \
		       "}\n"

/* The file is there all the time: each attempt is one event, and refused. */
static void check_refusals(const char *text, int error)
{
	struct unlinks *unlinks = new_unlinks(NULL, CALLS, 0);
	struct seen *seen = trace_unlinks(text, unlinks, 1);

	ck_assert_uint_eq(seen->count, CALLS);
	ck_assert_int_eq(unlinks->refused, CALLS);
	ck_assert_int_eq(unlinks->error, error);
	for (int i = 0; i < CALLS; i++)
		ck_assert_int_eq(seen->event[i].n[0], 0);
	/* It is gone with its handle. */
	unlink_files(unlinks);
	ck_assert_int_eq(unlinks->refused, 0);
	free_unlinks(unlinks);
	free(seen);
}

START_TEST(fmod_ret_changes_what_a_function_returns)
{
	NEED(no_kprobes());
	check_refusals(REFUSE("KMOD_RET(security_path_unlink, const struct path *dir,\n"
			      "	 struct dentry *dentry, int ret)",
			      "EROFS"),
		       EROFS);
}
END_TEST

START_TEST(a_security_hook_refuses)
{
	NEED(no_kprobes());
	NEED(no_bpf_lsm());
	check_refusals(REFUSE("LSM_PROBE(path_unlink, const struct path *dir,\n"
			      "	  struct dentry *dentry, int ret)",
			      "EPERM"),
		       EPERM);
}
END_TEST

/* A helper that may wait for a page makes it a program that may sleep. */
START_TEST(a_security_hook_may_sleep)
{
	static const char text[] = FS EVENT
		"LSM_PROBE(inode_unlink, struct inode *dir, struct dentry *dentry, int ret)\n"
		"{\n"
		"	struct event e = {};\n"
		"	e.n[0] = bpf_copy_from_user(e.text, sizeof(e.text), NULL);\n"
		"	events.perf_submit(ctx, &e, sizeof(e));\n"
		"	return 0;\n"
		"}\n";
	struct unlinks *unlinks;
	struct seen *seen;

	NEED(no_kprobes());
	NEED(no_bpf_lsm());
	unlinks = new_unlinks(NULL, CALLS, 0);
	seen = trace_unlinks(text, unlinks, 1);
	ck_assert_uint_eq(seen->count, CALLS);
	ck_assert_int_eq(unlinks->refused, 0);
	for (int i = 0; i < CALLS; i++)
		ck_assert_int_eq(seen->event[i].n[0], -EFAULT);
	free_unlinks(unlinks);
	free(seen);
}
END_TEST

START_TEST(an_inode_has_a_value)
{
	static const char text[] = FS
		"BPF_INODE_STORAGE(counts, u64);\n"
		"LSM_PROBE(path_unlink, const struct path *dir, struct dentry *dentry, int ret)\n"
		"{\n"
		"	u64 zero = 0, *count;\n"
		"	count = counts.inode_storage_get(dir->dentry->d_inode, &zero,\n"
		"					 BPF_LOCAL_STORAGE_GET_F_CREATE);\n"
		"	if (count)\n"
		"		*count += 1;\n"
		"	return 0;\n"
		"}\n";
	struct unlinks *unlinks;
	struct hotprobe *hp;
	struct peer peer;
	uint64_t count = 0;
	char *dir;
	int fd;

	NEED(no_kprobes());
	NEED(no_bpf_lsm());
	unlinks = new_unlinks(NULL, CALLS, 0);
	hp = confined();
	open_text(hp, text);
	load_program(hp);
	peer = trace_peer(hp, unlink_files, unlinks);
	ck_assert_int_eq(ck_hp(hp, hotprobe_attach(hp)), 1);
	peer_work(&peer);
	dir = strdup(unlinks->path);
	*strrchr(dir, '/') = '\0';
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	ck_hp(hp, hotprobe_table_lookup(hotprobe_find_table(hp, "counts"), &fd, &count));
	ck_assert_uint_eq(count, CALLS);
	close(fd);
	free(dir);
	hotprobe_free(hp);
	peer_end(&peer);
	free_unlinks(unlinks);
}
END_TEST

/* ---- What cannot be ----------------------------------------------------------------------------
 */

START_TEST(what_cannot_be_attached_is_refused_with_the_reason)
{
	static const char text[] = FS
		"KFUNC_PROBE(do_unlinkat, int dfd, struct filename *name) { return 0; }\n"
		"KRETFUNC_PROBE(do_unlinkat, int dfd, struct filename *name, int ret)\n"
		"{ if (ret) bpf_get_smp_processor_id(); return 0; }\n"
		"KMOD_RET(security_path_unlink, const struct path *dir, struct dentry *dentry,\n"
		"	 int ret) { return 0; }\n"
		"LSM_PROBE(path_unlink, const struct path *dir, struct dentry *dentry, int ret)\n"
		"{ return 0; }\n";
	static const struct {
		const char *function, *spec, *says;
	} cases[] = {
		{"kfunc__do_unlinkat", "kfunc:no_such", "has no function no_such"},
		{"kretfunc__do_unlinkat", "kfunc:vfs_fsync", "invalid bpf_context access"},
		{"kmod_ret__security_path_unlink", "fmod_ret:do_unlinkat", "is not modifiable"},
		{"lsm__path_unlink", "lsm:no_such", "no LSM hook no_such"},
	};
	struct hotprobe *hp;
	size_t fds;

	NEED(no_kprobes());
	hp = confined();
	open_text(hp, text);
	load_program(hp);
	fds = count_fds();
	for (size_t i = 0; i < COUNT(cases); i++) {
		int err = hotprobe_attach_spec(hp, cases[i].function, cases[i].spec, NULL);

		ck_assert_msg(err < 0, "%s", cases[i].spec);
		ck_assert_msg(strstr(hotprobe_error(hp), cases[i].says), "%s: %s", cases[i].spec,
			      hotprobe_error(hp));
		ck_assert_uint_eq(count_fds(), fds);
	}
	hotprobe_free(hp);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("trampoline");

	add_test(suite, entry_and_return_have_the_arguments_by_name, 120);
	add_test(suite, functions_of_modules_have_their_arguments, 120);
	add_test(suite, fmod_ret_changes_what_a_function_returns, 120);
	add_test(suite, a_security_hook_refuses, 120);
	add_test(suite, a_security_hook_may_sleep, 120);
	add_test(suite, an_inode_has_a_value, 120);
	add_test(suite, what_cannot_be_attached_is_refused_with_the_reason, 30);
	return run_suite(suite);
}
