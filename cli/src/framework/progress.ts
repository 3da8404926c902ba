/** How far long work is. */
export interface Progress {
  readonly step: string;
  readonly done: number;
  readonly total: number;
  /** Since the step began. */
  readonly elapsedMs: number;
}

/** Where progress goes: stderr, so that stdout stays the result's alone. */
export interface ProgressStream {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

const BAR_WIDTH = 30;
const TERMINAL_INTERVAL_MS = 200;
const LINE_INTERVAL_MS = 5000;

/** One line: step, bar, rate, time to go; of a step in which nothing is counted, its name. */
export function renderProgress({ step, done, total, elapsedMs }: Progress): string {
  if (total === 0) return step;
  const share = Math.min(done / total, 1);
  const filled = Math.round(share * BAR_WIDTH);
  const bar = `${'#'.repeat(filled)}${'.'.repeat(BAR_WIDTH - filled)}`;
  const perSecond = elapsedMs === 0 ? 0 : (done * 1000) / elapsedMs;
  const left = perSecond === 0 ? '-' : durationOf(Math.ceil(Math.max(total - done, 0) / perSecond));
  return `${step.padEnd(8)} [${bar}] ${done}/${total}  ${Math.round(perSecond)}/s  ${left} left`;
}

/**
 * Shows progress: on a terminal one line that is rewritten, elsewhere a line for each step and every five seconds; as JSON when asked.
 * How far a step came at last is always shown. `end` closes the line that was being rewritten.
 */
export function progressWriter(stream: ProgressStream, asJson: boolean, nowMs: () => number) {
  const isRewritten = stream.isTTY === true && !asJson;
  let last: { step: string; atMs: number } | null = null;
  let heldBack: Progress | null = null;
  function write(progress: Progress): void {
    const isNewStep = progress.step !== last?.step;
    const start = isRewritten ? `${isNewStep && last !== null ? '\n' : ''}\r\u001b[K` : '';
    last = { step: progress.step, atMs: nowMs() };
    heldBack = null;
    const line = asJson ? JSON.stringify({ progress }) : renderProgress(progress);
    stream.write(`${start}${line}${isRewritten ? '' : '\n'}`);
  }
  function flush(): void {
    if (heldBack !== null) write(heldBack);
  }
  return {
    show(progress: Progress): void {
      const isNewStep = progress.step !== last?.step;
      const interval = isRewritten ? TERMINAL_INTERVAL_MS : LINE_INTERVAL_MS;
      if (isNewStep) flush();
      if (last === null || isNewStep || nowMs() - last.atMs >= interval) write(progress);
      else heldBack = progress;
    },
    end(): void {
      flush();
      if (last !== null && isRewritten) stream.write('\n');
      last = null;
    },
  };
}

function durationOf(seconds: number): string {
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}
