import type { Answer } from '../request.ts';
import { runFactorPage } from '../run-factor-page.ts';

const HTML = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Strongroom: second factor</title>
<script src="factors.js" defer></script>
</head>
<body>
<h1>Second factor</h1>
<p id="what">Open the link that the strongroom command printed.</p>
<p><button id="use" hidden>Use the passkey</button></p>
<p id="state" role="status"></p>
<p><textarea id="result" rows="8" cols="80" readonly hidden></textarea></p>
</body>
</html>
`;

/** Nothing but the page's own script runs on it; it is in nobody's frame and sends nothing to anybody. */
const PAGE_HEADERS = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'publickey-credentials-create=(self), publickey-credentials-get=(self)',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'cache-control': 'no-store',
};

/** The page asks nothing of the service: what it is to sign comes in the link's fragment, which no server sees. */
export async function serveFactorPage(): Promise<Answer> {
  return { status: 200, body: HTML, contentType: 'text/html; charset=utf-8', headers: PAGE_HEADERS };
}

/** The function as it runs here, its types stripped. */
export async function serveFactorScript(): Promise<Answer> {
  const body = `(${runFactorPage.toString()})();\n`;
  return { status: 200, body, contentType: 'text/javascript; charset=utf-8', headers: PAGE_HEADERS };
}
