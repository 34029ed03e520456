/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 * What arc4random.c asks of a system. Its callers are system calls, which are not
 * interrupted by each other, and there is no fork. */
#define _ARC4_LOCK()
#define _ARC4_UNLOCK()

_Noreturn void ampoule_no_entropy(void);
static inline void _getentropy_fail(void) { ampoule_no_entropy(); }

static inline void _rs_forkdetect(void) {}

static inline int _rs_allocate(struct _rs **state, struct _rsx **stream) {
  static struct _rs theState;
  static struct _rsx theStream;
  *state = &theState;
  *stream = &theStream;
  return 0;
}
