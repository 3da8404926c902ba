import { defineOperation } from './operation.ts';
import { rootChangeResponse, wrappingErrors, wrappingRequest } from './root-change.ts';

/** Wraps the root key by further KMS keys of the measured configuration; no row is sealed anew. */
export const addRootWraps = defineOperation({
  name: 'add-root-wraps',
  request: wrappingRequest,
  response: rootChangeResponse,
  errors: wrappingErrors,
  mode: 'once',
});
