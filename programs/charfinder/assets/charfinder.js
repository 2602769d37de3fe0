// The page of charfinder, with a script: results as one types, more of them as one scrolls, copying, keys.
//
// A search is one stream; a newer search closes the stream of the older one, which ends its task on the server. What
// the page does without a script stays as it is: links have their addresses, and the address of a search is in the bar.

const $ = (id) => document.getElementById(id);
const input = $("query");
const results = $("results");
const status = $("status");
const table = results.querySelector("table");
const caption = table.querySelector("caption");
const body = table.tBodies[0];
const nothing = $("nothing");
const pager = $("pager");
const next = $("next");
const toast = $("toast");
const announcer = $("announcer");

const LIMIT = 50;
const TYPING_MS = 60;
const ANNOUNCE_MS = 700;
const TOAST_MS = 2200;

/** The search under way. */
let current = null;

/** Looks for what is typed, in place of what was looked for before. */
function search(query, { push = false } = {}) {
  current?.abort();
  current = null;
  document.title = query.trim() === "" ? "charfinder" : `${query} · charfinder`;
  const address = query.trim() === "" ? "/" : `/?${new URLSearchParams({ query })}`;
  if (push) history.pushState(null, "", address);
  else history.replaceState(null, "", address);
  if (query.trim() === "") showIntroduction();
  else void load(query, 0);
}

/** Loads a part of the results: the first one takes the place of what is shown, others come behind it. */
async function load(query, start) {
  const own = new AbortController();
  current?.abort();
  current = own;
  results.setAttribute("aria-busy", "true");
  let isFirst = start === 0;
  try {
    for await (const line of linesOf(query, start, own.signal)) {
      if (current !== own) return;
      if (line.type === "count") {
        if (start === 0) showCount(query, line);
      } else if (line.type === "rows") {
        if (isFirst) body.replaceChildren();
        isFirst = false;
        addRows(line.rows);
      } else if (line.type === "end") {
        if (isFirst) body.replaceChildren();
        showNext(query, line.next);
      } else if (line.type === "stopping") showToast("The server is shutting down.");
    }
  } catch (error) {
    if (error.name !== "AbortError") showToast("The server does not answer.");
  } finally {
    if (current === own) {
      current = null;
      results.setAttribute("aria-busy", "false");
    }
  }
}

/** The lines of the stream, as they come. */
async function* linesOf(query, start, signal) {
  const parameters = new URLSearchParams({ query, start, limit: LIMIT });
  const response = await fetch(`/api/search?${parameters}`, { signal });
  if (!response.ok) throw new Error(`status ${response.status}`);
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const lines = (rest + value).split("\n");
    rest = lines.pop();
    for (const line of lines) yield JSON.parse(line);
  }
}

function showCount(query, { count, status: words }) {
  document.body.classList.remove("blank");
  for (const introduction of document.querySelectorAll(".introduction")) introduction.hidden = true;
  results.hidden = false;
  status.innerHTML = words;
  caption.textContent = `Characters found for ${query}`;
  table.hidden = count === 0;
  nothing.hidden = count > 0;
  pager.hidden = true;
  if (count === 0) body.replaceChildren();
  if (scrollY > 0) scrollTo(0, 0);
  announce(`${status.querySelector("strong").textContent} for ${query}`);
}

/** The server has escaped what is in them; they hold nothing but what it wrote. */
function addRows(rows) {
  const template = document.createElement("template");
  template.innerHTML = rows;
  body.append(template.content);
}

function showNext(query, start) {
  $("previous")?.remove();
  pager.hidden = start === null;
  next.hidden = start === null;
  if (start === null) return;
  next.href = `/?${new URLSearchParams({ query, start })}`;
  next.textContent = "More";
  // The observer tells only of changes: one that is still in sight is not told of again.
  observer.unobserve(next);
  observer.observe(next);
}

function showIntroduction() {
  results.hidden = true;
  const hidden = $("introduction");
  if (hidden !== null) hidden.hidden = false;
  for (const introduction of document.querySelectorAll(".introduction"))
    introduction.hidden = false;
}

