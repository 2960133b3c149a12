/* SPDX-License-Identifier: Apache-2.0 */
/* Compiling for another architecture: all that is known of it is in its kernel's BTF. */
#include "support.h"

#include <bpf/btf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "arch.h"
#include "internal.h"

/* The register files and the calls are those of the architectures' manuals, in bytes of struct
   pt_regs; the rest is what the same line of C becomes. */
static const struct expected {
	const struct arch *arch;
	int parm[ARCH_SYSCALL_ARGS], rc, ip, sp, fp;
	int first_syscall_arg;
	int o_directory, nr_openat, char_is_signed;
} expected[] = {
	{.arch = &arch_x86,
	 .parm = {112, 104, 96, 88, 72, 64},
	 .rc = 80,
	 .ip = 128,
	 .sp = 152,
	 .fp = 32,
	 .first_syscall_arg = 112,
	 .o_directory = 0200000,
	 .nr_openat = 257,
	 .char_is_signed = 1},
	{.arch = &arch_arm64,
	 .parm = {0, 8, 16, 24, 32, 40},
	 .rc = 0,
	 .ip = 256,
	 .sp = 248,
	 .fp = 232,
	 .first_syscall_arg = 272,
	 .o_directory = 040000,
	 .nr_openat = 56,
	 .char_is_signed = 0},
};

static const char text[] = "int parm1(struct pt_regs *ctx) { return PT_REGS_PARM1(ctx); }\n"
			   "int parm2(struct pt_regs *ctx) { return PT_REGS_PARM2(ctx); }\n"
			   "int parm3(struct pt_regs *ctx) { return PT_REGS_PARM3(ctx); }\n"
			   "int parm4(struct pt_regs *ctx) { return PT_REGS_PARM4(ctx); }\n"
			   "int parm5(struct pt_regs *ctx) { return PT_REGS_PARM5(ctx); }\n"
			   "int parm6(struct pt_regs *ctx) { return PT_REGS_PARM6(ctx); }\n"
			   "int rc(struct pt_regs *ctx) { return PT_REGS_RC(ctx); }\n"
			   "int ip(struct pt_regs *ctx) { return PT_REGS_IP(ctx); }\n"
			   "int sp(struct pt_regs *ctx) { return PT_REGS_SP(ctx); }\n"
			   "int fp(struct pt_regs *ctx) { return PT_REGS_FP(ctx); }\n"
			   "int argument(struct pt_regs *ctx, int first) { return first; }\n"
			   "int syscall__openat(struct pt_regs *ctx, int dfd) { return dfd; }\n"
			   "int o_directory(void *ctx) { return O_DIRECTORY; }\n"
			   "int nr_openat(void *ctx) { return __NR_openat; }\n"
			   "int char_is_signed(void *ctx) { return (char)-1 < 0; }\n";

/* ---- BTF ---- */

static int add_int(struct btf *btf, const char *name, size_t size, int encoding)
{
	int id = btf__add_int(btf, name, size, encoding);

	ck_assert_int_gt(id, 0);
	return id;
}

/* The types of a kernel that has just this: regs registers in an array, then members of 8 bytes. */
static char *write_btf(const char *dir, unsigned regs, const char *const *members, size_t count)
{
	char *path = format("%s/vmlinux-6.1.0", dir);
	struct btf *btf = btf__new_empty();
	uint32_t at = 0, size;
	const void *data;
	int word, array;

	ck_assert_ptr_nonnull(btf);
	word = add_int(btf, "unsigned long", 8, 0);
	array = btf__add_array(btf, add_int(btf, "int", 4, BTF_INT_SIGNED), word, regs);
	ck_assert_int_gt(btf__add_struct(btf, "pt_regs", 8 * (regs + (uint32_t)count)), 0);
	if (regs)
		ck_assert_int_eq(btf__add_field(btf, "regs", array, 0, 0), 0);
	for (at = regs; at < regs + count; at++)
		ck_assert_int_eq(btf__add_field(btf, members[at - regs], word, at * 64, 0), 0);
	data = btf__raw_data(btf, &size);
	ck_assert_ptr_nonnull(data);
	write_file(path, data, size);
	/* The compiler reads it as nobody. */
	ck_assert_int_eq(chmod(dir, 0755), 0);
	btf__free(btf);
	return path;
}

