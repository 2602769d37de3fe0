/*
 * Error pages as HTML: a plain one for visitors, and one for developers.
 *
 * Strategy: whole in themselves, so that they show where nothing else works: no script, no picture, one style, which the
 * page's own Content-Security-Policy names by its hash and allows nothing else beside. Light or dark as the visitor has
 * it. Whatever comes from outside goes through `escapeHtml`.
 */
import { createHash } from "node:crypto";
import { ERROR_STYLE, REPORT_STYLE } from "./errorStyle.ts";
import type { ErrorReport, SourceLines } from "./errorReport.ts";
import { escapeHtml } from "./escapeHtml.ts";
import { hintFor, type Problem } from "./problem.ts";

/** What a page for developers shows beside the errors. @internal */
export interface RequestReport {
  /** `GET /users/7 HTTP/1.1`, without secrets. */
  readonly line: string;
  /** The route, its parameters, who asked. */
  readonly facts: readonly (readonly [string, string])[];
  readonly headers: readonly (readonly [string, string])[];
}

/** A page and the policy that it needs. @internal */
export interface Page {
  readonly html: string;
  readonly policy: string;
}

/** The page for visitors. `id` is what they can tell whoever looks into it. @internal */
export function visitorPage(problem: Problem, id: string | null): Page {
  const { status, title, detail } = problem;
  const reference =
    id === null ? "" : `<p class="id">Reference: <code>${escapeHtml(id)}</code></p>`;
  const body = `<main>
<p class="status" aria-hidden="true">${status}</p>
<h1><span class="hidden">${status} </span>${escapeHtml(title)}</h1>
<p>${escapeHtml(detail ?? hintFor(status))}</p>
${issueList(problem)}${reference}
</main>`;
  return page(`${status} ${title}`, ERROR_STYLE, body);
}

/** The page for developers. @internal */
export function developerPage(
  problem: Problem,
  reports: readonly ErrorReport[],
  request: RequestReport | null,
  tree: string,
): Page {
  const { status, title } = problem;
  const body = `<header>
<p class="status">${status} ${escapeHtml(title)}</p>
${request === null ? "" : `<p class="request"><code>${escapeHtml(request.line)}</code></p>`}
</header>
<main>
${reports.map(reportSection).join("\n")}
${request === null ? "" : requestSections(request)}
<section><h2>Tasks</h2><pre tabindex="0">${escapeHtml(tree)}</pre></section>
<footer>Shown because the application is in debug mode. Node.js ${escapeHtml(process.version)}, process ${process.pid}.</footer>
</main>`;
  return page(`${status} ${reports[0]?.message ?? title}`, REPORT_STYLE, body);
}

function page(title: string, style: string, body: string): Page {
  const html = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>${escapeHtml(title)}</title>
<style>${style}</style>
</head>
<body>
${body}
</body>
</html>
`;
  return { html, policy: policyFor(style) };
}

const policies = new Map<string, string>();

function policyFor(style: string): string {
  let policy = policies.get(style);
  if (policy === undefined) {
    const hash = createHash("sha256").update(style).digest("base64");
    policy = `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;
    policies.set(style, policy);
  }
  return policy;
}

/** What is wrong with what was sent: the `issues` of a ValidationError. */
function issueList(problem: Problem): string {
  const { issues } = problem.members as { issues?: unknown };
  if (!Array.isArray(issues)) return "";
  const items = issues.slice(0, 50).map((issue: unknown) => {
    const { path, message } = issue as { path?: unknown; message?: unknown };
    return `<li><code>${escapeHtml(String(path))}</code> ${escapeHtml(String(message))}</li>`;
  });
  return `<ul>${items.join("")}</ul>\n`;
}

function reportSection(report: ErrorReport, index: number): string {
  const { relation, name, message, frames, stack, source } = report;
  const level = index === 0 ? "h1" : "h2";
  const how = relation === "" ? "" : `<small>${relation}</small> `;
  const places = frames.map((frame) => `<li><code>${escapeHtml(frame)}</code></li>`).join("");
  return `<section>
<${level}>${how}<b>${escapeHtml(name)}</b> ${escapeHtml(message)}</${level}>
${source === null ? "" : sourceBlock(source)}${places === "" ? "" : `<ol>${places}</ol>\n`}<details><summary>Whole stack</summary><pre tabindex="0">${escapeHtml(stack)}</pre></details>
</section>`;
}

function sourceBlock({ place, lines, line }: SourceLines): string {
  const width = String(lines.at(-1)?.number ?? "").length;
  const rows = lines.map(({ number, text }) => {
    const row = `${String(number).padStart(width)}  ${escapeHtml(text)}`;
    return number === line ? `<mark>${row}</mark>` : row;
  });
  return `<figure><figcaption>${escapeHtml(place)}</figcaption><pre tabindex="0">${rows.join("\n")}</pre></figure>\n`;
}

function requestSections(request: RequestReport): string {
  return `<section><h2>Request</h2>${table(request.facts)}</section>
<section><h2>Headers</h2>${table(request.headers)}</section>`;
}

function table(rows: readonly (readonly [string, string])[]): string {
  const cells = rows.map(
    ([name, value]) =>
      `<tr><th scope="row">${escapeHtml(name)}</th><td>${escapeHtml(value)}</td></tr>`,
  );
  return `<table>${cells.join("")}</table>`;
}
