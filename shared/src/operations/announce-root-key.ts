import { defineOperation } from './operation.ts';
import { rootChangeResponse, wrappingErrors, wrappingRequest } from './root-change.ts';

/** Makes the root key of the next generation, which opens and does not seal yet. */
export const announceRootKey = defineOperation({
  name: 'announce-root-key',
  request: wrappingRequest,
  response: rootChangeResponse,
  errors: wrappingErrors,
  mode: 'once',
});
