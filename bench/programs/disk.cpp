// Speed of /dev/xvda, past any cache, and of files below /data, on a FAT file system:
// as a program on Linux and as an image.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <random>
#include <unistd.h>

namespace {

constexpr std::size_t kPart = 256 << 10, kTotal = 16 << 20, kSmall = 4096;
constexpr int kTimes = 300;

double seconds() {
  return std::chrono::duration<double>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

void check(bool isGood) {
  if (isGood)
    return;
  std::perror("disk");
  std::exit(1);
}

template <typename Action> void measure(const char *what, double unit,
                                        Action action) {
  double begin = seconds();
  action();
  std::printf("%s: %.2f\n", what, unit / (seconds() - begin));
}

void measureFile(const char *writes, const char *reads, std::size_t size,
                 std::size_t part) {
  static char bytes[64 << 10];
  int file = open("/data/file", O_RDWR | O_CREAT | O_TRUNC, 0644);
  check(file >= 0);
  double mebibytes = static_cast<double>(size) / (1 << 20);
  measure(writes, mebibytes, [&] {
    for (std::size_t at = 0; at < size; at += part)
      check(write(file, bytes, part) == static_cast<ssize_t>(part));
    check(fsync(file) == 0);
  });
  // Linux has it all in its cache.
  check(posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED) == 0 &&
        lseek(file, 0, SEEK_SET) == 0);
  measure(reads, mebibytes, [&] {
    for (std::size_t at = 0; at < size; at += part)
      check(read(file, bytes, part) == static_cast<ssize_t>(part));
  });
  close(file);
}

} // namespace

int main() {
  int disk = open("/dev/xvda", O_RDWR | O_DIRECT);
  check(disk >= 0);
  auto *buffer = static_cast<char *>(std::aligned_alloc(4096, kPart));
  std::mt19937 random(1);
  auto offset = [&] {
    return static_cast<off_t>(random() % (kTotal / kSmall) * kSmall);
  };
  constexpr double kMiB = kTotal >> 20;
  measure("writes in a row, MiB/s", kMiB, [&] {
    for (std::size_t at = 0; at < kTotal; at += kPart)
      check(pwrite(disk, buffer, kPart, at) == kPart);
    check(fsync(disk) == 0);
  });
  measure("reads in a row, MiB/s", kMiB, [&] {
    for (std::size_t at = 0; at < kTotal; at += kPart)
      check(pread(disk, buffer, kPart, at) == kPart);
  });
  measure("reads of 4 KiB at random, /s", kTimes, [&] {
    for (int i = 0; i < kTimes; ++i)
      check(pread(disk, buffer, kSmall, offset()) == kSmall);
  });
  measure("writes of 4 KiB at random, /s", kTimes, [&] {
    for (int i = 0; i < kTimes; ++i)
      check(pwrite(disk, buffer, kSmall, offset()) == kSmall);
  });
  measure("the same with fsync, /s", kTimes, [&] {
    for (int i = 0; i < kTimes; ++i)
      check(pwrite(disk, buffer, kSmall, offset()) == kSmall &&
            fsync(disk) == 0);
  });
  measureFile("file, writes of 64 KiB and fsync, MiB/s",
              "file, reads of 64 KiB, MiB/s", 8 << 20, 64 << 10);
  measureFile("file, writes of 1 KiB and fsync, MiB/s",
              "file, reads of 1 KiB, MiB/s", 2 << 20, 1 << 10);
  std::puts("done");
}
