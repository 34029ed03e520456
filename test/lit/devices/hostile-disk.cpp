// A disk's backend is not trusted. Here the program is the backend of its own
// frontend: it answers requests rightly and wrongly, at random. Whatever it
// writes into the ring, data that came rightly is whole, wrong answers are told
// as such, nobody waits for ever, and no page is lost.
// REQUIRES: xen
// RUN: %cxx -O1 -std=c++23 -w -I%source -D__XEN_INTERFACE_VERSION__=__XEN_LATEST_INTERFACE_VERSION__ -isystem %prefix/guest/xen-include %s -o %t
// RUN: %ampoule run --quiet --dom0 --pv %t | FileCheck --match-full-lines %s
// RUN: %ampoule run --quiet --dom0 --pvh %t | FileCheck --match-full-lines %s
// CHECK:      read 512 bytes: good, whole
// CHECK-NEXT: read 45056 bytes: good, whole
// CHECK-NEXT: write 45056 bytes: good, whole
// CHECK-NEXT: read 45568 bytes, indirect: good, whole
// CHECK-NEXT: write 126976 bytes, indirect: good, whole
// CHECK-NEXT: read with an error: failed
// CHECK-NEXT: an operation that it does not know: failed, refused
// CHECK-NEXT: in another order: good, whole
// CHECK-NEXT: an id beyond all: a lie, failed
// CHECK-NEXT: an id of no request: a lie, failed
// CHECK-NEXT: another operation: a lie, failed
// CHECK-NEXT: the operation of an indirect request: a lie, failed
// CHECK-NEXT: answered twice: a lie
// CHECK-NEXT: more responses than requests: a lie, failed
// CHECK-NEXT: 45056 bytes: 5 under way, then 1 more
// CHECK-NEXT: 126976 bytes: 2 under way, then 1 more
// CHECK-NEXT: most of a request: 45056, 45056, 81920, 126976
// CHECK-NEXT: at random: some reads, some failures, some lies, none wrong
// CHECK-NEXT: pages in use: 0, held: 0
#include "libos/blkfront/requests.h"

#include <cstdio>
#include <cstring>
#include <random>
#include <vector>

using namespace ampoule;
using blkfront::Requests;
using blkfront::Transfer;

static std::mt19937 rng(1);

static char pattern(unsigned i) { return static_cast<char>(i * 7 + i / 251); }

static char *pageOf(std::uint32_t reference) {
  return gnttab::addressOf(reference - abi::kReservedGrants);
}

static Requests requests;
static char buffer[Requests::kMost * abi::kPageSize];

/// The other end of the ring.
struct Backend {
  Backend() {
    requests.connect(0);
    requests.allowIndirect(256);
    ring = reinterpret_cast<blkif_sring_t *>(pageOf(requests.reference()));
  }
  ~Backend() { requests.disconnect(); }

  blkif_request request(unsigned ahead = 0) const {
    return ring->ring[(served + ahead) % 32].req;
  }
  void answer(std::uint64_t id, unsigned operation, int status) {
    ring->ring[served++ % 32].rsp = {id, static_cast<std::uint8_t>(operation),
                                     static_cast<std::int16_t>(status)};
  }
  void show() { ring->rsp_prod = served; }
  /// Does what a request asks for.
  static void serve(const blkif_request &request, bool &isWhole) {
    unsigned operation = request.operation, count = request.nr_segments, at = 0;
    const blkif_request_segment *segments = request.seg;
    blkif_request_indirect indirect;
    std::memcpy(&indirect, &request, sizeof(indirect));
    if (operation == BLKIF_OP_INDIRECT) {
      operation = indirect.indirect_op;
      count = indirect.nr_segments;
      segments = reinterpret_cast<blkif_request_segment *>(
          pageOf(indirect.indirect_grefs[0]));
      isWhole &= indirect.sector_number == 8 && indirect.handle == 0xca00;
    } else {
      isWhole &= request.sector_number == 8 && request.handle == 0xca00;
    }
    for (unsigned i = 0; i < count; ++i) {
      blkif_request_segment segment = segments[i];
      for (unsigned n = segment.first_sect * 512;
           n < (segment.last_sect + 1u) * 512; ++n, ++at)
        if (operation == BLKIF_OP_READ)
          pageOf(segment.gref)[n] = pattern(at);
        else
          isWhole &= pageOf(segment.gref)[n] == pattern(at);
    }
  }

