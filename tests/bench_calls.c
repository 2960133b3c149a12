/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_calls PROGRAM.c IMAGE.hpo TRACEPOINTS.hpo PEER CALLS GLOB REGEX: what a traced call costs by
 * each way to attach, and how long it takes to attach to all functions that match a pattern; BCC's
 * (PEER) and hotprobe's in turn, of the same source. scripts/bench-guest runs it in a guest, whose
 * clock may count instructions.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "hotprobe.h"

enum {
	ROUNDS = 5,
};

static int64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

/* The least of some rounds: the rest is interrupts. */
static double time_call(long calls)
{
	int64_t least = INT64_MAX;

	for (int round = 0; round < ROUNDS; round++) {
		int64_t start = now();

		for (long i = 0; i < calls; i++)
			syscall(SYS_getpgid, 0);
		start = now() - start;
		least = start < least ? start : least;
	}
	return (double)least / (double)calls;
}

/* ---- BCC ---------------------------------------------------------------------------------------
 */

struct peer {
	FILE *to, *from;
};

static struct peer peer_start(const char *script, const char *program)
{
	int to[2], from[2];
	struct peer peer;
	char line[64];

	if (pipe(to) || pipe(from))
		err(1, "pipe");
	switch (fork()) {
	case -1:
		err(1, "fork");
	case 0:
		dup2(to[0], 0);
		dup2(from[1], 1);
		close(to[1]);
		close(from[0]);
		execl("/usr/bin/python3", "python3", script, program, (char *)NULL);
		_exit(127);
	}
	close(to[0]);
	close(from[1]);
	peer = (struct peer){fdopen(to[1], "w"), fdopen(from[0], "r")};
	if (!peer.to || !peer.from || !fgets(line, sizeof(line), peer.from))
		errx(1, "%s does not start", script);
	return peer;
}

/* Returns the nanoseconds that it took. */
static int64_t tell(struct peer *peer, const char *command, long *attached)
{
	char line[64], *after;

	fprintf(peer->to, "%s\n", command);
	fflush(peer->to);
	if (!fgets(line, sizeof(line), peer->from))
		errx(1, "the peer has ended: %s", command);
	*attached = strtol(line, &after, 10);
	return strtoll(after, NULL, 10);
}

static double time_peer(struct peer *peer, const char *command, long calls)
{
	long attached;
	double each;

	tell(peer, command, &attached);
	if (attached != 1)
		errx(1, "the peer does not attach: %s", command);
	each = time_call(calls);
	tell(peer, "detach", &attached);
	return each;
}

/* ---- hotprobe ----------------------------------------------------------------------------------
 */

static struct hotprobe *load(const char *image, enum hotprobe_backend backend)
{
	struct hotprobe_opts opts = {.sz = sizeof(opts), .backend = backend};
	struct hotprobe *hp = hotprobe_new(&opts);

	if (!hp || hotprobe_open_file(hp, image) || hotprobe_load(hp))
		errx(1, "%s: %s", image, hp ? hotprobe_error(hp) : "out of memory");
	return hp;
}

static double time_way(const char *image, enum hotprobe_backend backend, const char *function,
		       const char *spec, long calls)
{
	struct hotprobe *hp = load(image, backend);
	struct hotprobe_link *link;
	double each;

	if (hotprobe_attach_spec(hp, function, spec, &link))
		errx(1, "%s: %s", image, hotprobe_error(hp));
	if (hotprobe_link_backend(link) != backend)
		errx(1, "%s is attached to %s", spec, hotprobe_link_attached_to(link));
	each = time_call(calls);
	hotprobe_free(hp);
	return each;
}

/* ---- The tables --------------------------------------------------------------------------------
 */

static void print_cost(const char *name, double each, double untraced, double peers)
{
	printf("  %-32s %8.0f %8.2f\n", name, each - untraced, (each - untraced) / peers);
	fflush(stdout);
}

