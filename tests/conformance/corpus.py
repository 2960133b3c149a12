# SPDX-License-Identifier: Apache-2.0
"""The programs that are tried, and what a kernel may lack for them."""

import json
import os
import subprocess
import sys

from probes import by_name, explicit

HERE = os.path.dirname(os.path.abspath(__file__))


def add_options(parser):
    """Those that all scripts here have; parses."""
    build = os.path.join(HERE, "../../build")
    parser.add_argument("--hotprobe", default=os.path.join(build, "hotprobe"))
    parser.add_argument("--directory", default=os.path.join(build, "conformance"))
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("tools", nargs="*")
    options = parser.parse_args()
    options.directory = os.path.abspath(options.directory)
    options.hotprobe = os.path.abspath(options.hotprobe)
    return options


class Program:
    def __init__(self, name, path, record, is_mine):
        with open(path) as file:
            text = file.read()
        self.name, self.path, self.text, self.image = name, path, text, None
        self.cflags = record["cflags"]
        self.flags = [word for flag in self.cflags for word in ("--cflag", flag)]
        self.explicit = explicit(record, is_mine)
        self.probes = self.explicit + by_name(text)
        self.usdt = [probe["probe"] for probe in record["usdt"]]


def programs_of(machine, tools):
    """Captured first, if there are none for this kernel. tools: their names, none for all."""
    if not os.path.isdir(machine.corpus):
        subprocess.run([sys.executable, os.path.join(HERE, "capture.py"), machine.facts,
                        machine.corpus], check=True)
    for directory, prefix in ((machine.corpus, ""), (os.path.join(HERE, "programs"), "programs/")):
        for file in sorted(os.listdir(directory)):
            name, ending = os.path.splitext(file)
            path = os.path.join(directory, file)
            record = {"cflags": [], "attach": [], "usdt": []}
            if ending == ".c" and not prefix:
                with open(path[:-2] + ".json") as saved:
                    record = json.load(saved)
            if ending == ".c" and (not tools or prefix + name in tools):
                yield Program(prefix + name, path, record, machine.is_mine)


def read_limits(machine):
    """PROGRAM: KIND:WHAT lines, of what this kernel lacks."""
    limits = {}
    with open(os.path.join(HERE, "limits")) as file:
        for line in file:
            if line.strip() and not line.startswith("#"):
                program, spec = line.split(":", 1)
                kind, what = spec.strip().split(":", 1)
                lacks = machine.kernel.lacks(spec.strip())
                if kind == "program" and not machine.takes(what):
                    lacks = ["BPF programs of type " + what]
                if lacks:
                    limits.setdefault(program.strip(), []).extend(lacks)
    return limits
