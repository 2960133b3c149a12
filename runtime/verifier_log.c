/* SPDX-License-Identifier: Apache-2.0 */
#include "verifier_log.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define BEGINS(line, word) (!strncmp((line), (word), sizeof(word) - 1))

/* Lines that say what it did, not what was wrong. No word reaches beyond the line's end. */
static bool says_nothing(const char *line, size_t length)
{
	static const char *const words[] = {"processed ",     "verification time",
					    "stack depth",    ";",
					    "last_idx",	      "regs=",
					    "mark_precise",   "parent ",
					    "safe",	      "caller",
					    "callee",	      "func#",
					    "propagating",    "Live regs",
					    "cur state",      "old state",
					    "returning from", "Func#",
					    "Validating",     "("};

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (!strncmp(line, words[i], strlen(words[i])))
			return true;
	return !length;
}

static bool is_register(const char *at, const char *end)
{
	return end - at > 2 && *at == 'R' && isdigit((unsigned char)at[1]);
}

static bool is_state(const char *at, const char *end)
{
	while (at < end && *at == ' ')
		at++;
	return is_register(at, end) ||
	       (end - at > 6 && BEGINS(at, "frame") && isdigit((unsigned char)at[5])) ||
	       (end - at > 3 && BEGINS(at, "fp-"));
}

/*
 * What is known behind an instruction stands after a semicolon, what is known at the one that a
 * jump went to after its number: "if r0 == 0x0 goto pc+6 12: R0=0". A source line may stand there
 * instead.
 */
static struct log_text state_of(const char *at, const char *end)
{
	for (const char *start = at; at < end; at++) {
		bool sets_off = *at == ';' || (*at == ':' && at > start &&
					       (isdigit((unsigned char)at[-1]) || at[-1] == ')'));

		if (sets_off && is_state(at + 1, end))
			return (struct log_text){at + 1, (size_t)(end - at - 1)};
	}
	return (struct log_text){NULL, 0};
}

/* A complaint that comes up at a jump is on its line: "if r3 > 0x2 goto pc-7 BPF program is...". */
static struct log_text said_behind_jump(const struct log_line *line)
{
	static const char jump[] = "goto pc";
	const char *end = line->code.at + line->code.length;
	const char *at = line->state.at
				 ? NULL
				 : memmem(line->code.at, line->code.length, jump, sizeof(jump) - 1);

	if (!at)
		return (struct log_text){NULL, 0};
	at += sizeof(jump) - 1;
	while (at < end && *at != ' ')
		at++;
	while (at < end && *at == ' ')
		at++;
	if (at == end || *at == ';')
		return (struct log_text){NULL, 0};
	return (struct log_text){at, (size_t)(end - at)};
}

static void read_numbered(struct log_line *line, size_t digits)
{
	const char *at = line->text.at, *end = at + line->text.length;
	const char *code = at + digits + 1;

	while (code < end && *code == ' ')
		code++;
	line->kind = LOG_STATE;
	if (end - code > 2 && *code == '(' && isxdigit((unsigned char)code[1])) {
		line->kind = LOG_INSN;
		line->insn = (uint32_t)strtoul(at, NULL, 10);
		line->code = (struct log_text){code, (size_t)(end - code)};
		line->state = state_of(code, end);
		line->says = said_behind_jump(line);
	} else if (is_state(code, end)) {
		line->state = (struct log_text){code, (size_t)(end - code)};
	}
}

bool verifier_log_next(const char **log, struct log_line *line)
{
	const char *at = *log, *end = strchrnul(at, '\n');
	size_t digits;

	if (!*at)
		return false;
	*log = end + (*end == '\n');
	*line = (struct log_line){.kind = LOG_SAYS, .text = {at, (size_t)(end - at)}};
	digits = strspn(at, "0123456789");
	if (digits && at[digits] == ':') {
		read_numbered(line, digits);
	} else if (BEGINS(at, "from ") && isdigit((unsigned char)at[5])) {
		line->kind = LOG_STATE;
		line->state = state_of(at, end);
	} else if (is_state(at, end) && *at == ' ') {
		line->kind = LOG_STATE;
		line->state = line->text;
	} else if (says_nothing(at, line->text.length)) {
		line->kind = LOG_NOTHING;
	}
	return true;
}

/* The end of a word that may have spaces in parentheses. */
static const char *word_end(const char *at, const char *end)
{
	int depth = 0;

	for (; at < end && (depth || *at != ' '); at++)
		depth += (*at == '(') - (*at == ')' && depth);
	return at;
}

bool verifier_log_register(struct log_text *state, struct log_register *reg)
{
	const char *at = state->at, *end;
	bool found = false;

	if (!state->length)
		return false;
	end = at + state->length;
	while (at < end && !found) {
		const char *stop = word_end(at, end),
			   *equals = memchr(at, '=', (size_t)(stop - at));

		if (equals && is_register(at, equals + 1)) {
			reg->number = at[1] - '0';
			if (isdigit((unsigned char)at[2]))
				reg->number = reg->number * 10 + at[2] - '0';
			reg->text = (struct log_text){equals + 1, (size_t)(stop - equals - 1)};
			found = true;
		}
		at = stop + (stop < end);
	}
	*state = (struct log_text){at, (size_t)(end - at)};
	return found;
}
