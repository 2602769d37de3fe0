/*
 * A row of the table of results: one character.
 *
 * The character is a button that copies it. What cannot be seen is shown as a box with its abbreviation, as the
 * standard's charts do it; what would turn the direction of writing stands in an element of its own.
 */
import { hexOf } from "../names/codePoint.ts";
import { glyphOf } from "../screen/glyph.ts";
import { otherNames } from "../screen/resultLine.ts";
import type { Character } from "../search/character.ts";
import { html, type Markup } from "./markup.ts";
import { pageAddress } from "./searchRequest.ts";

/** The row. Lacks no escaping, and needs no script but for copying. */
export function characterRow(character: Character): Markup {
  const { notation, name, block } = character;
  const others = otherNames(character);
  return html`<tr>
    <td class="glyph">${copyButton(character)}</td>
    <td class="code"><a href="${pageAddress({ query: notation, start: 0 })}">${notation}</a></td>
    <th class="name" scope="row">
      ${name}${others.length > 0 && html` <span class="others">${others.join(" · ")}</span>`}
    </th>
    <td class="block">${block !== null && html`<a href="${blockAddress(block)}">${block}</a>`}</td>
  </tr> `;
}

/** A surrogate cannot be copied: it is no character. */
function copyButton(character: Character): Markup {
  const { codePoint, notation, name, category } = character;
  const picture = pictureOf(character);
  if (category === "surrogate") return html`<span class="cell">${picture}</span>`;
  // Who speaks to the machine says what is to be seen on the button.
  const label = ["Copy", abbreviationOf(character), name + ",", notation].filter(Boolean).join(" ");
  return html`<button
    class="cell"
    type="button"
    data-code="${hexOf(codePoint)}"
    aria-label="${label}"
    title="Copy"
  >
    ${picture}
  </button>`;
}

function pictureOf(character: Character): Markup {
  const short = abbreviationOf(character);
  const glyph = glyphOf(character);
  if (short !== undefined) return html`<span class="box">${short}</span>`;
  if (glyph === "") return html`<span class="box">${hexOf(character.codePoint)}</span>`;
  return html`<bdi>${glyph}</bdi>`;
}

/** Only what has no ink of its own is abbreviated. */
function abbreviationOf({ category, aliases }: Character): string | undefined {
  if (category === "graphic" || category === "private use") return undefined;
  return aliases.find(([kind]) => kind === "abbreviation")?.[1];
}

function blockAddress(block: string): string {
  return pageAddress({ query: `block:${block.toLowerCase().replaceAll(" ", "-")}`, start: 0 });
}
