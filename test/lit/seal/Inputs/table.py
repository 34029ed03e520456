# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs the attacks of probe.cpp in every configuration and prints a table.

usage: table.py AMPOULE PROBE pv|pvh SEALED_XEN SEALED_SHIM

An attack that succeeds nowhere proves nothing: then the exit status is 1.
"""
import subprocess
import sys

ampoule, probe, kind, sealed, shim = sys.argv[1:]
hypervisor = f"--hypervisor={sealed}"
CONFIGURATIONS = {
    "pv": [("Xen, dom0", ["--dom0", "--pv"]),
           ("sealed Xen, dom0", ["--dom0", "--pv", hypervisor])],
    "pvh": [("Xen, dom0", ["--dom0", "--pvh"]),
            ("sealed Xen, dom0", ["--dom0", "--pvh", hypervisor])]}[kind]


def run(options, *words):
    """Exit status, {attack: result}, and what was said besides."""
    result = subprocess.run([ampoule, "run", "--quiet", "--timeout=60",
                             *options, probe, *words], text=True,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    lines = {}
    for line in result.stdout.splitlines():
        words = line.split(" ")
        if len(words) == 2:
            lines[words[0]] = words[1]
    return result.returncode, lines, result.stdout + result.stderr


def alone(options, attack):
    """An attack that may end the domain."""
    status, lines, text = run(options, attack)
    if lines.get(attack):
        return lines[attack]
    if attack == "suspend" and status == 126:
        return "succeeds"  # and the domain is gone
    if "sealed: instruction fetch" in text:
        return "killed"
    if "panic: " in text:
        return "fault"
    sys.exit(f"{options} {attack}: status {status}\n{text}")


def column(options):
    status, results, text = run(options)
    if status != 0:
        sys.exit(f"{options}: status {status}\n{text}")
    for attack in attacks:
        if attack not in results:
            results[attack] = alone(options, attack)
    return results


listed = subprocess.run([ampoule, "run", "--quiet", *CONFIGURATIONS[0][1],
                         probe, "--list"], text=True, stdout=subprocess.PIPE)
attacks = [line.split(" ")[0] for line in listed.stdout.splitlines()
           if " " in line]
if not attacks:
    sys.exit("the probe does not run:\n" + listed.stdout)
columns = [column(options) for _, options in CONFIGURATIONS]
print("| " + " | ".join(["", *(name for name, _ in CONFIGURATIONS)]) + " |")
print("|---" * (len(columns) + 1) + "|")
for attack in attacks:
    print("| " + " | ".join([f"`{attack}`",
                             *(results[attack] for results in columns)]) + " |")
useless = [attack for attack in attacks
           if not any(results[attack] == "succeeds" for results in columns)]
if useless:
    sys.exit("nowhere successful: " + " ".join(useless))
