/* SPDX-License-Identifier: Apache-2.0 */
/*
 * "did you mean ...?": of all words that could have been meant the one that takes the fewest
 * changes of a letter.
 *
 *     struct suggestion suggestion = suggest_for("fnam");
 *     suggest_offer(&suggestion, "fname"); ...
 *     suggest_best(&suggestion)    "fname", or NULL if nothing offered comes near
 */
#ifndef HOTPROBE_CLI_SUGGEST_H
#define HOTPROBE_CLI_SUGGEST_H

#include <stddef.h>

enum { SUGGEST_MAX = 64 }; /* longer words get no suggestion */

struct suggestion {
	char word[SUGGEST_MAX], best[SUGGEST_MAX];
	size_t distance; /* of best; more than any word's if there is none */
};

struct suggestion suggest_for(const char *word, size_t length);
/* Words are copied. */
void suggest_offer(struct suggestion *suggestion, const char *word);
const char *suggest_best(const struct suggestion *suggestion);

#endif
