// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "libos/posix/mounts.h"

#include "libos/console/line.h"
#include "libos/fat/volume.h"
#include "libos/memory/objects.h"
#include "libos/threads/mutex.h"
#include "xen-boot/abi/layout.h"

using namespace ampoule;
using namespace ampoule::posix;

namespace {

struct Mount {
  fat::Volume volume;
  unsigned disk = 0;
  bool isTold = false; ///< that it cannot be mounted
};

struct DiskNode : Node {
  Mount *mount = nullptr;
  FatEntry entry = {}; ///< without its name
  FIL *file = nullptr; ///< of a file in use, for all that have it open
  bool isRoot = false;
  bool isGone = false; ///< it has no name any more
  DiskNode *before = nullptr, *after = nullptr; ///< of all
};

constinit Mount mounts[detail::kMostDisks] = {};
constinit DiskNode *newest = nullptr;
/// So many are kept, if they are not in use, before they are looked through.
constexpr unsigned kKept = 256;
constinit unsigned nodes = 0, limit = kKept;

constinit threads::Mutex mutex;
constinit threads::Thread *owner = nullptr;
constinit unsigned depth = 0;

DiskNode &onDisk(Node &node) { return static_cast<DiskNode &>(node); }
FATFS *systemOf(DiskNode &node) { return node.mount->volume.system; }

long failed(FRESULT result) { return -fat::errnoOf(result); }

std::uint32_t fatTime(const TimeSpec &time) {
  return fat::fromTime(time.seconds);
}

DiskNode *newDiskNode(Mount &mount, std::uint32_t mode) {
  auto *node = memory::make<DiskNode>();
  if (!node)
    return nullptr;
  node->isOnDisk = true;
  node->mount = &mount;
  node->mode = mode;
  node->inode = nextInode();
  node->after = newest;
  if (newest)
    newest->before = node;
  newest = node;
  ++nodes;
  return node;
}

/// What the disk says of a node.
void take(DiskNode &node, const FatEntry &entry) {
  bool isDirectory = entry.attributes & AM_DIR;
  std::uint32_t rights = isDirectory ? 0755 : 0644;
  if (entry.attributes & AM_RDO)
    rights &= ~0222u;
  __builtin_memcpy(&node.entry, &entry, offsetof(FatEntry, name));
  node.mode = (isDirectory ? kDirectory : kRegular) | rights;
  node.size = isDirectory ? 0 : entry.size;
  node.modified = {fat::toTime(entry.modified), 0};
  node.accessed = node.changed = node.modified;
  node.isReadOnly = node.mount->volume.isReadOnly();
}

/// FatFs wants an end, and takes '\\' for a slash. Inside of it names are UTF-8.
bool copyName(char (&to)[kMaxName + 1], const char *text, std::size_t length) {
  if (length > kMaxName)
    return false;
  for (std::size_t i = 0; i != length; ++i)
    if (to[i] = text[i]; text[i] == '\\' || static_cast<unsigned char>(text[i]) < ' ')
      return false;
  to[length] = 0;
  return true;
}

/// The text of a name with an end.
struct Text {
  explicit Text(const Name &name) {
    __builtin_memcpy(text, name.text, name.length);
    text[name.length] = 0;
  }
  char text[kMaxName + 1];
};

FatDirectory directoryOf(Node &node) { return onDisk(node).entry.cluster; }

/// The FatFs file of a node; null: no memory.
FIL *openedFile(DiskNode &node) {
  if (node.file) {
    if (node.file->err)
      fat_retry(node.file);
    return node.file;
  }
  node.file = static_cast<FIL *>(memory::takeBytes(sizeof(FIL)));
  if (node.file)
    fat_open(systemOf(node), &node.entry,
             node.isReadOnly ? FA_READ : FA_READ | FA_WRITE, node.file);
  return node.file;
}

void notice(DiskNode &node) {
  node.size = node.entry.size = node.file->obj.objsize;
  node.entry.cluster = node.file->obj.sclust;
}

long save(DiskNode &node) {
  if (!node.file || node.isReadOnly)
    return 0;
  return failed(node.isGone
                    ? fat_save_unnamed(node.file)
                    : fat_save(node.file, fatTime(node.modified)));
}

/// Nobody has the file open any more, or nobody ever had.
long closeFile(DiskNode &node) {
  long result = 0;
  if (node.file) {
    result = node.isGone ? 0 : save(node);
    notice(node);
    memory::giveBytes(node.file, sizeof(FIL));
    node.file = nullptr;
  }
  if (node.isGone) {
    result = failed(fat_release(systemOf(node), node.entry.cluster));
    if (!result && !node.mount->volume.store())
      result = failed(FR_DISK_ERR);
    node.entry.cluster = node.entry.size = 0;
  }
  return result;
}

/// Nodes that nothing refers to; whoever holds the disks next can have none.
void sweep() {
  for (DiskNode *node = newest; node;) {
    DiskNode *next = node->after;
    if (!node->isRoot && node->opened == 0 && !node->firstName && node->self) {
      removeName(*node->self);
      next = newest == node ? newest : next;
    }
    node = next;
  }
  limit = nodes + kKept;
}

/// What had the name has none on the disk any more; if it is open it stays until it
/// is closed.
void loseName(Name &name) {
  DiskNode &node = onDisk(*name.node);
  node.isGone = true;
  ++node.opened;
  removeName(name);
  closeOnDisk(node);
}

/// Puts bytes into a file, at the pointer.
long put(FIL &file, const char *buffer, std::size_t size) {
  constexpr std::size_t kMost = 1u << 30;
  UINT done = 0;
  FRESULT result = f_write(&file, buffer,
                           static_cast<UINT>(size < kMost ? size : kMost),
                           &done);
  return result ? failed(result) : done;
}

/// Zeros from the end on.
long grow(FIL &file, std::uint64_t size) {
  static constexpr char kZeros[abi::kPageSize] = {};
  std::uint32_t old = file.obj.objsize;
  FRESULT result = f_lseek(&file, old);
  while (!result && file.obj.objsize < size) {
    std::uint64_t part = size - file.obj.objsize;
    if (part > sizeof(kZeros) - file.fptr % sizeof(kZeros))
      part = sizeof(kZeros) - file.fptr % sizeof(kZeros);
    long done = put(file, kZeros, part);
    if (done == static_cast<long>(part))
      continue;
    if (f_lseek(&file, old) == FR_OK)
      fat_cut(&file, 0, /*has_entry=*/0);
    return done < 0 ? done : -kNoSpace;
  }
  return failed(result);
}

constexpr std::uint64_t kLargestFile = 0xffffffff;

} // namespace

