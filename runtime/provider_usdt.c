/* SPDX-License-Identifier: Apache-2.0 */
/*
 * usdt:FILE:PROVIDER:PROBE, usdt:FILE:PROBE. A probe may have many sites, and at each its arguments
 * are somewhere else: where they differ, the program is loaded again (usdt.h). The kernel raises
 * a site's semaphore as long as it is attached, and lowers it whatever becomes of this process.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "attach.h"
#include "elf_file.h"
#include "list.h"
#include "target.h"
#include "uprobe.h"
#include "usdt.h"

static int parse(struct target *target, const char *rest, bool from_name, const char **why)
{
	const char *colon;
	int err = parse_in_file(target, rest, 2, why);

	(void)from_name;
	if (err)
		return err;
	colon = strchr(target->name, ':');
	if (colon && !colon[1])
		return *why = "the probe is missing", -EINVAL;
	return 0;
}

struct site {
	struct uprobe_site place;
	const struct usdt_arguments *arguments;
};

/* The search for a target's sites, file by file. */
struct search {
	struct hotprobe_link *link;
	struct binaries binaries;
	ARRAY(struct site) sites;
	const struct binary *binary; /* that is being looked through */
	struct elf_file file;
	int machine;
	char provider[256]; /* of the sites found */
	bool has_probes;    /* some file has some */
	int err;
};

static int stop(struct search *s, int err)
{
	s->err = err;
	return 1;
}

static int find_symbol(void *ctx, const char *name, uint64_t *address)
{
	return elf_file_find_symbol(ctx, name, address);
}

/* Does the target, PROVIDER:PROBE or PROBE, mean this one? */
static bool is_meant(const struct target *target, const struct elf_usdt *probe)
{
	const char *colon = strchr(target->name, ':');
	size_t length = colon ? (size_t)(colon - target->name) : 0;

	if (!colon)
		return !strcmp(target->name, probe->name);
	return !strcmp(colon + 1, probe->name) &&
	       (!length || (strlen(probe->provider) == length &&
			    !memcmp(probe->provider, target->name, length)));
}

static bool is_known(const struct search *s, uint64_t offset)
{
	for (size_t i = 0; i < s->sites.count; i++)
		if (s->sites.at[i].place.binary == s->binary &&
		    s->sites.at[i].place.offset == offset)
			return true;
	return false;
}

static int ambiguous(struct search *s, const struct elf_usdt *probe)
{
	return link_fail(s->link, -EINVAL, "name it: usdt:FILE:PROVIDER:PROBE",
			 "cannot attach %s to %s: the probe has several providers, %s and %s",
			 s->link->program->name, s->link->target_text, s->provider,
			 probe->provider);
}

static int add_site(void *ctx, const struct elf_usdt *probe)
{
	struct search *s = ctx;
	struct site site = {.place.binary = s->binary};
	struct hotprobe *hp = s->link->program->hp;
	struct usdt_arguments arguments;
	int err;

	s->has_probes = true;
	if (!is_meant(&s->link->target, probe))
		return 0;
	if (s->sites.count && strcmp(s->provider, probe->provider))
		return stop(s, ambiguous(s, probe));
	err = usdt_parse(&arguments, s->machine, probe->arguments, probe->address, find_symbol,
			 &s->file);
	if (err)
		return stop(s, link_fail(s->link, err, "",
					 "cannot attach %s to %s: %s is for another machine",
					 s->link->program->name, s->link->target_text,
					 s->binary->name));
	err = elf_file_offset(&s->file, probe->address, &site.place.offset);
	if (!err && probe->semaphore)
		err = elf_file_offset(&s->file, probe->semaphore, &site.place.semaphore_offset);
	if (err == -ENOMEM)
		return stop(s, fail(hp, err, "out of memory"));
	if (err)
		return stop(s, link_fail(s->link, -EINVAL, "",
					 "cannot attach %s to %s: the notes in %s are damaged",
					 s->link->program->name, s->link->target_text,
					 s->binary->name));
	if (is_known(s, site.place.offset))
		return 0;
	snprintf(s->provider, sizeof(s->provider), "%s", probe->provider);
	site.arguments = usdt_keep(hp, &arguments);
	if (!site.arguments || array_push(&s->sites, site))
		return stop(s, fail(hp, -ENOMEM, "out of memory"));
	return 0;
}

