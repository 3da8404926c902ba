import type { ApiKeyScope } from '@strongroom/shared/api/api-key-body';
import type * as v from 'valibot';
import type { Answer, OpenRequest, ProjectRequest } from './request.ts';
import type { Services } from './services.ts';

/** What a route says of itself in the OpenAPI document, beside method, path and authentication. */
export interface RouteContract {
  readonly operationId: string;
  readonly summary: string;
  /** Parameters of the query; none is required unless its schema says so. */
  readonly query?: Readonly<Record<string, v.GenericSchema>>;
  readonly body?: v.GenericSchema;
  /** Whether `X-Idempotency-Key` counts. */
  readonly isIdempotent?: boolean;
  readonly success: { readonly status: number; readonly body: v.GenericSchema | null };
  /** Statuses of refusals beyond those that follow from authentication, body and idempotency. */
  readonly refusals?: readonly number[];
}

interface Described {
  /** In Hono's spelling: `/v2/evm/accounts/:address`; `:id{.+}` may have slashes. */
  readonly path: string;
  /** Null for what is not part of the API. */
  readonly contract: RouteContract | null;
}

interface OpenRoute extends Described {
  readonly method: 'GET' | 'POST';
  readonly auth: 'none' | 'enrolment';
  /** Counts against the limit of requests about recovery. */
  readonly isRecovery?: boolean;
  readonly handle: (request: OpenRequest, services: Services) => Promise<Answer>;
}

/**
 * `wallet`: an API key here, and the Wallet Secret's token in the enclave, which the route only forwards to. `policy-authority`: the Wallet
 * Secret's token unless the project lets API keys change policies.
 */
export interface ProjectRoute extends Described {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly auth: 'api-key' | 'wallet' | 'policy-authority';
  /** What the API key must be allowed to do. */
  readonly scope: ApiKeyScope;
  readonly handle: (request: ProjectRequest, services: Services) => Promise<Answer>;
}

/** Who may call a route, and what becomes of the call. */
export type Route = OpenRoute | ProjectRoute;
