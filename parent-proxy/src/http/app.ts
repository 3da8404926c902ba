// TRUST BOUNDARY: HTTP requests, from anybody.
import type { HttpBindings } from '@hono/node-server';
import { type Context, Hono } from 'hono';
import type { Authenticated } from '../auth/api-key.ts';
import { type RouteLabel, UNMATCHED } from '../metrics/metrics.ts';
import { RequestError } from '../request-error.ts';
import { nextCorrelationId } from './correlation-id.ts';
import { answerError } from './error-answer.ts';
import { type Answer, type OpenRequest, readBody } from './request.ts';
import type { ProjectRoute, Route } from './route.ts';
import { ROUTES } from './routes.ts';
import type { Services } from './services.ts';

type HttpContext = Context<{ Bindings: HttpBindings }>;

const PREFIXES = ['', '/platform'];

/** Serves the routes. Whatever happens to a request, its answer is made here. */
export function createApp(services: Services): Hono<{ Bindings: HttpBindings }> {
  const app = new Hono<{ Bindings: HttpBindings }>();
  for (const prefix of PREFIXES) {
    for (const route of ROUTES) {
      const label = { method: route.method, route: route.path };
      app.on(route.method, `${prefix}${route.path}`, (context: HttpContext) =>
        answer({ context, label }, services, (request) => serve(route, { request, context }, services)),
      );
    }
  }
  app.notFound((context: HttpContext) =>
    answer({ context, label: UNMATCHED }, services, async ({ path }) => {
      throw unroutable(path);
    }),
  );
  return app;
}

async function answer(
  { context, label }: { readonly context: HttpContext; readonly label: RouteLabel },
  services: Services,
  act: (request: OpenRequest) => Promise<Answer>,
): Promise<Response> {
  const finished = services.metrics.httpRequestStarted(label);
  const request = openRequestOf(context);
  let response: Response;
  try {
    response = toResponse(await act(request));
  } catch (error) {
    response = toResponse(answerError(error, request.correlationId, services));
  }
  finished(response.status);
  return response;
}

/** Authentication comes before the body: nothing is read for a caller who may not ask. */
async function serve(
  route: Route,
  { request, context }: { readonly request: OpenRequest; readonly context: HttpContext },
  services: Services,
): Promise<Answer> {
  // Routed paths are decoded and normalized, but tokens are made over the spelling, and to the enclave only one is a route.
  if (context.req.path !== request.path) throw new RequestError('NOT_FOUND');
  // Node would take the first of several; another machine on the way may have judged the last.
  if ((context.env.incoming.headersDistinct['authorization'] ?? []).length > 1)
    throw new RequestError('BEARER_REFUSED');
  const { authorization } = request.headers;
  switch (route.auth) {
    case 'none':
    case 'enrolment': {
      if (route.auth === 'enrolment') services.admitEnrolment(authorization);
      const remoteAddress = services.clientAddressOf(context.env.incoming);
      if (route.isRecovery === true) services.recoveryLimiter.admitAddress(remoteAddress);
      const body = await readBody(context.env.incoming);
      return await route.handle({ ...request, body }, services);
    }
    case 'api-key':
    case 'wallet':
    case 'policy-authority': {
      const { method, path } = request;
      const remoteAddress = services.clientAddressOf(context.env.incoming);
      const authenticated = await services.authenticate({ authorization, method, path, remoteAddress });
      admit(route, authenticated, services);
      const body = await readBody(context.env.incoming);
      return await route.handle({ ...request, ...authenticated, body }, services);
    }
  }
}

/** Checked against what the proxy knows of the key; for export and policies the enclave checks again against the record. */
function admit(route: ProjectRoute, { principal }: Authenticated, { rateLimiter, keyUse }: Services): void {
  rateLimiter.admit(principal);
  keyUse.note(principal.apiKeyId);
  if (!principal.scopes.includes(route.scope)) throw new RequestError('FORBIDDEN');
}

function openRequestOf(context: HttpContext): OpenRequest {
  const { method = '', url = '', headers } = context.env.incoming;
  const queryAt = url.indexOf('?');
  return {
    correlationId: nextCorrelationId(),
    method,
    path: queryAt < 0 ? url : url.slice(0, queryAt),
    query: new URLSearchParams(queryAt < 0 ? '' : url.slice(queryAt + 1)),
    parameters: context.req.param(),
    headers,
    body: NO_BODY,
  };
}

const NO_BODY = new Uint8Array(0);

function toResponse({ status, body, contentType = 'application/json', headers }: Answer): Response {
  // 204 may have neither body nor type (RFC 9110 section 15.3.5).
  if (status === 204) return new Response(null, { status });
  return new Response(body as string | Uint8Array<ArrayBuffer>, {
    status,
    headers: { 'content-type': contentType, ...headers },
  });
}

const KNOWN_PATHS = ROUTES.map(({ method, path }) => {
  const pattern = path.replace(/:[A-Za-z]+(\{\.\+\})?/g, (_name, anything) => (anything ? '.+' : '[^/]+'));
  return { method, pattern: new RegExp(`^(?:/platform)?${pattern}$`) };
});

/** A path that has other methods names them (RFC 9110 section 15.5.6). */
function unroutable(path: string): RequestError {
  const methods = KNOWN_PATHS.filter(({ pattern }) => pattern.test(path)).map(({ method }) => method);
  if (methods.length === 0) return new RequestError('NOT_FOUND');
  return new RequestError('METHOD_NOT_ALLOWED', { headers: { allow: [...new Set(methods)].join(', ') } });
}
