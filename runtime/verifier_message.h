/* SPDX-License-Identifier: Apache-2.0 */
/* What is in a complaint of the verifier's, one line. Strings are malloc'ed, NULL if it has nothing
   of the kind. */
#ifndef HOTPROBE_VERIFIER_MESSAGE_H
#define HOTPROBE_VERIFIER_MESSAGE_H

/* "R2 min value is negative": 2; -1 if no register is named. */
int message_register(const char *message);
/* The number behind a word such as "size=". */
char *message_number(const char *message, const char *word);
/* Of a return value: "0 to 1" may be returned, and what is. */
char *message_allowed(const char *message);
char *message_returned(const char *message);
/* The name behind "struct ". */
char *message_struct(const char *message);

#endif
