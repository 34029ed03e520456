# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A random C++ program of what pruning could break: class hierarchies with
virtual functions, interfaces and virtual bases, calls through every kind of
pointer, static objects, casts, exceptions, and code that constants make dead.

usage: classes.py SEED DIRECTORY     writes shared.h, main.cpp and other.cpp"""
import os
import random
import sys


class Class:
    def __init__(self, index, rng, earlier):
        self.name = f"C{index}"
        self.base = rng.choice(earlier) if earlier and rng.random() < 0.7 \
            else None
        self.interface = None
        interfaces = [i for i in range(3)
                      if i not in (self.base.interfaces if self.base else ())]
        if interfaces and rng.random() < 0.4:
            self.interface = rng.choice(interfaces)
        self.interfaces = set(self.base.interfaces if self.base else ())
        inherited = list(self.base.functions) if self.base else []
        if self.interface is not None:
            self.interfaces.add(self.interface)
        self.own = [f"f{index}_{j}" for j in range(rng.randint(1, 3))]
        self.functions = inherited + self.own
        self.overridden = [f for f in inherited if rng.random() < 0.4]
        self.is_virtual = rng.random() < 0.3

    def bases(self):
        names = []
        if self.base:
            names.append(f"public {self.base.name}")
        if self.interface is not None:
            kind = "public virtual" if self.is_virtual else "public"
            names.append(f"{kind} I{self.interface}")
        if not names:
            names.append("public Root")
        elif not self.base:
            names.insert(0, "public Root")
        return ", ".join(names)


KINDS = range(8)
THROWS = 4


def body(rng, classes, kinds):
    """Statements of some kinds that change x; calls go down in depth."""
    lines = [f"  x = x * {rng.randrange(3, 999, 2)}u + {rng.randrange(999)}u;",
             "  if (depth == 0) return x;"]
    for i in range(rng.randint(0, 2)):
        callee = rng.choice(classes)
        function = rng.choice(callee.functions)
        kind = rng.choice(kinds)
        if kind == 0:
            lines.append(f"  if (auto *p = dynamic_cast<{callee.name} *>("
                         f"objects[x % objectCount])) x ^= p->{function}"
                         "(x, depth - 1);")
        elif kind == 1:
            lines.append(f"  x ^= (x >> 3) + table[x % tableSize](x, depth - 1);")
        elif kind == 2:
            lines.append(f"  {{ {callee.name} local; unsigned "
                         f"({callee.name}::*m)(unsigned, unsigned) = "
                         f"&{callee.name}::{function}; x += (local.*m)"
                         "(x, depth - 1); }")
        elif kind == 3:
            lines.append("  if (kNever) x ^= table[0](x, depth - 1);")
        elif kind == THROWS:
            lines.append(f"  if (x % 64 == {rng.randrange(64)}) throw Thrown"
                         f"<{rng.randrange(4)}>{{x}};")
        elif kind == 5:
            lines.append(f"  x += typeid(*objects[x % objectCount]) == "
                         f"typeid({callee.name});")
        elif kind == 6:
            lines.append(f"  Guard guard{i}{{x}};")
        else:
            lines.append(f"  if (auto *i = dynamic_cast<I{rng.randrange(3)} *>("
                         "objects[x % objectCount])) x += i->face(x);")
    return "\n".join(lines) + "\n  return x;"


def generate(seed, directory):
    rng = random.Random(seed)
    # What a program never does, the linker need not provide for.
    kinds = rng.sample(KINDS, rng.randint(3, len(KINDS)))
    handles = THROWS in kinds or rng.random() < 0.3
    classes = []
    for index in range(rng.randint(8, 24)):
        classes.append(Class(index, rng, classes))
    header = ["#include <cstdio>", "#include <typeinfo>",
              "struct Root { virtual ~Root() {} virtual unsigned root(unsigned"
              " x) { return x; } };",
              "template <int N> struct Thrown { unsigned value; };",
              "inline unsigned ended; struct Guard { unsigned value; "
              "~Guard() { ended = ended * 5u + value; } };",
              "constexpr bool kNever = sizeof(void *) == 4;",
              "extern Root *const objects[]; extern const unsigned "
              "objectCount;",
              "using Function = unsigned (*)(unsigned, unsigned);",
              "extern const Function table[]; extern const unsigned tableSize;"]
    for i in range(3):
        header.append(f"struct I{i} {{ virtual unsigned face(unsigned x) = 0;"
                      f" virtual unsigned other{i}(unsigned x) "
                      f"{{ return x + {i}; }} virtual ~I{i}() {{}} }};")
    units = {"main.cpp": ['#include "shared.h"'],
             "other.cpp": ['#include "shared.h"']}
    for c in classes:
        lines = [f"struct {c.name} : {c.bases()} {{"]
        lines.append(f"  unsigned state = {rng.randrange(99)};")
        if c.interface is not None:
            lines.append("  unsigned face(unsigned x) override { return x + "
                         f"state + {rng.randrange(99)}; }}")
        if rng.random() < 0.3:
            lines.append("  unsigned root(unsigned x) override { return x ^ "
                         "++state; }")
        for function in c.own:
            lines.append(f"  virtual unsigned {function}(unsigned x, unsigned "
                         "depth);")
        for function in c.overridden:
            lines.append(f"  unsigned {function}(unsigned x, unsigned depth) "
                         "override;")
        header += lines + ["};"]
        for function in c.own + c.overridden:
            units[rng.choice(list(units))].append(
                f"unsigned {c.name}::{function}(unsigned x, unsigned depth) "
                f"{{\n{body(rng, classes, kinds)}\n}}")
    frees = []
    for i in range(rng.randint(3, 9)):
        frees.append(f"free{i}")
        header.append(f"unsigned free{i}(unsigned x, unsigned depth);")
        units[rng.choice(list(units))].append(
            f"unsigned free{i}(unsigned x, unsigned depth) "
            f"{{\n{body(rng, classes, kinds)}\n}}")
    used = rng.sample(frees, rng.randint(1, len(frees)))
    made = [rng.choice(classes) for _ in range(rng.randint(2, 10))]
    home, away = rng.sample(list(units), 2)
    for i, c in enumerate(made):
        units[home].append(f"static {c.name} object{i};")
    units[home].append(f"extern Root *const objects[] = {{"
                       + ", ".join(f"&object{i}" for i in range(len(made)))
                       + f"}};\nextern const unsigned objectCount = {len(made)};")
    units[away].append(f"extern const Function table[] = {{{', '.join(used)}}};"
                       f"\nextern const unsigned tableSize = {len(used)};")
    units["main.cpp"].append("""int main() {
  unsigned x = 1;
  for (unsigned i = 0; i < 200; ++i) {
    """ + "try " * handles + """{
      x = x * 1664525u + 1013904223u;
      x ^= table[x % tableSize](x, 3);
      x += objects[x % objectCount]->root(x);
    }""" + """ catch (const Thrown<0> &thrown) {
      x = thrown.value + 7;
    } catch (const Thrown<1> &thrown) {
      x = thrown.value + 11;
    } catch (...) {
      x += 13;
    }""" * handles + """
    std::printf("%u %u\\n", x, ended);
  }
}""")
    units["shared.h"] = header
    for name, lines in units.items():
        with open(os.path.join(directory, name), "w") as file:
            file.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    generate(int(sys.argv[1]), sys.argv[2])
