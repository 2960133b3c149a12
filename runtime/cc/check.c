/* SPDX-License-Identifier: Apache-2.0 */
/* Finds in the bytecode what libbcc lets pass and no kernel takes. */
#include <stdbool.h>
#include <stdint.h>

#include "check.h"
#include "text.h"

/* The backend loads a constant in this way only if 32 bits do not hold it; else it is an address
   in a section of the object, with nothing to put there. */
static bool is_address(uint64_t value)
{
	return (int64_t)value == (int32_t)value;
}

static bool is_load64(const struct bpf_insn *insn)
{
	return insn->code == (BPF_LD | BPF_DW | BPF_IMM);
}

static bool is_unresolved_call(const struct bpf_insn *insn)
{
	return insn->code == (BPF_JMP | BPF_CALL) && insn->imm == -1;
}

static unsigned line_of(const struct parse_function *function, const struct bpf_line_info *lines,
			size_t line_count, size_t insn)
{
	unsigned line = function ? function->line : 0;
	size_t i;

	for (i = 0; i < line_count && lines[i].insn_off <= insn; i++)
		line = BPF_LINE_INFO_LINE_NUM(lines[i].line_col);
	return line;
}

void check_program(const struct parse_function *function, const char *name,
		   const struct bpf_insn *insns, size_t count, const struct bpf_line_info *lines,
		   size_t line_count, const struct source *source, struct diag_list *diags)
{
	uint64_t value;
	unsigned line;
	size_t i;

	for (i = 0; i < count; i++) {
		line = line_of(function, lines, line_count, i);
		if (is_unresolved_call(&insns[i])) {
			diag_promote(diags, "implicit declaration of");
			if (!diags->error_count)
				diag_error(diags, source->name, line, 0, NULL,
					   "%s calls a function that is not part of it", name);
		}
		if (!is_load64(&insns[i]) || i + 1 == count)
			continue;
		value = (uint32_t)insns[i].imm | (uint64_t)(uint32_t)insns[i + 1].imm << 32;
		if (!insns[i].src_reg && is_address(value))
			diag_error(diags, source->name, line, 0, NULL,
				   "%s uses static data, a global variable or a string", name);
		i++;
	}
}
