/* SPDX-License-Identifier: Apache-2.0 */
/* Pieces of JSON, appended to out->buffer; json.c says how values look. */
#ifndef HOTPROBE_CLI_JSON_H
#define HOTPROBE_CLI_JSON_H

#include "dump.h"
#include "output.h"

/* A string of any bytes; a finite FLOAT; a member's name and its colon; any value. */
void json_text(struct output *out, const char *bytes, size_t size);
void json_float(struct output *out, const struct hotprobe_value *value);
void json_key(struct output *out, const char *name);
void json_value(struct output *out, const struct hotprobe_value *value);
/* A struct without that member, which begins at without. */
void json_value_without(struct output *out, const struct hotprobe_value *value,
			const void *without);

/* The member "stacks", after others, if any of the values (NULL: none) has stack ids. */
void json_stacks(struct output *out, const struct hotprobe_value *key,
		 const struct hotprobe_value *value);

/* A line for a table. */
void json_table(struct output *out, const struct dump *dump);

#endif