  blkif_sring_t *ring;
  std::uint32_t served = 0;
};

static void begin(Transfer &transfer, unsigned operation, unsigned size,
                  char *at = buffer) {
  for (unsigned i = 0; i < size; ++i)
    at[i] = operation == BLKIF_OP_WRITE ? pattern(i) : 0;
  requests.move(transfer, operation, at, size, 4096, 0xca00);
}

static bool isWhole(unsigned size, const char *at = buffer) {
  for (unsigned i = 0; i < size; ++i)
    if (at[i] != pattern(i))
      return false;
  return true;
}

static const char *outcome(const Transfer &transfer) {
  return transfer.pending ? "waits" : transfer.isGood ? "good" : "failed";
}

static void testRight() {
  Backend backend;
  for (auto [operation, size] : {std::pair{BLKIF_OP_READ, 512u},
                                 {BLKIF_OP_READ, 45056u},
                                 {BLKIF_OP_WRITE, 45056u},
                                 {BLKIF_OP_READ, 45568u},
                                 {BLKIF_OP_WRITE, 126976u}}) {
    Transfer transfer;
    begin(transfer, operation, size);
    blkif_request request = backend.request();
    bool isRight = true;
    backend.serve(request, isRight);
    backend.answer(request.id, operation, BLKIF_RSP_OKAY);
    backend.show();
    const char *told = requests.work() ? outcome(transfer) : "a lie";
    isRight &= isWhole(size);
    std::printf("%s %u bytes%s: %s, %s\n",
                operation == BLKIF_OP_READ ? "read" : "write", size,
                request.operation == BLKIF_OP_INDIRECT ? ", indirect" : "", told,
                isRight ? "whole" : "wrong");
  }
  Transfer transfer;
  begin(transfer, BLKIF_OP_READ, 4096);
  backend.answer(backend.request().id, BLKIF_OP_READ, BLKIF_RSP_ERROR);
  backend.show();
  std::printf("read with an error: %s\n",
              requests.work() ? outcome(transfer) : "a lie");
  Transfer flush;
  blkif_request request = {.operation = BLKIF_OP_FLUSH_DISKCACHE};
  requests.order(flush, request);
  backend.answer(backend.request().id, BLKIF_OP_FLUSH_DISKCACHE,
                 BLKIF_RSP_EOPNOTSUPP);
  backend.show();
  std::printf("an operation that it does not know: %s%s\n",
              requests.work() ? outcome(flush) : "a lie",
              flush.isRefused ? ", refused" : "");
  Transfer both;
  begin(both, BLKIF_OP_READ, 8192);
  begin(both, BLKIF_OP_READ, 4608, buffer + 8192);
  blkif_request first = backend.request(), second = backend.request(1);
  bool ignored = true;
  backend.serve(first, ignored);
  backend.serve(second, ignored);
  backend.answer(second.id, BLKIF_OP_READ, BLKIF_RSP_OKAY);
  backend.answer(first.id, BLKIF_OP_READ, BLKIF_RSP_OKAY);
  backend.show();
  std::printf("in another order: %s, %s\n",
              requests.work() ? outcome(both) : "a lie",
              isWhole(8192) && isWhole(4608, buffer + 8192) ? "whole" : "wrong");
}

template <typename Lie> static void testLie(const char *what, Lie lie) {
  Transfer transfer;
  const char *told;
  {
    Backend backend;
    begin(transfer, BLKIF_OP_READ, 4096);
    lie(backend, backend.request());
    backend.show();
    told = requests.work() ? "believed" : "a lie";
  }
  std::printf("%s: %s, %s\n", what, told, outcome(transfer));
}

