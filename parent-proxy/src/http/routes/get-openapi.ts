import { openApiDocument } from '../openapi/document.ts';
import type { Answer } from '../request.ts';
import type { Route } from '../route.ts';

/** Makes the route that shows what the others are; the document is made when it is first asked for. */
export function getOpenApi(routes: readonly Route[]): () => Promise<Answer> {
  let body: string | null = null;
  return async () => {
    body ??= JSON.stringify(openApiDocument(routes));
    return { status: 200, body };
  };
}
