// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A few devices can be opened by name, as programs and the C++ library
// (std::random_device) expect of every system.
#include "libos/abi/config.h"
#include "libos/posix/file.h"

using namespace ampoule::posix;

extern "C" long sys_getrandom(long, long, long, long, long, long);

namespace {

class Null : public File {
public:
  using File::File;
  long read(char *, std::size_t) override { return 0; }
  long write(const char *, std::size_t size) override {
    return static_cast<long>(size);
  }
};

class Zero : public Null {
public:
  using Null::Null;
  long read(char *buffer, std::size_t size) override {
    __builtin_memset(buffer, 0, size);
    return static_cast<long>(size);
  }
};

class Full final : public Zero {
public:
  using Zero::Zero;
  long write(const char *, std::size_t) override { return -kNoSpace; }
};

class Random final : public Null {
public:
  using Null::Null;
  long read(char *buffer, std::size_t size) override {
    return sys_getrandom(reinterpret_cast<long>(buffer),
                         static_cast<long>(size), 0, 0, 0, 0);
  }
};

// Device numbers: Linux, Documentation/admin-guide/devices.txt.
constexpr std::uint32_t kMode = kCharacterDevice | 0666;
constinit Null null(kMode, 1 << 8 | 3, false);
constinit Zero zero(kMode, 1 << 8 | 5, false);
constinit Full full(kMode, 1 << 8 | 7, false);
constinit Random random(kMode, 1 << 8 | 8, false);

struct Device {
  const char *path;
  File *file;
};
constinit const Device kDevices[] = {
    {"/dev/null", &null},        {"/dev/zero", &zero},
    {"/dev/full", &full},
    {"/dev/random", &random},    {"/dev/urandom", &random},
    {"/dev/console", &terminal}, {"/dev/tty", &terminal},
    {"/dev/stdin", &terminal},   {"/dev/stdout", &terminal},
    {"/dev/stderr", &terminal},
};

bool isEqual(const char *a, const char *b) {
  while (*a && *a == *b)
    ++a, ++b;
  return *a == *b;
}

} // namespace

File *ampoule::posix::findDevice(const char *path) {
  for (const Device &device : kDevices)
    if (isEqual(path, device.path))
      return device.file;
  constexpr char kDisk[] = "/dev/xvd";
  constexpr std::size_t kLength = sizeof(kDisk) - 1;
  if (ampoule_config_disks && __builtin_strncmp(path, kDisk, kLength) == 0 &&
      path[kLength] >= 'a' && path[kLength + 1] == 0)
    return blockDevice(static_cast<unsigned>(path[kLength] - 'a'));
  return nullptr;
}
