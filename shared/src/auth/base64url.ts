/** Decodes canonical base64url without padding (RFC 4648 section 5); null for every other spelling. */
export function parseBase64url(text: string): Buffer | null {
  const bytes = Buffer.from(text, 'base64url');
  return bytes.toString('base64url') === text ? bytes : null;
}