static void testLies() {
  testLie("an id beyond all", [](Backend &backend, blkif_request) {
    backend.answer(1ull << 40 | 32, BLKIF_OP_READ, BLKIF_RSP_OKAY);
  });
  testLie("an id of no request", [](Backend &backend, blkif_request request) {
    backend.answer(request.id + 1, BLKIF_OP_READ, BLKIF_RSP_OKAY);
  });
  testLie("another operation", [](Backend &backend, blkif_request request) {
    backend.answer(request.id, BLKIF_OP_WRITE, BLKIF_RSP_OKAY);
  });
  {
    Backend backend;
    Transfer transfer;
    begin(transfer, BLKIF_OP_READ, sizeof(buffer));
    blkif_request request = backend.request();
    backend.answer(request.id, request.operation, BLKIF_RSP_OKAY);
    backend.show();
    std::printf("the operation of an indirect request: %s",
                requests.work() ? "believed" : "a lie");
    requests.disconnect();
    std::printf(", %s\n", outcome(transfer));
  }
  {
    Backend backend;
    Transfer transfer, other;
    begin(transfer, BLKIF_OP_READ, 512);
    begin(other, BLKIF_OP_READ, 512, buffer + 512);
    blkif_request request = backend.request();
    backend.answer(request.id, BLKIF_OP_READ, BLKIF_RSP_OKAY);
    backend.answer(request.id, BLKIF_OP_READ, BLKIF_RSP_OKAY);
    backend.show();
    std::printf("answered twice: %s\n",
                requests.work() ? "believed" : "a lie");
  }
  testLie("more responses than requests",
          [](Backend &backend, blkif_request) { backend.served += 2; });
}

static void testRoom(unsigned size) {
  Backend backend;
  Transfer transfer;
  unsigned count = 0;
  for (; requests.hasRoom(size); ++count)
    begin(transfer, BLKIF_OP_READ, size);
  backend.answer(backend.request().id, BLKIF_OP_READ, BLKIF_RSP_OKAY);
  backend.show();
  bool isTrue = requests.work();
  unsigned more = 0;
  for (; requests.hasRoom(size); ++more)
    begin(transfer, BLKIF_OP_READ, size);
  std::printf("%u bytes: %u under way, then %u more%s\n", size, count, more,
              isTrue ? "" : ", a lie");
}

static void testMost() {
  Backend backend;
  std::printf("most of a request:");
  for (std::uint64_t segments : {0ull, 8ull, 20ull, ~0ull}) {
    requests.allowIndirect(segments);
    std::printf("%s %zu", segments ? "," : "", requests.mostBytes());
  }
  std::puts("");
}

static void testAtRandom() {
  unsigned reads = 0, failures = 0, lies = 0, wrong = 0;
  for (unsigned round = 0; round < 300; ++round) {
    Backend backend;
    for (unsigned i = 0; i < 60; ++i) {
      Transfer transfer;
      unsigned size = 512 * (1 + rng() % 248);
      begin(transfer, BLKIF_OP_READ, size);
      blkif_request request = backend.request();
      bool ignored = true, isRight = false;
      switch (rng() % 24) {
      case 0: // all of an entry, and how many there are
        for (unsigned n = 0; n < sizeof(blkif_request); ++n)
          reinterpret_cast<char *>(&backend.ring->ring[backend.served % 32])[n] =
              static_cast<char>(rng());
        backend.served += rng() % 3;
        break;
      case 1:
        backend.answer(rng() % 40, rng() % 8, static_cast<short>(rng()));
        break;
      case 2:
        backend.answer(request.id, BLKIF_OP_READ, -1 - rng() % 30000);
        break;
      default:
        backend.serve(request, ignored);
        backend.answer(request.id, BLKIF_OP_READ, BLKIF_RSP_OKAY);
        isRight = true;
      }
      backend.show();
      bool isTrue = requests.work();
      if (isRight)
        wrong += !isTrue || transfer.pending || !isWhole(size);
      reads += isRight;
      failures += isTrue && !transfer.isGood;
      lies += !isTrue;
      if (!isTrue || transfer.pending) {
        requests.disconnect();
        wrong += transfer.pending != 0 || transfer.isGood;
        break;
      }
    }
  }
  std::printf("at random: %s reads, %s failures, %s lies, %s wrong\n",
              reads ? "some" : "no", failures ? "some" : "no",
              lies ? "some" : "no", wrong ? "some" : "none");
}

int main() {
  testRight();
  testLies();
  testRoom(45056);
  testRoom(sizeof(buffer));
  testMost();
  testAtRandom();
  gnttab::Usage usage = gnttab::usage();
  std::printf("pages in use: %u, held: %u\n", usage.taken, usage.held);
}
