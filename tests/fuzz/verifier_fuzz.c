/* SPDX-License-Identifier: Apache-2.0 */
/* Any text as the verifier's log: it becomes one diagnostic, at a line that the program has. */
#include <errno.h>
#include <linux/btf.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "internal.h"
#include "verifier.h"

static const char strings[] = "\0text.c\0	return 0;";

/* The program's BTF, as far as its strings. */
struct btf {
	struct btf_header header;
	char strings[sizeof(strings)];
};

static void count_lines(void *ctx, enum hotprobe_severity severity, const char *line)
{
	REQUIRE(severity == HOTPROBE_NOTE && !strchr(line, '\n'));
	++*(size_t *)ctx;
}

static void explain(const char *log, bool loud)
{
	struct bpf_line_info lines[] = {
		{.insn_off = 0, .file_name_off = 1, .line_off = 8, .line_col = 2 << 10 | 9},
		{.insn_off = 5, .file_name_off = 1, .line_off = 8, .line_col = 3 << 10},
		{.insn_off = 9, .file_name_off = 99, .line_off = 8, .line_col = 4 << 10},
	};
	struct btf btf = {.header = {.magic = BTF_MAGIC,
				     .version = BTF_VERSION,
				     .hdr_len = sizeof(struct btf_header),
				     .str_len = sizeof(strings)}};
	struct image_program image = {.line = 1};
	const struct bytecode code = {.count = 20, .line_info = lines, .line_info_count = 3};
	size_t shown = 0;
	struct hotprobe hp = {.opts.log = loud ? count_lines : NULL, .opts.log_ctx = &shown};
	struct hotprobe_program program = {.hp = &hp, .image = &image, .name = "fuzz"};
	const struct hotprobe_diagnostic *d;

	memcpy(btf.strings, strings, sizeof(strings));
	hp.image = (struct image){.strings = "", .btf = &btf, .line_info = lines};
	hp.image.count[IMAGE_BTF] = sizeof(btf);
	hp.image.count[IMAGE_LINE_INFO] = 3;
	REQUIRE(verifier_explain(&program, &code, -EACCES, log) == -EACCES);
	REQUIRE(hotprobe_diagnostic_count(&hp) == 1);
	d = hotprobe_diagnostic_at(&hp, 0);
	REQUIRE(d->severity == HOTPROBE_ERROR && d->line >= 1 && d->line <= 3 && *d->text);
	REQUIRE(!strchr(d->text, '\n') && !strchr(d->hint, '\n'));
	REQUIRE(!loud || !*log || shown);
	free_diagnostics(&hp);
	free(hp.error);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *log = fuzz_text(data, size);

	explain(log, size % 2);
	free(log);
	return 0;
}

size_t fuzz_seed(unsigned n, uint8_t *data)
{
	static const char *const texts[] = {
		"0: (79) r1 = *(u64 *)(r1 +0)\n5: (95) exit\nR0 !read_ok\nprocessed 6 insns\n",
		"; *count += 1;\n12: (07) r0 += 1\nR0 invalid mem access 'map_value_or_null'\n",
		"from 3 to 5: R0=inv(id=0)\n9: (b7) r0 = 0\nback-edge from insn 7 to 3\n",
		"func#0 @0\n18446744073709551615: (ff) x\nunknown func bpf_none#999\nsafe\n",
		"verification time 10 usec\nstack depth 8\nregs=4 stack=0 before 3\n",
		NULL,
	};

	return fuzz_seed_text(texts, n, data);
}
