/* SPDX-License-Identifier: Apache-2.0 */
/* From the verifier's log to what was refused: where in the source, why, and what to do. */
#include "verifier.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "verifier_hints.h"
#include "verifier_trace.h"
#include "verifier_words.h"

/* The complaint that there is a rule for, else the last one. Malloc'ed; NULL if there is none. */
static char *find_message(const struct trace *trace, const struct rule **rule)
{
	char *message = NULL;

	*rule = NULL;
	for (size_t i = 0; i < trace->said_count && !*rule; i++) {
		free(message);
		message = strndup(trace->said[i].at, trace->said[i].length);
		if (!message)
			return NULL;
		*rule = verifier_rule_find(message);
	}
	return message;
}

/* Where the program is defined, if it is not known better. */
static struct place find_place(const struct hotprobe_program *program, const struct bytecode *code,
			       const struct trace *trace)
{
	struct place place = {
		.file = image_str(&program->hp->image, program->image->file),
		.line = program->image->line,
		.column = program->image->column,
	};

	if (trace->reached)
		verifier_place(program, code, trace->insn, &place);
	return place;
}

static void explain(struct hotprobe_program *program, int err, const struct place *place,
		    const char *message, const struct rule *rule, const struct words *words)
{
	struct hotprobe *hp = program->hp;
	char *why = rule ? verifier_rule_why(rule, words) : NULL,
	     *hint = verifier_rule_remedy(rule, words);

	if (why)
		fail_at(hp, err, place->file, place->line, place->column, hint ? hint : "",
			"the verifier refuses %s: %s (%s)", program->name, why, message);
	else
		fail_at(hp, err, place->file, place->line, place->column, hint ? hint : "",
			"the verifier refuses %s: %s", program->name, message);
	if (rule && words->known)
		add_diagnostic(hp, HOTPROBE_NOTE, words->origin.file, words->origin.line,
			       words->origin.column, words->known, "");
	if (rule && words->decided && verifier_rule_is_about_path(rule))
		add_diagnostic(hp, HOTPROBE_NOTE, words->decision.file, words->decision.line,
			       words->decision.column, "which path it is was decided here", "");
	free(why);
	free(hint);
}

int verifier_explain(struct hotprobe_program *program, const struct bytecode *code, int err,
		     const char *log)
{
	const struct rule *rule;
	struct words words;
	struct place place;
	struct trace trace;
	char *message;

	verifier_trace_follow(&trace, code, log);
	message = find_message(&trace, &rule);
	place = find_place(program, code, &trace);
	verifier_words_find(&words, program, code, &trace, message ? message : "", &place);
	/* What it is too much for, kernels have several errnos for. */
	if (rule && err != -EACCES)
		err = -EINVAL;
	explain(program, err, &place, message ? message : strerror(-err), rule, &words);
	verifier_words_free(&words);
	free(message);
	return err;
}
