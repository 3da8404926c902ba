import * as v from 'valibot';

/** `host[:port]` as a client dials it, lower case. */
export const authority = v.pipe(
  v.string(),
  v.minLength(1),
  v.maxLength(255),
  v.regex(/^[a-z0-9.[\]:-]+$/),
  v.description('`host[:port]` as clients dial the service, lower case.'),
);

/** Gas limit times fee per gas, in the network's smallest unit; decimal. */
export const maxFeeWei = v.pipe(
  v.string(),
  v.maxLength(78),
  v.regex(/^(?:0|[1-9][0-9]*)$/),
  v.description(
    "What one sent transaction may cost in fees at most, in the network's smallest unit; decimal.",
  ),
);

/** Body of PUT /v2/enclave/project-settings: what is absent stays. */
export const projectSettingsBody = v.strictObject({
  authorities: v.optional(v.pipe(v.array(authority), v.minLength(1), v.maxLength(16))),
  exportAllowed: v.optional(v.boolean()),
  maxFeeWei: v.optional(maxFeeWei),
});
