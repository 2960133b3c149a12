#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Takes the BPF C of BCC's own tools through hotprobe's compiler and the kernel's verifier.

Prints a line for each tool and the counts. Exit status 1 if a tool failed that `limits` does not
list: there stands what a kernel may lack for a tool. The corpus is captured first if the directory
has none (capture.py). The programs in programs/, in the style of BCC's tutorials, come after it."""

import argparse
import concurrent.futures
import json
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))


def read_limits():
    """TOOL: REASON lines."""
    limits = {}
    with open(os.path.join(HERE, "limits")) as file:
        for line in file:
            if line.strip() and not line.startswith("#"):
                tool, reason = line.split(":", 1)
                limits[tool.strip()] = reason.strip()
    return limits


def compiled(message):
    """Did it get as far as the kernel?"""
    return "the verifier refuses" in message or "this kernel does not allow" in message


def sources(options):
    """Name, path and compiler flags of each program."""
    for file in sorted(os.listdir(options.corpus)):
        if not file.endswith(".c"):
            continue
        path = os.path.join(options.corpus, file)
        with open(path[:-2] + ".json") as record:
            programs = [p for p in json.load(record)["programs"] if p["text"].strip()]
        yield file[:-2], path, programs[-1]["cflags"]
    own = os.path.join(HERE, "programs")
    for file in sorted(os.listdir(own)):
        yield "programs/" + file[:-2], os.path.join(own, file), []


def check(options, source):
    name, path, cflags = source
    command = [options.hotprobe, "check", path]
    for flag in cflags:
        command += ["--cflag", flag]
    try:
        result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                timeout=120, check=False)
    except subprocess.TimeoutExpired:
        return name, False, ["timeout"]
    lines = result.stdout.decode("utf-8", "replace").splitlines()
    return name, result.returncode == 0, [line for line in lines if "error: " in line]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hotprobe", default=os.path.join(HERE, "../../build/hotprobe"))
    parser.add_argument("--corpus", default=os.path.join(HERE, "../../build/conformance"))
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("tools", nargs="*")
    options = parser.parse_args()
    if not os.path.isdir(options.corpus):
        subprocess.run([sys.executable, os.path.join(HERE, "capture.py"), options.corpus],
                       check=True)
    limits = read_limits()
    chosen = [source for source in sources(options)
              if not options.tools or source[0] in options.tools]
    passed = refused = unexpected = 0
    print("%-24s %-8s %-8s %s" % ("PROGRAM", "COMPILE", "VERIFY", "REASON"))
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for name, ok, errors in pool.map(lambda source: check(options, source), chosen):
            is_refused = not ok and compiled("\n".join(errors))
            reason = "" if ok else limits.get(name) or (errors or ["no message"])[0]
            print("%-24s %-8s %-8s %s" % (name, "ok" if ok or is_refused else "FAILED",
                                          "ok" if ok else "FAILED" if is_refused else "-", reason))
            passed += ok
            refused += is_refused
            unexpected += not ok and name not in limits
    print("%d programs: %d compile, %d pass the verifier; %d failed that should not"
          % (len(chosen), passed + refused, passed, unexpected))
    return 1 if unexpected else 0


sys.exit(main())
