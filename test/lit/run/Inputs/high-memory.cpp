// Takes memory until 64 MiB of it lie from 4 GiB on, and tells where it is; or reads
// from an address.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <sys/mman.h>
#include <sys/sysinfo.h>
#include <thread>

constexpr std::uint64_t kHole = 0xfc000000, kHigh = 1ull << 32;
constexpr std::size_t kBlock = 4 << 20;

struct Block {
  Block *before;
  std::uint64_t mark;
};

static void show(const char *path, const char *what) {
  std::FILE *file = std::fopen(path, "r");
  char line[128];
  while (std::fgets(line, sizeof(line), file))
    if (std::strstr(line, what))
      std::fputs(line, stdout);
  std::fclose(file);
}

static Block *take() {
  void *block = mmap(nullptr, kBlock, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return block == MAP_FAILED ? nullptr : static_cast<Block *>(block);
}

static bool isHigh(const Block *block) {
  return reinterpret_cast<std::uint64_t>(block) >= kHigh;
}

/// Takes and marks blocks until 64 MiB of them lie from 4 GiB on.
static Block *fill() {
  Block *last = nullptr;
  unsigned low = 0, hole = 0, high = 0;
  while (high != 64) {
    Block *block = take();
    if (!block || block->mark)
      return nullptr;
    auto at = reinterpret_cast<std::uint64_t>(block);
    (isHigh(block) ? high : at < kHole ? low : hole) += kBlock >> 20;
    *block = {last, at * 3};
    last = block;
  }
  std::printf("%u MiB below, %u in the hole, %u above\n", low, hole, high);
  return last;
}

int main(int argc, char **argv) {
  if (argc > 1)
    return *reinterpret_cast<volatile char *>(std::strtoull(argv[1], nullptr, 16));
  std::thread([] {}).join();
  show("/proc/meminfo", "MemTotal");
  show("/proc/self/maps", "[heap]");
  struct sysinfo information;
  sysinfo(&information);
  std::printf("%lu KiB\n", information.totalram * information.mem_unit >> 10);
  Block *last = fill();
  bool isGood = last;
  for (Block *at = last; at; at = at->before)
    isGood &= at->mark == reinterpret_cast<std::uint64_t>(at) * 3;
  // What is given back joins; the same block comes again.
  Block *before = last->before;
  munmap(last, kBlock);
  Block *again = take();
  isGood &= again == last && !again->mark && before->mark;
  std::puts(isGood ? "all as written, and zero when taken again" : "lost");
}
