# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""usage: every-function.py ATTRIBUTE FILE.ll

Says whether every function defined in the module has the attribute.
"""
import re
import sys

attribute, path = sys.argv[1:]
with open(path) as file:
    text = file.read()
groups = {number: words.split() for number, words in
          re.findall(r"^attributes (#\d+) = \{ (.*) \}$", text, re.M)}
count = 0
for line in re.findall(r"^define .*$", text, re.M):
    count += 1
    group = re.findall(r"\) .*?(#\d+)", line)
    if not any(attribute in groups[number] for number in group):
        sys.exit(f"without {attribute}: {line}")
print(f"{count} functions, all with {attribute}")