struct what {
	const char *name, *command, *function, *spec;
};

static void compare_calls(struct peer *peer, const char *image, const char *tracepoints,
			  const struct what *w, long calls)
{
	double untraced = time_call(calls);
	double peers = time_peer(peer, w->command, calls) - untraced;

	printf("%s\n", w->name);
	print_cost("BCC", peers + untraced, untraced, peers);
	print_cost("hotprobe, kprobe",
		   time_way(image, HOTPROBE_BACKEND_KPROBE, w->function, w->spec, calls), untraced,
		   peers);
	print_cost("hotprobe, fentry or fexit",
		   time_way(image, HOTPROBE_BACKEND_FENTRY, w->function, w->spec, calls), untraced,
		   peers);
	print_cost("hotprobe, tracepoint",
		   time_way(tracepoints, HOTPROBE_BACKEND_TRACEPOINT, w->function, w->spec, calls),
		   untraced, peers);
}

static void print_pattern(const char *name, long count, const char *to, double attach,
			  double detach)
{
	printf("  %-32s %8.1f %8.1f   %ld%s%s\n", name, attach / 1e6, detach / 1e6, count,
	       *to ? ": " : "", to);
	fflush(stdout);
}

static void attach_pattern(const char *name, const char *image, enum hotprobe_backend backend,
			   const char *glob)
{
	struct hotprobe *hp = load(image, backend);
	struct hotprobe_link *link;
	char spec[256], to[256];
	int64_t start = now(), attached;
	const char *count;

	snprintf(spec, sizeof(spec), "kprobe:%s", glob);
	if (hotprobe_attach_spec(hp, "on_entry", spec, &link))
		errx(1, "%s: %s", image, hotprobe_error(hp));
	attached = now();
	snprintf(to, sizeof(to), "%s", hotprobe_link_attached_to(link));
	count = strstr(to, " on ");
	hotprobe_link_detach(link);
	print_pattern(name, count ? atol(count + 4) : 0, to, (double)(attached - start),
		      (double)(now() - attached));
	hotprobe_free(hp);
}

static void compare_patterns(struct peer *peer, const char *image, const char *glob,
			     const char *regex)
{
	int64_t attach, detach;
	char command[256];
	long count, none;

	snprintf(command, sizeof(command), "pattern %s on_entry", regex);
	attach = tell(peer, command, &count);
	detach = tell(peer, "detach", &none);
	print_pattern("BCC", count, "", (double)attach, (double)detach);
	attach_pattern("hotprobe, kprobes", image, HOTPROBE_BACKEND_KPROBE, glob);
	attach_pattern("hotprobe", image, HOTPROBE_BACKEND_AUTO, glob);
}

int main(int argc, char **argv)
{
	static const struct what whats[] = {
		{"entry", "kprobe getpgid on_entry", "on_entry", "kprobe:sys_getpgid"},
		{"return", "kretprobe getpgid on_return", "on_return", "kretprobe:sys_getpgid"},
		{"entry of a system call, with its argument", "kprobe getpgid syscall__getpgid",
		 "syscall__getpgid", "syscall:getpgid"},
	};
	struct peer peer;
	long calls;

	if (argc != 8)
		errx(2, "usage: bench_calls PROGRAM IMAGE TRACEPOINTS PEER CALLS GLOB REGEX");
	calls = atol(argv[5]);
	peer = peer_start(argv[4], argv[1]);
	printf("getpgid(2) untraced: %.0f. What a traced call costs more, and that over BCC's:\n",
	       time_call(calls));
	for (size_t i = 0; i < sizeof(whats) / sizeof(*whats); i++)
		compare_calls(&peer, argv[2], argv[3], &whats[i], calls);
	printf("%s: attach and detach, millions; functions\n", argv[6]);
	compare_patterns(&peer, argv[2], argv[6], argv[7]);
	fclose(peer.to);
	wait(NULL);
	return 0;
}
