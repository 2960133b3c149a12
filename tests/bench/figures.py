# SPDX-License-Identifier: Apache-2.0
"""What the benchmark measures, under which names it shows it, and its table."""

# Figure: what it is, unit, digits.
FIGURES = {
    "cold": ("cold start, nothing cached", "ms", 1),
    "warm": ("warm start, from the cache", "ms", 1),
    "image": ("start from an image", "ms", 1),
    "command": ("hotprobe run, until its command runs", "ms", 1),
    "resident": ("resident memory of the host", "KB", 0),
    "peak": ("its peak", "KB", 0),
    "compile": ("compile a tool of BCC's", "ms", 0),
    "event": ("CPU of the host per event, C callback", "ns", 0),
    "event2": ("the same with 2 callers", "ns", 0),
    "call": ("cost of a traced call to its caller", "ns", 0),
    "table": ("CPU per event, printed as a table", "ns", 0),
    "json": ("CPU per event, printed as JSON", "ns", 0),
    "rate": ("highest rate without loss", "/s", 0),
    "lost": ("lost at full speed", "%", 2),
}
NAMES = {
    "hotprobe": "hotprobe", "bcc": "python3-bpfcc", "bpftrace": "bpftrace",
    "libbpf-ring": "libbpf, ring", "libbpf-perf": "libbpf, perf",
    "hotprobe-perf": "hotprobe --perf-buffer",
}
PEERS = ("libbpf-ring", "libbpf-perf", "bcc", "bpftrace", "hotprobe-perf")


def number(value, digits):
    return "%.*f" % (digits, value)


def spread(row, digits):
    return "%s (%s..%s)" % tuple(number(row[key], digits) for key in ("median", "min", "max"))


def ratio(row):
    def short(value):
        return "%.*f" % (3 if value < 0.1 else 2 if value < 10 else 0, value)
    if row["ratio"] == "":
        return "" if not row["median"] else "-"
    return "%s (%s..%s)" % tuple(short(row[key]) for key in ("ratio", "ratio_min", "ratio_max"))


def label(figure, variant):
    text, unit, _ = FIGURES[figure]
    if figure in ("event", "call", "rate", "lost"):
        text += ", %s bytes" % variant
    elif figure == "compile":
        text += ", %s" % variant
    return "%s, %s" % (text, unit)


def print_table(about, rows):
    """Absolute figures of hotprobe, and its ratio to each peer; of losses, the peer's own."""
    cells = {(row["figure"], row["variant"], row["who"]): row for row in rows}
    print("\n%s, Linux %s, %s x %s\n" % (about["date"], about["kernel"], about["cpus"],
                                         about["cpu"]))
    print(("%-50s %-24s" + " %-22s" * len(PEERS)) % (
        ("", "hotprobe") + tuple("/ " + NAMES[who] for who in PEERS)))
    for figure, (_, _, digits) in FIGURES.items():
        for variant in dict.fromkeys(v for f, v, _ in cells if f == figure):
            peers = []
            for who in PEERS:
                row = cells.get((figure, variant, who))
                if row and figure == "lost":
                    peers.append("%s %%" % spread(row, digits))
                else:
                    peers.append(ratio(row) if row else "")
            print(("%-50s %-24s" + " %-22s" * len(PEERS)) % (
                (label(figure, variant), spread(cells[figure, variant, "hotprobe"], digits)) +
                tuple(peers)))
    print("\nMedian (least..largest) of the rounds; a ratio is hotprobe's figure over the peer's of"
          " the same round.\nlost: of hotprobe and of each peer. Start: from exec until attached.")
