#define _GNU_SOURCE
#include "vsock.h"
#include <errno.h>
#include <string.h>
#include <sys/time.h>
#ifdef STRONGROOM_TEST_AF_UNIX
#include <stddef.h>
#include <stdio.h>
#include <sys/un.h>

// Test build: the same code over AF_UNIX, for hosts whose kernel has no vsock. (cid, port) becomes an abstract name.
typedef struct sockaddr_un address_t;
static const int FAMILY = AF_UNIX;

static socklen_t make_address(address_t *address, uint32_t cid, uint32_t port) {
  memset(address, 0, sizeof *address);
  address->sun_family = AF_UNIX;
  int length = snprintf(address->sun_path + 1, sizeof address->sun_path - 1, "strongroom-vsock-%u-%u", cid, port);
  return (socklen_t)(offsetof(address_t, sun_path) + 1 + (size_t)length);
}

static uint32_t address_cid(const address_t *address) { return address->sun_family == AF_UNIX ? 1 : 0; }
static void set_connect_timeout(int fd, uint32_t timeout_ms) { (void)fd, (void)timeout_ms; }
#else
#include <linux/vm_sockets.h>

typedef struct sockaddr_vm address_t;
static const int FAMILY = AF_VSOCK;

static socklen_t make_address(address_t *address, uint32_t cid, uint32_t port) {
  memset(address, 0, sizeof *address);
  address->svm_family = AF_VSOCK;
  address->svm_cid = cid;
  address->svm_port = port;
  return sizeof *address;
}

static uint32_t address_cid(const address_t *address) { return address->svm_cid; }

// The kernel gives up after 2 s unless told otherwise; the timer in JavaScript is to be the one that decides.
static void set_connect_timeout(int fd, uint32_t timeout_ms) {
  uint64_t later_ms = (uint64_t)timeout_ms + 1000;
  struct timeval timeout = {(time_t)(later_ms / 1000), (suseconds_t)(later_ms % 1000 * 1000)};
  setsockopt(fd, AF_VSOCK, SO_VM_SOCKETS_CONNECT_TIMEOUT, &timeout, sizeof timeout);
}
#endif

int address_socket(void) {
  int fd = socket(FAMILY, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  return fd < 0 ? -errno : fd;
}

int address_bind(int fd, uint32_t cid, uint32_t port) {
  address_t address;
  socklen_t length = make_address(&address, cid, port);
  return bind(fd, (struct sockaddr *)&address, length) == 0 ? 0 : -errno;
}

int address_connect(int fd, uint32_t cid, uint32_t port, uint32_t timeout_ms) {
  address_t address;
  socklen_t length = make_address(&address, cid, port);
  set_connect_timeout(fd, timeout_ms);
  return connect(fd, (struct sockaddr *)&address, length) == 0 ? 0 : -errno;
}

int address_accept(int fd, uint32_t *cid) {
  address_t peer = {0};
  socklen_t length = sizeof peer;
  int accepted = accept4(fd, (struct sockaddr *)&peer, &length, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (accepted < 0) return -errno;
  *cid = address_cid(&peer);
  return accepted;
}
