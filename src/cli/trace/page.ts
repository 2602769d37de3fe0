/*
 * The page of `ambit trace`: one text, which loads nothing from anywhere. Its policy allows its own script and style, by
 * their hashes, and requests to where it came from.
 */
import { createHash } from "node:crypto";
import { SCRIPT } from "./pageScript.ts";
import { STYLE } from "./pageStyle.ts";

function hashOf(text: string): string {
  return `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
}

export const PAGE_POLICY: string = [
  "default-src 'none'",
  `script-src ${hashOf(SCRIPT)}`,
  `style-src ${hashOf(STYLE)}`,
  "connect-src 'self'",
  "img-src data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

export const PAGE: string = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>ambit trace</title>
<link rel="icon" href="data:,">
<style>${STYLE}</style>
</head>
<body>
<header>
<h1>ambit trace</h1>
<p><span id="count" role="status">0 traces</span> <span id="off" class="bad" hidden>– the viewer has ended</span></p>
<button id="clear">Clear</button>
</header>
<div class="sides">
<nav aria-label="Traces">
<p id="none" class="empty">No traces yet: send spans to /api/v2/spans (Zipkin) or /v1/traces (OTLP, as JSON).</p>
<ol id="list"></ol>
</nav>
<main id="trace" aria-label="Spans of the trace"></main>
</div>
<script>${SCRIPT}</script>
</body>
</html>
`;
