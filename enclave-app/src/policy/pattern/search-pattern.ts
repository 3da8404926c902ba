// TRUST BOUNDARY: messages to be signed, from clients.
import { setContains } from './character-set.ts';
import type { Instruction, PatternProgram } from './compile-pattern.ts';
import { isWordCharacter } from './named-classes.ts';
import type { Assertion } from './parse-pattern.ts';

/** State visits that one evaluation of a policy may spend on patterns; shared by its criteria. */
export interface SearchBudget {
  remainingSteps: number;
}

/** About a tenth of a second. */
export const MAX_SEARCH_STEPS = 4_000_000;

const NONE = -1;
const NEWLINE = 0x0a;

/**
 * Searches for the pattern anywhere in the text, as RE2's PartialMatch. All states of the automaton advance together, so
 * the time is at most text length times program length, and never backtracks.
 * A lone surrogate is read as U+FFFD: the bytes that are signed hold that.
 * @returns null when the budget ran out and the answer is unknown
 */
export function searchPattern(program: PatternProgram, text: string, budget: SearchBudget): boolean | null {
  if (budget.remainingSteps < 0) return null;
  const points = Array.from(text.toWellFormed(), (character) => character.codePointAt(0) as number);
  const visitedAt = new Int32Array(program.instructions.length).fill(NONE);
  let states: number[] = [];
  for (let position = 0; position <= points.length; position += 1) {
    const surroundings = { position, before: points[position - 1] ?? NONE, after: points[position] ?? NONE };
    // Unanchored: a new attempt begins at every position.
    const next = step(program, [...states, program.start], surroundings, { visitedAt, budget });
    if (next === true || next === null) return next;
    states = next;
  }
  return false;
}

interface Surroundings {
  readonly position: number;
  /** Code points, or -1 at an end of the text. */
  readonly before: number;
  readonly after: number;
}

interface Work {
  /** The position at which each state was last visited. */
  readonly visitedAt: Int32Array;
  readonly budget: SearchBudget;
}

/** Follows what takes no character; returns the states behind the next character, true at a match, null out of budget. */
function step(
  { instructions }: PatternProgram,
  pending: number[],
  { position, before, after }: Surroundings,
  { visitedAt, budget }: Work,
): number[] | true | null {
  const following: number[] = [];
  for (let index = pending.pop(); index !== undefined; index = pending.pop()) {
    if (visitedAt[index] === position) continue;
    visitedAt[index] = position;
    budget.remainingSteps -= 1;
    if (budget.remainingSteps < 0) return null;
    // qed: the compiler only makes indexes of its own program.
    const instruction = instructions[index] as Instruction;
    switch (instruction.kind) {
      case 'match':
        return true;
      case 'fork':
        pending.push(instruction.next, instruction.other);
        break;
      case 'assertion':
        if (assertionHolds(instruction.assertion, before, after)) pending.push(instruction.next);
        break;
      case 'set':
        if (after !== NONE && setContains(instruction.set, after)) following.push(instruction.next);
        break;
    }
  }
  return following;
}

/** `before` and `after` are the code points around the position, or -1 at an end of the text. */
function assertionHolds(assertion: Assertion, before: number, after: number): boolean {
  switch (assertion) {
    case 'textStart':
      return before === NONE;
    case 'textEnd':
      return after === NONE;
    case 'lineStart':
      return before === NONE || before === NEWLINE;
    case 'lineEnd':
      return after === NONE || after === NEWLINE;
    case 'wordBoundary':
      return isWordCharacter(before) !== isWordCharacter(after);
    case 'notWordBoundary':
      return isWordCharacter(before) === isWordCharacter(after);
  }
}
