/*
 * The status page: what the workers have counted, as a table for people.
 *
 * Strategy: whole in itself and without a script: the browser asks again by itself, and its style is the only thing that
 * the page's own Content-Security-Policy lets in. Light or dark as the visitor has it.
 */
import { createHash } from "node:crypto";
import { escapeHtml } from "./escapeHtml.ts";
import type { CounterTotal, StatusReport } from "./statusReport.ts";
import type { WorkerReport } from "./workerLink.ts";

const STYLE = `:root{color-scheme:light dark;--ground:#fbfbfa;--text:#22242a;--soft:#5d616a;--line:#dfe1e6;--card:#fff;--bad:#a5261d;--good:#1d6b3c}
@media (prefers-color-scheme:dark){:root{--ground:#16181d;--text:#e7e9ee;--soft:#a0a6b3;--line:#333843;--card:#1e2128;--bad:#ff8f82;--good:#7fd6a0}}
*{box-sizing:border-box}
body{margin:0;padding:1.5rem;background:var(--ground);color:var(--text);font:16px/1.5 system-ui,sans-serif}
main{max-width:75rem;margin:0 auto}
h1{margin:0 0 .25rem;font-size:1.5rem}
p{margin:0 0 1rem;color:var(--soft)}
div{overflow-x:auto;background:var(--card);border:1px solid var(--line);border-radius:.5rem}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
th,td{padding:.5rem .75rem;text-align:right;white-space:nowrap;border-bottom:1px solid var(--line)}
tr>:first-child,tr>:nth-child(3){text-align:left}
thead th{color:var(--soft);font-weight:600;font-size:.875rem}
tbody tr:last-child>*{border-bottom:0}
tfoot th,tfoot td{border-top:2px solid var(--line);border-bottom:0;font-weight:700}
.ready{color:var(--good)}.starting,.draining{color:var(--soft)}.bad{color:var(--bad)}
form{display:flex;gap:.5rem;margin:1rem 0 0}
button{font:inherit;padding:.375rem .875rem;color:inherit;background:var(--card);border:1px solid var(--line);border-radius:.375rem;cursor:pointer}
button:focus-visible{outline:2px solid var(--good);outline-offset:2px}
`;

const HASH = createHash("sha256").update(STYLE).digest("base64");

/** What the page may load and send: nothing, but for its style and its own form. @internal */
export const STATUS_POLICY: string = `default-src 'none'; style-src 'sha256-${HASH}'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'`;

const HEADS = [
  "Worker",
  "Process",
  "State",
  "Up",
  "Restarts",
  "Requests",
  "In flight",
  "Connections",
  "2xx",
  "3xx",
  "4xx",
  "5xx",
  "Errors",
  "Sent",
  "Memory",
  "Load",
  "Lag",
];

/** The page. `refresh` is in seconds; with `orders`, it has buttons for them. @internal */
export function statusHtml(report: StatusReport, refresh: number, orders: boolean): string {
  const heads = HEADS.map((head) => `<th scope="col">${head}</th>`).join("");
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<meta http-equiv="refresh" content="${refresh}">
<title>Status: ${escapeHtml(report.name)}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>${escapeHtml(report.name)}</h1>
<p>Node.js ${escapeHtml(process.version)}, at ${escapeHtml(report.time)}</p>
<div role="region" aria-label="Workers" tabindex="0">
<table>
<thead><tr>${heads}</tr></thead>
<tbody>
${report.workers.map(rowOf).join("\n")}
</tbody>
${report.workers.length > 1 ? `<tfoot><tr><th scope="row">All</th><td></td><td></td><td></td><td></td>${cells(report.total)}<td></td><td></td></tr></tfoot>\n` : ""}</table>
</div>
${orders ? FORM : ""}</main>
</body>
</html>
`;
}

const FORM = `<form method="post">
<button name="order" value="restart">Restart all</button>
<button name="order" value="more">One more</button>
<button name="order" value="fewer">One less</button>
</form>
`;

function rowOf({ worker, pid, state, restarts, counters }: WorkerReport): string {
  const begin = `<tr><th scope="row">${worker}</th><td>${pid}</td><td class="${escapeHtml(state)}">${escapeHtml(state)}</td>`;
  if (counters === null) {
    const none = `<td class="bad" colspan="${HEADS.length - 5}">no answer</td>`;
    return `${begin}<td></td><td>${restarts}</td>${none}</tr>`;
  }
  const { uptime, load, loopLag } = counters;
  return `${begin}<td>${since(uptime)}</td><td>${restarts}</td>${cells(counters)}<td>${Math.round(load * 100)} %</td><td>${loopLag} ms</td></tr>`;
}

function cells(counters: CounterTotal): string {
  const { requests, inFlight, connections, statuses, errors, bytesSent, memory } = counters;
  const numbers = [requests, inFlight, connections, ...KINDS.map((kind) => statuses[kind] ?? 0)];
  const plain = numbers.map((number) => `<td>${grouped(number)}</td>`).join("");
  const bad = `<td${errors > 0 ? ' class="bad"' : ""}>${grouped(errors)}</td>`;
  return `${plain}${bad}<td>${bytes(bytesSent)}</td><td>${bytes(memory)}</td>`;
}

const KINDS = ["2xx", "3xx", "4xx", "5xx"];

/** `1,234,567`. */
function grouped(number: number): string {
  return String(number).replace(/\B(?=(\d{3})+$)/g, ",");
}

function bytes(number: number): string {
  if (number < 1e6) return `${(number / 1e3).toFixed(1)} kB`;
  return number < 1e9 ? `${(number / 1e6).toFixed(1)} MB` : `${(number / 1e9).toFixed(2)} GB`;
}

/** `12 s`, `5 min`, `3.5 h`, `12.0 d`. */
function since(ms: number): string {
  const seconds = ms / 1000;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800
    ? `${(seconds / 3600).toFixed(1)} h`
    : `${(seconds / 86_400).toFixed(1)} d`;
}
