/** What was to be read could not be written; the command itself is done. */
export class OutputError extends Error {
  readonly code: string;
  constructor(code: string) {
    super(`The command is done, but its result could not be written (${code}).`);
    this.name = 'OutputError';
    this.code = code;
  }
}

/** Resolves when the stream has taken all of it. @throws OutputError with the system's code: EPIPE when nobody reads, ENOSPC */
export function writeResult(stream: NodeJS.WritableStream, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (error: NodeJS.ErrnoException) => reject(new OutputError(error.code ?? 'EIO'));
    // Stays: a stream tells some errors after the write was called back.
    stream.on('error', fail);
    stream.write(text, (error) => (error == null ? resolve() : fail(error)));
  });
}
