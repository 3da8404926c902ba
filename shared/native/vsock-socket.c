#include "vsock.h"
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

enum { READ_BYTES = 64 * 1024, READS_PER_TURN = 4, ACCEPTS_PER_TURN = 32 };

static const napi_type_tag VSOCK_TAG = {0x8a1f6e0d53c74b29, 0x9d42f0c1a7be6538};

static void on_closed(uv_handle_t *handle) {
  vsock_t *socket = handle->data;
  napi_env env = socket->env;
  napi_async_cleanup_hook_handle hook = socket->hook;
  napi_handle_scope scope;
  napi_open_handle_scope(env, &scope);
  napi_async_destroy(env, socket->context);
  napi_delete_reference(env, socket->on_event);
  socket->state = CLOSED;
  napi_delete_reference(env, socket->self);  // from here the finalizer may free the socket
  napi_close_handle_scope(env, scope);
  napi_remove_async_cleanup_hook(hook);
}

void vsock_close(vsock_t *socket) {
  if (socket->state != OPEN) return;
  socket->state = CLOSING;
  uv_close((uv_handle_t *)&socket->poll, on_closed);
  // uv_close has taken the descriptor out of the loop's epoll set: its number may be reused from here.
  close(socket->fd);
  socket->fd = -1;
}

static void on_environment_end(napi_async_cleanup_hook_handle hook, void *data) {
  (void)hook;
  vsock_close(data);
}

static void finalize(napi_env env, void *data, void *hint) {
  (void)env, (void)hint;
  free(data);
}

vsock_t *vsock_unwrap(napi_env env, napi_value self) {
  void *socket = NULL;
  bool ours = false;
  if (napi_check_object_type_tag(env, self, &VSOCK_TAG, &ours) != napi_ok || !ours) return NULL;
  return napi_unwrap(env, self, &socket) == napi_ok ? socket : NULL;
}

// new VsockSocket(): has no descriptor yet; listen(), connect() or an accepted connection gives it one.
napi_value vsock_construct(napi_env env, napi_callback_info info) {
  napi_value self;
  napi_get_cb_info(env, info, NULL, NULL, &self, NULL);
  vsock_t *socket = calloc(1, sizeof *socket);
  if (socket == NULL || napi_wrap(env, self, socket, finalize, NULL, NULL) != napi_ok) {
    free(socket);
    napi_throw_error(env, "ENOMEM", "out of memory");
    return NULL;
  }
  napi_type_tag_object(env, self, &VSOCK_TAG);
  socket->env = env;
  socket->fd = -1;
  socket->poll.data = socket;
  return self;
}

// Takes over `fd` (closed on failure), watched for nothing yet. Returns 0 or a negated errno.
static int adopt(vsock_t *socket, napi_value self, int fd) {
  napi_env env = socket->env;
  uv_loop_t *loop;
  napi_value name;
  napi_get_uv_event_loop(env, &loop);
  int result = uv_poll_init(loop, &socket->poll, fd);
  if (result != 0) {
    close(fd);
    return result;
  }
  napi_create_reference(env, self, 1, &socket->self);
  napi_create_string_utf8(env, "VSOCK", NAPI_AUTO_LENGTH, &name);
  napi_async_init(env, self, name, &socket->context);
  napi_add_async_cleanup_hook(env, on_environment_end, socket, &socket->hook);
  socket->fd = fd;
  socket->state = OPEN;
  return 0;
}

int vsock_open(vsock_t *socket, napi_value object) {
  if (socket->state != IDLE) return -EALREADY;
  int fd = address_socket();
  return fd < 0 ? fd : adopt(socket, object, fd);
}

static void free_class(napi_env env, void *reference, void *hint) {
  (void)hint;
  napi_delete_reference(env, *(napi_ref *)reference);
  free(reference);
}

napi_status vsock_keep_class(napi_env env, napi_value class) {
  napi_ref *reference = malloc(sizeof *reference);
  if (reference == NULL) return napi_generic_failure;
  napi_create_reference(env, class, 1, reference);
  return napi_set_instance_data(env, reference, free_class, NULL);
}

