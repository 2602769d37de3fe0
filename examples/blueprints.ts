/*
 * A small application in parts: two blueprints below one version, with what is around them.
 *
 * `notes` has a middleware that tells who is asking: its handlers have `request.state.user`, and those of `pages` don't.
 * What a handler throws is answered by the nearest rule for it. No socket: `app.fetch` answers in memory.
 */
import { run } from "ambit";
import { Application, Blueprint, Forbidden, json, NotFound } from "ambit/web";

interface Note {
  readonly owner: string;
  readonly text: string;
}

interface Shelf {
  readonly notes: Map<number, Note>;
}

const notes = new Blueprint<Shelf>({ name: "notes", urlPrefix: "/notes" });

const owned = notes.use(async ({ headers }, next) => {
  const user = headers.get("x-user");
  if (user === null) throw new Forbidden("who is asking?");
  return next({ user });
});

owned.get("/", ({ app, state, query }) => {
  const wanted = query.get("with") ?? "";
  const all = [...app.state.notes].filter(
    ([, { owner, text }]) => owner === state.user && text.includes(wanted),
  );
  return all.map(([id]) => app.urlFor("notes.show", { id }));
});

owned.get("/:id<int>", { name: "show" }, ({ app, params, state }) => {
  const note = app.state.notes.get(params.id);
  if (note?.owner !== state.user) throw new NotFound(`${state.user} has no note ${params.id}`);
  return note.text;
});

notes.exception(NotFound, ({ message }) => json({ missing: message }, { status: 404 }));

const pages = new Blueprint({ urlPrefix: "/pages" });
pages.get("/:year<int>/:name.:ext<ext>", ({ params }) => params);

function application(): Application<Shelf> {
  const app = new Application<Shelf>({
    notes: new Map([
      [1, { owner: "ada", text: "the engine weaves" }],
      [2, { owner: "grace", text: "a moth in relay 70" }],
    ]),
  });
  return app.register(new Blueprint<Shelf>({ version: 1 }).register(notes).register(pages));
}

export async function main(out: { write(text: string): unknown }): Promise<void> {
  const app = application();
  const asked = [
    ["/v1/notes", "ada"],
    ["/v1/notes/1", "ada"],
    ["/v1/notes/2", "ada"],
    ["/v1/notes", ""],
    ["/v1/pages/1843/note.g.txt", ""],
  ];
  await run(async () => {
    for (const [path, user] of asked) {
      const headers = user === "" ? {} : { "x-user": user as string };
      const response = await app.fetch(new Request(`http://localhost${path}`, { headers }));
      const [text] = (await response.text()).split("\n");
      out.write(`${path} ${response.status} ${text}\n`);
    }
  });
}

/* Output:
 * /v1/notes 200 ["/v1/notes/1"]
 * /v1/notes/1 200 the engine weaves
 * /v1/notes/2 404 {"missing":"ada has no note 2"}
 * /v1/notes 403 403 Forbidden
 * /v1/pages/1843/note.g.txt 200 {"year":1843,"name":"note.g","ext":"txt"}
 */
