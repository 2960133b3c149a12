/* SPDX-License-Identifier: Apache-2.0 */
#include "calls.h"

#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

struct hotprobe_table *table_of(struct hotprobe *hp, const char *name)
{
	struct hotprobe_table *table = hotprobe_find_table(hp, name);

	ck_assert_msg(table, "no table %s", name);
	return table;
}

struct hotprobe *open_confined(const char *text)
{
	struct hotprobe_opts opts = {.confine = true};
	struct hotprobe *hp = new_handle(&opts);

	open_text(hp, text);
	return hp;
}

struct hotprobe *load_tables_of(const char *text)
{
	char *whole = format("%s\nint syscall__getpgid(struct pt_regs *ctx) { return 0; }\n", text);
	struct hotprobe *hp = open_confined(whole);

	load_program(hp);
	free(whole);
	return hp;
}

void get_pgids(void *numbers)
{
	for (const int *n = numbers; *n >= 0; n++)
		syscall(SYS_getpgid, *n);
}

void run_calls(struct hotprobe *hp, const int *numbers)
{
	struct peer peer = peer_start(get_pgids, (void *)numbers);

	ck_hp(hp, hotprobe_trace_pid(hp, peer.pid));
	ck_hp(hp, hotprobe_attach(hp));
	peer_work(&peer);
	hotprobe_detach(hp);
	peer_end(&peer);
}

uint64_t value_at(struct hotprobe *hp, const char *name, uint32_t key)
{
	uint64_t value = 0, wide = key;

	ck_hp(hp, hotprobe_table_lookup(table_of(hp, name), &wide, &value));
	return value;
}
