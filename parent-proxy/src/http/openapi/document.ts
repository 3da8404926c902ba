import { evmAccountBody, solanaAccountBody } from '@strongroom/shared/api/account-body';
import { apiKeyBody } from '@strongroom/shared/api/api-key-body';
import { errorResponse } from '@strongroom/shared/api/error-response';
import { policyBody, policyRule } from '@strongroom/shared/api/policy';
import { CLIENT_ERROR_CODES, SERVICE_ERROR_CODES } from '@strongroom/shared/error-code';
import * as v from 'valibot';
import type { Route, RouteContract } from '../route.ts';
import { describe, type JsonSchema, toJsonSchema } from './json-schema.ts';

const errorTypes = [...CLIENT_ERROR_CODES, ...SERVICE_ERROR_CODES].map(
  (code) => errorResponse(code).errorType,
);
const errorBody = v.strictObject({
  errorType: v.picklist([...new Set(errorTypes)].toSorted()),
  errorMessage: v.string(),
  correlationId: v.optional(v.pipe(v.string(), v.description("Names the request in the operator's log."))),
});

/** Schemas that are shown once, under the names that CDP has for them. */
const COMPONENTS: ReadonlyMap<v.GenericSchema, string> = new Map<v.GenericSchema, string>([
  [errorBody, 'Error'],
  [evmAccountBody, 'EvmAccount'],
  [solanaAccountBody, 'SolanaAccount'],
  [policyBody, 'Policy'],
  [policyRule, 'Rule'],
  [apiKeyBody, 'ApiKey'],
]);
const nameOf = (schema: v.GenericSchema) => COMPONENTS.get(schema);
const convert = (schema: v.GenericSchema) => toJsonSchema(schema, nameOf);

const idempotencyKey = v.optional(
  v.pipe(
    v.string(),
    v.minLength(1),
    v.maxLength(128),
    v.description('Repeating a request under the same key, for 24 hours, does not do it again.'),
  ),
);
const walletAuth = v.pipe(
  v.string(),
  v.description("The Wallet Secret's token for this very request (ES256)."),
);
const secondFactorHeader = v.pipe(
  v.string(),
  v.description('Where the project requires one: base64url of JSON; docs/second-factors.md.'),
);

/** The document of the routes that are part of the API, made of the schemas by which they validate. */
export function openApiDocument(routes: readonly Route[]): JsonSchema {
  const paths: Record<string, Record<string, JsonSchema>> = {};
  for (const route of routes) {
    if (route.contract === null) continue;
    const path = route.path.replace(/:([A-Za-z]+)(?:\{.+\})?/g, '{$1}');
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operationOf(route, route.contract) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Strongroom',
      version: '2',
      description:
        "The wallet part of Coinbase's CDP v2 API, served from a Nitro Enclave, and what verifies it.",
    },
    servers: [{ url: '/' }, { url: '/platform' }],
    paths,
    components: {
      schemas: Object.fromEntries([...COMPONENTS].map(([schema, name]) => [name, describe(schema, nameOf)])),
      securitySchemes: {
        apiKey: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT, EdDSA or ES256' },
        enrolment: { type: 'http', scheme: 'bearer', description: "One of the operator's enrolment tokens." },
      },
    },
  };
}

function operationOf(route: Route, contract: RouteContract): JsonSchema {
  const { operationId, summary, body, success } = contract;
  const statuses = refusalsOf(route, contract).map((status) => [status, errorAnswer]);
  return {
    operationId,
    summary,
    security: securityOf(route),
    ...('scope' in route && { 'x-required-api-auth-scopes': [route.scope] }),
    parameters: parametersOf(route, contract),
    ...(body !== undefined && { requestBody: { required: hasRequired(body), content: jsonOf(body) } }),
    responses: Object.fromEntries([
      [
        success.status,
        { description: 'Done.', ...(success.body !== null && { content: jsonOf(success.body) }) },
      ],
      ...statuses,
    ]),
  };
}

const errorAnswer = { description: 'Refused.', content: jsonOf(errorBody) };

function jsonOf(schema: v.GenericSchema): JsonSchema {
  return { 'application/json': { schema: convert(schema) } };
}

function hasRequired(body: v.GenericSchema): boolean {
  return 'required' in describe(body, nameOf);
}

function securityOf({ auth }: Route): readonly JsonSchema[] {
  if (auth === 'none') return [];
  return [auth === 'enrolment' ? { enrolment: [] } : { apiKey: [] }];
}

function parametersOf(route: Route, { query = {}, isIdempotent }: RouteContract): JsonSchema[] {
  const inPath = [...route.path.matchAll(/:([A-Za-z]+)/g)].map(([, name = '']) =>
    parameter('path', name, v.string()),
  );
  const inQuery = Object.entries(query).map(([name, schema]) => parameter('query', name, schema));
  const isWallet = route.auth === 'wallet';
  return [
    ...inPath,
    ...inQuery,
    ...(isWallet ? [parameter('header', 'X-Wallet-Auth', walletAuth)] : []),
    ...(route.auth === 'policy-authority'
      ? [parameter('header', 'X-Wallet-Auth', v.optional(walletAuth))]
      : []),
    ...('scope' in route && route.auth !== 'api-key'
      ? [parameter('header', 'X-Second-Factor', v.optional(secondFactorHeader))]
      : []),
    ...(isIdempotent ? [parameter('header', 'X-Idempotency-Key', idempotencyKey)] : []),
  ];
}

function parameter(place: 'path' | 'query' | 'header', name: string, schema: v.GenericSchema): JsonSchema {
  return { name, in: place, required: schema.type !== 'optional', schema: convert(schema) };
}

/** What follows from how a request is authenticated and read, and what the route adds. */
function refusalsOf({ auth }: Route, { body, isIdempotent, refusals = [] }: RouteContract): number[] {
  const statuses = [
    ...(auth === 'none' ? [] : [401]),
    ...(auth === 'none' || auth === 'enrolment' ? [] : [403, 429]),
    ...(body === undefined ? [] : [400, 413, 415]),
    ...(isIdempotent ? [400, 409, 422] : []),
    ...refusals,
    500,
    503,
  ];
  return [...new Set(statuses)].toSorted((a, b) => a - b);
}
