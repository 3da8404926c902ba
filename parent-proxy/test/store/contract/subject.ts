import { expect } from 'vitest';
import type { NewProject, Store } from '../../../src/store/store.ts';
import { newProject } from '../store-fixtures.ts';

/** The store that a contract is checked on, the same for all its sections. */
export interface Subject {
  readonly store: Store;
  /** Closes the store and opens it again, as after the end of its process. */
  reopen(): Promise<void>;
}

export const NOW_MS = 1_767_225_600_000;
export const DAY_MS = 86_400_000;

export async function storedProject(store: Store): Promise<NewProject> {
  const project = newProject();
  expect(await store.addProject(project)).toBe('added');
  return project;
}
