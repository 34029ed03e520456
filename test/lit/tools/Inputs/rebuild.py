# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""usage: rebuild.py CXX AMPOULE SOURCE

Builds SOURCE with one costly thing and without it, and compares what the report
of the first says it costs with what it does."""
import json
import os
import subprocess
import sys

*cxx, ampoule, source = sys.argv[1:]
CONTENT = ("code", "data", "unwind")
THINGS = [("STREAM", [], "iostream"),
          ("THROW", [], "exceptions"),
          ("FORMAT", ["-DWITH_FORMAT=0"], "std::format"),
          ("PRINTF", [], "printf"),
          ("TABLE", [], "functions in kHandlers"),
          ("DOUBLE", [], "decimal floating-point input")]


def build(output, options):
    subprocess.run([*cxx, "-O2", "-std=c++20", *options, source, "-o", output],
                   check=True)
    text = subprocess.run([ampoule, "report", "--json", output], check=True,
                          stdout=subprocess.PIPE).stdout
    report = json.loads(text)
    size = sum(entry["size"] for entry in report["byteMap"]
               if entry["kind"] in CONTENT)
    return size, report["blockers"]


for thing, otherwise, title in THINGS:
    size, blockers = build("with", [f"-DWITH_{thing}=1"])
    rest, _ = build("without", otherwise)
    [blocker] = [b for b in blockers if b["title"] == title]
    ratio = blocker["bytes"] / (size - rest)
    start = os.path.basename(blocker["start"])
    good = 0.8 <= ratio <= 1.2
    print(f"{title}, from {start}:",
          "within 20 %" if good else f"{ratio:.2f} of {size - rest}")
