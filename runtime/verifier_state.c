/* SPDX-License-Identifier: Apache-2.0 */
#include "verifier_state.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Reading -----------------------------------------------------------------------------------
 */

/* The limits that the text names. */
struct limits {
	bool has_umin, has_umax, has_smin, has_smax;
	uint64_t umin, umax;
	int64_t smin, smax;
};

static bool is(struct log_text key, const char *name)
{
	return key.length == strlen(name) && !memcmp(key.at, name, key.length);
}

static void take_limit(struct limits *limits, struct log_text key, uint64_t number)
{
	if (is(key, "umin") || is(key, "umin_value")) {
		limits->has_umin = true;
		limits->umin = number;
	} else if (is(key, "umax") || is(key, "umax_value")) {
		limits->has_umax = true;
		limits->umax = number;
	} else if (is(key, "smin") || is(key, "smin_value")) {
		limits->has_smin = true;
		limits->smin = (int64_t)number;
	} else if (is(key, "smax") || is(key, "smax_value")) {
		limits->has_smax = true;
		limits->smax = (int64_t)number;
	}
}

static void take_field(struct verifier_state *state, struct limits *limits, struct log_text key,
		       const char *value, const char *end)
{
	uint64_t number = strtoull(value, NULL, 0);

	if (is(key, "map"))
		state->table = (struct log_text){value, (size_t)(end - value)};
	else if (is(key, "vs") || is(key, "sz") || is(key, "mem_size"))
		state->size = (int64_t)number;
	else if (is(key, "off"))
		state->offset = (int64_t)number;
	else if (is(key, "imm") && !strcmp(state->type, "scalar"))
		state->constant = true;
	else if (is(key, "r"))
		state->in_reach = (int64_t)number;
	else if (is(key, "var_off"))
		state->varies = true;
	else
		take_limit(limits, key, number);
}

/* "smin=0,smax=umax=255,var_off=(0x0; 0xff)": several names may share a value. */
static void take_fields(struct verifier_state *state, struct limits *limits, const char *at,
			const char *end)
{
	while (at < end) {
		const char *stop = at, *value = at, *name = at;
		int depth = 0;

		for (; stop < end && (depth || *stop != ','); stop++) {
			depth += (*stop == '(') - (*stop == ')' && depth);
			if (*stop == '=' && !depth)
				value = stop + 1;
		}
		for (const char *equals; name < value; name = equals + 1) {
			equals = memchr(name, '=', (size_t)(value - name));
			take_field(state, limits, (struct log_text){name, (size_t)(equals - name)},
				   value, stop);
		}
		at = stop + 1;
	}
}

/* A range that both kinds of limits allow; numbers below zero only where the text has some. */
static void settle(struct verifier_state *state, const struct limits *limits)
{
	if (state->constant)
		return;
	if ((limits->has_smin && limits->smin >= 0) ||
	    (limits->has_umax && limits->umax <= INT64_MAX)) {
		state->bounded = limits->has_umax || limits->has_smax;
		state->low = limits->has_umin ? limits->umin : 0;
		if (limits->has_smin && limits->smin > 0 && (uint64_t)limits->smin > state->low)
			state->low = (uint64_t)limits->smin;
		state->high = limits->has_umax ? limits->umax : (uint64_t)limits->smax;
	} else if (limits->has_smin || limits->has_smax) {
		state->bounded = limits->has_smin && limits->has_smax;
		state->is_signed = true;
		state->low = limits->has_smin ? (uint64_t)limits->smin : (uint64_t)INT64_MIN;
		state->high = limits->has_smax ? (uint64_t)limits->smax : INT64_MAX;
	} else if (limits->has_umin || limits->has_umax) {
		state->bounded = true;
		state->low = limits->has_umin ? limits->umin : 0;
		state->high = limits->has_umax ? limits->umax : UINT64_MAX;
	}
}

static void set_constant(struct verifier_state *state, const char *number)
{
	state->constant = true;
	state->is_signed = *number == '-';
	state->low = state->high = strtoull(number, NULL, 0);
}

