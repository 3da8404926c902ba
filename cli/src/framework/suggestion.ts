const MAX_DISTANCE = 3;

/** The word that was probably meant, or null. */
export function closest(written: string, known: readonly string[]): string | null {
  const ranked = known
    .map((word) => ({
      word,
      distance: word.startsWith(written) && written.length > 1 ? 0 : editDistance(written, word),
    }))
    .filter(({ word, distance }) => distance <= Math.min(MAX_DISTANCE, Math.floor(word.length / 2)))
    .sort((a, b) => a.distance - b.distance);
  return ranked[0]?.word ?? null;
}

/** Insertions, deletions and replacements from one word to the other (Levenshtein). */
function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (const [i, letter] of [...from].entries()) {
    const next = [i + 1];
    for (const [j, other] of [...to].entries()) {
      const [above = 0, diagonal = 0, left = 0] = [row[j + 1], row[j], next[j]];
      next.push(Math.min(above + 1, left + 1, diagonal + (letter === other ? 0 : 1)));
    }
    row = next;
  }
  return row[to.length] ?? 0;
}
