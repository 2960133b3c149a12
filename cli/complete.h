/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What shells offer for an unfinished command line. They run
 *
 *     hotprobe __complete WORD...
 *
 * with the words behind "hotprobe", of which the last is to be completed (and may be empty). It
 * prints the candidates, a line each: the word, a tab, and what it stands for. Lines that begin
 * with a colon are orders:
 *
 *     :files [SUFFIX...]   file names, too; if there are suffixes only such, and directories
 *     :dirs                directories, too
 *     :command N           the N-th word begins a command line of its own: complete that
 *     :nospace             a candidate is not the end of its word
 *
 * All of it is read out of the help of the commands, so there is nothing to keep up to date.
 */
#ifndef HOTPROBE_CLI_COMPLETE_H
#define HOTPROBE_CLI_COMPLETE_H

/* argv[0] is "__complete". Returns the exit status. */
int complete_main(int argc, char **argv);

#endif