static char *write_btf_of(const char *dir, const struct arch *arch)
{
	static const char *const x86[] = {"r15", "r14",	    "r13", "r12", "bp",	   "bx", "r11",
					  "r10", "r9",	    "r8",  "ax",  "cx",	   "dx", "si",
					  "di",	 "orig_ax", "ip",  "cs",  "flags", "sp", "ss"};
	static const char *const arm64[] = {"sp", "pc", "pstate", "orig_x0", "syscallno"};

	return arch == &arch_x86 ? write_btf(dir, 0, x86, COUNT(x86))
				 : write_btf(dir, 31, arm64, COUNT(arm64));
}

static struct hotprobe *open_for(const struct arch *arch, enum hotprobe_backend backend)
{
	char *dir = make_dir(), *path = write_btf_of(dir, arch);
	struct hotprobe_opts opts = {.sz = sizeof(opts), .btf_path = path, .backend = backend};
	struct hotprobe *hp = new_handle(&opts);

	open_text(hp, text);
	free(path);
	remove_dir(dir);
	return hp;
}

/* ---- Code ---- */

static const struct image_program *find_program(const struct image *img, const char *name)
{
	const struct image_program *p = img->programs;

	for (uint32_t i = 0; i < img->count[IMAGE_PROGRAMS]; i++, p++)
		if (!strcmp(image_str(img, p->name), name))
			return p;
	ck_abort_msg("no program %s", name);
	return NULL;
}

/* The offset of the first load from the context. */
static int loads(const struct hotprobe *hp, const char *name)
{
	const struct image_program *p = find_program(&hp->image, name);
	const struct bpf_insn *insn = hp->image.insns + p->first_insn;

	for (uint32_t i = 0; i < p->insn_count; i++, insn++)
		if (BPF_CLASS(insn->code) == BPF_LDX && insn->src_reg == BPF_REG_1)
			return insn->off;
	ck_abort_msg("%s reads nothing of its context", name);
	return -1;
}

/* What it returns, where that is a constant. */
static int returns(const struct hotprobe *hp, const char *name)
{
	const struct image_program *p = find_program(&hp->image, name);
	const struct bpf_insn *insn = hp->image.insns + p->first_insn;

	ck_assert_uint_eq(p->insn_count, 2);
	ck_assert_int_eq(BPF_OP(insn->code), BPF_MOV);
	return insn->imm;
}

START_TEST(registers_are_where_that_architecture_has_them)
{
	const struct expected *e = &expected[_i];
	struct hotprobe *hp = open_for(e->arch, HOTPROBE_BACKEND_KPROBE);

	for (int i = 0; i < ARCH_SYSCALL_ARGS; i++) {
		char *name = format("parm%d", i + 1);

		ck_assert_int_eq(loads(hp, name), e->parm[i]);
		free(name);
	}
	ck_assert_int_eq(loads(hp, "rc"), e->rc);
	ck_assert_int_eq(loads(hp, "ip"), e->ip);
	ck_assert_int_eq(loads(hp, "sp"), e->sp);
	ck_assert_int_eq(loads(hp, "fp"), e->fp);
	ck_assert_int_eq(loads(hp, "argument"), e->parm[0]);
	hotprobe_free(hp);
}
END_TEST

START_TEST(syscalls_have_a_wrapper_for_kprobes_alone)
{
	const struct expected *e = &expected[_i];
	struct hotprobe *hp = open_for(e->arch, HOTPROBE_BACKEND_KPROBE);

	/* The kernel's function gets a pointer to the registers. */
	ck_assert_int_eq(loads(hp, "syscall__openat"), e->parm[0]);
	ck_assert(find_program(&hp->image, "syscall__openat")->flags &
		  IMAGE_PROGRAM_INDIRECT_SYSCALL);
	hotprobe_free(hp);
	hp = open_for(e->arch, HOTPROBE_BACKEND_TRACEPOINT);
	ck_assert_int_eq(loads(hp, "syscall__openat"), e->first_syscall_arg);
	ck_assert_uint_eq(find_program(&hp->image, "syscall__openat")->flags, 0);
	hotprobe_free(hp);
}
END_TEST

