# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs the attacks of an image in several configurations and prints a table.

usage: table.py AMPOULE IMAGE NAME=RUN_OPTION,... ...

NAME is the head of a column. An attack that ends its domain is known by what is
said then, and the next run goes on behind it. One that succeeds nowhere proves
nothing: then the exit status is 1.
"""
import subprocess
import sys

ampoule, image = sys.argv[1:3]
COLUMNS = [(name, options.split(","))
           for name, options in (word.split("=", 1) for word in sys.argv[3:])]


def run(options, *words):
    """Exit status, {attack: result}, and all that was said."""
    result = subprocess.run([ampoule, "run", "--quiet", "--timeout=60",
                             *options, image, *words], text=True,
                            stdin=subprocess.DEVNULL, errors="replace",
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    lines = {}
    for line in result.stdout.splitlines():
        words = line.split(" ")
        if len(words) == 2 and words[1] in ("succeeds", "refused", "listed"):
            lines[words[0]] = words[1]
    return result.returncode, lines, result.stdout + result.stderr


def ending(attack, status, text):
    """The result of an attack that ended its domain."""
    if attack == "suspend" and status == 126:
        return "succeeds"
    if "sealed: instruction fetch" in text:
        return "killed"
    if "panic: " in text:
        return "fault"
    return None


def column(options):
    results = {}
    while True:
        rest = [attack for attack in attacks if attack not in results]
        if not rest:
            return results
        status, lines, text = run(options, *(rest[:1] if results else []))
        results.update(lines)
        rest = [attack for attack in attacks if attack not in results]
        if rest:
            results[rest[0]] = ending(rest[0], status, text)
            if not results[rest[0]]:
                sys.exit(f"{options} {rest[0]}: status {status}\n{text}")


def row(cells):
    print("| " + " | ".join(cells) + " |")


attacks = list(run(COLUMNS[0][1], "--list")[1])
if not attacks:
    sys.exit("the image does not run")
results = [column(options) for _, options in COLUMNS]
row(["", *(name for name, _ in COLUMNS)])
print("|---" * (len(COLUMNS) + 1) + "|")
for attack in attacks:
    row([f"`{attack}`", *(result[attack] for result in results)])
useless = [attack for attack in attacks
           if not any(result[attack] == "succeeds" for result in results)]
if useless:
    sys.exit("nowhere successful: " + " ".join(useless))
