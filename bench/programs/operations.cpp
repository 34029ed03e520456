// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What an operation costs, in ticks of the processor's counter: "what: ticks".
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <fcntl.h>
#include <mutex>
#include <sched.h>
#include <semaphore.h>
#include <thread>
#include <unistd.h>
#include <vector>
#include <x86intrin.h>

/// `work` does `count` operations; the least of three times counts.
template <typename Work> static void measure(const char *what, int count, Work work) {
  unsigned long long least = ~0ull;
  for (int i = 0; i != 3; ++i) {
    unsigned long long start = __rdtsc();
    work(count);
    unsigned long long taken = __rdtsc() - start;
    least = taken < least ? taken : least;
  }
  std::printf("%s: %.1f\n", what, static_cast<double>(least) / count);
  std::fflush(stdout);
}

static void *volatile sink;

/// Two threads that wait for each other, `count` times.
static void changeTurns(int count) {
  std::mutex mutex;
  std::condition_variable changed;
  bool isOther = false;
  auto play = [&](bool me) {
    std::unique_lock lock(mutex);
    for (int i = 0; i != count / 2; ++i) {
      changed.wait(lock, [&] { return isOther == me; });
      isOther = !me;
      changed.notify_one();
    }
  };
  std::thread other(play, true);
  play(false);
  other.join();
}

static void postEachOther(int count) {
  sem_t mine, others;
  sem_init(&mine, 0, 0);
  sem_init(&others, 0, 0);
  std::thread other([&] {
    for (int i = 0; i != count / 2; ++i) {
      sem_wait(&others);
      sem_post(&mine);
    }
  });
  for (int i = 0; i != count / 2; ++i) {
    sem_post(&others);
    sem_wait(&mine);
  }
  other.join();
}

static void yieldToEachOther(int count) {
  auto play = [&] {
    for (int i = 0; i != count / 2; ++i)
      sched_yield();
  };
  std::thread other(play);
  play();
  other.join();
}

static void writeToEachOther(int count) {
  int there[2], back[2];
  if (pipe(there) || pipe(back))
    std::abort();
  auto pass = [&](int from, int to, bool begins) {
    char byte = 0;
    for (int i = 0; i != count / 2; ++i) {
      if (begins && write(to, &byte, 1) != 1)
        std::abort();
      if (read(from, &byte, 1) != 1)
        std::abort();
      if (!begins && write(to, &byte, 1) != 1)
        std::abort();
    }
  };
  std::thread other(pass, there[0], back[1], false);
  pass(back[0], there[1], true);
  other.join();
  for (int end : {there[0], there[1], back[0], back[1]})
    close(end);
}

int main() {
  int null = open("/dev/null", O_WRONLY), zero = open("/dev/zero", O_RDONLY);
  if (null < 0 || zero < 0)
    return 1;
  measure("write to /dev/null", 20000, [&](int count) {
    for (int i = 0; i != count; ++i)
      if (write(null, "x", 1) != 1)
        std::abort();
  });
  measure("read a page of /dev/zero", 5000, [&](int count) {
    static char page[4096];
    for (int i = 0; i != count; ++i)
      if (read(zero, page, sizeof(page)) != sizeof(page))
        std::abort();
  });
  measure("sched_yield, alone", 20000, [](int count) {
    for (int i = 0; i != count; ++i)
      sched_yield();
  });
  measure("sched_yield, to another thread", 20000, yieldToEachOther);
  measure("semaphore, to another thread", 10000, postEachOther);
  measure("mutex and condition, to another thread", 10000, changeTurns);
  measure("pipe, to another thread", 10000, writeToEachOther);
  measure("thread, made and joined", 500, [](int count) {
    for (int i = 0; i != count; ++i)
      std::thread([] {}).join();
  });
  measure("mutex, free", 100000, [](int count) {
    std::mutex mutex;
    for (int i = 0; i != count; ++i) {
      std::lock_guard lock(mutex);
      sink = &mutex;
    }
  });
  measure("clock_gettime", 20000, [](int count) {
    timespec time;
    for (int i = 0; i != count; ++i)
      clock_gettime(CLOCK_MONOTONIC, &time);
  });
  measure("malloc and free, 64 bytes, none held", 50000, [](int count) {
    for (int i = 0; i != count; ++i) {
      sink = std::malloc(64);
      std::free(sink);
    }
  });
  measure("malloc and free, 1 MiB, none held", 500, [](int count) {
    for (int i = 0; i != count; ++i) {
      sink = std::malloc(1 << 20);
      std::free(sink);
    }
  });
  measure("malloc and free, 16 to 2,048 bytes, 1,000 held", 20000, [](int count) {
    std::vector<void *> held(1000);
    unsigned random = 1;
    for (int i = 0; i != count; ++i) {
      random = random * 1664525 + 1013904223;
      void *&slot = held[(random >> 8) % held.size()];
      std::free(slot);
      slot = std::malloc(16 + (random >> 20) % 2033);
    }
    for (void *slot : held)
      std::free(slot);
  });
  measure("memcpy, 4 KiB", 5000, [](int count) {
    static char from[4096], to[4096];
    for (int i = 0; i != count; ++i) {
      std::memcpy(to, from, sizeof(to));
      asm volatile("" : : : "memory");
    }
  });
  std::puts("done");
}
