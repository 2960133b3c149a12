/* SPDX-License-Identifier: Apache-2.0 */
/* What was meant by a misspelt word. */
#include "suggest.h"

#include <string.h>

struct suggestion suggest_for(const char *word, size_t length)
{
	struct suggestion suggestion = {.distance = SUGGEST_MAX};

	if (length < SUGGEST_MAX)
		memcpy(suggestion.word, word, length);
	return suggestion;
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* How many letters have to be put in, left out, replaced, or swapped with the next. */
static size_t distance(const char *a, const char *b)
{
	size_t columns = strlen(b) + 1;
	/* The last three rows of the table of the distances of all beginnings of a and b. */
	size_t rows[3][SUGGEST_MAX];

	for (size_t j = 0; j < columns; j++)
		rows[0][j] = j;
	for (size_t i = 1; a[i - 1]; i++) {
		size_t *row = rows[i % 3], *above = rows[(i + 2) % 3], *second = rows[(i + 1) % 3];

		row[0] = i;
		for (size_t j = 1; j < columns; j++) {
			row[j] = least(above[j - 1] + (a[i - 1] != b[j - 1]),
				       least(above[j], row[j - 1]) + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				row[j] = least(row[j], second[j - 2] + 1);
		}
	}
	return rows[strlen(a) % 3][columns - 1];
}

void suggest_offer(struct suggestion *suggestion, const char *word)
{
	size_t length = strlen(suggestion->word), changes;

	if (!length || !*word || strlen(word) >= SUGGEST_MAX)
		return;
	changes = distance(suggestion->word, word);
	/* Of a short word every other one is near. One that goes on is often what was meant. */
	if (changes > least(length / 2, 3) && strncmp(word, suggestion->word, length))
		return;
	if (changes >= suggestion->distance)
		return;
	suggestion->distance = changes;
	strcpy(suggestion->best, word);
}

const char *suggest_best(const struct suggestion *suggestion)
{
	return *suggestion->best ? suggestion->best : NULL;
}
