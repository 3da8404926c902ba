import { createServer } from 'node:http';
import { expect, test } from 'vitest';
import { ListenError, listen } from './listen.ts';

test('tells the port that it took, and which address is taken', async () => {
  const first = createServer();
  const second = createServer();
  try {
    const port = await listen(first, { host: '127.0.0.1', port: 0 });
    expect(port).toBeGreaterThan(0);
    const failed = listen(second, { host: '127.0.0.1', port });
    await expect(failed).rejects.toThrow(ListenError);
    await expect(failed).rejects.toThrow(`127.0.0.1:${port} is taken by another process.`);
  } finally {
    first.close();
  }
});

test('an address of another machine is named', async () => {
  const failed = listen(createServer(), { host: '192.0.2.1', port: 0 });
  await expect(failed).rejects.toThrow('192.0.2.1:0 is no address of this machine.');
});
