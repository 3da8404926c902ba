// AF_VSOCK stream sockets for Node: non-blocking, watched by uv_poll on Node's own event loop, no thread per socket.
// Public interfaces only (Node-API and uv.h), so one build serves every Node 24. src/transport makes streams of it.
// vsock-address.c knows the address family, vsock-socket.c a socket's life and events, vsock-addon.c what JavaScript sees.
#pragma once
#define NAPI_VERSION 8
#include <node_api.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <uv.h>

// What a socket reports to JavaScript as (event, status, payload).
enum { EVENT_WRITABLE = 0, EVENT_DATA = 1, EVENT_CONNECTION = 2 };

typedef enum { IDLE, OPEN, CLOSING, CLOSED } state_t;

typedef struct {
  uv_poll_t poll;
  napi_env env;
  napi_ref self;      // strong while open: a watched socket is never collected
  napi_ref on_event;  // strong while open: the JavaScript callback
  napi_async_context context;
  napi_async_cleanup_hook_handle hook;  // closes the handle when its environment (a worker) ends first
  int fd;
  int watched;  // UV_READABLE | UV_WRITABLE
  bool listening;
  state_t state;
} vsock_t;

// A non-blocking, close-on-exec stream socket, or a negated errno.
int address_socket(void);
int address_bind(int fd, uint32_t cid, uint32_t port);
// 0 when connected at once, -EINPROGRESS when writability will tell.
int address_connect(int fd, uint32_t cid, uint32_t port, uint32_t timeout_ms);
// Accepted descriptor with the peer's CID, or a negated errno.
int address_accept(int fd, uint32_t *cid);

// JavaScript's constructor; registered as the class's, called by native code for accepted connections.
napi_value vsock_construct(napi_env env, napi_callback_info info);
// Keeps the class alive for accepted connections, until the environment ends.
napi_status vsock_keep_class(napi_env env, napi_value class);
// The socket behind a JavaScript object, NULL when it is not one of ours.
vsock_t *vsock_unwrap(napi_env env, napi_value object);
// Gives an idle socket a new descriptor. Returns 0 or a negated errno.
int vsock_open(vsock_t *socket, napi_value object);
// Reports `events` from now on, 0 for none.
int vsock_watch(vsock_t *socket, int events);
// Closes the descriptor before it returns; does nothing unless the socket is open.
void vsock_close(vsock_t *socket);
