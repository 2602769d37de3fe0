// The text of docs/conformance.md, made of the catalogue and the pins; see conformance.mjs.
//
// Per module: what of it is pinned and by which test of ours, what waits for a part of Ambit that
// is not there yet, and what has no counterpart, grouped by the reason.

/** @typedef {import("./conformance.mjs").Entry} Entry */
/** @typedef {{ module: string, entries: Entry[] }} Module */

const INTRODUCTION = `# Conformance

What CPython's own asyncio tests pin, and which of Ambit's tests pins the same. The tests are those
of CPython 3.11 with what 3.13 added. A first look at their names judged which of them have a
counterpart; where reading a test showed otherwise, the reason stands here, too. Written by
\`npm run conformance\` from the titles of the tests that passed and from
\`tests/conformance/catalogue.json\`; not to be edited by hand.

- **pinned**: a test of Ambit's pins the same behaviour, in Ambit's terms where they are different
  (milliseconds, functions instead of coroutines, \`util.inspect\` instead of \`repr\`).
- **differs**: Ambit's own rule is another one on purpose; the test pins that, and the reason stands
  beside it.
- **not yet**: it needs a part of Ambit that does not exist yet.
- **no counterpart**: what is tested does not exist outside of CPython; the reason stands beside it.
`;

/** @param {Module[]} modules */
export function conformancePage(modules) {
  return [INTRODUCTION, summary(modules), ...modules.map(section)].join("\n");
}

/** @param {Module[]} modules */
function summary(modules) {
  const rows = modules.map(({ module, entries }) => [module, ...counts(entries)]);
  const all = counts(modules.flatMap(({ entries }) => entries));
  return table(
    ["module", "pinned", "of", "of these differ", "not yet", "no counterpart"],
    [...rows, ["all", ...all]],
  );
}

/** @param {Entry[]} entries */
function counts(entries) {
  const wanted = entries.filter((entry) => entry.wanted);
  const pinned = wanted.filter((entry) => entry.pins.length > 0);
  const differing = wanted.filter(({ row }) => row.differs !== undefined);
  const later = entries.filter(isLater);
  const rest = entries.length - wanted.length - later.length;
  return [pinned.length, wanted.length, differing.length, later.length, rest];
}

/** @param {Entry} entry */
function isLater({ row, wanted }) {
  return !wanted && row.later !== undefined;
}

/** @param {Module} of */
function section({ module, entries }) {
  const [pinned, wanted] = counts(entries);
  const rows = entries.filter((entry) => entry.wanted);
  const parts = [`## ${module}: ${pinned} of ${wanted}\n`];
  if (rows.length > 0) {
    parts.push(
      table(
        ["CPython's test", "pinned by"],
        rows.map((entry) => [code(entry.row.name), pinnedBy(entry)]),
      ),
    );
  }
  const later = entries.filter(isLater);
  if (later.length > 0)
    parts.push(list("Not yet", later, ({ row }) => `waits for \`${row.later}\``));
  const none = entries.filter((entry) => !entry.wanted && !isLater(entry));
  if (none.length > 0) {
    parts.push(
      list("No counterpart", none, ({ row }) => escaped(row.overruled ?? row.reason ?? "")),
    );
  }
  return parts.join("\n");
}

/** @param {Entry} entry */
function pinnedBy({ row, pins }) {
  if (pins.length === 0) return "**nothing**";
  const tests = pins.map(({ file, title }) => `${escaped(title)} ([${nameOf(file)}](../${file}))`);
  if (row.differs !== undefined) tests.push(`*Differs:* ${escaped(row.differs)}`);
  if (row.overruled !== undefined) tests.push(`*Has a counterpart:* ${escaped(row.overruled)}`);
  return tests.join("<br>");
}

/** @param {string} file */
function nameOf(file) {
  return file.replace(/^tests\//, "").replace(/\.test\.ts$/, "");
}

/**
 * A list of tests, those with the same reason together.
 * @param {string} heading
 * @param {Entry[]} entries
 * @param {(entry: Entry) => string} reasonOf
 */
function list(heading, entries, reasonOf) {
  /** @type {Map<string, string[]>} */
  const groups = new Map();
  for (const entry of entries) {
    const reason = reasonOf(entry);
    groups.set(reason, [...(groups.get(reason) ?? []), code(entry.row.name)]);
  }
  const items = [...groups].map(([reason, names]) => `- ${reason}: ${names.join(", ")}`);
  return `${heading}:\n\n${items.join("\n")}\n`;
}

/** @param {string[]} heads @param {(string | number)[][]} rows */
function table(heads, rows) {
  const lines = [heads, heads.map(() => "---"), ...rows];
  return `${lines.map((cells) => `| ${cells.join(" | ")} |`).join("\n")}\n`;
}

/** @param {string} text */
function code(text) {
  return `\`${text}\``;
}

/** @param {string} text */
function escaped(text) {
  return text.replace(/[|<*_[\]]/g, "\\$&").replaceAll("\n", " ");
}
