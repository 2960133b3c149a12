/* SPDX-License-Identifier: Apache-2.0 */
#include "verifier_message.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "verifier_trace.h"

/* "R2 min value is negative": 2; -1 if no register is named. */
int message_register(const char *message)
{
	for (const char *at = message; (at = strchr(at, 'R')); at++) {
		size_t digits = strspn(at + 1, "0123456789");

		if (!digits || digits > 2 || isalnum((unsigned char)at[1 + digits]) ||
		    (at > message && isalnum((unsigned char)at[-1])))
			continue;
		if (atoi(at + 1) < TRACE_REGISTERS)
			return atoi(at + 1);
	}
	return -1;
}

/* The number behind a word of the message, such as "size=8", as text. */
char *message_number(const char *message, const char *word)
{
	const char *at = message;
	size_t length = strlen(word), digits;

	while ((at = strstr(at, word))) {
		digits = strspn(at + length, "-0123456789");
		if (digits && (at == message || !(isalnum((unsigned char)at[-1]) || at[-1] == '_')))
			return strndup(at + length, digits);
		at += length;
	}
	return NULL;
}

static char *number_range(int64_t low, int64_t high)
{
	char *text;
	int n = low == high ? asprintf(&text, "%" PRId64, low)
			    : asprintf(&text, "%" PRId64 " to %" PRId64, low, high);

	return n < 0 ? NULL : text;
}

/* "should have been in [0, 1]", and of older kernels "in (0x0; 0x1)": a number, and the bits that
   may be set in it. */
char *message_allowed(const char *message)
{
	const char *at = strstr(message, "should have been in ");
	char *end;
	int64_t low, high;
	bool is_bits;

	if (!at)
		return NULL;
	at += strlen("should have been in ");
	is_bits = *at == '(';
	if (!is_bits && *at != '[')
		return NULL;
	low = strtoll(at + 1, &end, 0);
	if (end == at + 1 || (*end != ',' && *end != ';'))
		return NULL;
	high = strtoll(end + 1, &end, 0);
	if (*end != (is_bits ? ')' : ']'))
		return NULL;
	return number_range(low, is_bits ? (low | high) : high);
}

/* "has smin=2 smax=2", "has value (0x2; 0x0)", "has unknown scalar value". */
char *message_returned(const char *message)
{
	char *smin = message_number(message, "smin="), *smax = message_number(message, "smax="),
	     *text = NULL;
	const char *value = strstr(message, "value (");

	if (smin && smax)
		text = number_range(strtoll(smin, NULL, 10), strtoll(smax, NULL, 10));
	else if (value && strstr(value, "; 0x0) should"))
		text = number_range(strtoll(value + strlen("value ("), NULL, 0),
				    strtoll(value + strlen("value ("), NULL, 0));
	free(smin);
	free(smax);
	return text;
}

/* The name behind "struct ". */
char *message_struct(const char *message)
{
	const char *at = strstr(message, "struct ");
	size_t length = 0;

	if (!at)
		return NULL;
	at += strlen("struct ");
	while (isalnum((unsigned char)at[length]) || at[length] == '_')
		length++;
	return length ? strndup(at, length) : NULL;
}
