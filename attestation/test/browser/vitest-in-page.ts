// Stands in for vitest where test files run inside a page: the few functions and matchers that they use.

interface Test {
  readonly name: string;
  readonly run: () => unknown;
}

/** How the tests of one file ended. */
export interface Report {
  readonly passed: number;
  readonly failures: readonly string[];
}

const tests: Test[] = [];
let path: readonly string[] = [];

export function describe(name: string, define: () => void): void {
  const outer = path;
  path = [...path, name];
  define();
  path = outer;
}

export function it(name: string, run: () => unknown): void {
  tests.push({ name: [...path, name].join(' > '), run });
}

/** Runs what the file defined, one after the other. */
export async function runTests(): Promise<Report> {
  const failures: string[] = [];
  for (const { name, run } of tests) {
    try {
      await run();
    } catch (error) {
      failures.push(`${name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return { passed: tests.length - failures.length, failures };
}

interface Matchers {
  toBe(expected: unknown): void;
  toEqual(expected: unknown): void;
  toThrow(): void;
}

export function expect(actual: unknown): Matchers & { readonly not: Matchers } {
  return { ...matchers(actual, true), not: matchers(actual, false) };
}

function matchers(actual: unknown, wanted: boolean): Matchers {
  const check = (holds: boolean, expectation: string): void => {
    if (holds !== wanted) throw new Error(`expected ${show(actual)} ${wanted ? '' : 'not '}${expectation}`);
  };
  return {
    toBe: (expected) => check(Object.is(actual, expected), `to be ${show(expected)}`),
    toEqual: (expected) => check(show(actual) === show(expected), `to equal ${show(expected)}`),
    toThrow: () => check(throws(actual), 'to throw'),
  };
}

function throws(call: unknown): boolean {
  if (typeof call !== 'function') throw new TypeError('toThrow takes a function');
  try {
    call();
  } catch {
    return true;
  }
  return false;
}

/** A text that two values share only when they are equal, of the kinds that the tests compare. */
function show(value: unknown): string {
  if (value === undefined) return 'undefined';
  return JSON.stringify(value, (_, item: unknown) => {
    if (item instanceof Uint8Array) return { bytes: [...item] };
    if (item instanceof Map) return { map: [...item] };
    return typeof item === 'number' && !Number.isFinite(item) ? { number: String(item) } : item;
  });
}
