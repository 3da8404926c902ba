/** What to look at first, by code, where the refusal itself does not say it. */
export const HINTS: Readonly<Record<string, string>> = {
  SERVICE_UNREACHABLE: 'Does it run, and is this its address?',
  CREDENTIALS_REFUSED:
    "The API key or Wallet Secret may be revoked, expired or of another project, the API key not allowed from this address, or this machine's clock wrong.",
  ENROLMENT_REFUSED:
    'Give the operator\'s permission by --enrolment-token-file or STRONGROOM_ENROLMENT_TOKEN; beside "make dev" it is .strongroom/enrolment-token, another one at each start.',
  CHAIN_ROOT:
    'Not AWS signed this. A service of "make dev" is verified under --custom-root .strongroom/root.pem, which proves nothing of a real one.',
  PCR_MISMATCH:
    'Another image runs than the one that you pin. When the operator announced a new one, rebuild it and pin its PCRs; otherwise give it no request.',
  STATEMENT_ADDRESS:
    'An EVM address has to be written as EIP-55 does, with its capitals: `account list` shows it so. When it is, do not pay to it.',
  CONNECTION_LOST: 'The enclave does not answer: does it run, and does STRONGROOM_ENCLAVE_* name it?',
  DEADLINE_EXCEEDED: 'The enclave does not answer in time: restart it when `status` shows it unreachable.',
  PHASE_REFUSED:
    'The enclave does not do this in its phase: `status` shows phase and reason, docs/operations.md sections 8 and 10 what to do.',
  OVERLOADED: 'The enclave has too much to do: try again.',
  CREDENTIALS_MISSING: 'The enclave has no credentials for KMS: docs/operations.md section 8.',
  KMS_UNREACHABLE: 'The enclave does not reach KMS: docs/operations.md section 8.',
  KMS_KEY_REFUSED: 'The enclave refuses the KMS key or its policy: docs/operations.md section 8.',
  KMS_ANSWER_REFUSED: 'Somebody answers in the place of KMS: docs/operations.md section 8.',
  ROOT_RECORD_REFUSED:
    'The stored root record is not of this deployment, or was changed: docs/operations.md section 8.',
  SEALED_BLOB_REFUSED:
    'Rows do not belong together, or were changed: restore the databases, docs/operations.md section 9.',
  MODULE_NOT_FOUND:
    'There is no vsock here: operators\' commands run on a parent instance, or beside "make dev" as `npm run operate`.',
  ROTATION_REFUSED:
    'The enclave refuses this change of the root key: `root-key status` shows its generations and KMS keys. A rotation goes to the next generation, one at a time; a KMS key has to be of the measured configuration, and one that does not wrap every generation yet.',
  KMS_DENIED:
    'KMS refuses. A rotation, genesis and further KMS keys need the key policy in its state "genesis": docs/operations.md sections 8 and 12.',
  STORE_UNAVAILABLE: 'The databases of the settings cannot be opened: docs/operations.md section 6.',
  STORE_READ_ONLY: 'The databases of the settings cannot be written to: docs/operations.md section 6.',
  STORE_WRONG_DATABASE: 'The databases of the settings do not belong together: docs/operations.md section 6.',
  STORE_NEWER_SCHEMA: 'A newer release has migrated the databases: run its command.',
  ENOENT: 'A file or folder that was named is not there.',
  EACCES: 'A file or folder that was named is not yours to use.',
  ENOSPC: 'The disk is full.',
};
