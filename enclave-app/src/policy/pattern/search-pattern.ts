// TRUST BOUNDARY: messages to be signed, from clients.
import { setContains } from './character-set.ts';
import type { PatternProgram } from './compile-pattern.ts';
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
export function searchPattern(
  { instructions, start }: PatternProgram,
  text: string,
  budget: SearchBudget,
): boolean | null {
  if (budget.remainingSteps < 0) return null;
  const points = Array.from(text.toWellFormed(), (character) => character.codePointAt(0) as number);
  const visitedAt = new Int32Array(instructions.length).fill(NONE);
  const pending: number[] = [];
  let current: number[] = [];
  for (let position = 0; position <= points.length; position += 1) {
    const before = position === 0 ? NONE : (points[position - 1] as number);
    const after = position === points.length ? NONE : (points[position] as number);
    const following: number[] = [];
    // Unanchored: a new attempt begins at every position, with the lowest priority, which does not matter here.
    current.push(start);
    for (const root of current) {
      pending.push(root);
      for (let index = pending.pop(); index !== undefined; index = pending.pop()) {
        if (visitedAt[index] === position) continue;
        visitedAt[index] = position;
        budget.remainingSteps -= 1;
        if (budget.remainingSteps < 0) return null;
        const instruction = instructions[index];
        switch (instruction?.kind) {
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
    }
    current = following;
  }
  return false;
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
