import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { PROXY_NODE_OPTIONS } from './node-options.ts';

it('the unit starts the proxy with the options that it is measured with', () => {
  const unit = readFileSync(
    new URL('../../deploy/systemd/strongroom-proxy.service', import.meta.url),
    'utf8',
  );
  const command = /^ExecStart=(.*)$/m.exec(unit)?.[1]?.split(' ') ?? [];
  expect(command.slice(1, -1)).toEqual(expect.arrayContaining([...PROXY_NODE_OPTIONS]));
});
