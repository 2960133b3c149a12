#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Takes the BPF C of BCC's own tools through hotprobe's compiler, the kernel's verifier, and to
where the tools attach it; and the programs in programs/, in the style of BCC's tutorials.

Prints a line for each and the counts. What fails has to be shown to need what the kernel lacks:
what it attaches to is looked up in what the kernel has (kernel.py), and what else it needs is in
`limits` and looked up likewise. Exit status 1 if anything else fails."""

import argparse
import concurrent.futures
import os
import re
import sys

from corpus import add_options, programs_of, read_limits
from machine import Guest, Host, build_target

# Messages about what a function is attached to, or loaded for.
REFUSED = r"cannot (?:attach|load) (\w+)"


# ---- What became of one ------------------------------------------------------------------------

class Result:
    def __init__(self):
        self.compile = self.verify = self.attach = "-"
        self.reason, self.is_expected = "", True

    def fail(self, column, lacks, errors):
        setattr(self, column, "lacks" if lacks else "FAILED")
        self.is_expected = bool(lacks)
        self.reason = ("the kernel has no " + ", ".join(lacks) if lacks
                       else (errors or ["no message"])[0])


def lacking(program, errors, kernel):
    """What the functions in messages "cannot attach FUNCTION" need and the kernel lacks; nothing if
    one of them lacks nothing."""
    found = []
    for error in errors:
        match = re.search(REFUSED, error)
        lacks = [kernel.lacks(spec) for spec, function in program.probes
                 if match and function == match.group(1)]
        if not any(lacks):
            return []
        found += [lack for each in lacks for lack in each if lack not in found]
    return found


def judge(program, built, ran, kernel, limits):
    result = Result()
    known = limits.get(program.name, [])
    status, lines = built
    errors = [line for line in lines if "error: " in line]
    if status:
        result.fail("compile", known, errors)
        return result
    result.compile = "ok"
    status, lines = ran
    errors = [line for line in lines if "error: " in line]
    if status and not all(re.search(REFUSED, error) for error in errors or [""]):
        result.fail("verify", known, errors)
        return result
    result.verify = "ok"
    if status:
        result.fail("attach", known or lacking(program, errors, kernel), errors)
    elif program.probes:
        result.attach = "ok"
    return result


# ---- All of them -------------------------------------------------------------------------------

def build_all(machine, programs, jobs):
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        return dict(zip(programs, pool.map(machine.build, programs)))


def show(name, result):
    print("%-24s %-8s %-8s %-8s %s" % (name, result.compile, result.verify, result.attach,
                                       result.reason), flush=True)


def count(results, column, word="ok"):
    return sum(getattr(result, column) == word for result in results)


def conform(machine, options):
    programs = list(programs_of(machine, options.tools))
    limits = read_limits(machine)
    target = build_target(machine.directory, {probe for p in programs for probe in p.usdt})
    built = build_all(machine, programs, options.jobs)
    results = []
    print("Linux %s, %s" % (machine.kernel.release, machine.title))
    print("%-24s %-8s %-8s %-8s %s" % ("PROGRAM", "COMPILE", "VERIFY", "ATTACH", "REASON"))
    ran = machine.run([program for program in programs if not built[program][0]], target)
    for program in programs:
        compiled = not built[program][0]
        results.append(judge(program, built[program], next(ran) if compiled else None,
                             machine.kernel, limits))
        show(program.name, results[-1])
    unexpected = sum(not result.is_expected for result in results)
    print("%s: %d programs: %d compile, %d pass the verifier, %d attach; the kernel lacks what %d "
          "others need; %d failed" % (machine.title, len(results), count(results, "compile"),
                                      count(results, "verify"), count(results, "attach"),
                                      sum(bool(r.reason) and r.is_expected for r in results),
                                      unexpected))
    return unexpected


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kernel", default="host", help="host, or a guest's: 6.1, 6.12")
    options = add_options(parser)
    machine = Host(options) if options.kernel == "host" else Guest(options, options.kernel)
    return 1 if conform(machine, options) else 0


sys.exit(main())
