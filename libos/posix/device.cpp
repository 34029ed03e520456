// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A few devices can be opened by name, as programs and the C++ library
// (std::random_device) expect of every system.
#include "libos/posix/file.h"

using namespace ampoule::posix;

extern "C" long sys_getrandom(long, long, long, long, long, long);

namespace {

class Null : public File {
public:
  using File::File;
  long read(char *, std::size_t) const override { return 0; }
  long write(const char *, std::size_t size) const override {
    return static_cast<long>(size);
  }
};

class Zero final : public Null {
public:
  using Null::Null;
  long read(char *buffer, std::size_t size) const override {
    __builtin_memset(buffer, 0, size);
    return static_cast<long>(size);
  }
};

class Random final : public Null {
public:
  using Null::Null;
  long read(char *buffer, std::size_t size) const override {
    return sys_getrandom(reinterpret_cast<long>(buffer),
                         static_cast<long>(size), 0, 0, 0, 0);
  }
};

// Device numbers: Linux, Documentation/admin-guide/devices.txt.
constexpr std::uint32_t kMode = kCharacterDevice | 0666;
constinit const Null null(kMode, 1 << 8 | 3, false);
constinit const Zero zero(kMode, 1 << 8 | 5, false);
constinit const Random random(kMode, 1 << 8 | 8, false);

struct Device {
  const char *path;
  const File *file;
};
constinit const Device kDevices[] = {
    {"/dev/null", &null},        {"/dev/zero", &zero},
    {"/dev/random", &random},    {"/dev/urandom", &random},
    {"/dev/console", &terminal}, {"/dev/tty", &terminal},
};

bool isEqual(const char *a, const char *b) {
  while (*a && *a == *b)
    ++a, ++b;
  return *a == *b;
}

} // namespace

const File *ampoule::posix::findDevice(const char *path) {
  for (const Device &device : kDevices)
    if (isEqual(path, device.path))
      return device.file;
  return nullptr;
}
