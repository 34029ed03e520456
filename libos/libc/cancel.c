// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Cancellation points in a program that calls pthread_cancel(). That sends the
// thread a signal; the handler (musl, src/thread/pthread_cancel.c) finds that it
// did not interrupt musl's own system call, and sends it again, blocked. For the
// library OS a thread that is cancellable is interrupted by that, too, whether it
// waits already or is about to. Compiled against musl's internal headers.
#include "pthread_impl.h"

hidden long __cancel(void);
hidden void ampoule_set_cancellable(int);

/// 0: the thread is to be cancelled here.
int ampoule_begin_cancellable(void) {
  pthread_t self = __pthread_self();
  if (self->canceldisable == PTHREAD_CANCEL_DISABLE)
    return 1;
  ampoule_set_cancellable(1);
  if (!self->cancel)
    return 1;
  ampoule_set_cancellable(0);
  return 0;
}

/// The result of the call, if it ended before it was interrupted.
long ampoule_end_cancellable(long result) {
  pthread_t self = __pthread_self();
  if (self->canceldisable == PTHREAD_CANCEL_DISABLE)
    return result;
  ampoule_set_cancellable(0);
  return result == -EINTR && self->cancel ? __cancel() : result;
}
