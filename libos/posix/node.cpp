// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "libos/posix/node.h"

#include "libos/abi/config.h"
#include "libos/abi/files.h"
#include "libos/memory/memory.h"
#include "libos/memory/objects.h"
#include "libos/posix/mounts.h"
#include "libos/time/time.h"
#include "xen-boot/abi/layout.h"

using namespace ampoule;
using namespace ampoule::posix;

/// The linker's answer: can the program make a file?
extern "C" int __ampoule_live_ampoule_make_node();

constinit Node posix::root = {
    .mode = kDirectory | 0755, .links = 1, .inode = 1, .parent = &root};

namespace {

constexpr unsigned kBuckets = 512;

constinit Name *buckets[kBuckets] = {};
constinit std::uint32_t lastInode = 1, lastCookie = 2;
constinit bool isGrown = false; ///< what every tree has is there

Name *&bucketOf(const Node &directory, const char *text, std::size_t length) {
  std::uint64_t hash = reinterpret_cast<std::uint64_t>(&directory);
  for (std::size_t i = 0; i != length; ++i)
    hash = (hash ^ static_cast<unsigned char>(text[i])) * 0x100000001b3;
  return buckets[(hash ^ hash >> 32) % kBuckets];
}

bool isEqual(const char *a, const char *b, std::size_t length) {
  return __builtin_memcmp(a, b, length) == 0;
}

bool link(Node &directory, const char *text, std::size_t length, bool isOwned,
          Node &node) {
  Name *&bucket = bucketOf(directory, text, length);
  auto *name = memory::make<Name>(
      Name{&node, &directory, nullptr, bucket, text, ++lastCookie,
           static_cast<std::uint16_t>(length), isOwned});
  if (!name)
    return false;
  bucket = name;
  (directory.lastName ? directory.lastName->next : directory.firstName) = name;
  directory.lastName = name;
  ++node.links;
  if (node.isDirectory()) {
    node.self = name;
    node.parent = &directory;
  }
  return true;
}

void freeNode(Node &node) {
  if (isOnDisk(node))
    return freeOnDisk(node);
  if (node.pages)
    memory::release(const_cast<char *>(node.data), node.pages);
  else if (node.isLink() && node.data)
    memory::giveObject(const_cast<char *>(node.data), node.size + 1);
  memory::destroy(&node);
}

/// A directory of the table, which comes after its parents.
Node &parentOf(const char *path, const char *&name) {
  Node *directory = &root;
  name = path + 1;
  for (const char *end = name; *end; ++end)
    if (*end == '/') {
      directory =
          findName(*directory, name, static_cast<std::size_t>(end - name))
              ->node;
      name = end + 1;
    }
  return *directory;
}

Node *plantFolder(const char *name, std::uint32_t mode) {
  Node *node = newNode(mode);
  link(root, name, __builtin_strlen(name), /*isOwned=*/false, *node);
  return node;
}

void plantDevices() {
  static constexpr const char *kNames[] = {
      "null",    "zero", "full",  "random", "urandom",
      "console", "tty",  "stdin", "stdout", "stderr"};
  Node *directory = findName(root, "dev", 3)
                        ? findName(root, "dev", 3)->node
                        : plantFolder("dev", kDirectory | 0755);
  for (const char *name : kNames) {
    char path[16] = "/dev/";
    std::size_t length = __builtin_strlen(name);
    __builtin_memcpy(path + 5, name, length + 1);
    File *device = findDevice(path);
    if (!device)
      continue;
    Node *node = newNode(device->mode);
    node->device = device;
    link(*directory, name, length, /*isOwned=*/false, *node);
  }
  static constexpr char kDisks[] = "xvdaxvdbxvdcxvddxvdexvdfxvdgxvdh";
  for (unsigned i = 0; i < ampoule_config_disks; ++i)
    if (File *device = blockDevice(i)) {
      Node *node = newNode(device->mode);
      node->device = device;
      link(*directory, kDisks + 4 * i, 4, /*isOwned=*/false, *node);
    }
}

/// Where the memory ends this early, no program can run.
void plant() {
  isGrown = true;
  for (const abi::EmbeddedFile *file = ampoule_files; file->path; ++file) {
    if (!file->path[1]) { // the root
      root.isReadOnly = file->isStated;
      continue;
    }
    const char *name;
    Node &directory = parentOf(file->path, name);
    Node *node = newNode(file->isStated ? file->mode : kDirectory | 0755);
    node->isReadOnly = file->isStated;
    node->data = file->data;
    node->size = file->size;
    node->accessed = node->modified = node->changed = {ampoule_files_time, 0};
    link(directory, name, __builtin_strlen(name), /*isOwned=*/false, *node);
  }
  plantDevices();
  if (!findName(root, "tmp", 3))
    plantFolder("tmp", kDirectory | 01777);
  if (hasMounts())
    plantMounts();
}

} // namespace

Node *posix::newNode(std::uint32_t mode) {
  auto *node = memory::make<Node>();
  if (node) {
    node->mode = mode;
    node->inode = ++lastInode;
    node->user = effectiveUser();
    node->group = effectiveGroup();
  }
  return node;
}

