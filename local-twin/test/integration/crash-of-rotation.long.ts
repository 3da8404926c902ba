// The operator's process killed right before and right after every commit of a rotation of the root key.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { killAtEveryCommit, type Victim } from '../support/crash-matrix.ts';
import { rotationScenario } from '../support/crash-of-rotation.ts';
import { createTestProject } from '../support/project.ts';
import { startTestSystem, type TestSystem } from '../support/test-system.ts';

let system: TestSystem;
beforeAll(async () => {
  system = await startTestSystem();
});
afterAll(() => system[Symbol.asyncDispose]());

it('a rotation that is killed at any commit goes on from there', async () => {
  const project = await createTestProject(system);
  const operator: Victim = { name: 'the operator', pid: () => null, restart: async () => undefined };
  expect(await killAtEveryCommit([operator], await rotationScenario(system, project))).toBe(8);
});
