/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any instructions as a program: the analysis ends, and the edits keep to their bounds. What the
 * instructions mean does not matter: the verifier has the last word on that.
 */
#include <stdlib.h>
#include <string.h>

#include "flow.h"

enum {
	INSNS_MAX = 256,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint32_t count = (uint32_t)(size / sizeof(struct bpf_insn));
	const struct bpf_insn some[3] = {{.code = 0xb7}, {.code = 0xb7}, {.code = 0xb7}};
	struct bpf_insn insns[INSNS_MAX];
	struct view_problem problem;
	struct bytecode code;
	struct flow flow;

	if (!count || count > INSNS_MAX)
		return 0;
	for (uint32_t i = 0; i < count; i++) {
		memcpy(&insns[i], data + i * sizeof(*insns), sizeof(*insns));
		insns[i].dst_reg %= FLOW_REGISTERS; /* as image_parse() sees to */
		insns[i].src_reg %= FLOW_REGISTERS;
	}
	if (bytecode_copy(&code, insns, count, NULL, 0, NULL, 0))
		return 0;
	if (!flow_analyse(&flow, &code)) {
		flow_lowest_frame_offset(&flow, &code);
		flow_free(&flow);
	}
	bytecode_set_view(&code, VIEW_SYSCALL_ENTER, &problem);
	bytecode_replace(&code, data[0] % code.count, some, 3);
	bytecode_prepend(&code, some, 2);
	bytecode_free(&code);
	return 0;
}