static int search_file(struct search *s, const struct binary *binary)
{
	GElf_Ehdr header;
	int err = elf_file_open(&s->file, binary->path);

	if (err && s->binaries.list.count > 1)
		return 0; /* what a process has mapped need not be a library */
	if (err)
		return link_fail(s->link, err, "", "cannot attach %s to %s: %s: %s",
				 s->link->program->name, s->link->target_text, binary->name,
				 err == -ENOEXEC ? "it is no ELF file" : strerror(-err));
	s->binary = binary;
	s->machine = gelf_getehdr(s->file.elf, &header) ? header.e_machine : EM_NONE;
	err = elf_file_each_usdt(&s->file, add_site, s);
	elf_file_close(&s->file);
	if (!s->err && err == -ENOMEM)
		s->err = fail(s->link->program->hp, err, "out of memory");
	return s->err;
}

static int not_found(struct search *s)
{
	const struct hotprobe_link *link = s->link;

	return link_fail(s->link, -ENOENT,
			 s->has_probes ? "readelf -n shows the probes that a file has"
				       : "it was built without sys/sdt.h (systemtap-sdt-dev)",
			 s->has_probes ? "cannot attach %s: %s has no USDT probe %s"
				       : "cannot attach %s: %s has no USDT probes, and so no %s",
			 link->program->name, link->target.group, link->target.name);
}

/* The binaries and sites are to be freed whatever it returns. */
static int find_sites(struct hotprobe_link *link, struct search *s)
{
	int err;

	*s = (struct search){.link = link};
	err = find_binaries(link, &s->binaries);
	for (size_t i = 0; i < s->binaries.list.count && !err; i++)
		err = search_file(s, &s->binaries.list.at[i]);
	return !err && !s->sites.count ? not_found(s) : err;
}

static void search_free(struct search *s)
{
	array_free(&s->sites);
	binaries_free(&s->binaries);
}

/* The first site stands for all until they are attached. */
static int resolve(struct hotprobe_link *link)
{
	struct search s;
	int err = link->plan.usdt ? 0 : find_sites(link, &s);

	if (link->plan.usdt)
		return 0;
	if (!err)
		link->plan.usdt = s.sites.at[0].arguments;
	search_free(&s);
	return err;
}

static int attach_site(struct hotprobe_link *link, const struct site *site, pid_t pid)
{
	struct plan plan = link->plan;
	int fd, err;

	plan.usdt = site->arguments;
	fd = attach_variant(link, &plan);
	if (fd < 0)
		return fd;
	err = attach_at(link, fd, &site->place, false, pid);
	return is_refusal_of_place(err) ? refused_at(link, &site->place, err) : err;
}

static int attach(struct hotprobe_link *link, int prog_fd)
{
	struct search s;
	int err = find_sites(link, &s);

	(void)prog_fd;
	for (size_t i = 0; i < s.sites.count && !err; i++)
		err = attach_site(link, &s.sites.at[i], s.binaries.pid);
	if (!err)
		err = link_attached_to(link, "usdt %s:%s:%s at %zu site%s",
				       s.sites.at[0].place.binary->name, s.provider,
				       strrchr(link->target.name, ':')
					       ? strrchr(link->target.name, ':') + 1
					       : link->target.name,
				       s.sites.count, s.sites.count == 1 ? "" : "s");
	search_free(&s);
	return err;
}

/* ---- Listing ---- */

struct probes_of {
	struct list *list;
	const char *prefix, *pattern;
	bool has_any;
	int err;
};

/* Without a colon the pattern may be that of a probe, or a provider's name. */
static int offer_probe(void *ctx, const struct elf_usdt *probe)
{
	struct probes_of *p = ctx;
	char name[512];
	bool is_wanted;

	p->has_any = true;
	snprintf(name, sizeof(name), "%s:%s", probe->provider, probe->name);
	if (strchr(p->pattern, ':'))
		is_wanted = list_matches(p->pattern, name);
	else
		is_wanted = !strcmp(p->pattern, probe->provider) ||
			    list_matches(p->pattern, probe->name);
	if (is_wanted)
		p->err = list_add(p->list, p->prefix, name);
	return p->err;
}

