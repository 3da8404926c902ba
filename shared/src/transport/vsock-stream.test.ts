import { constants } from 'node:os';
import { describe, expect, it } from 'vitest';
import { EVENT_WRITABLE, type VsockAddon, type VsockEventHandler, type VsockSocket } from './vsock-addon.ts';
import { connectStream } from './vsock-stream.ts';

const { EAGAIN, ECONNRESET, EINPROGRESS, ENODEV, EPIPE } = constants.errno;
const target = { cid: 3, port: 8000, timeoutMs: 50 };

/** A kernel of one socket whose connect and SO_ERROR answer as told. */
function fakeAddon({ connect, error = 0 }: { connect: number; error?: number }) {
  const state = { isClosed: false, handler: null as VsockEventHandler | null, sendError: 0 };
  class FakeSocket implements VsockSocket {
    onEvent(handler: VsockEventHandler) {
      state.handler = handler;
      return 0;
    }
    listen = () => 0;
    connect = () => connect;
    error = () => error;
    send = (bytes: Uint8Array, offset: number) => state.sendError || bytes.length - offset;
    watch = () => 0;
    shutdown = () => 0;
    close() {
      state.isClosed = true;
      return 0;
    }
  }
  const addon: VsockAddon = { VsockSocket: FakeSocket };
  return { addon, state };
}

describe('connectStream', () => {
  it('gives up with ETIMEDOUT and closes the socket when the peer never answers', async () => {
    const { addon, state } = fakeAddon({ connect: -EINPROGRESS });
    await expect(connectStream(addon, target)).rejects.toMatchObject({
      code: 'ETIMEDOUT',
      syscall: 'connect',
    });
    expect(state.isClosed).toBe(true);
  });

  it('reports the pending error of a refused connection and closes the socket', async () => {
    const { addon, state } = fakeAddon({ connect: -EINPROGRESS, error: -ECONNRESET });
    const connecting = connectStream(addon, target);
    state.handler?.(EVENT_WRITABLE, 0, undefined);
    await expect(connecting).rejects.toMatchObject({ code: 'ECONNRESET', errno: -ECONNRESET });
    expect(state.isClosed).toBe(true);
  });

  it('reports an immediate failure', async () => {
    const { addon } = fakeAddon({ connect: -ENODEV });
    await expect(connectStream(addon, target)).rejects.toMatchObject({ code: 'ENODEV' });
  });

  it('connects when the socket becomes writable, and does not time out afterwards', async () => {
    const { addon, state } = fakeAddon({ connect: -EINPROGRESS });
    const connecting = connectStream(addon, target);
    state.handler?.(EVENT_WRITABLE, 0, undefined);
    const stream = await connecting;
    await new Promise((resolve) => setTimeout(resolve, 80));
    expect(stream.remoteCid).toBe(3);
    expect(state.isClosed).toBe(false);
    stream.destroy();
    expect(state.isClosed).toBe(true);
  });

  it('destroys the stream with the pending error when the kernel reports one', async () => {
    const { addon, state } = fakeAddon({ connect: 0, error: -ECONNRESET });
    const stream = await connectStream(addon, target);
    const failed = new Promise((resolve) => stream.once('error', resolve));
    state.handler?.(EVENT_WRITABLE, -constants.errno.EBADF, undefined);
    await expect(failed).resolves.toMatchObject({ code: 'ECONNRESET' });
    expect(state.isClosed).toBe(true);
  });
});

describe('a write that waits for room', () => {
  it('goes on when the kernel reports room', async () => {
    const { addon, state } = fakeAddon({ connect: 0 });
    const stream = await connectStream(addon, target);
    state.sendError = -EAGAIN;
    const written = new Promise((resolve) => stream.write('x', resolve));
    state.sendError = 0;
    state.handler?.(EVENT_WRITABLE, 0, undefined);
    await expect(written).resolves.toBeFalsy();
    stream.destroy();
  });

  it('fails when the peer has gone, though no event ever says so', async () => {
    const { addon, state } = fakeAddon({ connect: 0 });
    const stream = await connectStream(addon, target);
    state.sendError = -EAGAIN;
    const failed = new Promise((resolve) => stream.once('error', resolve));
    stream.write('x');
    state.sendError = -EPIPE;
    await expect(failed).resolves.toMatchObject({ code: 'EPIPE', syscall: 'write' });
    expect(state.isClosed).toBe(true);
  });
});
