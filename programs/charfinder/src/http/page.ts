/*
 * The page, as a whole: a search box, and below it samples or results. It works as it is; the script makes it faster.
 */
import { groupDigits, countWords } from "../screen/countWords.ts";
import type { CharacterIndex } from "../search/characterIndex.ts";
import { characterRow } from "./characterRow.ts";
import { html, type Markup } from "./markup.ts";
import { samples } from "./samples.ts";
import { LONGEST_QUERY, pageAddress } from "./searchRequest.ts";
import type { SearchResult } from "./searchResult.ts";

/** Where the page's parts are. */
export interface AssetAddresses {
  readonly style: string;
  readonly script: string;
  readonly icon: string;
}

/** The page for a result. */
export function page(index: CharacterIndex, result: SearchResult, assets: AssetAddresses): string {
  const isBlank = result.query.trim() === "";
  const title = isBlank ? "charfinder" : `${result.query} · charfinder`;
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>${title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="description" content="Finds characters by the words of their Unicode names.">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="${assets.icon}" type="image/svg+xml">
<link rel="stylesheet" href="${assets.style}">
<script type="module" src="${assets.script}"></script>
</head>
<body${isBlank && html` class="blank"`}>
<header>
<div class="bar">
<h1><a href="/"><img src="${assets.icon}" alt="" width="28" height="28">charfinder</a></h1>
${searchForm(result)}
</div>
</header>
<main>
${isBlank ? introduction() : html`<div id="introduction" hidden>${introduction()}</div>`}
<section id="results" aria-label="Results"${isBlank && html` hidden`}>
<p id="status">${statusLine(result)}</p>
${resultTable(result)}
${pager(result)}
</section>
</main>
<footer>
<p>${groupDigits(index.assigned)} characters of Unicode ${index.version}. <span class="keys"><kbd>/</kbd> search <kbd>↓</kbd><kbd>↑</kbd> through the results <kbd>Enter</kbd> copy</span></p>
</footer>
<div id="toast" role="status"></div>
<div id="announcer" class="unseen" role="status"></div>
</body>
</html>
`.text;
}

function searchForm({ query }: SearchResult): Markup {
  return html`<form action="/" role="search">
    <label class="unseen" for="query">Words of a character’s name</label>
    <input
      id="query"
      name="query"
      type="search"
      value="${query}"
      maxlength="${LONGEST_QUERY}"
      placeholder="cat face"
      autocomplete="off"
      autocapitalize="off"
      spellcheck="false"
      ${query === "" && html` autofocus`}
    />
    <button type="submit">Search</button>
  </form>`;
}

function introduction(): Markup {
  return html`<section class="introduction" aria-labelledby="welcome">
    <h2 id="welcome">Every character has a name</h2>
    <p>
      Type some words of it. All of them have to be in the name, in any order; <code>fac*</code> is
      a word that begins so. A character, a text or a code point such as <code>U+1F408</code> will
      do as well.
    </p>
    <h3>Try one of these</h3>
    <ul class="samples">
      ${samples.map(
        ({ query, title, glyph }) =>
          html`<li>
            <a href="${pageAddress({ query, start: 0 })}" title="${title}">
              ${glyph !== "" && html`<span class="sample" aria-hidden="true">${glyph}</span>`}
              <span>${query}</span>
            </a>
          </li>`,
      )}
    </ul>
  </section>`;
}

/** `10 matches for “cat face” in 0.05 ms` */
export function statusLine({ query, count, start, characters, elapsedMs }: SearchResult): Markup {
  const part =
    start > 0 && characters.length > 0
      ? `, ${groupDigits(start + 1)} to ${groupDigits(start + characters.length)}`
      : "";
  return html`<strong>${countWords(count, "match")}</strong>${part} for
    <q><bdi>${query.trim()}</bdi></q> <span class="time">in ${elapsedMs.toFixed(2)} ms</span>`;
}

function resultTable({ query, characters }: SearchResult): Markup {
  return html`<table${characters.length === 0 && html` hidden`}>
<caption class="unseen">Characters found for ${query}</caption>
<thead><tr><th scope="col">Character</th><th scope="col">Code point</th><th scope="col">Name</th><th scope="col" class="block">Block</th></tr></thead>
<tbody>
${characters.map(characterRow)}</tbody>
</table>
<p id="nothing"${characters.length > 0 && html` hidden`}>Nothing has all of these words in its name. Try fewer words, or the beginning of one: <code>fac*</code>.</p>`;
}

function pager({ query, start, limit, next }: SearchResult): Markup {
  return html`<nav
    id="pager"
    aria-label="Pages of the results"
    ${start === 0 && next === null && html` hidden`}
  >
    ${start > 0 && html`<a id="previous" rel="prev" href="${pageAddress({ query, start: Math.max(0, start - limit) })}">← Previous</a>`}
    <a
      id="next"
      rel="next"
      ${next === null ? html` hidden` : html` href="${pageAddress({ query, start: next })}"`}
      >Next →</a
    >
  </nav>`;
}