START_TEST(constants_and_char_are_those_of_that_architecture)
{
	const struct expected *e = &expected[_i];
	struct hotprobe *hp = open_for(e->arch, HOTPROBE_BACKEND_KPROBE);

	ck_assert_int_eq(returns(hp, "o_directory"), e->o_directory);
	ck_assert_int_eq(returns(hp, "nr_openat"), e->nr_openat);
	ck_assert_int_eq(returns(hp, "char_is_signed"), e->char_is_signed);
	hotprobe_free(hp);
}
END_TEST

START_TEST(the_registers_of_the_table_are_those_of_the_types)
{
	const struct expected *e = &expected[_i];

	for (int i = 0; i < ARCH_SYSCALL_ARGS; i++) {
		const struct arch_register *r = e->arch->registers;

		while (r->name && r->offset != (uint32_t)e->parm[i])
			r++;
		ck_assert_int_eq(r->syscall_arg, i);
	}
	ck_assert_int_ge(arch_register_offset(e->arch, e->arch->telltale), 0);
	ck_assert_int_eq(arch_register_offset(e->arch, "sp"), e->sp);
	ck_assert_int_eq(arch_register_offset(e->arch, "no_register"), -1);
	ck_assert_ptr_eq(arch_of_machine(e->arch->machine), e->arch);
	ck_assert_ptr_null(arch_of_machine("pdp11"));
}
END_TEST

static const struct arch *foreign(void)
{
	return strcmp(arch_native.machine, arch_x86.machine) ? &arch_x86 : &arch_arm64;
}

static void check_refusal(const struct hotprobe *hp, int err)
{
	ck_assert_int_eq(err, -EINVAL);
	ck_assert_ptr_nonnull(strstr(hotprobe_error(hp), foreign()->machine));
	ck_assert_ptr_nonnull(strstr(hotprobe_error(hp), arch_native.machine));
}

START_TEST(what_is_for_another_machine_is_not_loaded)
{
	struct hotprobe *hp = open_for(foreign(), HOTPROBE_BACKEND_KPROBE);

	check_refusal(hp, hotprobe_load(hp));
	hotprobe_free(hp);
}
END_TEST

START_TEST(an_image_for_another_machine_is_not_opened)
{
	struct hotprobe *hp = open_for(foreign(), HOTPROBE_BACKEND_KPROBE);
	char *dir = make_dir(), *path = format("%s/image.hpo", dir);

	ck_hp(hp, hotprobe_save(hp, path));
	hotprobe_free(hp);
	hp = new_handle(NULL);
	check_refusal(hp, hotprobe_open_file(hp, path));
	hotprobe_free(hp);
	free(path);
	remove_dir(dir);
}
END_TEST

START_TEST(an_architecture_without_a_table_is_named)
{
	static const char *const riscv[] = {"epc", "ra", "sp", "gp", "a0", "orig_a0"};
	char *dir = make_dir(), *path = write_btf(dir, 0, riscv, COUNT(riscv));
	struct hotprobe_opts opts = {.sz = sizeof(opts), .btf_path = path};
	struct hotprobe *hp = new_handle(&opts);
	const struct hotprobe_diagnostic *diag;

	ck_assert_int_lt(hotprobe_open_string(hp, "a.c", text, strlen(text)), 0);
	diag = find_diagnostic(hp, HOTPROBE_ERROR);
	ck_assert_ptr_nonnull(diag);
	ck_assert_ptr_nonnull(strstr(diag->text, "architecture"));
	ck_assert_ptr_nonnull(strstr(diag->text, path));
	hotprobe_free(hp);
	free(path);
	remove_dir(dir);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("arch");

	add_loop_test(suite, registers_are_where_that_architecture_has_them, 60, COUNT(expected));
	add_loop_test(suite, syscalls_have_a_wrapper_for_kprobes_alone, 60, COUNT(expected));
	add_loop_test(suite, constants_and_char_are_those_of_that_architecture, 60,
		      COUNT(expected));
	add_loop_test(suite, the_registers_of_the_table_are_those_of_the_types, 10,
		      COUNT(expected));
	add_test(suite, what_is_for_another_machine_is_not_loaded, 60);
	add_test(suite, an_image_for_another_machine_is_not_opened, 60);
	add_test(suite, an_architecture_without_a_table_is_named, 60);
	return run_suite(suite);
}
