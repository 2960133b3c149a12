/* SPDX-License-Identifier: Apache-2.0 */
/* The compiler's flags. */
#include <string.h>

#include "exported.h"
#include "flags.h"
#include "text.h"
#include "vfs.h"

void flags_add(struct flags *flags, const char *flag)
{
	/* One more, for the NULL behind the last. */
	flags->argv = cc_realloc(flags->argv, (flags->count + 2) * sizeof(*flags->argv));
	flags->argv[flags->count++] = flag;
	flags->argv[flags->count] = NULL;
}

static void add_all(struct flags *flags, const char *const *argv, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		flags_add(flags, argv[i]);
}

#define ADD_ALL(flags, array) add_all(flags, array, sizeof(array) / sizeof(*(array)))

/* The order and the words are those of libbcc's ClangLoader and KBuildHelper. */
struct flags flags_for_parse(const struct flags *user, const struct arch *arch)
{
	static const char *const first[] = {
		"-O2",
		"-D__BPF_TRACING__",
		"-Wno-deprecated-declarations",
		"-Wno-gnu-variable-sized-type-not-at-end",
		"-Wno-pragma-once-outside-header",
		"-Wno-address-of-packed-member",
		"-Wno-unknown-warning-option",
		"-fno-color-diagnostics",
		"-xc",
		"-nostdinc",
		"-isystem",
		"/virtual/lib/clang/include",
	};
	static const char *const last[] = {
		"-include",
		"./include/linux/kconfig.h",
		"-D__KERNEL__",
		"-DHOTPROBE(target)=__attribute__((annotate(\"" FLAGS_TARGET "\" target)))",
		"-DKBUILD_MODNAME=\"bcc\"",
		"-Wno-unused-value",
		"-Wno-pointer-sign",
		"-fno-stack-protector",
		"-include",
		EXPORTED_DIR "bpf.h",
		"-include",
		EXPORTED_DIR "bpf_workaround.h",
		"-include",
		EXPORTED_DIR "helpers.h",
		"-isystem",
		"/virtual/include",
	};
	static const char *const below_arch[] = {"", "generated/", "uapi/", "generated/uapi/"};
	struct flags flags = {0};
	size_t i;

	flags_add(&flags, cc_printf("--target=%s-unknown-linux-gnu", arch->machine));
	ADD_ALL(&flags, first);
	flags_add(&flags, cc_printf("-I%s", vfs_cwd()));
	flags_add(&flags, cc_printf("-working-directory=%s", VFS_KERNEL));
	for (i = 0; i < 4; i++) {
		flags_add(&flags, cc_printf("-Iarch/%s/include/%s", arch->name, below_arch[i]));
		if (i == 1)
			flags_add(&flags, "-Iinclude");
	}
	flags_add(&flags, "-Iinclude/uapi");
	flags_add(&flags, "-Iinclude/generated/uapi");
	ADD_ALL(&flags, last);
	/* Where libbcc is told the architecture, its name is a macro too. */
	if (arch != &arch_native)
		flags_add(&flags, cc_printf("-D__TARGET_ARCH_%s", arch->name));
	add_all(&flags, user->argv, user->count);
	return flags;
}

void flags_each_include_dir(const struct flags *user, void (*each)(const char *dir))
{
	static const char *const words[] = {"-I", "-iquote", "-isystem", "-idirafter"};
	size_t i, word, size;

	for (i = 0; i < user->count; i++)
		for (word = 0; word < sizeof(words) / sizeof(*words); word++) {
			size = strlen(words[word]);
			if (strncmp(user->argv[i], words[word], size))
				continue;
			if (user->argv[i][size])
				each(user->argv[i] + size);
			else if (i + 1 < user->count)
				each(user->argv[i + 1]);
		}
}
