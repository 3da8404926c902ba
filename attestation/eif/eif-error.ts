/** Why an enclave image file is refused, or cannot be written; one code per rule, with the sentence that people read. */
export const EIF_REASONS = {
  EIF_UNREADABLE: 'The file cannot be read.',
  EIF_TRUNCATED: 'The file ends before its last section does.',
  EIF_TRAILING_BYTES: 'Bytes follow the last section.',
  EIF_MAGIC: 'The file does not begin with ".eif".',
  EIF_VERSION: 'The version of the format is not 4.',
  EIF_FLAGS: 'The header has a flag that is not defined.',
  EIF_RESERVED: 'A reserved field of the header, or an unused entry of its tables, is not zero.',
  EIF_SECTION_COUNT: 'The header names no sections or more than 32.',
  EIF_SECTION_OFFSET: 'A section does not begin where the one before it ends.',
  EIF_SECTION_SIZE: 'The size of a section differs between the header and the section, or is not possible.',
  EIF_SECTION_TYPE: 'A section is of an unknown type.',
  EIF_SECTION_FLAGS: 'A section has flags.',
  EIF_SECTION_ORDER: 'The sections are not in the order kernel, command line, metadata, ramdisks, signature.',
  EIF_SECTION_DUPLICATE: 'A section that may be there once is there twice.',
  EIF_SECTION_MISSING: 'There is no kernel, no command line or no ramdisk.',
  EIF_CRC: 'The checksum in the header is not that of the file.',
  EIF_COMMAND_LINE: 'The command line is not text of at most 64 KiB without a zero byte.',
  EIF_METADATA: 'The metadata is not a JSON object of at most 1 MiB.',
  EIF_SIGNATURE_FORMAT: 'The signature section is not byte for byte what it would be for this image.',
  EIF_SIGNATURE_CERTIFICATE:
    'The signing certificate is not one certificate in PEM with a P-256, P-384 or P-521 key.',
  EIF_SIGNATURE_INVALID: 'The signature over PCR0 does not verify with the signing certificate.',
  EIF_INPUT: 'A kernel, ramdisk or option of the image to be built is missing or not possible.',
  TREE_ENTRY:
    'A directory tree has an entry that is neither file, directory nor symbolic link, or a name that is not UTF-8.',
  TREE_CHANGED: 'A file changed while it was read.',
} as const;

export type EifErrorCode = keyof typeof EIF_REASONS;

/** The error of everything that reads or writes enclave image files. */
export class EifError extends Error {
  override readonly name = 'EifError';
  readonly code: EifErrorCode;

  constructor(code: EifErrorCode, where: string | null = null) {
    super(where === null ? EIF_REASONS[code] : `${EIF_REASONS[code]} (${where})`);
    this.code = code;
  }
}

/** Throws {@link EifError} with `code` unless `condition` holds. */
export function assertEif(
  condition: boolean,
  code: EifErrorCode,
  where: string | null = null,
): asserts condition {
  if (!condition) throw new EifError(code, where);
}