void posix::lockDisks() {
  threads::Thread *self = &threads::self();
  if (owner != self) {
    mutex.lock();
    owner = self;
    if (nodes > limit)
      sweep();
  }
  ++depth;
}

void posix::unlockDisks() {
  if (--depth)
    return;
  owner = nullptr;
  mutex.unlock();
}

void posix::plantMounts() {
  const char *text = ampoule_config_mount;
  while (*text) { // xvda:/data,…: the linker has checked it
    unsigned disk = static_cast<unsigned>(text[3] - 'a');
    text += 5;
    Node *directory = &root;
    Mount &mount = mounts[disk];
    mount.disk = disk;
    while (*text == '/') {
      const char *part = ++text;
      while (*text && *text != '/' && *text != ',')
        ++text;
      auto length = static_cast<std::size_t>(text - part);
      Name *name = findName(*directory, part, length);
      if (name) {
        directory = name->node;
        continue;
      }
      bool isLast = *text != '/';
      Node *node = isLast ? newDiskNode(mount, kDirectory | 0755)
                          : newNode(kDirectory | 0755);
      if (isLast)
        onDisk(*node).isRoot = true;
      addName(*directory, part, length, *node);
      directory = node;
    }
    text += *text == ',';
  }
}

long posix::ampoule_enter_mount(Node &node) {
  DiskNode &own = onDisk(node);
  Mount &mount = *own.mount;
  if (mount.volume.isMounted())
    return 0;
  long error = mount.volume.mount(mount.disk);
  if (!error) {
    own.isReadOnly = mount.volume.isReadOnly();
    return 0;
  }
  if (!mount.isTold && console::says(LogLevel::Warning)) {
    char disk[] = "xvda";
    disk[3] = static_cast<char>(disk[3] + mount.disk);
    console::Line() << "ampoule: cannot mount " << disk << ": "
                    << (error == kNoDevice ? "it has no FAT file system"
                        : error == kNoDeviceOrAddress
                            ? "the domain does not have it"
                            : "it cannot be read");
  }
  mount.isTold = true;
  return -error;
}

