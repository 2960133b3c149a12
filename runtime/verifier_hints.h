/* SPDX-License-Identifier: Apache-2.0 */
/* What the verifier's complaints mean, and what to write instead. */
#ifndef HOTPROBE_VERIFIER_HINTS_H
#define HOTPROBE_VERIFIER_HINTS_H

#include "verifier_words.h"

struct rule;

/* What is known of a complaint of that form, NULL if it is an unknown one. */
const struct rule *verifier_rule_find(const char *message);

/* Why the program is refused: malloc'ed, NULL if the verifier's own words are all there is. */
char *verifier_rule_why(const struct rule *rule, const struct words *words);
/* What to do about it, one line; rule may be NULL. Malloc'ed, NULL if there is no memory. */
char *verifier_rule_remedy(const struct rule *rule, const struct words *words);

/* Does it concern one path through the program, where others may be right? */
bool verifier_rule_is_about_path(const struct rule *rule);

#endif
