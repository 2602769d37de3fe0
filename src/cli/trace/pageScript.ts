/*
 * The script of the page of `ambit trace`.
 *
 * All that came with spans is put on the page as text, never as markup. It asks once a second whether there is anything
 * new; arrow keys go from row to row.
 */
export const SCRIPT = `
"use strict";
const $ = (id) => document.getElementById(id);
let version = -1, chosen = decodeURIComponent(location.hash.slice(1)), shownSpans = -1;
const make = (tag, className, text) => {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
};
const ms = (us) => us < 1000 ? us + " \\u00b5s" : us < 1e6 ? (us / 1000).toFixed(us < 1e4 ? 2 : 1) + " ms" : (us / 1e6).toFixed(2) + " s";
const hue = (text) => { let sum = 7; for (const c of text) sum = (sum * 31 + c.codePointAt(0)) % 360; return sum; };
const state = (span) => span.error ? "bad" : span.cancelled ? "stop" : "";

function showList(traces) {
  const focused = document.activeElement && document.activeElement.dataset.trace;
  $("list").replaceChildren(...traces.map((trace) => {
    const item = make("li"), button = make("button");
    button.dataset.trace = trace.traceId;
    button.setAttribute("aria-current", String(trace.traceId === chosen));
    button.append(make("b", trace.errors ? "bad" : "", trace.name || "(no name)"));
    const errors = trace.errors ? ", " + trace.errors + (trace.errors === 1 ? " error" : " errors") : "";
    button.append(make("small", "", new Date(trace.start / 1000).toLocaleTimeString() + ", " + ms(trace.duration) + ", " +
      trace.spans + (trace.spans === 1 ? " span" : " spans") + errors + " \\u2013 " + trace.services.join(", ")));
    button.addEventListener("click", () => choose(trace.traceId));
    item.append(button);
    if (focused === trace.traceId) queueMicrotask(() => button.focus());
    return item;
  }));
  $("none").hidden = traces.length > 0;
  $("count").textContent = traces.length + (traces.length === 1 ? " trace" : " traces");
}

async function choose(id) {
  chosen = id; shownSpans = -1;
  history.replaceState(null, "", "#" + encodeURIComponent(id));
  for (const button of $("list").querySelectorAll("button"))
    button.setAttribute("aria-current", String(button.dataset.trace === id));
  await showTrace();
}

/** Parents before their children, each with its depth. A span whose parent has not come is a root. */
function ordered(list) {
  const ids = new Set(list.map((span) => span.id)), children = new Map(), out = [], seen = new Set();
  for (const span of list) {
    const parent = span.parentId !== null && span.parentId !== span.id && ids.has(span.parentId) ? span.parentId : "";
    children.set(parent, [...(children.get(parent) || []), span]);
  }
  const walk = (parent, depth) => {
    for (const span of children.get(parent) || []) {
      if (seen.has(span)) continue;
      seen.add(span); out.push([span, depth]);
      if (depth < 200) walk(span.id, depth + 1);
    }
  };
  walk("", 0);
  for (const span of list) if (!seen.has(span)) out.push([span, 0]);
  return out;
}

async function showTrace() {
  const answer = await fetch("/api/traces/" + encodeURIComponent(chosen));
  if (!answer.ok) { $("trace").replaceChildren(make("p", "empty", "This trace is gone.")); return; }
  const trace = await answer.json();
  if (trace.spans === shownSpans) return;
  shownSpans = trace.spans;
  const rows = make("div", "rows");
  for (const [span, depth] of ordered(trace.list)) rows.append(...rowOf(span, depth, trace));
  const head = make("h2", "", trace.name || "(no name)");
  const dropped = trace.dropped ? ", " + trace.dropped + " more were too many" : "";
  const about = make("p", "about", ms(trace.duration) + ", " + trace.spans + " spans" + dropped + ", trace " + trace.traceId);
  $("trace").replaceChildren(head, about, rows);
}

function rowOf(span, depth, trace) {
  const row = make("button", "row"), label = make("span", "label"), track = make("span", "track");
  label.style.paddingLeft = Math.min(depth, 20) * .9 + .5 + "rem";
  label.append(make("span", state(span), span.name || "(no name)"), " ", make("small", "", span.service + (span.kind === "internal" ? "" : " " + span.kind)));
  const whole = Math.max(1, trace.duration);
  const left = (span.start - trace.start) / whole * 100, width = span.duration / whole * 100;
  const bar = make("span", "bar " + state(span)), time = make("span", "time", ms(span.duration));
  bar.style.left = left + "%"; bar.style.width = width + "%"; bar.style.setProperty("--hue", hue(span.service));
  time.style.left = Math.min(100, left + width) + "%";
  track.append(bar, time);
  row.append(label, track);
  row.setAttribute("aria-expanded", "false");
  const details = make("div", "details");
  details.hidden = true;
  row.addEventListener("click", () => {
    details.hidden = !details.hidden;
    row.setAttribute("aria-expanded", String(!details.hidden));
    if (!details.hidden && details.childElementCount === 0) details.append(detailsOf(span, trace));
  });
  return [row, details];
}

function detailsOf(span, trace) {
  const list = make("dl");
  const add = (name, value) => list.append(make("dt", "", name), make("dd", "", value));
  add("begins after", ms(span.start - trace.start));
  add("span", span.id);
  for (const [name, value] of Object.entries(span.tags)) add(name, value);
  for (const event of span.events) add("at " + ms(Math.max(0, event.time - trace.start)), event.name);
  return list;
}

document.addEventListener("keydown", (event) => {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  const here = document.activeElement;
  const box = here && here.tagName === "BUTTON" && here.closest(".rows, #list");
  if (!step || !box) return;
  const all = [...box.querySelectorAll("button")], next = all[all.indexOf(here) + step];
  if (next) { next.focus(); event.preventDefault(); }
});

$("clear").addEventListener("click", async () => {
  await fetch("/api/traces", { method: "DELETE" });
  $("trace").replaceChildren(); chosen = "";
  await look();
});

async function look() {
  try {
    const { version: now, traces } = await (await fetch("/api/traces")).json();
    $("off").hidden = true;
    if (now === version) return;
    version = now;
    showList(traces);
    if (chosen) await showTrace();
    else if (traces[0]) await choose(traces[0].traceId);
  } catch { $("off").hidden = false; }
}
setInterval(look, 1000);
look();
`;
