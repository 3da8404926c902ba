import { PolicyError } from '../policy-error.ts';
import type { CharacterSet } from './character-set.ts';
import { type Assertion, type PatternNode, parsePattern } from './parse-pattern.ts';

/** Bounds memory, and the cost of one character of text. */
export const MAX_PROGRAM_LENGTH = 2000;

/** Bounds the memory of all patterns of a policy. */
export const MAX_POLICY_PATTERN_LENGTH = 20_000;

/** Instructions that the patterns of one policy may still take. */
export interface PatternBudget {
  remainingInstructions: number;
}

/** Bounds the work for nested counts of nothing, such as ((a{0}){1000}){1000}, which need no states. */
const MAX_EXPANDED_NODES = 20_000;

/** One state of a Thompson automaton; `next` and `other` are indexes of instructions. */
export type Instruction =
  | { readonly kind: 'match' }
  | { readonly kind: 'set'; readonly set: CharacterSet; readonly next: number }
  | { readonly kind: 'assertion'; readonly assertion: Assertion; readonly next: number }
  | { readonly kind: 'fork'; next: number; other: number };

export interface PatternProgram {
  readonly instructions: readonly Instruction[];
  readonly start: number;
}

interface Builder {
  readonly instructions: Instruction[];
  remainingNodes: number;
}

/**
 * Compiles an RE2 pattern for {@link searchPattern}.
 * @throws INVALID_POLICY when it is not valid, its program is larger than {@link MAX_PROGRAM_LENGTH}, or the budget is spent
 */
export function compilePattern(pattern: string, budget: PatternBudget): PatternProgram {
  const program: Builder = { instructions: [{ kind: 'match' }], remainingNodes: MAX_EXPANDED_NODES };
  const start = emit(program, parsePattern(pattern), 0);
  budget.remainingInstructions -= program.instructions.length;
  if (budget.remainingInstructions < 0) throw tooLarge();
  return { instructions: program.instructions, start };
}

/** Appends the states of a node that continue at `next`, and returns the index of the first. */
function emit(program: Builder, node: PatternNode, next: number): number {
  program.remainingNodes -= 1;
  if (program.remainingNodes < 0) throw tooLarge();
  switch (node.kind) {
    case 'set':
      return append(program, { kind: 'set', set: node.set, next });
    case 'assertion':
      return append(program, { kind: 'assertion', assertion: node.assertion, next });
    case 'sequence':
      return node.nodes.reduceRight((after, child) => emit(program, child, after), next);
    case 'choice': {
      const starts = node.nodes.map((child) => emit(program, child, next));
      return starts.reduce((other, start) => append(program, { kind: 'fork', next: start, other }));
    }
    case 'repeat':
      return emitRepeat(program, node, next);
  }
}

function emitRepeat(
  program: Builder,
  { node, min, max }: Extract<PatternNode, { kind: 'repeat' }>,
  next: number,
): number {
  let start = next;
  if (max === Number.POSITIVE_INFINITY) {
    const loop: Instruction = { kind: 'fork', next, other: next };
    start = append(program, loop);
    loop.next = emit(program, node, start);
  } else {
    // x{0,3} is (x(x(x)?)?)?: built from the innermost, each of which may stop at `next`.
    for (let i = min; i < max; i += 1) {
      const body = emit(program, node, start);
      start = append(program, { kind: 'fork', next: body, other: next });
    }
  }
  for (let i = 0; i < min; i += 1) start = emit(program, node, start);
  return start;
}

function append({ instructions }: Builder, instruction: Instruction): number {
  if (instructions.length >= MAX_PROGRAM_LENGTH) throw tooLarge();
  instructions.push(instruction);
  return instructions.length - 1;
}

function tooLarge(): PolicyError {
  return new PolicyError('The regular expressions are too large.');
}
