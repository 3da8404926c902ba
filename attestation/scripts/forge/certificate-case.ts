import type * as chain from './chain.ts';
import type { VectorCase } from './vector-case.ts';

/** A defect of one certificate of the chain. */
export const of = (
  role: chain.Role,
  defects: chain.Defects,
  code: VectorCase['code'],
  reason: string,
): VectorCase => ({
  reason: `${role}: ${reason}`,
  code,
  defects: { certificates: { [role]: defects } },
});
export const leaf = (defects: chain.Defects, code: VectorCase['code'], reason: string): VectorCase =>
  of('leaf', defects, code, reason);
export const zonal = (defects: chain.Defects, code: VectorCase['code'], reason: string): VectorCase =>
  of('zonal', defects, code, reason);
export const leafWith = (
  extensions: readonly Uint8Array[],
  code: VectorCase['code'],
  reason: string,
): VectorCase => leaf({ extensions }, code, reason);
export const zonalWith = (
  extensions: readonly Uint8Array[],
  code: VectorCase['code'],
  reason: string,
): VectorCase => zonal({ extensions }, code, reason);
