/* SPDX-License-Identifier: Apache-2.0 */
/* What the libraries show to a host that links them. */
#include "support.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

static const char host[] = "#include <hotprobe.h>\n"
			   "int fail(void) { return 0; }\n" /* names of the library's inside */
			   "int note(void) { return 0; }\n"
			   "int compile(void) { return 0; }\n"
			   "int main(void)\n"
			   "{\n"
			   "	struct hotprobe *hp = hotprobe_new(0);\n"
			   "\n"
			   "	hotprobe_free(hp);\n"
			   "	return hp ? fail() + note() + compile() : 1;\n"
			   "}\n";

/* Builds the host with more arguments for the compiler, and runs it. */
static void check_host(const char *arguments)
{
	char *dir = make_dir(), *source = format("%s/host.c", dir);
	char *command = format("${CC:-cc} -Wall -Werror -I%s -o %s/host %s %s -L%s && "
			       "LD_LIBRARY_PATH=%s %s/host",
			       source_path("runtime"), dir, source, arguments, build_path("."),
			       build_path("."), dir);
	struct result r;

	write_file(source, host, strlen(host));
	r = RUN("sh", "-c", command);
	ck_assert_msg(r.status == 0, "%s\n%s", command, r.err);
	result_free(&r);
	free(command);
	free(source);
	remove_dir(dir);
}

START_TEST(the_shared_object_shows_the_api_and_nothing_else)
{
	void *library = dlopen(build_path("libhotprobe.so"), RTLD_NOW | RTLD_LOCAL);

	ck_assert_msg(library, "%s", dlerror());
	ck_assert_ptr_nonnull(dlsym(library, "hotprobe_new"));
	ck_assert_ptr_nonnull(dlsym(library, "hotprobe_symbol_user"));
	ck_assert_ptr_null(dlsym(library, "target_from_spec"));
	ck_assert_ptr_null(dlsym(library, "image_parse"));
	dlclose(library);
}
END_TEST

START_TEST(a_host_links_the_shared_object)
{
	check_host("-lhotprobe");
}
END_TEST

START_TEST(a_host_may_have_functions_named_like_the_archives_own)
{
	char *arguments = format("%s -lbpf -lelf -lz -lmd", build_path("libhotprobe.a"));

	check_host(arguments);
	free(arguments);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("api");

	/* A sanitizer's runtime has to be there first: it is not in a host of another compiler. */
#ifndef __SANITIZE_ADDRESS__
	add_test(suite, the_shared_object_shows_the_api_and_nothing_else, 30);
	add_test(suite, a_host_links_the_shared_object, 30);
	add_test(suite, a_host_may_have_functions_named_like_the_archives_own, 30);
#endif
	return run_suite(suite);
}
