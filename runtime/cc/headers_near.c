/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Says where a member is that a program expects in a struct, and this kernel has elsewhere.
 *
 * Kernel versions rename members (state, __state), put them into a struct of their own
 * (skc_state in __sk_common) or behind a pointer (rq_disk, then q->disk). The nearest is taken:
 * in the struct under a similar name, within what it holds, behind one pointer.
 */
#include <string.h>

#include "headers.h"
#include "headers_btf.h"

enum { MAX_DEPTH = 8, MAX_VISITS = 1 << 14 /* of members */ };

struct near {
	const struct headers_btf *btf;
	const char *member;
	int visits;
};

typedef bool (*match_fn)(const struct near *near, const char *name);

static bool is_same(const struct near *near, const char *name)
{
	return !strcmp(name, near->member);
}

/* state and __state, i_atime and i_atime_sec */
static bool is_similar(const struct near *near, const char *name)
{
	size_t size = strlen(near->member);

	name += strspn(name, "_");
	return size > 2 && !strncmp(name, near->member, size) && (!name[size] || name[size] == '_');
}

/* rq_disk, disk and bd_disk: the same but for the prefix of the struct. */
static bool is_kin(const struct near *near, const char *name)
{
	const char *rest = strchr(near->member, '_'), *own = strchr(name, '_');

	if (!rest || strlen(rest) < 4)
		return false;
	return !strcmp(name, rest + 1) || (own && !strcmp(own, rest));
}

static char *join(const char *path, const char *name)
{
	return *path ? cc_printf("%s.%s", path, name) : cc_strdup(name);
}

/* The path of a matching member in what a struct holds by value, NULL if there is none. At
   MAX_DEPTH it looks at the struct's own members only, those of anonymous ones in it included. */
static char *find_inside(struct near *near, uint32_t id, match_fn match, const char *path,
			 int depth)
{
	uint32_t vlen = btf_vlen(btf_at(near->btf, id));
	char *found = NULL;

	if (!btf_is_composite(btf_at(near->btf, id)) || depth > MAX_DEPTH ||
	    near->visits > MAX_VISITS)
		return NULL;
	near->visits += (int)vlen + 1;
	for (uint32_t i = 0; i < vlen; i++) {
		struct btf_field field = btf_field_at(near->btf, id, i);

		if (*field.name && match(near, field.name))
			return join(path, field.name);
	}
	for (uint32_t i = 0; i < vlen && !found; i++) {
		struct btf_field field = btf_field_at(near->btf, id, i);
		bool is_named = *field.name;

		if (!is_named || depth < MAX_DEPTH)
			found = find_inside(near, btf_resolve(near->btf, field.type), match,
					    is_named ? join(path, field.name) : path,
					    depth + is_named);
	}
	return found;
}

/* The same for what the pointers in the struct point to. */
static char *find_behind(struct near *near, uint32_t id, match_fn match)
{
	uint32_t vlen = btf_vlen(btf_at(near->btf, id));

	for (uint32_t i = 0; i < vlen && btf_is_composite(btf_at(near->btf, id)); i++) {
		struct btf_field field = btf_field_at(near->btf, id, i);
		uint32_t to = btf_resolve(near->btf, field.type);
		char *path;

		if (!*field.name || btf_kind(btf_at(near->btf, to)) != BTF_KIND_PTR)
			continue;
		to = btf_resolve(near->btf, btf_ref(near->btf, to));
		path = to != id ? find_inside(near, to, match, "", MAX_DEPTH) : NULL;
		if (path)
			return cc_printf("%s->%s", field.name, path);
	}
	return NULL;
}

static char *find_near(struct near *near, uint32_t id)
{
	char *path = find_inside(near, id, is_similar, "", MAX_DEPTH);

	path = path ? path : find_inside(near, id, is_same, "", 0);
	path = path ? path : find_behind(near, id, is_same);
	path = path ? path : find_inside(near, id, is_kin, "", 0);
	return path ? path : find_behind(near, id, is_kin);
}

char *headers_near(const struct headers_facts *facts, const char *type, const char *member)
{
	struct near near = {.btf = facts->btf, .member = member};
	uint32_t id = btf_find_tag(near.btf, type, strlen(type));
	char *path = NULL;

	for (; id && !path; id = near.btf->same[id])
		path = find_near(&near, id);
	return path;
}
