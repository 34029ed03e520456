# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""usage: bytes.py REPORT MODULE

Without optimisation at link time a kept function has in the file the bytes that
it had before, and its entry in the index of frames, of 8. A few have up to 8 more,
where code generation has to name a definition that was only declared: a variable
behind an alias is addressed by leaq and movq, one that is declared by movq alone."""
import json
import sys

path, module = sys.argv[1:]
with open(path) as file:
    report = json.load(file)
kept = [node for node in report["graph"]["nodes"]
        if node["fate"] == "kept" and node["kind"] == "function" and
        node["module"] == module]
differ = 0
for node in kept:
    size, before = node.get("size", 0), node.get("before", 0)
    differ += size - before not in (0, 8)
    if not 0 <= size - before <= 8:
        print(f"{node['name']}: {before} bytes before, {size} in the file")
if differ > len(kept) / 10:
    print(f"{differ} of {len(kept)} functions differ")
print(f"{module}: compared" if kept else f"{module}: nothing is kept")
