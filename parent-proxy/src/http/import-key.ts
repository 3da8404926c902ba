import type { ProjectRows } from '@strongroom/shared/operations/fields';
import { getImportKey } from '@strongroom/shared/operations/get-import-key';
import { RequestError } from '../request-error.ts';
import type { Services } from './services.ts';

/** The project's sealed import key. The enclave makes it at first need; of two proxies that race, both go on with the first. */
export async function ensureImportKey(
  project: ProjectRows,
  { store, enclave }: Pick<Services, 'store' | 'enclave'>,
): Promise<Uint8Array> {
  const stored = await store.findImportKey(project.projectId);
  if (stored !== null) return stored;
  const { created } = await enclave.call(getImportKey, { project, importKey: null });
  if (created === null) throw new RequestError('INTERNAL');
  return await store.keepFirstImportKey(project.projectId, created);
}
