import { PolicyError } from '../policy-error.ts';

/** Walks over the code points of a pattern. */
export class PatternReader {
  readonly #points: readonly number[];
  #at = 0;

  /** @throws INVALID_POLICY for a lone surrogate, which no UTF-8 text holds */
  constructor(pattern: string) {
    if (!pattern.isWellFormed()) throw refuse('is not valid Unicode');
    this.#points = Array.from(pattern, (character) => character.codePointAt(0) as number);
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#points.length;
  }

  /** The next code point as text, or "" at the end. */
  peek(offset = 0): string {
    const point = this.#points[this.#at + offset];
    return point === undefined ? '' : String.fromCodePoint(point);
  }

  /** @throws INVALID_POLICY at the end */
  next(): string {
    const character = this.peek();
    if (character === '') throw refuse('ends too early');
    this.#at += 1;
    return character;
  }

  /** Consumes the text if it comes next. */
  take(text: string): boolean {
    for (let i = 0; i < text.length; i += 1) if (this.peek(i) !== text[i]) return false;
    this.#at += text.length;
    return true;
  }

  /** Consumes up to and including the ASCII terminator and returns what stood before it, or null if there is none. */
  takeUntil(terminator: string): string | null {
    const start = this.#at;
    let text = '';
    while (!this.isAtEnd) {
      if (this.take(terminator)) return text;
      text += this.next();
    }
    this.#at = start;
    return null;
  }
}

export function refuse(problem: string): PolicyError {
  return new PolicyError(`The regular expression ${problem}.`);
}
