import * as fc from "fast-check";
import { expect, test } from "vitest";

import { escape, html } from "../../src/http/markup.ts";

test("what is put in is escaped, but for HTML", () => {
  const inner = html`<b>${"<&>"}</b>`;
  expect(html`<p title="${`"'`}">${inner}${null}${false}${7}${["a", html`<i></i>`]}</p>`.text).toBe(
    '<p title="&quot;&#39;"><b>&lt;&amp;&gt;</b>7a<i></i></p>',
  );
});

test("no text can end an element or an attribute, or is unfit for a page", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      const escaped = escape(text);
      expect(escaped).not.toMatch(/[<>"']|&(?!(?:amp|lt|gt|quot|#39);)/);
      expect(escaped).not.toMatch(/(?![\t\n])[\p{Cc}\p{Cs}\p{Noncharacter_Code_Point}]/u);
    }),
  );
  expect(escape("\0\ud800a")).toBe("\ufffd\ufffda");
});
