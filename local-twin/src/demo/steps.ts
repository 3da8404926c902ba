/** Runs one step; what it returns is shown, what it throws fails the demo. */
export type Step = (title: string, run: () => Promise<string>) => Promise<void>;

/** Shows steps on the console, and counts them. */
export function startSteps(): { readonly step: Step; readonly counts: { steps: number; failures: number } } {
  const counts = { steps: 0, failures: 0 };
  return {
    counts,
    async step(title, run) {
      counts.steps++;
      const startedMs = performance.now();
      try {
        const result = await run();
        console.log(`ok    ${title} (${Math.round(performance.now() - startedMs)} ms)\n      ${result}`);
      } catch (error) {
        counts.failures++;
        const reason = error instanceof Error ? error.message : String(error);
        console.log(`FAIL  ${title}\n      ${reason}`);
      }
    },
  };
}

/** @throws Error, to be shown */
export function expect(holds: boolean, what: string): void {
  if (!holds) throw new Error(what);
}
