import { openApiDocument } from '../openapi/document.ts';
import type { Answer } from '../request.ts';
import type { Route } from '../route.ts';

/** Makes the route that shows what the others are. */
export function getOpenApi(routes: readonly Route[]): () => Promise<Answer> {
  const body = JSON.stringify(openApiDocument(routes));
  return async () => ({ status: 200, body });
}
