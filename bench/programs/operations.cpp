// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What an operation costs, in ticks of the processor's counter: "what: ticks".
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <fcntl.h>
#include <mutex>
#include <netinet/in.h>
#include <sched.h>
#include <semaphore.h>
#include <sys/socket.h>
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

static void check(bool isGood) {
  if (!isGood)
    std::abort();
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
  check(!pipe(there) && !pipe(back));
  auto pass = [&](int from, int to, bool begins) {
    char byte = 0;
    for (int i = 0; i != count / 2; ++i) {
      check((!begins || write(to, &byte, 1) == 1) && read(from, &byte, 1) == 1 &&
            (begins || write(to, &byte, 1) == 1));
    }
  };
  std::thread other(pass, there[0], back[1], false);
  pass(back[0], there[1], true);
  other.join();
  for (int end : {there[0], there[1], back[0], back[1]})
    close(end);
}

/// A socket that is bound to a port of 127.0.0.1; listening, if it is a stream.
static int serve(int type, sockaddr_in &address) {
  socklen_t size = sizeof(address);
  int s = socket(AF_INET, type, 0);
  address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
  check(s >= 0 && !bind(s, reinterpret_cast<sockaddr *>(&address), size) &&
        !getsockname(s, reinterpret_cast<sockaddr *>(&address), &size) &&
        (type != SOCK_STREAM || !listen(s, 5)));
  return s;
}

static int connectTo(int type, const sockaddr_in &address) {
  int s = socket(AF_INET, type, 0);
  check(s >= 0 &&
        !connect(s, reinterpret_cast<const sockaddr *>(&address), sizeof(address)));
  return s;
}

template <typename Move> static void transfer(std::size_t size, Move move) {
  while (size) {
    ssize_t moved = move(size);
    check(moved > 0);
    size -= static_cast<std::size_t>(moved);
  }
}
static void send(int s, std::size_t size) {
  static const char bytes[64 << 10] = {};
  transfer(size, [&](std::size_t left) {
    return write(s, bytes, left < sizeof(bytes) ? left : sizeof(bytes));
  });
}
static void receive(int s, std::size_t size) {
  static char bytes[64 << 10];
  transfer(size, [&](std::size_t left) {
    return read(s, bytes, left < sizeof(bytes) ? left : sizeof(bytes));
  });
}

/// So many connections to a thread, with so many requests each, which it answers.
static void converse(int connections, int requests, std::size_t request,
                     std::size_t response) {
  sockaddr_in address;
  int listener = serve(SOCK_STREAM, address);
  std::thread server([&] {
    for (int i = 0; i != connections; ++i) {
      int s = accept(listener, nullptr, nullptr);
      for (int j = 0; j != requests; ++j) {
        receive(s, request);
        send(s, response);
      }
      close(s);
    }
  });
  for (int i = 0; i != connections; ++i) {
    int client = connectTo(SOCK_STREAM, address);
    for (int j = 0; j != requests; ++j) {
      send(client, request);
      receive(client, response);
    }
    close(client);
  }
  server.join();
  close(listener);
}

static void query(int count) {
  constexpr std::size_t kQuery = 100;
  sockaddr_in address;
  int s = serve(SOCK_DGRAM, address);
  std::thread server([&] {
    char text[kQuery];
    for (int i = 0; i != count; ++i) {
      sockaddr_in from;
      socklen_t size = sizeof(from);
      auto *whom = reinterpret_cast<sockaddr *>(&from);
      check(recvfrom(s, text, sizeof(text), 0, whom, &size) == kQuery &&
            sendto(s, text, kQuery, 0, whom, size) == kQuery);
    }
  });
  int client = connectTo(SOCK_DGRAM, address);
  for (int i = 0; i != count; ++i) {
    send(client, kQuery);
    receive(client, kQuery);
  }
  server.join();
  close(client);
  close(s);
}

int main() {
  int null = open("/dev/null", O_WRONLY), zero = open("/dev/zero", O_RDONLY);
  if (null < 0 || zero < 0)
    return 1;
  measure("write to /dev/null", 20000, [&](int count) {
    for (int i = 0; i != count; ++i)
      check(write(null, "x", 1) == 1);
  });
  measure("read a page of /dev/zero", 5000, [&](int count) {
    static char page[4096];
    for (int i = 0; i != count; ++i)
      check(read(zero, page, sizeof(page)) == sizeof(page));
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
  measure("TCP, 100 bytes and 1,000 back", 2000,
          [](int count) { converse(1, count, 100, 1000); });
  measure("the same with a connection for each", 500,
          [](int count) { converse(count, 1, 100, 1000); });
  measure("UDP, 100 bytes and as many back", 2000, query);
  measure("TCP, 64 KiB one way", 100,
          [](int count) { converse(1, count, 64 << 10, 0); });
  measure("memcpy, 4 KiB", 5000, [](int count) {
    static char from[4096], to[4096];
    for (int i = 0; i != count; ++i) {
      std::memcpy(to, from, sizeof(to));
      asm volatile("" : : : "memory");
    }
  });
  std::puts("done");
}
