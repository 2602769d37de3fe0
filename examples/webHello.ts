/*
 * A web application in five lines.
 *
 * `npm run example webHello` asks it once and ends; `main(out, 8000)` serves until Ctrl-C.
 */
import { run } from "ambit";
import { Application } from "ambit/web";

/** @param port where to serve until Ctrl-C; left out, it is asked once, over a socket */
export async function main(out: { write(text: string): unknown }, port?: number): Promise<void> {
  const app = new Application();
  app.get("/hello/:name", ({ params }) => `Hello, ${params.name}!\n`);
  if (port !== undefined) return await run(() => app.serve({ port }));
  await run(async () => {
    await using server = await app.start({ port: 0 });
    const response = await fetch(`${server.url}/hello/Ada`, { headers: { connection: "close" } });
    out.write(await response.text());
  });
}

if ((import.meta as { main?: boolean }).main) await main(process.stdout);

/* Output:
 * Hello, Ada!
 */
