// REQUIRES: direct
// RUN: rm -rf %t && mkdir %t && cd %t && sh %S/Inputs/compare.sh %cc "%direct" %s 60
#include "try.h"
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

static int readiness(int fd) {
  struct pollfd one = {fd, POLLIN | POLLOUT, 0};
  return poll(&one, 1, 0) < 0 ? -1 : one.revents;
}

/// Opens, says something, and is gone before the other side has its turn.
static void *writeOnce(void *name) {
  int fd = open(name, O_WRONLY);
  write(fd, "hello", 5);
  close(fd);
  return NULL;
}

static void *readAll(void *name) {
  char buffer[64];
  int fd = open(name, O_RDONLY);
  long total = 0, count;
  while ((count = read(fd, buffer, sizeof(buffer))) > 0)
    total += count;
  close(fd);
  return (void *)total;
}

static void *touch(void *name) {
  close(open(name, O_WRONLY));
  return NULL;
}

static void onSignal(int signal) { (void)signal; }

static void *interrupt(void *thread) {
  usleep(100000);
  pthread_kill(*(pthread_t *)thread, SIGUSR1);
  return NULL;
}

int main(void) {
  struct stat about;
  char buffer[64];
  pthread_t thread;
  void *result;
  signal(SIGPIPE, SIG_IGN);
  umask(022);

  // The name.
  TRY(mkfifo("fifo", 0666));
  TRY(mkfifo("fifo", 0666));
  TRY(mkfifo("none/fifo", 0666));
  TRY(mkfifo("slash/", 0666));
  TRY(mkfifoat(AT_FDCWD, "other", 0600));
  TRY(mknod("file", 0644, 0));
  TRY(mknod("socket", S_IFSOCK | 0600, 0));
  TRY(mknod("directory", S_IFDIR | 0700, 0));
  TRY(mknod("nothing", 0030000 | 0700, 0));
  TRY(stat("fifo", &about));
  TRY(about.st_mode);
  TRY(about.st_nlink);
  TRY(about.st_size);
  TRY(stat("file", &about));
  TRY(about.st_mode);
  TRY(stat("socket", &about));
  TRY(about.st_mode);
  TRY(open("socket", O_RDONLY));
  TRY(open("fifo", O_RDONLY | O_DIRECTORY));
  TRY(truncate("fifo", 0));
  TRY(chdir("fifo"));
  TRY(open("fifo/x", O_RDONLY));
  TRY(link("fifo", "second"));
  TRY(rename("second", "third"));
  TRY(chmod("third", 0640));

  // Without waiting.
  int in, out, both, late;
  TRY(open("fifo", O_WRONLY | O_NONBLOCK));
  TRY((in = open("third", O_RDONLY | O_NONBLOCK)) >= 0);
  TRY(readiness(in));
  TRY(read(in, buffer, 1));
  TRY((out = open("fifo", O_WRONLY | O_NONBLOCK)) >= 0);
  TRY(read(in, buffer, 1));
  TRY(write(out, "12345", 5));
  TRY(readiness(in));
  TRY(readiness(out));
  int waiting;
  TRY(ioctl(in, FIONREAD, &waiting));
  TRY(waiting);
  TRY(lseek(in, 0, SEEK_SET));
  TRY(pread(in, buffer, 1, 0));
  TRY(write(in, "x", 1));
  TRY(read(out, buffer, 1));
  TRY(ftruncate(out, 0));
  TRY(fstat(in, &about));
  TRY(about.st_mode);

  // Any number on each side.
  TRY((late = open("fifo", O_RDONLY)) >= 0);
  TRY(read(late, buffer, 2));
  TRY(read(in, buffer, 64));
  TRY((both = open("fifo", O_WRONLY)) >= 0);
  TRY(close(out));
  TRY(readiness(in));
  TRY(write(both, "ab", 2));
  TRY(close(both));
  TRY(readiness(in));
  TRY(read(in, buffer, 64));
  TRY(read(late, buffer, 64));
  TRY(readiness(late));
  TRY(close(in));
  TRY((out = open("fifo", O_WRONLY | O_NONBLOCK)) >= 0);
  TRY(close(late));
  TRY(readiness(out));
  TRY(write(out, "x", 1));
  TRY(close(out));

  // To read and write: never waits, and is its own other side.
  TRY((both = open("fifo", O_RDWR)) >= 0);
  TRY(write(both, "both", 4));
  TRY(readiness(both));
  TRY(read(both, buffer, 64));
  TRY(readiness(both));
  TRY(fcntl(both, F_SETFL, O_NONBLOCK));
  TRY(read(both, buffer, 1));
  TRY(close(both));
  // What nobody read is gone with the last who had it open.
  TRY((both = open("fifo", O_RDWR)) >= 0);
  TRY(write(both, "lost", 4));
  TRY(close(both));
  TRY((in = open("fifo", O_RDONLY | O_NONBLOCK)) >= 0);
  TRY(read(in, buffer, 1));
  TRY(close(in));

  // A reader waits for a writer, and a writer for a reader.
  TRY(pthread_create(&thread, NULL, writeOnce, "fifo"));
  TRY((in = open("fifo", O_RDONLY)) >= 0);
  TRY(read(in, buffer, 64));
  TRY(read(in, buffer, 64));
  TRY(pthread_join(thread, NULL));
  TRY(readiness(in));
  TRY(close(in));
  TRY(pthread_create(&thread, NULL, readAll, "fifo"));
  TRY((out = open("fifo", O_WRONLY)) >= 0);
  TRY(write(out, buffer, 10));
  TRY(write(out, buffer, 20));
  TRY(close(out));
  TRY(pthread_join(thread, &result));
  TRY((long)result);
  TRY(pthread_create(&thread, NULL, touch, "fifo"));
  TRY((in = open("fifo", O_RDONLY)) >= 0);
  TRY(read(in, buffer, 1));
  TRY(pthread_join(thread, NULL));
  TRY(close(in));

  // Larger than it holds.
  static char large[100000];
  TRY(pthread_create(&thread, NULL, readAll, "fifo"));
  TRY((out = open("fifo", O_WRONLY)) >= 0);
  TRY(write(out, large, sizeof(large)));
  TRY(close(out));
  TRY(pthread_join(thread, &result));
  TRY((long)result);

  // A signal ends the waiting.
  struct sigaction action = {.sa_handler = onSignal};
  sigaction(SIGUSR1, &action, NULL);
  pthread_t self = pthread_self();
  TRY(pthread_create(&thread, NULL, interrupt, &self));
  TRY(open("fifo", O_RDONLY));
  TRY(open("fifo", O_WRONLY | O_NONBLOCK));
  TRY(pthread_join(thread, NULL));

  // The name goes first.
  TRY((both = open("other", O_RDWR)) >= 0);
  TRY(unlink("other"));
  TRY(write(both, "still", 5));
  TRY(read(both, buffer, 64));
  TRY(open("other", O_WRONLY | O_NONBLOCK));
  TRY(close(both));
  TRY(unlink("fifo"));
  TRY(open("third", O_WRONLY | O_NONBLOCK));
  TRY(unlink("third"));
  TRY(stat("third", &about));
}
