/** The command was called in a way that makes no sense; exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export const USAGE = `strongroom-attest: verifies AWS Nitro attestation documents and measures enclave images.

  verify FILE --pcr0 HEX --pcr1 HEX --pcr2 HEX (--nonce HEX | --no-nonce)
      [--pcr3 HEX] [--pcr4 HEX] [--pcr8 HEX] [--user-data HEX|absent] [--public-key HEX|absent]
      [--at ISO-TIME] [--max-age SECONDS] [--max-skew SECONDS] [--root aws|aws-us-gov | --custom-root PEM-FILE]
      [--debug-enclave] [--deployment HEX] [--configuration HEX] [--status] [--base64] [--json]
  inspect FILE [--base64] [--json]          shows what a document claims; verifies nothing
  pcrs EIF [--json]                         PCR0, PCR1, PCR2 (and PCR8) of an enclave image file
  eif describe EIF [--json]                 everything about an enclave image file
  eif extract EIF DIRECTORY                 its kernel, command line, metadata and ramdisks
  eif build --kernel FILE (--cmdline TEXT | --cmdline-file FILE) --ramdisk PATH [--ramdisk PATH ...]
      --output EIF [--arch x86_64|arm64] [--metadata JSON-FILE] [--json]
                                            a ramdisk is a file, or a directory that becomes a cpio archive

FILE: the bytes of a document; base64 with --base64 or a name that ends in .b64; JSON of a service's attestation
endpoint; "-" for standard input; or the http(s) URL of a Strongroom service, which is asked with a fresh nonce.
--pcr0, --pcr1 and --pcr2 may be given several times, once each per accepted image. --max-age is 300 and --max-skew 30.

Exit code 0: accepted. 1: rejected. 2: called wrongly.`;
