// PID 1 of the emulated grounds: does what the init of aws-nitro-enclaves-sdk-bootstrap does on Nitro, so that the application's ramdisk
// finds the same world: modules, heartbeat to the parent, /rootfs as root, /cmd started with /env, reboot when it ends. No shell.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/vm_sockets.h>
#include <net/if.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MAX_LINES = 64, LINE_BYTES = 512, HEARTBEAT_PORT = 9000, CLOCK_PORT = 9001, HEARTBEAT = 0xb7 };

static void stop(void) {
  sync();
  reboot(RB_AUTOBOOT);
  for (;;) pause();
}

static void fail(const char *what) {
  printf("INIT failed: %s: %s\n", what, strerror(errno));
  fflush(stdout);
  stop();
}

static void mount_at(const char *type, const char *path, unsigned long flags) {
  mkdir(path, 0755);
  if (mount(type, path, type, flags, NULL) != 0 && errno != EBUSY) fail(path);
}

// Lines of a file, without their ends; the list ends with NULL. An absent file has none.
static void read_lines(const char *path, char *lines[MAX_LINES + 1]) {
  char text[LINE_BYTES];
  int count = 0;
  FILE *file = fopen(path, "re");
  while (file != NULL && count < MAX_LINES && fgets(text, sizeof text, file) != NULL) {
    text[strcspn(text, "\n")] = 0;
    if (text[0] != 0) lines[count++] = strdup(text);
  }
  if (file != NULL) fclose(file);
  lines[count] = NULL;
}

// Value of `name=` on the kernel's command line, or 0.
static unsigned kernel_option(const char *name) {
  char text[2048] = {0};
  int fd = open("/proc/cmdline", O_RDONLY | O_CLOEXEC);
  if (fd < 0 || read(fd, text, sizeof text - 1) < 0) fail("/proc/cmdline");
  close(fd);
  const char *found = strstr(text, name);
  return found == NULL ? 0 : (unsigned)strtoul(found + strlen(name), NULL, 10);
}

static void load_modules(void) {
  char *names[MAX_LINES + 1];
  read_lines("/modules/order", names);
  for (char **name = names; *name != NULL; name++) {
    char path[LINE_BYTES + 16];
    snprintf(path, sizeof path, "/modules/%s", *name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || (syscall(SYS_finit_module, fd, "", 0) != 0 && errno != EEXIST)) fail(path);
    close(fd);
  }
}

static int dial_parent(unsigned cid, unsigned port) {
  struct sockaddr_vm address = {.svm_family = AF_VSOCK, .svm_cid = cid, .svm_port = port};
  struct timeval timeout = {10, 0};
  int fd = socket(AF_VSOCK, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) fail("vsock");
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
  if (connect(fd, (struct sockaddr *)&address, sizeof address) != 0) fail("the parent's port");
  return fd;
}

// On Nitro the hypervisor's loader waits for this byte, and the init for its echo.
static void heartbeat(unsigned cid) {
  unsigned char byte = HEARTBEAT;
  int fd = dial_parent(cid, HEARTBEAT_PORT);
  if (write(fd, &byte, 1) != 1 || read(fd, &byte, 1) != 1 || byte != HEARTBEAT) fail("heartbeat");
  close(fd);
}

static unsigned long long big_endian(const unsigned char bytes[8]) {
  unsigned long long value = 0;
  for (int n = 0; n < 8; n++) value = value << 8 | bytes[n];
  return value;
}

static void set_clock(unsigned long long milliseconds) {
  struct timeval now = {(time_t)(milliseconds / 1000), (suseconds_t)(milliseconds % 1000 * 1000)};
  if (settimeofday(&now, NULL) != 0) fail("clock");
}