Name *posix::findOnDisk(Node &directory, const char *text, std::size_t length,
                        long &error) {
  DiskNode &parent = onDisk(directory);
  char wanted[kMaxName + 1];
  error = 0;
  if (parent.isGone)
    return nullptr;
  if (!copyName(wanted, text, length)) {
    error = -kInvalid;
    return nullptr;
  }
  FatEntry entry;
  FRESULT result =
      fat_find(systemOf(parent), directoryOf(parent), wanted, &entry);
  if (result == FR_NO_FILE)
    return nullptr;
  error = failed(result);
  if (error)
    return nullptr;
  std::size_t found = __builtin_strlen(entry.name);
  if (Name *name = findName(directory, entry.name, found))
    return name;
  DiskNode *node = newDiskNode(*parent.mount, 0);
  if (node)
    take(*node, entry);
  if (!node || !addName(directory, entry.name, found, *node)) {
    if (node)
      freeOnDisk(*node);
    error = -kOutOfMemory;
    return nullptr;
  }
  return node->self;
}

Node *posix::makeOnDisk(Node &directory, const char *text, std::size_t length,
                        std::uint32_t mode, long &error) {
  bool isDirectory = (mode & kTypeMask) == kDirectory;
  char name[kMaxName + 1];
  error = -kNotPermitted; // a link, or the name of a socket
  if (!isDirectory && (mode & kTypeMask) != kRegular)
    return nullptr;
  error = -kInvalid;
  if (!copyName(name, text, length))
    return nullptr;
  DiskNode &parent = onDisk(directory);
  error = failed(
      fat_make(systemOf(parent), directoryOf(parent), name, isDirectory));
  if (error)
    return nullptr;
  Name *made = findOnDisk(directory, text, length, error);
  return made ? made->node : nullptr;
}

long posix::removeOnDisk(Name &name) {
  DiskNode &node = onDisk(*name.node), &parent = onDisk(*name.directory);
  if (node.isRoot)
    return -kBusy;
  FATFS *system = systemOf(node);
  if (node.isDirectory())
    if (FRESULT result = fat_check_empty(system, node.entry.cluster))
      return result == FR_DENIED ? -kNotEmpty : failed(result);
  FRESULT result =
      fat_remove(system, directoryOf(parent), Text(name).text);
  if (result)
    return failed(result);
  loseName(name);
  return 0;
}

long posix::renameOnDisk(Name &old, Node &directory, const char *text,
                         std::size_t length, Name *replaced) {
  DiskNode &node = onDisk(*old.node);
  if (node.isRoot || (replaced && onDisk(*replaced->node).isRoot))
    return -kBusy;
  if (!isOnDisk(directory) || onDisk(directory).mount != node.mount)
    return -kOtherDevice;
  char wanted[kMaxName + 1];
  if (!copyName(wanted, text, length))
    return -kInvalid;
  if (node.isDirectory() && replaced) {
    if (long error = removeOnDisk(*replaced))
      return error;
    replaced = nullptr;
  }
  // What its entry says is to be right.
  if (long error = save(node))
    return error;
  FATFS *system = systemOf(node);
  FatDirectory from = directoryOf(*old.directory), to = directoryOf(directory);
  FRESULT result = replaced ? fat_replace(system, from, Text(old).text, to,
                                          Text(*replaced).text)
                            : fat_rename(system, from, Text(old).text, to,
                                         wanted);
  if (result)
    return failed(result);
  if (replaced)
    loseName(*replaced);
  FatEntry entry;
  result = fat_find(system, to, wanted, &entry);
  if (result)
    return failed(result);
  node.entry.sector = entry.sector;
  node.entry.offset = entry.offset;
  if (node.file)
    fat_move(node.file, &node.entry);
  if (!addName(directory, entry.name, __builtin_strlen(entry.name), node))
    return -kOutOfMemory;
  removeName(old);
  return 0;
}

long posix::readOnDisk(Node &node, char *buffer, std::size_t size,
                       std::uint64_t from) {
  HoldingDisks held;
  FIL *file = openedFile(onDisk(node));
  if (!file)
    return -kOutOfMemory;
  if (from >= file->obj.objsize)
    return 0;
  UINT done = 0;
  FRESULT result = f_lseek(file, static_cast<FSIZE_t>(from));
  if (!result)
    result = f_read(file, buffer,
                    static_cast<UINT>(size < kLargestFile ? size : kLargestFile),
                    &done);
  return result ? failed(result) : done;
}