/* "5", "-1", "0x10", with a P in front if it has to be known so well, behind "inv" or "scalar". */
static bool read_number(struct verifier_state *state, const char *at, const char *end)
{
	at += at < end && *at == 'P';
	if (at == end || (!isdigit((unsigned char)*at) && *at != '-'))
		return false;
	strcpy(state->type, "scalar");
	set_constant(state, at);
	return true;
}

/* What 5.x calls inv, what a frame pointer has behind its name, and whether it may be NULL. */
static void settle_type(struct verifier_state *state, const char *behind, const char *end)
{
	char *null;

	if (!strcmp(state->type, "inv") || !strcmp(state->type, "scalar")) {
		strcpy(state->type, "scalar");
		read_number(state, behind, end);
		return;
	}
	if (!strcmp(state->type, "fp") && behind < end)
		state->offset = strtoll(behind, NULL, 0);
	null = strstr(state->type, "_or_null");
	state->may_be_null = null;
	if (null)
		memmove(null, null + strlen("_or_null"), strlen(null + strlen("_or_null")) + 1);
}

/* In "fp-8" and "inv5" a number follows at once. */
static const char *type_end(const char *at, const char *end)
{
	if (end - at > 2 && !strncmp(at, "fp", 2) &&
	    (isdigit((unsigned char)at[2]) || at[2] == '-'))
		return at + 2;
	if (end - at > 2 && !strncmp(at, "inv", 3))
		return at + 3;
	while (at < end && (isalnum((unsigned char)*at) || *at == '_'))
		at++;
	return at;
}

bool verifier_state_read(struct verifier_state *state, struct log_text text)
{
	const char *end, *at = text.at, *open, *close;
	struct limits limits = {0};
	size_t length;

	*state = (struct verifier_state){.size = -1};
	if (!text.length)
		return false;
	end = at + text.length;
	if (read_number(state, at, end))
		return true;
	at = type_end(at, end);
	length = (size_t)(at - text.at);
	if (!length || length >= sizeof(state->type))
		return false;
	memcpy(state->type, text.at, length);
	settle_type(state, at, end);
	open = memchr(at, '(', (size_t)(end - at));
	if (!open)
		return true;
	for (close = end; close > open && *close != ')'; close--)
		;
	if (close > open)
		take_fields(state, &limits, open + 1, close);
	settle(state, &limits);
	state->varies |= state->bounded;
	return true;
}

/* ---- Words -------------------------------------------------------------------------------------
 */

static char *number_text(const struct verifier_state *state, uint64_t number)
{
	char *text;

	if (asprintf(&text, state->is_signed ? "%" PRId64 : "%" PRIu64, number) < 0)
		return NULL;
	return text;
}

char *verifier_state_range(const struct verifier_state *state)
{
	char *low, *high, *text = NULL;

	if (!state->bounded && !state->constant)
		return NULL;
	low = number_text(state, state->low);
	high = number_text(state, state->high);
	if (low && high && asprintf(&text, "%s to %s", low, high) < 0)
		text = NULL;
	free(low);
	free(high);
	return text;
}

static char *number_words(const struct verifier_state *state)
{
	char *low = number_text(state, state->low), *high = number_text(state, state->high);
	char *text = NULL;
	int n = 0;

	if (!low || !high)
		goto out;
	if (state->constant)
		n = asprintf(&text, "the number %s", low);
	else if (!state->bounded)
		n = asprintf(&text, "a number of which nothing is known");
	else if (!state->low && !state->is_signed && state->high == UINT64_MAX)
		n = asprintf(&text, "a number of which nothing is known");
	else
		n = asprintf(&text, "a number between %s and %s", low, high);
	if (n < 0)
		text = NULL;
out:
	free(low);
	free(high);
	return text;
}

