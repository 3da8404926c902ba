import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { hexed } from '../store-fixtures.ts';
import { type Subject, storedProject } from './subject.ts';

export function describeRotation(subject: Subject): void {
  describe('certificates of rotations', () => {
    it('give way to those of the same or a later generation, not to earlier ones', async () => {
      const { rows } = await storedProject(subject.store);
      for (const projectId of [rows.projectId, null]) {
        const [second, third, again] = [randomBytes(300), randomBytes(300), randomBytes(300)];
        const kept = async (generation: number, certificate: Uint8Array) => {
          await subject.store.keepRotationCertificate(projectId, generation, certificate);
          return hexed(await subject.store.findRotationCertificate(projectId));
        };
        expect(await kept(2, second)).toBe(hexed(second));
        expect(await kept(3, third)).toBe(hexed(third));
        expect(await kept(2, second)).toBe(hexed(third));
        expect(await kept(3, again)).toBe(hexed(again));
      }
    });
  });
}
