/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Programs that another handle's can take the place of, all at one moment (opts.replaceable).
 *
 * What is attached is not the program itself but a gate: it reads a number that all gates of both
 * handles share, and jumps to the program that its own array of programs has there. A handle's
 * programs are all at one of two places, its successor's at the other, so that one write of the
 * number is the moment from which the successor sees everything. Since each gate reads the number
 * once, one hit is seen by one of the two: by neither of them twice, and by both never.
 *
 * The gate stays where it is attached if the successor has a program for the same place. Only there
 * is the above true to the last: where each has a gate of its own they read the number one after
 * the other, some nanoseconds apart.
 */
#ifndef HOTPROBE_GATE_H
#define HOTPROBE_GATE_H

#include "internal.h"

/* The number, of a handle and all that came after it. Counted: each handle has one reference. */
struct turn;

/* Returns 0 or a negative errno with the message set. */
int turn_new(struct hotprobe *hp, struct turn **turn);
struct turn *turn_share(struct turn *turn);
void turn_free(struct turn *turn);
/* From now on it is the turn of the programs at that place. */
int turn_set(const struct turn *turn, unsigned place);

/* What a link attaches for its program prog_fd, loaded by that plan: a gate with the program in it,
   or the program itself where nothing is to take its place. Returns the descriptor, which stays the
   link's or the program's, or a negative errno with the message set. */
int gate_for(struct hotprobe_link *link, const struct plan *plan, int prog_fd);
/* Puts a program into the only gate of another handle's link, which is to be taken over. Returns 0
   or a negative errno, without a message. */
int gate_enter(const struct hotprobe_link *link, unsigned place, int prog_fd);
/* Takes it out again. */
void gate_leave(const struct hotprobe_link *link, unsigned place);
void gates_free(struct hotprobe_link *link);

#endif
