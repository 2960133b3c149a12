/* SPDX-License-Identifier: Apache-2.0 */
/* Findings for programs: one object, a line for each check. */
#include <string.h>
#include <sys/utsname.h>

#include "doctor.h"
#include "json.h"

static void string(struct output *out, const char *key, const char *value)
{
	json_key(out, key);
	json_text(out, value, strlen(value));
}

/* null if there is none. */
static void text_or_null(struct output *out, const char *key, const struct text *text)
{
	json_key(out, key);
	if (text->length)
		json_text(out, text->data, text->length);
	else
		text_string(&out->buffer, "null");
}

static void attempts(struct output *out, const struct finding *finding)
{
	json_key(out, "tried");
	text_char(&out->buffer, '[');
	for (size_t i = 0; i < finding->attempt_count; i++) {
		const struct attempt *attempt = &finding->attempts[i];
		char name[24];

		text_string(&out->buffer, i ? ",{" : "{");
		text_or_null(out, "what", &attempt->what);
		text_char(&out->buffer, ',');
		if (attempt->error) {
			string(out, "error", error_name(attempt->error, name));
		} else {
			json_key(out, "error");
			text_string(&out->buffer, "null");
		}
		text_char(&out->buffer, '}');
	}
	text_char(&out->buffer, ']');
}

static void check(struct output *out, const struct check *check, const struct finding *finding)
{
	json_key(out, check->key);
	text_char(&out->buffer, '{');
	string(out, "group", check->group);
	text_char(&out->buffer, ',');
	string(out, "state", mark_names[finding->mark]);
	text_char(&out->buffer, ',');
	text_or_null(out, "value", &finding->value);
	text_char(&out->buffer, ',');
	text_or_null(out, "means", &finding->means);
	text_char(&out->buffer, ',');
	text_or_null(out, "remedy", &finding->remedy);
	text_char(&out->buffer, ',');
	attempts(out, finding);
	text_char(&out->buffer, '}');
}

void doctor_print_json(struct output *out, const struct doctor_results *results)
{
	struct utsname name;

	uname(&name);
	text_char(&out->buffer, '{');
	string(out, "hotprobe", hotprobe_version());
	text_char(&out->buffer, ',');
	string(out, "kernel", name.release);
	text_char(&out->buffer, ',');
	string(out, "machine", name.machine);
	text_char(&out->buffer, ',');
	json_key(out, "works");
	text_string(&out->buffer, results->doctor->works ? "true" : "false");
	text_char(&out->buffer, ',');
	json_key(out, "checks");
	text_string(&out->buffer, "{\n");
	for (size_t i = 0; doctor_checks[i].key; i++) {
		text_string(&out->buffer, i ? ",\n" : "");
		check(out, &doctor_checks[i], &results->findings[i]);
	}
	text_string(&out->buffer, "\n}}\n");
}
