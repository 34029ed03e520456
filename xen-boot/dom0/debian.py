# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Small Linux systems from Debian packages: kernels, modules, programs with their
libraries, in an initramfs. Nothing is installed: packages are fetched by `apt-get
download`, which checks them against apt's signed index."""
import lzma
import os
import re
import subprocess
import sys
import zlib


def fail(message):
    sys.exit(f"{os.path.basename(sys.argv[0])}: error: {message}")


def say(message):
    print(f"{os.path.basename(sys.argv[0])}: {message}", flush=True)


def run(command, **options):
    result = subprocess.run(command, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, text=True, **options)
    if result.returncode != 0:
        fail(f"{' '.join(command)}:\n{result.stdout}")
    return result.stdout


def kernel_package(kind="amd64"):
    """The package that linux-image-KIND stands for."""
    depends = run(["apt-cache", "depends", f"linux-image-{kind}"])
    names = re.findall(r"Depends: (linux-image-\S+)", depends)
    if not names:
        fail(f"apt knows no package linux-image-{kind}; run apt-get update")
    return names[0]


def unpack_packages(scratch, packages):
    """Below `scratch`/root; nothing is installed."""
    root = os.path.join(scratch, "root")
    say(f"fetching {len(packages)} packages")
    run(["apt-get", "-o", "APT::Sandbox::User=root", "download", *packages],
        cwd=scratch)
    for name in sorted(os.listdir(scratch)):
        if name.endswith(".deb"):
            run(["dpkg-deb", "-x", os.path.join(scratch, name), root])
    return root


def find(root, pattern):
    """The one file below `root` whose path there matches."""
    for folder, _, names in os.walk(root):
        for name in names:
            path = os.path.join(folder, name)
            if re.fullmatch(pattern, os.path.relpath(path, root)):
                return path
    fail(f"no package has a file {pattern}")


def unpack_kernel(bzimage):
    """The ELF in a bzImage; Xen starts it in half the time."""
    with open(bzimage, "rb") as file:
        data = file.read()
    for magic, unpack in [
            (b"\xfd7zXZ\0", lambda d: lzma.LZMADecompressor().decompress(d)),
            (b"\x1f\x8b\x08", lambda d: zlib.decompressobj(31).decompress(d))]:
        start = data.find(magic)
        while start >= 0:
            try:
                kernel = unpack(data[start:])
                if kernel.startswith(b"\x7fELF"):
                    return kernel
            except (lzma.LZMAError, zlib.error):
                pass
            start = data.find(magic, start + 1)
    fail(f"{bzimage} holds no kernel compressed by xz or gzip")


def module_order(folder, wanted):
    """Files of the wanted modules, each behind what it depends on."""
    files = {}
    for path, _, names in os.walk(folder):
        for name in names:
            if name.endswith(".ko"):
                files[name[:-3].replace("-", "_")] = os.path.join(path, name)
    order = []

    def add(name):
        path = files.get(name.replace("-", "_"))
        if path is None or path in order:  # built in, or done
            return
        with open(path, "rb") as file:
            depends = re.search(rb"\0depends=([^\0]*)\0", file.read())
        for other in depends[1].decode().split(",") if depends else []:
            if other:
                add(other)
        order.append(path)

    for name in wanted:
        add(name)
    return order


def needed_libraries(program):
    output = run(["readelf", "-d", program])
    return re.findall(r"\(NEEDED\).*\[(.*)\]", output)


class Archive:
    """A cpio archive in the newc format (Linux, Documentation/
    driver-api/early-userspace/buffer-format.rst)."""

    def __init__(self, path):
        self.file = open(path, "wb")
        self.count = 0
        self.folders = set()

    def entry(self, name, mode, data=b""):
        parent = os.path.dirname(name)
        if parent and parent not in self.folders:
            self.folder(parent)
        self.count += 1
        encoded = name.encode() + b"\0"
        fields = [self.count, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0,
                  len(encoded), 0]
        header = b"070701" + b"".join(b"%08x" % field for field in fields)
        self.file.write(header + encoded + bytes(-(110 + len(encoded)) % 4))
        self.file.write(data + bytes(-len(data) % 4))

    def folder(self, name):
        if name in self.folders:
            return
        parent = os.path.dirname(name)
        if parent:
            self.folder(parent)
        self.folders.add(name)
        self.entry(name, 0o40755)

    def link(self, name, target):
        self.entry(name, 0o120777, target.encode())

    def add(self, name, path):
        with open(path, "rb") as file:
            self.entry(name, 0o100755, file.read())

    def close(self):
        self.entry("TRAILER!!!", 0)
        self.file.close()

    def busybox(self, root):
        program = find(root, r"(usr/)?bin/busybox")
        self.add("bin/busybox", program)
        for applet in run([program, "--list"]).split():
            if applet != "busybox":
                self.link(f"bin/{applet}", "busybox")

    def libraries(self, root, programs):
        """What the programs are linked with, and what xl's threads look for."""
        queue = list(programs)
        libraries = {"libgcc_s.so.1": find(root, r".*/libgcc_s\.so\.1")}
        while queue:
            for name in needed_libraries(queue.pop()):
                if name not in libraries:
                    libraries[name] = os.path.realpath(
                        find(root, ".*/" + re.escape(name)))
                    queue.append(libraries[name])
        for name, library in libraries.items():
            self.add(f"lib/{name}", library)
        self.link("usr/lib/x86_64-linux-gnu", "/lib")
        self.link("lib64/ld-linux-x86-64.so.2", "/lib/ld-linux-x86-64.so.2")

    def modules(self, root, wanted, late=()):
        """The modules, and a list of all but the late ones, in order."""
        modules = module_order(os.path.join(root, "lib/modules"), wanted)
        for module in modules:
            self.add(f"modules/{os.path.basename(module)}", module)
        late = {name + ".ko" for name in late}
        order = "".join(os.path.basename(module) + "\n" for module in modules
                        if os.path.basename(module) not in late)
        self.entry("modules/order", 0o100644, order.encode())
