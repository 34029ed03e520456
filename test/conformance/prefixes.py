# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Most of a test's time goes to the headers that it begins with, and hundreds of tests
begin with the same ones. What many begin with is precompiled, once, when the first of
them runs. A test sees no header that it does not name, nor in another order: what is
precompiled are the very lines that it begins with."""
import collections
import fcntl
import hashlib
import os
import re
import shlex
import subprocess

import libcxx.test.format


def leading_includes(path, support):
    """The #include lines with which a file begins, comments left out, as far as they
    name headers of the library and of the directory `support`."""
    found = []
    with open(path, errors="replace") as file:
        for line in file:
            line = re.sub(r"\s*//.*", "", line).strip()
            local = re.fullmatch(r'#\s*include "([^"]*)"', line)
            if local:
                beside = os.path.join(os.path.dirname(path), local[1])
                if os.path.exists(beside) or \
                        not os.path.exists(os.path.join(support, local[1])):
                    break
            elif line and not re.fullmatch(r"#\s*include <[^>]*>", line):
                break
            if line:
                found.append(line)
    return found


def digest(lines):
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]


def dependencies(path):
    """The files that a test names as what it needs beside its program."""
    with open(path, errors="replace") as file:
        found = re.search(r"FILE_DEPENDENCIES:(.*)", file.read())
    return [os.path.join(os.path.dirname(path), name.strip())
            for name in found[1].split(",")] if found else []


class Format(libcxx.test.format.CxxStandardLibraryTest):
    """libc++'s, but tests that only compile and run one file use what is precompiled
    in `folder`: each beginning that at least `enough` of the tests have. Images are
    given the files that a test needs in the directory `embedded`."""

    def __init__(self, suite, folder, enough, embedded=None):
        self.support = os.path.join(suite, "support")
        self.folder = folder
        self.embedded = embedded
        count = collections.Counter()
        for directory, _, names in os.walk(os.path.join(suite, "std")):
            for name in names:
                if name.endswith(".pass.cpp"):
                    lines = leading_includes(os.path.join(directory, name),
                                             self.support)
                    count.update(digest(lines[:length + 1])
                                 for length in range(len(lines)))
        self.shared = {key for key, times in count.items() if times >= enough}

    def _executeShTest(self, test, litConfig, steps):
        if steps and "-verify" not in steps[0] and " ! " not in steps[0]:
            header = self.precompiled(test)
            if header:
                steps = [steps[0] + " -include-pch " + header, *steps[1:]]
        if steps and self.embedded and test.getSourcePath().endswith(".pass.cpp"):
            embeds = [f" --ampoule-embed={path}:{self.embedded}/"
                      for path in dependencies(test.getSourcePath())]
            steps = [steps[0] + "".join(embeds), *steps[1:]]
        return super()._executeShTest(test, litConfig, steps)

    def precompiled(self, test):
        """The precompiled header for a test, or None."""
        path = test.getSourcePath()
        if not path.endswith(".pass.cpp") or not os.path.exists(path):
            return None
        with open(path, errors="replace") as file:
            if re.search("ADDITIONAL_COMPILE_FLAGS|MODULE_DEPENDENCIES", file.read()):
                return None
        lines = leading_includes(path, self.support)
        while lines and digest(lines) not in self.shared:
            lines.pop()
        if not lines:
            return None
        os.makedirs(self.folder, exist_ok=True)
        base = os.path.join(self.folder, digest(lines))
        with open(base + ".lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX) # tests run beside each other
            if not os.path.exists(base + ".pch"):
                self.precompile(test, lines, base)
        # What does not compile says so in the test.
        return base + ".pch" if os.path.getsize(base + ".pch") else None

    def precompile(self, test, lines, base):
        with open(base + ".h", "w") as file:
            file.write("\n".join(lines) + "\n")
        substitutions = dict(test.config.substitutions)
        command = [*shlex.split(" ".join(substitutions[name] for name in
                                         ("%{cxx}", "%{flags}", "%{compile_flags}"))),
                   "-x", "c++-header", base + ".h", "-o", base + ".new"]
        result = subprocess.run(command, stdout=subprocess.DEVNULL,
                                stderr=subprocess.DEVNULL)
        if result.returncode:
            open(base + ".new", "w").close()
        os.rename(base + ".new", base + ".pch")
