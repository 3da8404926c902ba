/** Whether a text has the form of an EVM or a Solana address; checksums are the enclave's to judge. */
export function isAddress(text: string): boolean {
  return /^(?:0x[0-9a-fA-F]{40}|[1-9A-HJ-NP-Za-km-z]{32,44})$/.test(text);
}
