/*
 * The page that shows an OpenAPI document.
 *
 * Strategy: written on the server, so that it can be read without a script; the script (`openApiScript.ts`) adds the
 * search and has the forms send. Every control is a plain one of HTML: keyboards and screen readers know them.
 */
import { escapeHtml } from "./escapeHtml.ts";
import type {
  OpenApiContent,
  OpenApiDocument,
  OpenApiOperation,
  OpenApiParameter,
  OpenApiResponse,
} from "./openApiDocument.ts";
import { exampleOf, fieldRows, type NamedSchemas, typeWords } from "./openApiFields.ts";
import type { JsonSchema } from "./jsonSchemas.ts";

/** Where what belongs to the page is. @internal */
export interface PagePlaces {
  readonly document: string;
  readonly style: string;
  readonly script: string;
}

/** @internal */
export function openApiPage(document: OpenApiDocument, places: PagePlaces): string {
  const { info } = document;
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  );
  const named = document.components?.schemas ?? {};
  const title = escapeHtml(info.title);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<link rel="stylesheet" href="${escapeHtml(places.style)}">
<script src="${escapeHtml(places.script)}" defer></script>
</head>
<body>
<header>
<h1>${title} <small>${escapeHtml(info.version)}</small></h1>
${info.description === undefined ? "" : `<p class="about">${escapeHtml(info.description)}</p>\n`}<p><a href="${escapeHtml(places.document)}">OpenAPI document</a></p>
<div class="tools" hidden>
<p><label for="search">Search</label> <input id="search" type="search" autocomplete="off" spellcheck="false"> <output id="found" for="search"></output></p>
${serverChoice(document)}${securityField(document)}</div>
</header>
<main>
${grouped(operations)
  .map(({ tag, members }) => groupSection(tag, members, named))
  .join("\n")}
${operations.length === 0 ? "<p>There are no operations.</p>" : ""}</main>
</body>
</html>
`;
}

interface PlacedOperation {
  readonly path: string;
  readonly method: string;
  readonly operation: OpenApiOperation;
}

/** By the first tag; those without one come first. */
function grouped(
  operations: readonly PlacedOperation[],
): { tag: string; members: PlacedOperation[] }[] {
  const groups = new Map<string, PlacedOperation[]>();
  for (const each of operations) {
    const tag = each.operation.tags?.[0] ?? "";
    groups.set(tag, [...(groups.get(tag) ?? []), each]);
  }
  return [...groups]
    .sort(([a], [b]) => Number(a !== "") - Number(b !== ""))
    .map(([tag, members]) => ({ tag, members }));
}

function serverChoice({ servers = [] }: OpenApiDocument): string {
  if (servers.length === 0) return "";
  const options = servers.map(({ url, description }) => {
    const words = description === undefined ? url : `${url}: ${description}`;
    return `<option value="${escapeHtml(url)}">${escapeHtml(words)}</option>`;
  });
  return `<p><label for="server">Server</label> <select id="server"><option value="">this one</option>${options.join("")}</select></p>\n`;
}

function securityField({ components }: OpenApiDocument): string {
  if (components?.securitySchemes === undefined) return "";
  return `<p><label for="authorization">Authorization</label> <input id="authorization" autocomplete="off" spellcheck="false" placeholder="Bearer …"></p>\n`;
}

function groupSection(
  tag: string,
  members: readonly PlacedOperation[],
  named: NamedSchemas,
): string {
  const heading = tag === "" ? `<h2 class="hidden">Operations</h2>` : `<h2>${escapeHtml(tag)}</h2>`;
  const list = members.map((each) => operationDetails(each, named)).join("\n");
  return `<section class="group">\n${heading}\n${list}\n</section>`;
}

function operationDetails(placed: PlacedOperation, named: NamedSchemas): string {
  const { path, method, operation } = placed;
  const { operationId: id, summary, description, deprecated } = operation;
  const words = [method, path, summary, description, id, ...(operation.tags ?? [])].join(" ");
  const old = deprecated === true ? ` <em>deprecated</em>` : "";
  return `<details class="operation" id="${escapeHtml(id)}" data-words="${escapeHtml(words.toLowerCase())}">
<summary><span class="method ${escapeHtml(method)}">${escapeHtml(method.toUpperCase())}</span> <code>${escapeHtml(path)}</code>${old}${summary === undefined ? "" : ` <span>${escapeHtml(summary)}</span>`}</summary>
<div>
${description === undefined ? "" : `<p class="about">${escapeHtml(description)}</p>\n`}${parameterTable(operation.parameters ?? [], named)}${bodyBlock(operation, named)}<h3>Answers</h3>
${Object.entries(operation.responses)
  .map(([status, response]) => responseBlock(status, response, named))
  .join("\n")}
