/* SPDX-License-Identifier: Apache-2.0 */
/* Hints that take a look at the code: which call it is, which name was meant. */
#ifndef HOTPROBE_CC_HINTS_CODE_H
#define HOTPROBE_CC_HINTS_CODE_H

/* line: of the source, from column (from 1) on the message is about; "" and 0 if that is not known.
   Allocated; NULL if the message's words alone decide (hint_for()). */
char *hint_for_code(const char *text, const char *line, unsigned column);

#endif
