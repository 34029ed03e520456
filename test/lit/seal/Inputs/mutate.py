# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""usage: mutate.py AMPOULE IMAGE SEED

Breaks copies of an image, each in one way, and expects `ampoule verify` to refuse
each by the right rule; then breaks it anywhere and expects no crash."""
import random
import struct
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

ampoule, path, seed = sys.argv[1], sys.argv[2], int(sys.argv[3])
rng = random.Random(seed)
with open(path, "rb") as file:
    image = file.read()

COUNT = struct.unpack_from("<H", image, 56)[0]
HEADERS = [64 + 56 * i for i in range(COUNT)]  # offsets of program headers
LOADS = []  # offset of the header, flags, offset, address, size, memory size
for at in HEADERS:
    kind, flags, offset, address, _, size, memory = \
        struct.unpack_from("<IIQQQQQ", image, at)
    if kind == 1:
        LOADS.append((at, flags, offset, address, size, memory))
NOTE = image.index(b"Ampoule\0" + struct.pack("<Q", 0)) + 8
ROOT, SEALED = struct.unpack_from("<QQ", image, NOTE + 8)
DOOR = SEALED - 8


def offset_of(address):
    for _, _, offset, start, size, _ in LOADS:
        if start <= address < start + size:
            return offset + address - start
    return None


def word(address):
    """Zeros at the end of a segment are not in the file."""
    places = [offset_of(address + i) for i in range(8)]
    return sum(image[at] << 8 * i for i, at in enumerate(places)
               if at is not None)


def entry(address):
    """The offset of the leaf entry that maps an address."""
    table = ROOT
    for level in (3, 2, 1, 0):
        place = table + (address >> 12 + 9 * level & 511) * 8
        value = word(place)
        if level == 0 or value & 0x80:
            return offset_of(place)
        table = value & 0xffffffffff000


def flip(at, bits, size=8):
    data = bytearray(image)
    value = int.from_bytes(data[at:at + size], "little") ^ bits
    data[at:at + size] = value.to_bytes(size, "little")
    return bytes(data)


def put(at, bytes_):
    return image[:at] + bytes_ + image[at + len(bytes_):]


code = [(offset, size) for _, flags, offset, start, size, _ in LOADS
        if flags & 1 for offset, size in [(offset_of(max(start, SEALED)),
                                           start + size - max(start, SEALED))]
        if start + size > SEALED]
CODE, CODE_SIZE = code[0]
DATA = next(start for _, flags, _, start, _, _ in LOADS if flags & 2)
TEXT, TABLES = SEALED, ROOT
PRESENT, WRITE, USER, ACCESSED, DIRTY, GLOBAL, NX = (
    1, 2, 4, 0x20, 0x40, 0x100, 1 << 63)
PRIVILEGED = [b"\x0f\x22\xd8", b"\x0f\x22\xc0", b"\x0f\x30", b"\x0f\x01\xd1",
              b"\x0f\x01\x15", b"\x0f\x01\x1d", b"\x0f\x00\xd0",
              b"\x0f\x00\xd8", b"\x0f\x07", b"\x0f\x35", b"\x0f\xaa",
              b"\x0f\x78\xc0", b"\x0f\x79\xc0", b"\x0f\xc7\x30",
              b"\x0f\x01\xd8", b"\x0f\x01\xf0"]

cases = [("w^x", flip(entry(TEXT), WRITE)), ("w^x", flip(entry(DATA), NX)),
         ("tables", flip(entry(TABLES), WRITE)),
         ("bits", flip(entry(TEXT), USER)), ("bits", flip(entry(DATA), GLOBAL)),
         ("bits", flip(entry(TEXT), ACCESSED)),
         ("bits", flip(entry(DATA), DIRTY)),
         ("alias", flip(entry(DATA), 0x3000 ^ 0x1000)),
         ("door", flip(entry(TEXT), PRESENT)),
         ("door", put(offset_of(DOOR), image[offset_of(DOOR) + 1:][:7])),
         ("door", flip(offset_of(DOOR) + 1, 0x1000, 4)),
         ("door", flip(offset_of(DOOR) + 5, 0x02, 1)),
         ("door", flip(NOTE + 16, 0x1000)), ("door", flip(NOTE + 16, 1)),
         ("tables", flip(NOTE + 8, 1 << 40)), ("tables", flip(NOTE + 8, 8)),
         ("notes", flip(NOTE - 8, 1, 1)), ("notes", flip(NOTE - 12, 2, 4)),
         ("file", image[:63]), ("file", image[:100]), ("file", image[:-1]),
         ("file", flip(18, 1, 2)), ("file", flip(0, 1, 1)),
         ("file", flip(HEADERS[0] + 32, 1 << 40)),
         ("file", flip(HEADERS[0] + 8, 1 << 62)),
         ("segments", flip(LOADS[0][0] + 4, 2, 4)),
         ("segments", flip(LOADS[-1][0] + 16, 1 << 40))]
# An entry that is free: of the guard below the stack.
free = next(at for at in map(entry, range(DATA, DATA + (2 << 20), 4096))
            if at is not None and image[at:at + 8] == bytes(8))
cases += [("special-pages", put(free, struct.pack("<Q", 0xfee00000 | 0x63 | NX))),
          ("alias", put(free, struct.pack("<Q", SEALED | 0x61 | NX))),
          ("tables", put(free, struct.pack("<Q", ROOT | 0x63 | NX)))]
# The first directory entry becomes a page of 2 MiB, from address 0 on.
directory = word(word(ROOT) & ~0xfff) & ~0xfff
cases.append(("page-zero", flip(offset_of(directory), 0x80, 1)))
# The tables of an image with memory on both sides of the hole.
LARGE, HOLE, HIGH = 2 << 20, 0xfc000000, 1 << 32
pointers = word(ROOT) & ~0xfff
below, above = (offset_of(pointers + 8 * gigabyte) for gigabyte in (3, 4))
if above:
    large = lambda frame: struct.pack("<Q", frame | 0xe3 | NX)
    # What ends in the hole: its first frames, I/O APIC and HPET, local APIC.
    cases += [("special-pages", put(entry(at), large(frame)))
              for at in (HOLE - LARGE, HIGH)
              for frame in (HOLE, 0xfec00000, 0xfee00000)]
    # Both directories in each other's place: addresses in the hole.
    cases += [("special-pages", put(below, image[above:above + 8]
                                    + image[below:below + 8])),
              ("alias", put(entry(HIGH), large(1 << 30))),
              ("alias", put(above, image[below:below + 8])),
              ("tables", put(entry(HIGH), large(0))),
              ("w^x", flip(entry(HIGH), NX)),
              ("bits", flip(entry(HIGH), USER)),
              ("bits", flip(entry(HIGH), GLOBAL))]
while len(cases) < 200:
    what = rng.choice(PRIVILEGED)
    at = CODE + rng.randrange(CODE_SIZE - len(what))
    cases.append(("instructions", put(at, what)))
for what in (b"\x0f\x05", b"\x0f\x01\xc1", b"\x0f\x01\xd9"):
    cases.append(("hypercalls", put(CODE + 16, what)))


def verify(number, data):
    name = f"mutant{number}"
    with open(name, "wb") as file:
        file.write(data)
    return subprocess.run([ampoule, "verify", name], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def check(job):
    number, (rule, data) = job
    result = verify(number, data)
    failed = [line.split()[1] for line in result.stdout.splitlines()
              if line.startswith("FAILED")]
    if result.returncode != 1 or rule not in failed:
        return f"{number}: expected {rule}, got {result.returncode} {failed}"


def survive(number):
    local = random.Random(seed * 1000 + number)
    data = bytearray(image)
    for _ in range(local.randrange(1, 8)):
        at = local.choice([local.randrange(64 + 56 * COUNT),
                           local.randrange(len(data))])
        data[at] = local.randrange(256)
    if local.randrange(4) == 0:
        del data[local.randrange(len(data)):]
    code = verify(f"-fuzz{number % 4}-{number}", bytes(data)).returncode
    if code not in (0, 1):
        return f"fuzz {number}: ended with {code}"


with ThreadPoolExecutor(2) as pool:
    bad = [line for line in pool.map(check, enumerate(cases)) if line]
    bad += [line for line in pool.map(survive, range(300)) if line]
print(f"seed {seed}: {len(cases)} mutants, "
      f"{len({rule for rule, _ in cases})} rules")
print("\n".join(bad) or "all refused, none crashed")