static int list_file(struct probes_of *p, const struct binary *binary, bool is_only)
{
	struct elf_file file;
	int err = elf_file_open(&file, binary->path);

	if (err && !is_only)
		return 0; /* what a process has mapped need not be a library */
	if (err)
		return fail(p->list->hp, err, "cannot list what is in %s: %s", binary->name,
			    err == -ENOEXEC ? "it is no ELF file" : strerror(-err));
	elf_file_each_usdt(&file, offer_probe, p);
	elf_file_close(&file);
	return p->err;
}

static int list_probes(struct list *list)
{
	struct probes_of p = {.list = list};
	struct binaries binaries;
	char *prefix;
	int err;

	if (!list->is_named)
		return 0;
	err = list_binaries(list, 2, &binaries, &prefix, &p.pattern);
	if (err)
		return err;
	p.prefix = prefix;
	for (size_t i = 0; i < binaries.list.count && !err; i++)
		err = list_file(&p, &binaries.list.at[i], binaries.list.count == 1);
	if (!err && !p.has_any)
		err = fail_at(list->hp, -ENOENT, "", 0, 0,
			      "it was built without sys/sdt.h (systemtap-sdt-dev)",
			      "%.*s has no USDT probes", (int)strlen(prefix) - 1, prefix);
	binaries_free(&binaries);
	free(prefix);
	return err;
}

/* The search for a probe's first site. */
struct first_site {
	const struct target *target;
	struct elf_file file;
	int machine;
	struct usdt_arguments arguments;
	bool found;
};

static int take_site(void *ctx, const struct elf_usdt *probe)
{
	struct first_site *s = ctx;

	if (!is_meant(s->target, probe))
		return 0;
	s->found = !usdt_parse(&s->arguments, s->machine, probe->arguments, probe->address,
			       find_symbol, &s->file);
	return 1;
}

static void search_site(struct first_site *s, const char *path)
{
	GElf_Ehdr header;

	if (elf_file_open(&s->file, path))
		return;
	s->machine = gelf_getehdr(s->file.elf, &header) ? header.e_machine : EM_NONE;
	elf_file_each_usdt(&s->file, take_site, s);
	elf_file_close(&s->file);
}

static int add_arguments(struct description *d, const struct usdt_arguments *arguments)
{
	int err = 0;

	d->has_arguments = true;
	for (uint32_t i = 0; i < arguments->count && !err; i++) {
		const struct usdt_argument *a = &arguments->at[i];
		struct hotprobe_arg arg;
		char name[16];

		snprintf(name, sizeof(name), "arg%u", i + 1);
		err = describe_integer(d, &arg, name, a->size ? a->size : 8, a->is_signed);
		if (!err && array_push(&d->arguments, arg))
			err = -ENOMEM;
	}
	return err;
}

/* A site's notes tell how wide each is and whether it has a sign, and no more. */
static int describe(struct list *list, const char *name, struct description *d)
{
	struct target target = {0};
	struct first_site site = {.target = &target};
	struct list one = {.hp = list->hp};
	struct binaries binaries;
	const char *pattern, *why;
	char *prefix;
	int err = parse(&target, name, false, &why);

	one.pattern = name;
	if (!err)
		err = list_binaries(&one, 2, &binaries, &prefix, &pattern);
	if (err) {
		target_free(&target);
		return err == -ENOMEM ? err : 0; /* it has gone meanwhile */
	}
	for (size_t i = 0; i < binaries.list.count && !site.found; i++)
		search_site(&site, binaries.list.at[i].path);
	if (site.found)
		err = add_arguments(d, &site.arguments);
	binaries_free(&binaries);
	free(prefix);
	target_free(&target);
	return err;
}

const struct provider provider_usdt = {
	.word = "usdt",
	.context = "struct pt_regs",
	.form = "FILE:PROVIDER:PROBE or FILE:PROBE",
	.parse = parse,
	.default_plan = {.type = BPF_PROG_TYPE_KPROBE},
	.resolve = resolve,
	.attach = attach,
	.list = list_probes,
	.describe = describe,
};
