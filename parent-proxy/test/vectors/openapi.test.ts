// The service's own OpenAPI document beside Coinbase's.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { openApiDocument } from '../../src/http/openapi/document.ts';
import { ROUTES } from '../../src/http/routes.ts';

// biome-ignore lint/suspicious/noExplicitAny: two documents of any shape are walked
type Json = any;

const file = new URL('../../../vectors/cdp/openapi.wallet-subset.json', import.meta.url);
const cdp: Json = JSON.parse(readFileSync(file, 'utf8'));
const own: Json = JSON.parse(JSON.stringify(openApiDocument(ROUTES)));

function resolve(document: Json, value: Json): Json {
  if (typeof value?.$ref !== 'string') return value;
  return value.$ref
    .slice(2)
    .split('/')
    .reduce((at: Json, key: string) => at[key], document);
}

/** Names of an object schema's properties and of those that are required, through references and compositions. */
function shapeOf(document: Json, reference: Json): { names: string[]; required: string[] } {
  const schema = resolve(document, reference);
  const parts = (schema?.allOf ?? []).map((part: Json) => shapeOf(document, part));
  const names = [...Object.keys(schema?.properties ?? {}), ...parts.flatMap((part: Json) => part.names)];
  const required = [...(schema?.required ?? []), ...parts.flatMap((part: Json) => part.required)];
  return { names: names.toSorted(), required: required.toSorted() };
}

const jsonSchemaOf = (message: Json) => message?.content?.['application/json']?.schema;
const parametersOf = (document: Json, operation: Json) =>
  (operation.parameters ?? []).map((each: Json) => resolve(document, each));
const namesOf = (parameters: Json[], place: string) =>
  parameters
    .filter((each) => each.in === place)
    .map(({ name }) => name)
    .toSorted();

const operations = Object.entries(cdp.paths as Record<string, Json>).flatMap(([path, methods]) =>
  Object.entries(methods as Record<string, Json>).map(
    ([method, theirs]) => [method, path, theirs] as [string, string, Json],
  ),
);
/** What we take beyond Coinbase. */
const BODY_EXTRAS: Readonly<Record<string, string[]>> = { importSolanaAccount: ['accountPolicy'] };
const ownOf = (path: string, method: string) => own.paths[path]?.[method];
/** Fields of answers that may be absent in Coinbase's too, and always are in ours: nothing here expires. */
const NEVER_SHOWN = ['expiresAt'];
/** Refusals for which there is no cause here: an address without balances has an empty list; a rename takes no idempotency key. */
const NEVER_REFUSED: Readonly<Record<string, readonly string[]>> = {
  listDataTokenBalances: ['404'],
  listSolanaTokenBalances: ['404'],
  updateEvmSmartAccount: ['422'],
};

describe("Coinbase's operations", () => {
  it('are those of accounts, smart accounts, balances and policies', () => {
    expect(operations).toHaveLength(45);
  });

  it.each(operations)('%s %s has the same name, parameters and scopes', (method, path, theirs) => {
    const ours = ownOf(path, method);
    expect(ours?.operationId).toBe(theirs.operationId);
    const [theirParameters, ourParameters] = [parametersOf(cdp, theirs), parametersOf(own, ours)];
    for (const place of ['path', 'query'])
      expect(namesOf(ourParameters, place)).toEqual(namesOf(theirParameters, place));
    expect(namesOf(ourParameters, 'header')).toEqual(
      expect.arrayContaining(namesOf(theirParameters, 'header')),
    );
    const required = ourParameters.filter((each: Json) => each.required && each.name !== 'X-Wallet-Auth');
    expect(required.every((each: Json) => each.in === 'path')).toBe(true);
    const scopes = theirs['x-required-api-auth-scopes'];
    if (scopes !== undefined) expect(ours['x-required-api-auth-scopes']).toEqual(scopes);
  });

  it.each(operations)('%s %s takes the same body', (method, path, theirs) => {
    const ours = ownOf(path, method);
    expect(ours.requestBody === undefined).toBe(theirs.requestBody === undefined);
    if (theirs.requestBody === undefined) return;
    const theirBody = shapeOf(cdp, jsonSchemaOf(theirs.requestBody));
    const ourBody = shapeOf(own, jsonSchemaOf(ours.requestBody));
    const extra = BODY_EXTRAS[theirs.operationId] ?? [];
    expect(ourBody.names).toEqual([...extra, ...theirBody.names].toSorted());
    expect(ourBody.required).toEqual(theirBody.required);
    expect(ours.requestBody.required).toBe(ourBody.required.length > 0);
  });

  it.each(operations)('%s %s gives the same answer, and the same refusals', (method, path, theirs) => {
    const ours = ownOf(path, method);
    const isSuccess = (status: string) => status.startsWith('2');
    const [status] = Object.keys(theirs.responses).filter(isSuccess) as [string];
    expect(Object.keys(ours.responses).filter(isSuccess)).toEqual([status]);
    const theirAnswer = shapeOf(cdp, jsonSchemaOf(resolve(cdp, theirs.responses[status])));
    const ourAnswer = shapeOf(own, jsonSchemaOf(ours.responses[status]));
    const shown = theirAnswer.names.filter((name) => !NEVER_SHOWN.includes(name));
    expect(ourAnswer.names.filter((name) => !NEVER_SHOWN.includes(name))).toEqual(shown);
    expect(theirAnswer.names).toEqual(expect.arrayContaining(ourAnswer.names));
    expect(ourAnswer.required).toEqual(expect.arrayContaining(theirAnswer.required));
    // Nobody is billed here, and a bad gateway is one in front of the service.
    const refusals = Object.keys(theirs.responses).filter((each) => !isSuccess(each));
    const absent = ['402', '502', ...(NEVER_REFUSED[theirs.operationId] ?? [])];
    const expected = refusals.filter((each) => !absent.includes(each));
    expect(Object.keys(ours.responses)).toEqual(expect.arrayContaining(expected));
  });
});

describe('the document', () => {
  const all: Json[] = Object.values(own.paths).flatMap((methods: Json) => Object.values(methods));

  it('has every route of the API, each under a name of its own', () => {
    expect(all).toHaveLength(ROUTES.filter(({ contract }) => contract !== null).length);
    expect(new Set(all.map(({ operationId }) => operationId)).size).toBe(all.length);
  });

  it('has references that lead somewhere, and patterns that are expressions', () => {
    const visit = (value: Json): void => {
      if (typeof value !== 'object' || value === null) return;
      if ('$ref' in value) expect(resolve(own, value)).toBeDefined();
      if (typeof value.pattern === 'string') expect(() => new RegExp(value.pattern, 'u')).not.toThrow();
      for (const inner of Object.values(value)) visit(inner);
    };
    visit(own);
  });

  it('says of every refusal that it is an Error', () => {
    for (const { responses } of all) {
      const refusals = Object.entries(responses as Json).filter(([status]) => Number(status) >= 400);
      expect(refusals.length).toBeGreaterThan(0);
      for (const [, refusal] of refusals)
        expect(jsonSchemaOf(refusal)).toEqual({ $ref: '#/components/schemas/Error' });
    }
  });

  it('has only error types that CDP has', () => {
    const theirs = resolve(cdp, { $ref: '#/components/schemas/ErrorType' }).enum;
    const known = [...theirs, 'operation_in_progress'];
    expect(known).toEqual(expect.arrayContaining(own.components.schemas.Error.properties.errorType.enum));
  });
});
