/* SPDX-License-Identifier: Apache-2.0 */
#include <linux/bpf.h>
#include <stdbool.h>
#include <string.h>

#include "call.h"
#include "exported.h"
#include "place.h"
#include "ring_query.h"
#include "text.h"

/*
 * libbcc turns t.inode_storage_delete(X) into bpf_inode_storage_delete((void *)MAP, X). There a
 * local variable of that name is in scope, which is the helper bpf_ringbuf_query() by its number.
 */
const char ring_query_define[] = "#define ringbuf_query inode_storage_delete\n";
const char ring_query_before[] =
	"({ unsigned long long (*bpf_inode_storage_delete)(void *, unsigned long long) = "
	"(void *)134; ";
const char ring_query_after[] = "; })";
_Static_assert(BPF_FUNC_ringbuf_query == 134, "the text above has that number");

/* What libbcc 0.26 declares last of a ring buffer, and what later ones do. */
static const char last[] = "void (*ringbuf_submit) (void *, u64); \\\n";
static const char missing[] = "  u64 (*ringbuf_query) (u64); \\\n";

static struct {
	bool needed; /* this libbcc does not do it by itself */
} ring_query;

void ring_query_declare(void)
{
	struct exported_file files[EXPORTED_MAX];
	size_t i, count = exported_files(files);
	const char *text, *at;

	for (i = 0; i < count; i++) {
		if (strcmp(files[i].path, EXPORTED_DIR "helpers.h"))
			continue;
		text = *files[i].text;
		at = strstr(text, last);
		if (!at || strstr(text, "(*ringbuf_query)"))
			continue;
		at += strlen(last);
		*files[i].text = cc_printf("%.*s%s%s", (int)(at - text), text, missing, at);
		ring_query.needed = true;
	}
}

void ring_query_from_call(CXCursor call, const struct source *source, struct parsed *parsed)
{
	struct place start, end;

	if (!ring_query.needed || !call_is(call, "ringbuf_query") || !call_table(call, parsed))
		return;
	start = place_of(source, clang_getRangeStart(clang_getCursorExtent(call)));
	end = place_of(source, clang_getRangeEnd(clang_getCursorExtent(call)));
	/* In a macro libbcc refuses it, and says so. */
	if (!start.is_main || start.from_macro || end.from_macro)
		return;
	parsed->ring_queries = cc_grow(parsed->ring_queries, parsed->ring_query_count,
				       sizeof(*parsed->ring_queries));
	parsed->ring_queries[parsed->ring_query_count++] =
		(struct parse_range){.start = start.offset, .end = end.offset};
}
