// Turns every code block of the documentation into a test, so that none can go wrong unnoticed.
//
// Read are README.md, CONTRIBUTING.md, docs/, and the pages and TSDoc comments of src/ and
// programs/. Each ```ts block becomes a file of generated/snippets/, which tsc checks and vitest
// runs; one marked ```ts no-run is only checked. A block that imports from "ambit" alone runs in
// virtual time, so that none depends on how busy the machine is. One that reads POSTGRES_URL,
// MYSQL_URL or REDIS_URL from the environment gets a server of its own. In a block
//
//     expr; // => value            says that expr equals value
//     const name = expr; // => value   says that name equals value
//     console.log(expr); // => text    says that this text is printed
//     expr; // throws Name         says that expr throws, or rejects with, an error of that name
//
// Blocks are read by lines and indentation, not parsed: what this gets wrong does not compile, and
// so is seen. Files are written only when they differ, so that two runs at once do not disturb each
// other.
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join, relative, sep } from "node:path";

const FENCE = /^([ \t]*)```(\w+)?([^\n]*)\n([\s\S]*?)^\1```[ \t]*$/gm;
const CLAIM = /^(.*?);?\s*\/\/ (=>|throws) (.+)$/;

/** Servers that a snippet gets for itself when it reads the variable; without one it is skipped. */
const SERVERS = [
  { variable: "POSTGRES_URL", start: "startPostgres", missing: "postgresMissing" },
  { variable: "MYSQL_URL", start: "startMariadb", missing: "mariadbMissing" },
  { variable: "REDIS_URL", start: "startRedis", missing: "redisMissing" },
];

/** @typedef {{ where: string, code: string, run: boolean }} Snippet */

/**
 * Writes the snippets of the checkout into `generated/snippets`, and removes those that are no
 * longer there.
 * @param {string} root
 * @returns {number} how many there are
 */
export function writeSnippets(root) {
  const folder = join(root, "generated", "snippets");
  mkdirSync(folder, { recursive: true });
  const snippets = documents(root).flatMap((file) => snippetsOf(root, file));
  const names = new Set(snippets.map((snippet) => writeSnippet(folder, snippet)));
  for (const name of readdirSync(folder)) if (!names.has(name)) rmSync(join(folder, name));
  return snippets.length;
}

/** @param {string} root */
function documents(root) {
  const pages = ["README.md", "CONTRIBUTING.md"].map((name) => join(root, name));
  const inFolders = ["docs", "src", "programs"].flatMap((name) => listFiles(join(root, name)));
  return [
    ...pages.filter((file) => existsSync(file)),
    ...inFolders.filter((file) => /\.(md|ts)$/.test(file)),
  ];
}

/** @param {string} folder @returns {string[]} */
function listFiles(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => !["node_modules", "dist"].includes(entry.name))
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      return entry.isDirectory() ? listFiles(path) : [path];
    });
}

/** @param {string} root @param {string} file @returns {Snippet[]} */
function snippetsOf(root, file) {
  const name = relative(root, file).split(sep).join("/");
  const text = readFileSync(file, "utf8");
  return snippetsIn(name, file.endsWith(".ts") ? commentsOf(text) : text);
}

