/* SPDX-License-Identifier: Apache-2.0 */
#include "doctor_config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>
#include <zlib.h>

#include "doctor.h"

const char *const config_options[CONFIG_OPTIONS] = {
	"BPF_SYSCALL",	  "BPF_JIT",	    "BPF_EVENTS",    "BPF_LSM",		"CGROUP_BPF",
	"DEBUG_INFO_BTF", "DYNAMIC_FTRACE", "FPROBE",	     "FTRACE_SYSCALLS", "FUNCTION_TRACER",
	"KALLSYMS",	  "KPROBES",	    "KPROBE_EVENTS", "NET_CLS_BPF",	"NET_SCH_INGRESS",
	"PACKET",	  "PERF_EVENTS",    "TRACEPOINTS",   "UPROBE_EVENTS",
};

static void note_line(struct config *config, const char *line)
{
	const char *name = line + strlen("CONFIG_"), *equals = strchr(line, '=');

	if (strncmp(line, "CONFIG_", strlen("CONFIG_")) || !equals ||
	    (equals[1] != 'y' && equals[1] != 'm'))
		return;
	for (size_t i = 0; i < CONFIG_OPTIONS; i++)
		if (strlen(config_options[i]) == (size_t)(equals - name) &&
		    !memcmp(config_options[i], name, (size_t)(equals - name)))
			config->values[i] = equals[1];
}

/* zlib reads files that are not compressed as they are. */
static int read_from(struct config *config, const char *path)
{
	gzFile file = gzopen(path, "rbe");
	char line[512];

	if (!file)
		return errno ? -errno : -ENOMEM;
	while (gzgets(file, line, sizeof(line)))
		note_line(config, line);
	gzclose(file);
	snprintf(config->path, sizeof(config->path), "%s", path);
	config->file = config->path;
	return 0;
}

int config_read(struct config *config)
{
	char path[sizeof(config->path)];
	struct utsname name;

	*config = (struct config){0};
	if (!read_from(config, "/proc/config.gz"))
		return 0;
	uname(&name);
	snprintf(path, sizeof(path), "/boot/config-%s", name.release);
	return read_from(config, path);
}

bool config_would_load(const char *option, const char *module)
{
	struct config config;
	char path[128];

	snprintf(path, sizeof(path), "/sys/module/%s", module);
	if (!access(path, F_OK))
		return false;
	if (config_read(&config))
		return true;
	for (size_t i = 0; i < CONFIG_OPTIONS; i++)
		if (!strcmp(config_options[i], option))
			return config.values[i] == 'm';
	return false;
}

void check_config(struct doctor *doctor, struct finding *finding)
{
	struct text missing = {0};
	struct config config;
	int err = config_read(&config);

	(void)doctor;
	finding_tried(finding, err, "read /proc/config.gz, else /boot/config-RELEASE");
	if (err) {
		finding_is(finding, MARK_LIMITED,
			   "is not to be found; what it would tell is tried");
		return;
	}
	finding_value(finding, "%s", config.file);
	for (size_t i = 0; i < CONFIG_OPTIONS; i++)
		if (!config.values[i])
			text_format(&missing, "%s%s", missing.length ? ", " : "",
				    config_options[i]);
	if (missing.length)
		finding_is(finding, MARK_LIMITED, "without %s", text_cstr(&missing));
	else
		finding_is(finding, MARK_OK, "has all that hotprobe can use");
	text_free(&missing);
}