/* " at byte 4", " at byte 0 to 1020"; "" for the beginning. */
static char *place_words(const struct verifier_state *state)
{
	uint64_t low = state->low + (uint64_t)state->offset;
	uint64_t high = state->high + (uint64_t)state->offset;
	char *text = NULL;
	int n;

	if (state->bounded && state->is_signed)
		n = asprintf(&text, ", at byte %" PRId64 " to %" PRId64, low, high);
	else if (state->bounded)
		n = asprintf(&text, ", at byte %" PRIu64 " to %" PRIu64, low, high);
	else if (state->varies)
		n = asprintf(&text, ", at a byte of which nothing is known");
	else if (state->offset)
		n = asprintf(&text, ", at byte %" PRId64, state->offset);
	else
		n = asprintf(&text, "%s", "");
	return n < 0 ? NULL : text;
}

/* What it points to, as "a value of table counts"; false if there are no words for it. */
static bool pointee(const struct verifier_state *state, const char *table, char text[160])
{
	const char *type = state->type;
	static const char *const prefixes[] = {"trusted_", "untrusted_", "rcu_", "rdonly_",
					       "rdwr_",	   "percpu_",	 "user_"};

	for (size_t i = 0; i < sizeof(prefixes) / sizeof(*prefixes); i++)
		if (!strncmp(type, prefixes[i], strlen(prefixes[i])))
			type += strlen(prefixes[i]);
	if (!strcmp(type, "map_value") && table)
		snprintf(text, 160, "a value of table %s", table);
	else if (!strcmp(type, "map_value"))
		snprintf(text, 160, "a value of a table");
	else if (!strcmp(type, "map_key"))
		snprintf(text, 160, "a key of a table");
	else if (!strcmp(type, "pkt"))
		snprintf(text, 160, "the packet");
	else if (!strcmp(type, "mem") || !strcmp(type, "buf") || !strcmp(type, "alloc_mem"))
		snprintf(text, 160, "memory");
	else if (!strcmp(type, "ringbuf_mem"))
		snprintf(text, 160, "a record");
	else if (!strncmp(type, "ptr_", 4) && type[4])
		snprintf(text, 160, "the kernel's struct %s", type + 4);
	else if (!strncmp(type, "sock", 4) || !strcmp(type, "tcp_sock"))
		snprintf(text, 160, "a socket");
	else
		return false;
	return true;
}

static char *pointer_words(const struct verifier_state *state, const char *table)
{
	const char *null = state->may_be_null ? ", or NULL" : "";
	char what[160], size[64] = "", *place, *text = NULL;
	bool is_packet = !strcmp(state->type, "pkt");
	int n;

	if (!pointee(state, table, what))
		return NULL;
	if (state->size > 0)
		snprintf(size, sizeof(size), " (%" PRId64 " byte%s)", state->size,
			 state->size == 1 ? "" : "s");
	if (is_packet)
		snprintf(size, sizeof(size), ", of which %" PRId64 " bytes are known to be there",
			 state->in_reach);
	place = place_words(state);
	n = place ? asprintf(&text, "a pointer %s %s%s%s%s", *place || is_packet ? "into" : "to",
			     what, size, place, null)
		  : -1;
	free(place);
	return n < 0 ? NULL : text;
}

char *verifier_state_words(const struct verifier_state *state, const char *table)
{
	char *text = NULL;
	int n;

	if (!strcmp(state->type, "scalar"))
		return number_words(state);
	if (!strcmp(state->type, "ctx"))
		n = asprintf(&text, "the context");
	else if (!strcmp(state->type, "fp") && state->offset < 0 && state->offset >= -512)
		n = asprintf(&text,
			     "a pointer to local variables, %" PRId64
			     " bytes below the end of the stack",
			     -state->offset);
	else if (!strcmp(state->type, "map_ptr") && table)
		n = asprintf(&text, "the table %s", table);
	else if (!strcmp(state->type, "pkt_end"))
		n = asprintf(&text, "the end of the packet");
	else
		return pointer_words(state, table);
	return n < 0 ? NULL : text;
}