/** The text of the TSDoc comments, each on its own lines, all else blank. @param {string} source */
function commentsOf(source) {
  const blank = (/** @type {string} */ text) => text.replace(/[^\n]/g, "");
  const plain = (/** @type {string} */ comment) =>
    comment.replace(/^\/\*\*|\*\/$/g, "").replace(/^[ \t]*\* ?/gm, "");
  let result = "";
  let end = 0;
  for (const { 0: comment, index } of source.matchAll(/\/\*\*[\s\S]*?\*\//g)) {
    result += blank(source.slice(end, index)) + plain(comment);
    end = index + comment.length;
  }
  return result;
}

/**
 * The snippets in one page.
 * @param {string} name @param {string} text
 * @returns {Snippet[]}
 */
export function snippetsIn(name, text) {
  const snippets = [];
  for (const [fence, indent = "", language = "", mark = "", code = ""] of text.matchAll(FENCE)) {
    const where = `${name}:${text.slice(0, text.indexOf(fence)).split("\n").length}`;
    if (/^(js|javascript|mjs|typescript|tsx)$/.test(language)) {
      throw new Error(`${where}: a block marked ${language} would not be checked; mark it ts`);
    }
    if (language !== "ts") continue;
    if (!["", "no-run"].includes(mark.trim())) {
      throw new Error(
        `${where}: "${mark.trim()}" is not known; only \`\`\`ts and \`\`\`ts no-run are`,
      );
    }
    const plain = code.replaceAll(new RegExp(`^${indent}`, "gm"), "");
    snippets.push({ where, code: plain, run: mark.trim() === "" });
  }
  return snippets;
}

/** @param {string} folder @param {Snippet} snippet @returns {string} its file name */
function writeSnippet(folder, { where, code, run }) {
  const name = `${where.replace(/[/:]/g, ".")}.${run ? "test.ts" : "ts"}`;
  const text = run ? testOf(where, code) : `// from ${where}, checked only\n${code}\nexport {};\n`;
  const file = join(folder, name);
  if (!existsSync(file) || readFileSync(file, "utf8") !== text) writeFileSync(file, text);
  return name;
}

/**
 * The test made of one snippet.
 * @param {string} where @param {string} code
 */
export function testOf(where, code) {
  const imports = code.match(/^import\b[^;]*;/gm) ?? [];
  const body = code.replace(/^import\b[^;]*;/gm, "").replace(/^export (?!\{)/gm, "");
  const isVirtual = imports.every((each) => each.endsWith(' from "ambit";'));
  const server = SERVERS.find(({ variable }) => code.includes(`process.env["${variable}"]`));
  return [
    `// from ${where}`,
    `import { format as $format } from "node:util";`,
    `import { runVirtual as $virtually } from "ambit/testing";`,
    `import { expect as $expect, test as $test } from "vitest";`,
    ...(server === undefined ? [] : serverImports(server)),
    ...imports,
    `${server === undefined ? "$test" : "$test.skipIf($missing() !== null)"}(${JSON.stringify(where)}, ` +
      `() => ${server !== undefined ? "$served" : isVirtual ? "$virtually" : "$really"}(async () => {`,
    ...withAssertions(body.trim().split("\n")),
    `$expect(true).toBe(true);`,
    `}));`,
    `async function $really(body: () => Promise<void>) { await body(); }`,
    `void [$format, $virtually, $really];`,
    ``,
  ].join("\n");
}

/**
 * The helpers of a snippet that reads the address of a server from the environment.
 * @param {typeof SERVERS[number]} server
 */
function serverImports({ variable, start, missing }) {
  return [
    `import { ${missing} as $missing, ${start} as $start } from "../../tests/servers/databases.ts";`,
    `async function $served(body: () => Promise<void>) {`,
    `  const server = await $start();`,
    `  process.env["${variable}"] = server.url;`,
    `  await body().finally(() => server.stop());`,
    `}`,
  ];
}

/** @param {readonly string[]} lines */
function withAssertions(lines) {
  /** @type {string[]} */
  const result = [];
  for (const line of lines) {
    const [, last = "", kind = "", claim = ""] = CLAIM.exec(line) ?? [];
    if (kind === "") {
      result.push(line);
      continue;
    }
    const statement = [...takeOpening(result, last), last].join("\n");
    result.push(assertion(statement, kind, claim.trim()));
  }
  return result;
}

/**
 * When `last` closes a statement of several lines, takes its other lines off `lines`.
 * @param {string[]} lines
 * @param {string} last
 */
function takeOpening(lines, last) {
  if (!/^\s*[)\]}]/.test(last)) return [];
  const indent = indentOf(last);
  const start = lines.findLastIndex(
    (line) => indentOf(line) === indent && /^\s*[^)\]}\s]/.test(line),
  );
  return lines.splice(start === -1 ? lines.length : start);
}

/** @param {string} line */
function indentOf(line) {
  return line.length - line.trimStart().length;
}

/** @param {string} statement @param {string} kind @param {string} claim */
function assertion(statement, kind, claim) {
  const code = statement.trim();
  if (kind === "throws") {
    const call = `async () => { ${code}; }`;
    return `await $expect((${call})()).rejects.toMatchObject({ name: ${JSON.stringify(claim)} });`;
  }
  const printed = /^console\.log\(([\s\S]*)\)$/.exec(code)?.[1];
  if (printed !== undefined) return `$expect($format(${printed})).toBe(${JSON.stringify(claim)});`;
  const declared = /^(?:const|let) (\w+|\[[\w, ]+\])[^=]*= /.exec(code)?.[1];
  if (declared !== undefined) return `${code};\n$expect(${declared}).toEqual(${claim});`;
  return `$expect(${code}).toEqual(${claim});`;
}
