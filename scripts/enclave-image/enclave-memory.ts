import { statSync } from 'node:fs';

const MIB = 1024 * 1024;
const MIN_MEMORY_MIB = 640;

/** Memory for an image: AWS asks for four times its size, in steps of the huge pages that hold it. */
export function enclaveMemoryMiB(eifFile: string): number {
  return Math.max(MIN_MEMORY_MIB, Math.ceil((4 * statSync(eifFile).size) / (2 * MIB)) * 2);
}
