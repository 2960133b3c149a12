/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A process with the USDT probes of the language runtimes and servers that BCC's tools are for. It
 * prints a line and sleeps; the probes are never reached. PROBES is a list of P(NAME), by -D.
 */
#include <stdio.h>
#include <sys/sdt.h>
#include <unistd.h>

static const char word[] = "word";

#define P(name)                                                                                    \
	STAP_PROBE12(conformance, name, word, number, word, number, word, number, word, number,    \
		     word, number, word, number);

int main(int argc, char **argv)
{
	long number = argc;

	(void)argv;
	if (puts("ready") < 0 || fflush(stdout))
		return 1;
	pause();
	PROBES
	return 0;
}
