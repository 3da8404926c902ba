/** Fetches a file of `vectors/` from the server of the test. */
export async function loadFile(path: string): Promise<Uint8Array<ArrayBuffer>> {
  const response = await fetch(`/vectors/${path}`);
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}
