#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Draws what bench.py measured: plot.py RESULTS.json PICTURE.svg

For each figure a bar for each peer: how many times what hotprobe takes it takes."""
import json
import subprocess
import sys

from figures import NAMES

SHOWN = (
    ("cold", 64, "cold start"), ("warm", 64, "warm start"), ("resident", 64, "memory"),
    ("compile", "middle", "compile"), ("event", 64, "event,\\ncallback"),
    ("table", 64, "event,\\ntable"), ("json", 64, "event,\\nJSON"),
    ("call", 64, "traced\\ncall"))
PEERS = (("bcc", "#c44e52"), ("bpftrace", "#dd8452"), ("libbpf-perf", "#8172b3"),
         ("libbpf-ring", "#4c72b0"))


def script(about, rows, picture):
    ratios = {(row["figure"], row["variant"], row["who"]): row["ratio"] for row in rows}
    lines = ["set terminal svg size 960,420 font 'sans,12' background '#ffffff'",
             "set output '%s'" % picture,
             "set title 'How many times what hotprobe takes: %s, Linux %s, %s'" % (
                 about["date"], about["kernel"], about["cpu"]),
             "set style data histogram", "set style histogram clustered gap 1",
             "set style fill solid border -1", "set logscale y", "set yrange [0.1:300]",
             "set ylabel 'times hotprobe'", "set grid ytics", "set bmargin 3",
             "set key outside top center horizontal", "$data << END"]
    for figure, variant, text in SHOWN:
        values = [ratios.get((figure, variant, who)) for who, _ in PEERS]
        lines.append('"%s" %s' % (text, " ".join("%.4f" % (1 / v) if v else "-" for v in values)))
    lines += ["END", "set datafile missing '-'", "plot 1 with lines lc rgb 'black' notitle, \\"]
    lines.append(", ".join("$data using %d:xtic(1) title '%s' lc rgb '%s'" % (
        i + 2, NAMES[who], color) for i, (who, color) in enumerate(PEERS)))
    return "\n".join(lines) + "\n"


def main():
    with open(sys.argv[1]) as file:
        results = json.load(file)
    subprocess.run(["gnuplot"], check=True, text=True,
                   input=script(results["about"], results["rows"], sys.argv[2]))


if __name__ == "__main__":
    main()
