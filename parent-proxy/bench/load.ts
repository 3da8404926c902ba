import { Agent, request } from 'node:http';

interface Job {
  readonly port: number;
  readonly connections: number;
  readonly requests: number;
  readonly targets: readonly { readonly path: string; readonly authorization: string }[];
}

const WALLET_TOKEN = 'e'.repeat(400);
const BODY = Buffer.from(JSON.stringify({ transaction: `0x02${'ab'.repeat(110)}` }));

/** Sends the requests over so many connections, each one after the other, and reports how many were not answered with 200. */
async function run({ port, connections, requests, targets }: Job): Promise<number> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  let sent = 0;
  let failures = 0;
  const send = (target: Job['targets'][number]) =>
    new Promise<number>((resolve, reject) => {
      const headers = {
        authorization: target.authorization,
        'x-wallet-auth': WALLET_TOKEN,
        'content-type': 'application/json',
        'content-length': BODY.length,
      };
      request({ host: '127.0.0.1', port, path: target.path, method: 'POST', agent, headers }, (response) => {
        response.resume();
        response.on('end', () => resolve(response.statusCode ?? 0));
      })
        .on('error', reject)
        .end(BODY);
    });
  const worker = async () => {
    while (sent < requests) {
      const target = targets[sent % targets.length] as Job['targets'][number];
      sent += 1;
      if ((await send(target)) !== 200) failures += 1;
    }
  };
  await Promise.all(Array.from({ length: connections }, worker));
  agent.destroy();
  return failures;
}

process.on('message', (job: Job) => void run(job).then((failures) => process.send?.({ failures })));
process.send?.('ready');