/** More results, when the end of those that are there comes into sight. */
const observer = new IntersectionObserver(
  (entries) => {
    if (entries.some((entry) => entry.isIntersecting)) loadMore();
  },
  { rootMargin: "600px" },
);

function loadMore() {
  if (current !== null || next.hidden || !next.hasAttribute("href")) return;
  const parameters = new URL(next.href).searchParams;
  next.removeAttribute("href");
  void load(parameters.get("query"), parameters.get("start"));
}

let typing;
input.addEventListener("input", () => {
  clearTimeout(typing);
  typing = setTimeout(() => search(input.value), TYPING_MS);
});

input.form.addEventListener("submit", (event) => {
  event.preventDefault();
  clearTimeout(typing);
  search(input.value, { push: true });
});

addEventListener("popstate", () => {
  input.value = new URLSearchParams(location.search).get("query") ?? "";
  search(input.value);
});

// A page that was come to with results in it goes on from there.
if (next.hasAttribute("href")) {
  next.textContent = "More";
  observer.observe(next);
}

// Links to other searches need no new page. With a key held down, the browser does what it always does.
document.addEventListener("click", (event) => {
  const link = event.target.closest("a[href]");
  if (link === null || event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0)
    return;
  if (link === next) {
    event.preventDefault();
    loadMore();
    return;
  }
  const { pathname, searchParams, origin } = new URL(link.href);
  if (origin !== location.origin || pathname !== "/" || searchParams.has("start")) return;
  event.preventDefault();
  input.value = searchParams.get("query") ?? "";
  search(input.value, { push: true });
  scrollTo(0, 0);
  input.focus();
});

body.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-code]");
  if (button !== null) void copy(button);
});

async function copy(button) {
  const row = button.closest("tr");
  const name = row.querySelector(".name").firstChild.textContent.trim();
  const text = String.fromCodePoint(Number.parseInt(button.dataset.code, 16));
  const isDone = await toClipboard(text);
  showToast(isDone ? `Copied ${name}` : `${name} could not be copied`);
}

/** Pages that came over plain HTTP from another machine have no clipboard but the old one. */
async function toClipboard(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = document.createElement("textarea");
    const focused = document.activeElement;
    area.value = text;
    area.className = "unseen";
    document.body.append(area);
    area.select();
    const isDone = document.execCommand("copy");
    area.remove();
    focused?.focus();
    return isDone;
  }
}

let toastTimer;
function showToast(text) {
  clearTimeout(toastTimer);
  toast.textContent = text;
  toast.classList.add("shown");
  toastTimer = setTimeout(() => toast.classList.remove("shown"), TOAST_MS);
}

/** For who cannot see the count change: not at each letter. */
let announceTimer;
function announce(text) {
  clearTimeout(announceTimer);
  announceTimer = setTimeout(() => (announcer.textContent = text), ANNOUNCE_MS);
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (event.key === "/" && document.activeElement !== input) {
    event.preventDefault();
    input.focus();
    input.select();
  } else if (event.key === "Escape" && document.activeElement !== input) input.focus();
  else if (event.key === "ArrowDown" || event.key === "ArrowUp") moveThroughResults(event);
});

/** From the search box into the results and back; within them, row by row. */
function moveThroughResults(event) {
  const { activeElement } = document;
  const row = activeElement.closest("tbody tr");
  if (row === null && activeElement !== input) return;
  if (results.hidden || (row === null && event.key === "ArrowUp")) return;
  const to =
    row === null
      ? body.rows[0]
      : event.key === "ArrowDown"
        ? row.nextElementSibling
        : row.previousElementSibling;
  event.preventDefault();
  if (to != null) (to.querySelector("button") ?? to.querySelector("a")).focus();
  else if (event.key === "ArrowUp") input.focus();
  else loadMore();
}

/** While the page is in sight it hears when the server stops. Hidden ones give their connection back. */
let presence = null;
function watchServer() {
  if (document.visibilityState !== "visible") {
    presence?.close();
    presence = null;
  } else if (presence === null) {
    presence = new EventSource("/api/presence");
    presence.addEventListener("stopping", () => showToast("The server is shutting down."));
  }
}

document.addEventListener("visibilitychange", watchServer);
watchServer();
