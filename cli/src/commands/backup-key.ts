import type { Command } from '../framework/command.ts';
import { newFilePath } from '../framework/values.ts';
import { writeSecretFile } from '../input/credentials-file.ts';

export const backupKey: Command = {
  name: 'backup key',
  role: 'operator',
  summary: 'make the age identity that opens backups, and the recipient to encrypt them to',
  description: `Run it where the service is not, and keep the file there: the service needs the recipient alone.`,
  options: {
    out: { type: 'file', isRequired: true, summary: 'new file for the identity, mode 0600' },
  },
  examples: ['strongroom backup key --out backup.key'],
  json: '{ path, recipient }',

  async run({ values }) {
    const path = newFilePath(values);
    const { makeBackupKey } = await import('@strongroom/parent-proxy/operator/backup');
    const { identity, recipient } = await makeBackupKey();
    writeSecretFile(path, `# recipient: ${recipient}\n${identity}\n`);
    return {
      text: `The identity is in ${path}. Encrypt backups to:\n${recipient}`,
      json: { path, recipient },
    };
  },
};