static void emit(vsock_t *socket, int event, int64_t status, napi_value payload) {
  napi_env env = socket->env;
  napi_value self, callback, result, error;
  if (socket->on_event == NULL) return;
  napi_get_reference_value(env, socket->self, &self);
  napi_get_reference_value(env, socket->on_event, &callback);
  if (payload == NULL) napi_get_undefined(env, &payload);
  napi_value argv[3] = {NULL, NULL, payload};
  napi_create_int32(env, event, &argv[0]);
  napi_create_int64(env, status, &argv[1]);
  napi_make_callback(env, socket->context, self, callback, 3, argv, &result);
  bool pending = false;
  napi_is_exception_pending(env, &pending);
  if (pending && napi_get_and_clear_last_exception(env, &error) == napi_ok) napi_fatal_exception(env, error);
}

static void read_available(vsock_t *socket) {
  char bytes[READ_BYTES];
  // Bounded, so that one busy peer cannot keep the loop from the others.
  for (int turn = 0; turn < READS_PER_TURN && socket->state == OPEN && (socket->watched & UV_READABLE); turn++) {
    ssize_t count;
    do count = recv(socket->fd, bytes, sizeof bytes, 0);
    while (count < 0 && errno == EINTR);
    if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return;
    int64_t status = count < 0 ? -errno : count;
    napi_value chunk = NULL;
    if (count > 0 && napi_create_buffer_copy(socket->env, (size_t)count, bytes, NULL, &chunk) != napi_ok) status = -ENOMEM;
    emit(socket, EVENT_DATA, status, chunk);
    if (count < (ssize_t)sizeof bytes) return;
  }
}

// Wraps an accepted descriptor; NULL, with the descriptor closed, when that fails.
static napi_value wrap_accepted(napi_env env, int fd, int *error) {
  napi_value class = NULL, accepted = NULL;
  napi_ref *reference = NULL;
  napi_get_instance_data(env, (void **)&reference);
  napi_get_reference_value(env, *reference, &class);
  if (napi_new_instance(env, class, 0, NULL, &accepted) != napi_ok) {
    close(fd);
    *error = -ENOMEM;
    return NULL;
  }
  *error = adopt(vsock_unwrap(env, accepted), accepted, fd);
  return *error == 0 ? accepted : NULL;
}

static void accept_available(vsock_t *socket) {
  for (int turn = 0; turn < ACCEPTS_PER_TURN && socket->state == OPEN && (socket->watched & UV_READABLE); turn++) {
    napi_handle_scope scope;
    uint32_t cid = 0;
    int fd = address_accept(socket->fd, &cid);
    if (fd == -EINTR || fd == -ECONNABORTED) continue;
    if (fd == -EAGAIN) return;
    int error = fd < 0 ? fd : 0;
    napi_open_handle_scope(socket->env, &scope);
    napi_value accepted = error == 0 ? wrap_accepted(socket->env, fd, &error) : NULL;
    emit(socket, EVENT_CONNECTION, error == 0 ? (int64_t)cid : error, accepted);
    napi_close_handle_scope(socket->env, scope);
    if (error != 0) return;
  }
}

static void on_poll(uv_poll_t *poll, int status, int events) {
  vsock_t *socket = poll->data;
  napi_handle_scope scope;
  napi_open_handle_scope(socket->env, &scope);
  // libuv reports a socket's pending error as EBADF and stops watching; JavaScript asks error() for the real one.
  if (status < 0) {
    socket->watched = 0;
    emit(socket, EVENT_WRITABLE, status, NULL);
  } else {
    if (events & UV_WRITABLE) emit(socket, EVENT_WRITABLE, 0, NULL);
    if ((events & UV_READABLE) && socket->listening) accept_available(socket);
    else if (events & UV_READABLE) read_available(socket);
  }
  napi_close_handle_scope(socket->env, scope);
}

int vsock_watch(vsock_t *socket, int events) {
  socket->watched = events;
  return events == 0 ? uv_poll_stop(&socket->poll) : uv_poll_start(&socket->poll, events, on_poll);
}