std::uint32_t posix::nextInode() { return ++lastInode; }

bool posix::hasNames() {
  if (ampoule_files_count == 0 && !hasMounts() &&
      !__ampoule_live_ampoule_make_node())
    return false;
  if (!isGrown)
    plant();
  return true;
}

Name *posix::findName(const Node &directory, const char *text,
                      std::size_t length) {
  for (Name *name = bucketOf(directory, text, length); name;
       name = name->nextInBucket)
    if (name->directory == &directory && name->length == length &&
        isEqual(name->text, text, length))
      return name;
  return nullptr;
}

bool posix::addName(Node &directory, const char *text, std::size_t length,
                    Node &node) {
  auto *copy = static_cast<char *>(memory::takeObject(length));
  if (!copy)
    return false;
  __builtin_memcpy(copy, text, length);
  if (link(directory, copy, length, /*isOwned=*/true, node)) {
    // FAT keeps no times of directories that change.
    if (!isOnDisk(directory))
      directory.modified = directory.changed = node.changed = currentTime();
    if (isOnDisk(node))
      node.self = directory.lastName;
    return true;
  }
  memory::giveObject(copy, length);
  return false;
}

Node *posix::makeNode(Node &directory, const char *text, std::size_t length,
                      std::uint32_t mode, long &error) {
  if (isOnDisk(directory))
    return makeOnDisk(directory, text, length, mode, error);
  Node *node = ampoule_make_node(directory, text, length, mode);
  error = node ? 0 : -kNoSpace;
  return node;
}

Node *posix::ampoule_make_node(Node &directory, const char *text,
                               std::size_t length, std::uint32_t mode) {
  Node *node = newNode(mode);
  if (!node)
    return nullptr;
  if (!addName(directory, text, length, *node)) {
    freeNode(*node);
    return nullptr;
  }
  node->accessed = node->modified = node->changed;
  return node;
}

Node *posix::ampoule_make_unnamed(std::uint32_t mode) {
  Node *node = newNode(mode);
  if (node)
    node->accessed = node->modified = node->changed = currentTime();
  return node;
}

void posix::removeName(Name &name) {
  Node &directory = *name.directory, &node = *name.node;
  Name *before = nullptr;
  for (Name *at = directory.firstName; at != &name; at = at->next)
    before = at;
  (before ? before->next : directory.firstName) = name.next;
  if (directory.lastName == &name)
    directory.lastName = before;
  Name **at = &bucketOf(directory, name.text, name.length);
  while (*at != &name)
    at = &(*at)->nextInBucket;
  *at = name.nextInBucket;
  if (name.isOwned)
    memory::giveObject(const_cast<char *>(name.text), name.length);
  if (node.self == &name)
    node.self = nullptr;
  memory::destroy(&name);
  if (!isOnDisk(directory))
    directory.modified = directory.changed = node.changed = currentTime();
  if (--node.links == 0 && node.opened == 0)
    freeNode(node);
}

void posix::closeNode(Node &node) {
  if (isOnDisk(node))
    return closeOnDisk(node);
  if (--node.opened == 0 && node.links == 0)
    freeNode(node);
}

long posix::resize(Node &file, std::size_t size) {
  if (isOnDisk(file))
    return resizeOnDisk(file, size);
  constexpr std::size_t kLargest = std::size_t{1} << 40;
  if (size > kLargest)
    return -kFileTooLarge;
  std::size_t pages = (size + abi::kPageSize - 1) / abi::kPageSize;
  auto *data = const_cast<char *>(file.data);
  if (pages > file.pages) {
    // Room to grow, so that a file that grows byte by byte is not copied each
    // time; less of it when memory is short.
    std::size_t ample = pages + file.pages / 2;
    char *end = data + file.pages * abi::kPageSize;
    if (file.pages && memory::take(end, ample - file.pages)) {
      file.pages = ample;
    } else if (file.pages && memory::take(end, pages - file.pages)) {
      file.pages = pages;
    } else if (file.mappings) {
      return -kNoSpace;
    } else {
      auto *moved = static_cast<char *>(memory::allocate(ample));
      if (!moved) {
        ample = pages;
        moved = static_cast<char *>(memory::allocate(ample));
      }
      if (!moved)
        return -kNoSpace;
      if (file.pages) {
        __builtin_memcpy(moved, data, file.size);
        memory::release(data, file.pages);
      }
      file.data = data = moved;
      file.pages = ample;
    }
  }
  if (size < file.size) {
    __builtin_memset(data + size, 0, file.size - size);
    if (pages < file.pages / 2 && !file.mappings) {
      memory::release(data + pages * abi::kPageSize, file.pages - pages);
      file.pages = pages;
      if (pages == 0)
        file.data = nullptr;
    }
  }
  file.size = size;
  return 0;
}

TimeSpec posix::currentTime() {
  std::uint64_t now = time::real();
  return {static_cast<std::int64_t>(now / kNanosecondsPerSecond),
          static_cast<std::int64_t>(now % kNanosecondsPerSecond)};
}
