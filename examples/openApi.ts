/**
 * A bookshop whose schemas do two things: they check what is sent, and they tell what may be sent. `main(out, 8000)`
 * serves it; http://localhost:8000/docs is the page.
 */
import { run } from "ambit";
import { Application, NotFound, serveOpenApi } from "ambit/web";
import { z } from "zod";

const Book = z
  .object({ id: z.int(), title: z.string().min(1), price: z.number().positive() })
  .meta({ id: "Book" });
const NewBook = Book.omit({ id: true });

function shop() {
  const books = new Map([[1, { id: 1, title: "Flatland", price: 7.5 }]]);
  const app = new Application();

  const query = z.object({ below: z.coerce.number().optional(), title: z.string().optional() });
  app.get(
    "/books",
    { summary: "All books", tags: ["books"], query, responses: { 200: z.array(Book) } },
    ({ valid }) =>
      [...books.values()].filter(({ price }) => price < (valid.query.below ?? Infinity)),
  );

  app.get(
    "/books/:id<int>",
    { summary: "One book", tags: ["books"], responses: { 200: Book, 404: "no such book" } },
    ({ params }) => {
      const book = books.get(params.id);
      if (book === undefined) throw new NotFound(`no book ${params.id}`);
      return book;
    },
  );

  app.post(
    "/books",
    { summary: "A new book", tags: ["books"], body: NewBook, responses: { 200: Book } },
    ({ valid }) => {
      const book = { id: books.size + 1, ...valid.body };
      books.set(book.id, book);
      return book;
    },
  );

  return serveOpenApi(app, { title: "Bookshop", version: "1.0.0" });
}

/** @param port where to serve until Ctrl-C; left out, it asks itself and ends */
export async function main(out: { write(text: string): unknown }, port?: number): Promise<void> {
  const app = shop();
  if (port !== undefined) return run(() => app.serve({ port }));
  const ask = async (path: string, init: RequestInit = {}): Promise<string> => {
    const headers = { accept: "application/json", "content-type": "application/json" };
    const response = await app.fetch(new Request(`http://localhost${path}`, { headers, ...init }));
    return `${response.status} ${(await response.text()).trim()}`;
  };

  const post = (book: object) => ask("/books", { method: "POST", body: JSON.stringify(book) });
  out.write(`${await post({ title: "Sylvie and Bruno", price: 9 })}\n`);
  out.write(`${await post({ title: "", price: "9" })}\n`);
  out.write(`${await ask("/books?below=8")}\n`);
  out.write(`${await ask("/books/3")}\n`);

  const document = JSON.parse((await ask("/openapi.json")).slice(4)) as {
    openapi: string;
    paths: Record<string, object>;
  };
  for (const [path, methods] of Object.entries(document.paths))
    out.write(`${path}: ${Object.keys(methods).join(", ")}\n`);
}

if ((import.meta as { main?: boolean }).main) await main(process.stdout);

/* Output:
 * 200 {"id":2,"title":"Sylvie and Bruno","price":9}
 * 422 …
 * 200 [{"id":1,"title":"Flatland","price":7.5}]
 * 404 {"title":"Not Found","status":404,"detail":"no book 3"}
 * /books: get, post
 * /books/{id}: get
 */
