#include "vsock.h"
#include <errno.h>

// Linux makes a packet of one call from scattered pages when it is larger than 32 KiB (since 6.17, and in 6.12's updates). The vsock
// device of the emulated grounds drops such packets without a word (vhost-device-vsock 0.3); smaller ones cost nothing measurable.
enum { MAX_SEND_BYTES = 28 * 1024 };

// Every method returns a negated errno on failure, as libuv does; none throws.
static napi_value number(napi_env env, int64_t value) {
  napi_value result = NULL;
  napi_create_int64(env, value, &result);
  return result;
}

typedef struct {
  size_t count;
  napi_value values[3];
  napi_value self;
  vsock_t *socket;
} arguments_t;

// Reads `count` arguments; false when they are too few, `this` is not a VsockSocket or the socket is in another state.
static bool read_arguments(napi_env env, napi_callback_info info, size_t count, state_t state, arguments_t *out) {
  out->count = 3;
  if (napi_get_cb_info(env, info, &out->count, out->values, &out->self, NULL) != napi_ok || out->count < count) return false;
  out->socket = vsock_unwrap(env, out->self);
  return out->socket != NULL && out->socket->state == state;
}

static bool read_uint32(napi_env env, napi_value value, uint32_t *out) { return napi_get_value_uint32(env, value, out) == napi_ok; }

// onEvent(callback): (event, status, payload) is called from the event loop until close().
static napi_value method_on_event(napi_env env, napi_callback_info info) {
  arguments_t args;
  napi_valuetype type;
  if (!read_arguments(env, info, 1, OPEN, &args)) return number(env, -EBADF);
  if (napi_typeof(env, args.values[0], &type) != napi_ok || type != napi_function) return number(env, -EINVAL);
  if (args.socket->on_event != NULL) napi_delete_reference(env, args.socket->on_event);
  args.socket->on_event = NULL;
  napi_create_reference(env, args.values[0], 1, &args.socket->on_event);
  return number(env, 0);
}

// listen(cid, port, backlog) -> 0
static napi_value method_listen(napi_env env, napi_callback_info info) {
  arguments_t args;
  uint32_t cid, port, backlog;
  if (!read_arguments(env, info, 3, IDLE, &args)) return number(env, -EBADF);
  if (!read_uint32(env, args.values[0], &cid) || !read_uint32(env, args.values[1], &port) || !read_uint32(env, args.values[2], &backlog))
    return number(env, -EINVAL);
  int result = vsock_open(args.socket, args.self);
  if (result != 0) return number(env, result);
  args.socket->listening = true;
  result = address_bind(args.socket->fd, cid, port);
  if (result == 0 && listen(args.socket->fd, (int)backlog) != 0) result = -errno;
  if (result != 0) vsock_close(args.socket);
  return number(env, result);
}

// connect(cid, port, timeoutMs) -> 0 when connected, -EINPROGRESS when EVENT_WRITABLE will tell
static napi_value method_connect(napi_env env, napi_callback_info info) {
  arguments_t args;
  uint32_t cid, port, timeout_ms;
  if (!read_arguments(env, info, 3, IDLE, &args)) return number(env, -EBADF);
  if (!read_uint32(env, args.values[0], &cid) || !read_uint32(env, args.values[1], &port) || !read_uint32(env, args.values[2], &timeout_ms))
    return number(env, -EINVAL);
  int result = vsock_open(args.socket, args.self);
  if (result != 0) return number(env, result);
  result = address_connect(args.socket->fd, cid, port, timeout_ms);
  if (result != 0 && result != -EINPROGRESS) vsock_close(args.socket);
  return number(env, result);
}

// error() -> 0 or the socket's pending error, which it clears (SO_ERROR)
static napi_value method_error(napi_env env, napi_callback_info info) {
  arguments_t args;
  int value = 0;
  socklen_t length = sizeof value;
  if (!read_arguments(env, info, 0, OPEN, &args)) return number(env, -EBADF);
  if (getsockopt(args.socket->fd, SOL_SOCKET, SO_ERROR, &value, &length) != 0) value = errno;
  return number(env, -value);
}

// send(bytes, offset) -> bytes taken by the kernel, -EAGAIN when it takes none now
static napi_value method_send(napi_env env, napi_callback_info info) {
  arguments_t args;
  void *bytes;
  size_t length;
  uint32_t offset;
  if (!read_arguments(env, info, 2, OPEN, &args)) return number(env, -EBADF);
  if (napi_get_buffer_info(env, args.values[0], &bytes, &length) != napi_ok || !read_uint32(env, args.values[1], &offset) || offset > length)
    return number(env, -EINVAL);
  ssize_t count;
  size_t size = length - offset < MAX_SEND_BYTES ? length - offset : MAX_SEND_BYTES;
  do count = send(args.socket->fd, (const char *)bytes + offset, size, MSG_NOSIGNAL);
  while (count < 0 && errno == EINTR);
  return number(env, count < 0 ? -errno : count);
}

// watch(events): UV_READABLE | UV_WRITABLE, 0 to be told of nothing
static napi_value method_watch(napi_env env, napi_callback_info info) {
  arguments_t args;
  uint32_t events;
  if (!read_arguments(env, info, 1, OPEN, &args)) return number(env, -EBADF);
  if (!read_uint32(env, args.values[0], &events) || (events & ~(uint32_t)(UV_READABLE | UV_WRITABLE)) != 0) return number(env, -EINVAL);
  return number(env, vsock_watch(args.socket, (int)events));
}

// shutdown(): ends the sending side only
static napi_value method_shutdown(napi_env env, napi_callback_info info) {
  arguments_t args;
  if (!read_arguments(env, info, 0, OPEN, &args)) return number(env, -EBADF);
  return number(env, shutdown(args.socket->fd, SHUT_WR) == 0 ? 0 : -errno);
}

// close(): closes the descriptor before it returns; a second call does nothing
static napi_value method_close(napi_env env, napi_callback_info info) {
  arguments_t args;
  if (read_arguments(env, info, 0, OPEN, &args)) vsock_close(args.socket);
  return number(env, 0);
}

#define METHOD(name, function) {name, NULL, function, NULL, NULL, NULL, napi_default, NULL}

NAPI_MODULE_INIT() {
  const napi_property_descriptor methods[] = {
      METHOD("onEvent", method_on_event), METHOD("listen", method_listen), METHOD("connect", method_connect),
      METHOD("error", method_error),      METHOD("send", method_send),     METHOD("watch", method_watch),
      METHOD("shutdown", method_shutdown), METHOD("close", method_close),
  };
  napi_value class;
  napi_define_class(env, "VsockSocket", NAPI_AUTO_LENGTH, vsock_construct, NULL, sizeof methods / sizeof *methods, methods, &class);
  if (vsock_keep_class(env, class) != napi_ok) return NULL;
  napi_set_named_property(env, exports, "VsockSocket", class);
  return exports;
}
