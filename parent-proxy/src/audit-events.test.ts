import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { createAuditLog } from './audit-events.ts';

const actor = { correlationId: 'c-1', projectId: Buffer.alloc(32, 1), apiKeyId: 'key-1' };

function recorded(act: (audit: ReturnType<typeof createAuditLog>) => void): Record<string, unknown> {
  const lines: string[] = [];
  act(createAuditLog(pino({ base: null }, { write: (line: string) => void lines.push(line) })));
  expect(lines).toHaveLength(1);
  return JSON.parse(lines[0] as string);
}

describe('the audit log', () => {
  it('keeps the receipt of an export and of an import, byte for byte', () => {
    const receipt = Buffer.from('8443a10127', 'hex');
    const exported = recorded((audit) => audit.accountExported(actor, '0xAB', receipt));
    expect(exported).toMatchObject({ event: 'account-exported', address: '0xAB', receipt: 'hEOhASc=' });
    const imported = recorded((audit) => audit.accountCreated(actor, '0xAB', receipt));
    expect(imported).toMatchObject({ event: 'account-created', receipt: 'hEOhASc=' });
  });

  it('says so when there is none', () => {
    expect(recorded((audit) => audit.accountCreated(actor, '0xAB', null))).toMatchObject({ receipt: null });
    expect(recorded((audit) => audit.accountExported(actor, '0xAB', null))).toMatchObject({ receipt: null });
  });
});