${tryForm(placed, named)}
</div>
</details>`;
}

function parameterTable(parameters: readonly OpenApiParameter[], named: NamedSchemas): string {
  if (parameters.length === 0) return "";
  const rows = parameters.map(({ name, in: place, required, schema }) => {
    const [row] = fieldRows(schema, named);
    return tableRow(name, place, typeWords(schema), required, row?.description ?? "");
  });
  return `<h3>Parameters</h3>\n<table>${tableHead("Name", "In")}${rows.join("")}</table>\n`;
}

function bodyBlock({ requestBody }: OpenApiOperation, named: NamedSchemas): string {
  if (requestBody === undefined) return "";
  return `<h3>Body</h3>\n${contentBlocks(requestBody.content, named)}`;
}

function responseBlock(status: string, response: OpenApiResponse, named: NamedSchemas): string {
  const head = `<p><b>${escapeHtml(status)}</b> ${escapeHtml(response.description)}</p>`;
  return response.content === undefined
    ? head
    : `${head}\n${contentBlocks(response.content, named)}`;
}

function contentBlocks(content: OpenApiContent, named: NamedSchemas): string {
  return Object.entries(content)
    .map(([type, { schema }]) => {
      const rows = fieldRows(schema, named).map(({ path, type: kind, required, description }) =>
        tableRow(path === "" ? "(whole)" : path, null, kind, required, description),
      );
      return `<table><caption><code>${escapeHtml(type)}</code></caption>${tableHead("Field", null)}${rows.join("")}</table>\n`;
    })
    .join("");
}

function tableHead(first: string, second: string | null): string {
  const names = [first, ...(second === null ? [] : [second]), "Type", "Needed", "About"];
  return `<thead><tr>${names.map((name) => `<th scope="col">${name}</th>`).join("")}</tr></thead>`;
}

function tableRow(
  name: string,
  place: string | null,
  type: string,
  required: boolean,
  about: string,
): string {
  const cells = [...(place === null ? [] : [place]), type, required ? "yes" : "no", about];
  return `<tr><th scope="row"><code>${escapeHtml(name)}</code></th>${cells.map((cell) => `<td>${escapeHtml(cell)}</td>`).join("")}</tr>`;
}

function tryForm({ path, method, operation }: PlacedOperation, named: NamedSchemas): string {
  const { operationId: id, parameters = [], requestBody } = operation;
  const fields = parameters
    // A script may not set cookies of its own will.
    .filter(({ in: place }) => place !== "cookie")
    .map((each, index) => parameterField(each, `${id}-${index}`, named));
  const body = requestBody === undefined ? "" : bodyFields(requestBody.content, id, named);
  return `<form class="try" data-method="${escapeHtml(method.toUpperCase())}" data-path="${escapeHtml(path)}" hidden>
<h3>Try it</h3>
${fields.join("")}${body}<p><button type="submit">Send</button></p>
<div class="answer" role="status"></div>
</form>`;
}

function parameterField(
  { name, in: place, required, schema }: OpenApiParameter,
  id: string,
  named: NamedSchemas,
): string {
  const shown = exampleOf(schema, named);
  const hint = typeof shown === "string" || typeof shown === "number" ? String(shown) : "";
  return field(
    id,
    name,
    required,
    `<input id="${escapeHtml(id)}" data-in="${place}" name="${escapeHtml(name)}" placeholder="${escapeHtml(hint)}"${required ? " required" : ""}>`,
  );
}

function bodyFields(content: OpenApiContent, id: string, named: NamedSchemas): string {
  const [[type, { schema }] = ["", { schema: {} }]] = Object.entries(content);
  if (type === "multipart/form-data") return multipartFields(schema, id, named);
  const text = JSON.stringify(exampleOf(schema, named), null, 2);
  return field(
    `${id}-body`,
    "Body",
    true,
    `<textarea id="${escapeHtml(id)}-body" data-in="body" rows="${Math.min(16, text.split("\n").length + 1)}" spellcheck="false">\n${escapeHtml(text)}</textarea>`,
  );
}

function multipartFields(schema: JsonSchema, id: string, named: NamedSchemas): string {
  return fieldRows(schema, named)
    .filter(({ path }) => !/[.[]/.test(path))
    .map(({ path, type, required }) => {
      const place = `${id}-form-${path}`;
      const kind = type.includes("binary") ? "file" : "text";
      return field(
        place,
        path,
        required,
        `<input id="${escapeHtml(place)}" type="${kind}" data-in="form" name="${escapeHtml(path)}"${type.endsWith("[]") ? " multiple" : ""}>`,
      );
    })
    .join("");
}

function field(id: string, name: string, required: boolean, control: string): string {
  return `<p><label for="${escapeHtml(id)}">${escapeHtml(name)}${required ? " *" : ""}</label> ${control}</p>\n`;
}