long posix::writeOnDisk(Node &node, const char *buffer, std::size_t size,
                        std::uint64_t from) {
  HoldingDisks held;
  DiskNode &own = onDisk(node);
  FIL *file = openedFile(own);
  if (!file)
    return -kOutOfMemory;
  if (from >= kLargestFile)
    return -kFileTooLarge;
  long done = from > file->obj.objsize ? grow(*file, from) : 0;
  if (!done)
    done = failed(f_lseek(file, static_cast<FSIZE_t>(from)));
  if (!done)
    done = put(*file, buffer, size);
  node.modified = node.changed = currentTime();
  notice(own);
  return done ? done : -kNoSpace;
}

long posix::resizeOnDisk(Node &node, std::uint64_t size) {
  HoldingDisks held;
  DiskNode &own = onDisk(node);
  FIL *file = openedFile(own);
  if (!file)
    return -kOutOfMemory;
  if (size > kLargestFile)
    return -kFileTooLarge;
  node.modified = node.changed = currentTime();
  long error;
  if (size > file->obj.objsize) {
    error = grow(*file, size);
  } else {
    error = failed(f_lseek(file, static_cast<FSIZE_t>(size)));
    if (!error)
      error = failed(fat_cut(file, fatTime(node.modified), !own.isGone));
  }
  notice(own);
  if (node.opened == 0)
    if (long closing = closeFile(own); closing && !error)
      error = closing;
  return error;
}

long posix::storeOnDisk(Node &node) {
  HoldingDisks held;
  DiskNode &own = onDisk(node);
  if (own.isRoot || own.isGone)
    return 0;
  bool isReadOnly = !(node.mode & 0222);
  own.entry.attributes = static_cast<BYTE>(
      (own.entry.attributes & ~AM_RDO) | (isReadOnly ? AM_RDO : 0));
  own.entry.modified = fatTime(node.modified);
  // FAT has no more than that.
  node.mode = (node.mode & kTypeMask) |
              ((node.isDirectory() ? 0755u : 0644u) & ~(isReadOnly ? 0222u : 0));
  return failed(fat_store(systemOf(own), &own.entry));
}

long posix::syncOnDisk(Node &node) {
  HoldingDisks held;
  DiskNode &own = onDisk(node);
  if (own.isReadOnly || !own.mount->volume.isMounted())
    return 0;
  if (own.file)
    return save(own);
  return own.mount->volume.flush() ? 0 : failed(FR_DISK_ERR);
}

long posix::syncDisks() {
  HoldingDisks held;
  long result = 0;
  for (DiskNode *node = newest; node; node = node->after)
    if (long error = node->file ? save(*node) : 0)
      result = error;
  for (Mount &mount : mounts)
    if (mount.volume.isMounted() && !mount.volume.isReadOnly() &&
        !mount.volume.flush())
      result = failed(FR_DISK_ERR);
  return result;
}

void posix::endDisks() {
  HoldingDisks held;
  for (DiskNode *node = newest; node; node = node->after)
    if (node->isGone)
      closeFile(*node);
  syncDisks();
}

void posix::closeOnDisk(Node &node) {
  HoldingDisks held;
  if (--node.opened)
    return;
  closeFile(onDisk(node));
  if (node.links == 0)
    freeOnDisk(node);
}

void posix::freeOnDisk(Node &node) {
  DiskNode &own = onDisk(node);
  (own.before ? own.before->after : newest) = own.after;
  if (own.after)
    own.after->before = own.before;
  --nodes;
  memory::destroy(&own);
}

bool posix::listOnDisk(Node &directory, std::uint32_t from, DiskEntry &entry) {
  DiskNode &own = onDisk(directory);
  FatEntry found;
  if (own.isGone ||
      fat_next(systemOf(own), directoryOf(own), from, &found) != FR_OK)
    return false;
  entry.mode = found.attributes & AM_DIR ? kDirectory : kRegular;
  entry.next = found.next;
  __builtin_memcpy(entry.name, found.name, sizeof(entry.name));
  return true;
}

std::uint32_t posix::deviceOf(const Node &node) {
  return 202u << 8 |
         static_cast<const DiskNode &>(node).mount->disk * 16;
}

long posix::measureDisk(Node &node, DiskSpace &space) {
  HoldingDisks held;
  FATFS *system = systemOf(onDisk(node));
  DWORD free = 0;
  if (FRESULT result = f_getfree(system, &free))
    return failed(result);
  space.blockSize = system->csize * onDisk(node).mount->volume.sectorSize();
  space.blocks = system->n_fatent - 2;
  space.free = free;
  return 0;
}
