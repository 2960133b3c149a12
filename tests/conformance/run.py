#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Takes the BPF C of BCC's own tools through hotprobe's compiler and the kernel's verifier.

usage: run.py [--hotprobe build/hotprobe] [--corpus DIRECTORY] [--jobs N] [TOOL...]

Prints a line for each tool and the counts. Exit status 1 if a tool failed that `limits` does not
list: there stands what this kernel lacks for a tool, with the reason. The corpus is captured
first if the directory has none (capture.py)."""

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
    """Did it fail in the verifier, or before?"""
    return "verifier" in message or "the kernel refuse" in message


def check(options, tool):
    with open(os.path.join(options.corpus, tool + ".json")) as file:
        programs = [p for p in json.load(file)["programs"] if p["text"].strip()]
    command = [options.hotprobe, "check", os.path.join(options.corpus, tool + ".c")]
    for flag in programs[-1]["cflags"]:
        command += ["--cflag", flag]
    try:
        result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                timeout=120, check=False)
    except subprocess.TimeoutExpired:
        return tool, False, ["timeout"]
    lines = result.stdout.decode("utf-8", "replace").splitlines()
    return tool, result.returncode == 0, [line for line in lines if "error" in line]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--hotprobe", default=os.path.join(HERE, "../../build/hotprobe"))
    parser.add_argument("--corpus", default=os.path.join(HERE, "../../build/conformance"))
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("tools", nargs="*")
    options = parser.parse_args()
    if not os.path.isdir(options.corpus):
        subprocess.run([sys.executable, os.path.join(HERE, "capture.py"), options.corpus],
                       check=True)
    limits = read_limits()
    tools = options.tools or sorted(f[:-2] for f in os.listdir(options.corpus)
                                    if f.endswith(".c"))
    passed = in_verifier = unexpected = 0
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for tool, ok, errors in pool.map(lambda t: check(options, t), tools):
            first = errors[0] if errors else ""
            verifier = not ok and compiled("\n".join(errors))
            reason = "" if ok else limits.get(tool) or first
            print("%-16s %-8s %-8s %s" % (tool, "ok" if ok or verifier else "FAILED",
                                          "ok" if ok else "FAILED" if verifier else "-", reason))
            passed += ok
            in_verifier += verifier
            unexpected += not ok and tool not in limits
    print("%d programs: %d compile, %d pass the verifier; %d failures beyond the known limits of "
          "this kernel" % (len(tools), passed + in_verifier, passed, unexpected))
    return 1 if unexpected else 0


sys.exit(main())
