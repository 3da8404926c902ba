import { buildVsockAddon } from '../../shared/native/build.ts';
import { prepareGround } from './ground.ts';

/** Prepares what every level needs: packages, QEMU, kernel, init, and the vsock addon. */
export async function setup(): Promise<void> {
  const started = performance.now();
  const ground = await prepareGround();
  buildVsockAddon({
    testAfUnix: false,
    out: new URL('../../shared/native/build/vsock.node', import.meta.url).pathname,
  });
  console.log(
    `ground ready after ${Math.round((performance.now() - started) / 1000)} s: ${ground.kernelVersion}`,
  );
}
