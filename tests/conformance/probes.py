# SPDX-License-Identifier: Apache-2.0
"""Where a tool's functions go: its attach calls in the words of `hotprobe run --attach`."""

import re

# PERF_TYPE_ and PERF_COUNT_ pairs that BCC's tools sample.
EVENTS = {(0, 2): "cache-references", (0, 3): "cache-misses",
          (1, 0): "cpu-clock", (1, 1): "task-clock"}
PID = "{pid}"  # stands for the process that has the USDT probes
NAMES = ("kprobe", "kretprobe", "tracepoint", "raw_tracepoint", "kfunc", "kretfunc", "syscall",
         "syscall_ret", "lsm")
MACROS = {"TRACEPOINT_PROBE": "tracepoint", "RAW_TRACEPOINT_PROBE": "raw_tracepoint",
          "KFUNC_PROBE": "kfunc", "KRETFUNC_PROBE": "kretfunc", "LSM_PROBE": "lsm"}


def kprobe_targets(call):
    """A pattern where BCC's regular expression is one; else the functions that it finds."""
    expression = call.get("event_re", "")
    if re.fullmatch(r"\^\w+\.\*", expression):
        return [expression[1:-2] + "*"]
    if expression:
        return call["events"]
    return [call["event"] + ("+%d" % call["event_off"] if call.get("event_off") else "")]


def uprobe_target(call):
    symbol = call.get("sym") or hex(call["addr"])
    file = "@" + PID if call.get("pid", -1) > 0 else call["name"]
    return "%s:%s%s" % (file, symbol, "+%d" % call["sym_off"] if call.get("sym_off") else "")


def perf_event_target(call, is_mine):
    name = EVENTS[call["ev_type"], call["ev_config"]]
    rate = ("freq=%d" % call["sample_freq"] if call.get("sample_freq")
            else "period=%d" % call["sample_period"])
    return "%s:%s%s" % (name, rate, ",pid=" + PID if is_mine else "")


def targets(call, is_mine):
    kind = call["call"][len("attach_"):]
    if kind in ("kprobe", "kretprobe"):
        return kind, kprobe_targets(call)
    if kind in ("uprobe", "uretprobe"):
        return kind, [uprobe_target(call)]
    if kind == "perf_event":
        return kind, [perf_event_target(call, is_mine)]
    return kind, [call["tp"] if "tp" in call else call["fn_name"]]


def explicit(record, is_mine):
    """(KIND:TARGET, FUNCTION) pairs. is_mine: samples are of the own process only. Where a tool
    failed and tried something else, or ended, all that it tried is needed if it ended."""
    pairs = []
    for call in record["attach"]:
        if "ok" not in call and not record["ended"].startswith("Exception"):
            continue
        kind, found = targets(call, is_mine)
        pairs += [("%s:%s" % (kind, target), call["fn_name"]) for target in found]
    for probe in record["usdt"]:
        provider = probe.get("provider", "conformance")
        pairs.append(("usdt:@%s:%s:%s" % (PID, provider, probe["probe"]), probe["fn_name"]))
    return pairs


def by_name(text):
    """The same pairs, of the functions whose names say it."""
    pairs = []
    for match in re.finditer(r"\b(%s)__(\w+)\s*\(" % "|".join(NAMES), text):
        kind, rest = match.groups()
        target = rest.replace("__", ":", 1) if kind == "tracepoint" else rest
        pairs.append(("%s:%s" % (kind, target), match.group(0)[:-1].strip()))
    for match in re.finditer(r"\b(%s)\(\s*(\w+)(?:\s*,\s*(\w+))?" % "|".join(MACROS), text):
        kind = MACROS[match.group(1)]
        words = match.groups()[1:] if kind == "tracepoint" else match.groups()[1:2]
        pairs.append(("%s:%s" % (kind, ":".join(words)), "%s__%s" % (kind, "__".join(words))))
    return pairs
