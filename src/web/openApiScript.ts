/*
 * The script of the page that shows an OpenAPI document: searches, and sends what its forms say.
 *
 * Plain JavaScript, as text: it runs in browsers. What comes back is shown as text, never as HTML.
 */

/** @internal */
export const OPEN_API_SCRIPT = `"use strict";
const $ = (selector, root = document) => root.querySelector(selector);
const all = (selector, root = document) => [...root.querySelectorAll(selector)];

for (const element of all(".tools, form.try")) element.hidden = false;

// The search: every word must be somewhere in the operation.
const search = $("#search");
const found = $("#found");
function filter() {
  const words = search.value.toLowerCase().split(/\\s+/).filter(Boolean);
  let count = 0;
  for (const operation of all("details.operation")) {
    const shown = words.every((word) => operation.dataset.words.includes(word));
    operation.hidden = !shown;
    if (shown) count++;
  }
  for (const group of all("section.group"))
    group.hidden = all("details.operation:not([hidden])", group).length === 0;
  found.textContent = words.length === 0 ? "" : count === 1 ? "1 operation" : count + " operations";
}
search.addEventListener("input", filter);
document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, textarea, select");
  if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  search.focus();
});

// A link to an operation opens it.
function open() {
  const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (target && target.tagName === "DETAILS") {
    target.open = true;
    target.scrollIntoView();
  }
}
addEventListener("hashchange", open);
open();
for (const operation of all("details.operation"))
  operation.addEventListener("toggle", () => {
    if (operation.open) history.replaceState(null, "", "#" + encodeURIComponent(operation.id));
  });

function requestOf(form) {
  let path = form.dataset.path;
  const query = new URLSearchParams();
  const headers = new Headers();
  let body;
  for (const input of all("[data-in]", form)) {
    const { name, value } = input;
    if (input.dataset.in === "path") path = path.replace("{" + name + "}", encodeURIComponent(value));
    else if (input.dataset.in === "query" && value !== "") query.append(name, value);
    else if (input.dataset.in === "header" && value !== "") headers.set(name, value);
    else if (input.dataset.in === "body") {
      body = value;
      headers.set("content-type", "application/json");
    } else if (input.dataset.in === "form") {
      body ??= new FormData();
      if (input.type !== "file") body.append(name, value);
      else for (const file of input.files) body.append(name, file);
    }
  }
  const authorization = $("#authorization");
  if (authorization && authorization.value !== "") headers.set("authorization", authorization.value);
  const server = $("#server");
  const base = server && server.value !== "" ? server.value.replace(/\\/$/, "") : "";
  const search = query.toString();
  return [base + path + (search === "" ? "" : "?" + search), { method: form.dataset.method, headers, body }];
}

function shown(text, type) {
  if (!/json/.test(type)) return text;
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

function line(tag, text) {
  const element = document.createElement(tag);
  element.textContent = text;
  if (tag === "pre") element.tabIndex = 0;
  return element;
}

async function send(form) {
  const answer = $(".answer", form);
  const button = $("button", form);
  button.disabled = true;
  answer.replaceChildren(line("p", "Sending …"));
  try {
    const [url, init] = requestOf(form);
    const response = await fetch(url, init);
    const text = await response.text();
    // The browser's own measure, where it tells.
    const timing = performance.getEntriesByName(response.url).at(-1);
    const time = timing === undefined ? "" : ", " + Math.round(timing.duration) + " ms";
    const headers = [...response.headers].map(([name, value]) => name + ": " + value).join("\\n");
    answer.replaceChildren(
      line("p", response.status + " " + response.statusText + time),
      line("pre", shown(text, response.headers.get("content-type") || "") || "(no body)"),
      line("pre", headers),
    );
  } catch (error) {
    answer.replaceChildren(line("p", "It could not be sent: " + error.message));
  } finally {
    button.disabled = false;
  }
}
for (const form of all("form.try"))
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void send(form);
  });
`;
