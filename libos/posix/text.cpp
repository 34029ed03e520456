// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Files that the library OS itself writes when they are opened: those of musl's
// resolver and of users, unless the tree has others in their place.
#include "libos/posix/text.h"

#include "libos/memory/objects.h"
#include "libos/net/resolver.h"

using namespace ampoule;
using namespace ampoule::posix;

extern "C" {
int __ampoule_live___get_resolv_conf();
int __ampoule_live___getpwent_a();
int __ampoule_live___getgrent_a();
}

namespace {

/// passwd(5) and group(5): who the program is, and who servers become.
constexpr char kUsers[] = "root:x:0:0:root:/:/sbin/nologin\n"
                          "nobody:x:65534:65534:nobody:/:/sbin/nologin\n";
constexpr char kGroups[] = "root:x:0:\nnogroup:x:65534:\n";

/// The text of the file with that path, now; its length. 0: there is none.
std::size_t writeText(const char *path, char (&text)[net::kTextSize]) {
  if (__ampoule_live___getpwent_a() &&
      __builtin_strcmp(path, "/etc/passwd") == 0) {
    __builtin_memcpy(text, kUsers, sizeof(kUsers) - 1);
    return sizeof(kUsers) - 1;
  }
  if (__ampoule_live___getgrent_a() &&
      __builtin_strcmp(path, "/etc/group") == 0) {
    __builtin_memcpy(text, kGroups, sizeof(kGroups) - 1);
    return sizeof(kGroups) - 1;
  }
  return __ampoule_live___get_resolv_conf() ? net::resolverText(path, text) : 0;
}

class TextFile final : public File {
public:
  TextFile() : File(kRegular | 0444, 0, false, kReadOnlyAccess) {}

  long read(char *buffer, std::size_t size) override {
    long count = readAt(buffer, size, offset);
    offset += static_cast<std::size_t>(count);
    return count;
  }
  long write(const char *, std::size_t) override { return -kBadDescriptor; }
  long readAt(char *buffer, std::size_t size, std::uint64_t from) override {
    std::size_t left = from < length ? length - from : 0;
    size = size < left ? size : left;
    __builtin_memcpy(buffer, text + from, size);
    return static_cast<long>(size);
  }
  long seek(std::int64_t distance, long whence) override {
    constexpr long kSet = 0, kCurrent = 1, kEnd = 2; // SEEK_SET, …
    if (whence != kSet && whence != kCurrent && whence != kEnd)
      return -kInvalid;
    std::int64_t to = distance;
    if (whence != kSet)
      to += static_cast<std::int64_t>(whence == kEnd ? length : offset);
    if (to < 0)
      return -kInvalid;
    offset = static_cast<std::size_t>(to);
    return to;
  }
  void release() override { memory::destroy(this); }

  std::size_t length = 0, offset = 0;
  char text[net::kTextSize];
};

} // namespace

bool posix::hasTexts() {
  return __ampoule_live___get_resolv_conf() || __ampoule_live___getpwent_a() ||
         __ampoule_live___getgrent_a();
}

long posix::openText(const char *path, std::uint32_t flags) {
  auto *file = memory::make<TextFile>();
  if (!file)
    return -kOutOfMemory;
  file->length = writeText(path, file->text);
  if (file->length == 0) {
    memory::destroy(file);
    return -kNoEntry;
  }
  if ((flags & kAccessMode) != kReadOnlyAccess) {
    memory::destroy(file);
    return -kReadOnly;
  }
  return install(*file, flags);
}