// Nitro gives its enclaves the hypervisor's clock; QEMU's machine starts in 1970, and TLS would believe no certificate. The timestamp of a
// document of the security module stands in for it: the eight bytes after the CBOR text "timestamp" and the head of a 64-bit integer.
static void set_clock_by_module(void) {
  static const char request[] = "\xa1\x6b" "Attestation" "\xa3\x69" "user_data" "\xf6\x65" "nonce" "\xf6\x6a" "public_key" "\xf6";
  static const char label[] = "\x69" "timestamp" "\x1b";
  static unsigned char answer[0x3000];
  struct { struct iovec request, response; } message = {
      {(void *)request, sizeof request - 1}, {answer, sizeof answer}};
  int fd = open("/dev/nsm", O_RDWR | O_CLOEXEC);
  if (fd < 0 && errno == ENOENT) return;
  if (fd < 0 || ioctl(fd, _IOWR(0x0a, 0, message), &message) != 0) fail("/dev/nsm");
  close(fd);
  unsigned char *found = memmem(answer, message.response.iov_len, label, sizeof label - 1);
  if (found == NULL) fail("no timestamp");
  set_clock(big_endian(found + sizeof label - 1));
}

// A machine without the module asks its parent: milliseconds, as eight bytes.
static void set_clock_by_parent(unsigned cid) {
  unsigned char milliseconds[8];
  int fd = dial_parent(cid, CLOCK_PORT);
  if (recv(fd, milliseconds, sizeof milliseconds, MSG_WAITALL) != sizeof milliseconds) fail("clock of the parent");
  close(fd);
  set_clock(big_endian(milliseconds));
}

static void raise_loopback(void) {
  struct ifreq request = {.ifr_name = "lo"};
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  request.ifr_flags = IFF_UP | IFF_RUNNING;
  if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &request) != 0) fail("lo");
  close(fd);
}

static void enter_rootfs(void) {
  if (mount("/rootfs", "/rootfs", NULL, MS_BIND, NULL) != 0 || chdir("/rootfs") != 0) fail("/rootfs");
  if (mount(".", "/", NULL, MS_MOVE, NULL) != 0 || chroot(".") != 0 || chdir("/") != 0) fail("chroot");
  mount_at("devtmpfs", "/dev", MS_NOSUID | MS_NOEXEC);
  mount_at("proc", "/proc", MS_NODEV | MS_NOSUID | MS_NOEXEC);
  mount_at("sysfs", "/sys", MS_NODEV | MS_NOSUID | MS_NOEXEC);
  mount_at("tmpfs", "/tmp", MS_NODEV | MS_NOSUID | MS_NOEXEC);
  mount_at("tmpfs", "/run", MS_NODEV | MS_NOSUID | MS_NOEXEC);
}

static int launch(char *const arguments[], char *const environment[]) {
  int status = 0;
  pid_t child = fork();
  if (child == 0) {
    execve(arguments[0], arguments, environment);
    fail(arguments[0]);
  }
  for (;;) {
    pid_t ended = wait(&status);
    if (ended == child) return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    if (ended < 0 && errno != EINTR) fail("wait");
  }
}

int main(void) {
  char *arguments[MAX_LINES + 1], *environment[MAX_LINES + 1];
  mount_at("devtmpfs", "/dev", MS_NOSUID | MS_NOEXEC);
  mount_at("proc", "/proc", MS_NODEV | MS_NOSUID | MS_NOEXEC);
  int console = open("/dev/console", O_RDWR);
  for (int fd = 0; fd < 3; fd++) dup2(console, fd);
  read_lines("/cmd", arguments);
  read_lines("/env", environment);
  unsigned parent = kernel_option("strongroom.heartbeat_cid=");
  unsigned clock = kernel_option("strongroom.clock_cid=");
  load_modules();
  set_clock_by_module();
  if (clock != 0) set_clock_by_parent(clock);
  if (kernel_option("strongroom.loopback=") != 0) raise_loopback();
  if (parent != 0) heartbeat(parent);
  if (arguments[0] == NULL) fail("/cmd");
  enter_rootfs();
  printf("INIT start %s\n", arguments[0]);
  fflush(stdout);
  printf("INIT end %d\n", launch(arguments, environment));
  fflush(stdout);
  stop();
}
