/*
 * A poll whose result everybody sees grow: a page, votes by POST, and a stream of events to every open page.
 *
 * A vote is kept in a list, and sent to all who look. A page whose stream broke off comes again with the id of the last
 * event that it got, and is told what it has missed. Who leaves is noticed at once, and a stop ends the streams first: a
 * stream has no end of its own that a server could wait for.
 */
import { Broadcast, Event, run } from "ambit";
import { ClientSession, type ClientResponse } from "ambit/http";
import { Application, eventStream, html, redirect, type RunningApplication } from "ambit/web";

const PAGE = `<!doctype html>
<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Tea or coffee?</title>
<h1>Tea or coffee?</h1>
<form method="post" action="/votes"><button name="for" value="tea">Tea</button> <button name="for" value="coffee">Coffee</button></form>
<p id="result" role="status">No votes yet.</p>
<script>
  new EventSource("/votes").addEventListener("vote", ({ data }) => {
    const { tea, coffee } = JSON.parse(data);
    document.getElementById("result").textContent = tea + " for tea, " + coffee + " for coffee";
  });
</script>`;

interface Result {
  readonly tea: number;
  readonly coffee: number;
}

function makePoll(log: (line: string) => void): Application {
  const results: Result[] = [];
  const news = new Broadcast<number>(64);
  const app = new Application();
  app.get("/", () => html(PAGE));
  app.post("/votes", async (request) => {
    const choice = (await request.form()).get("for");
    const { tea, coffee } = results.at(-1) ?? { tea: 0, coffee: 0 };
    results.push({
      tea: tea + Number(choice === "tea"),
      coffee: coffee + Number(choice === "coffee"),
    });
    news.send(results.length);
    return redirect("/", { status: 303 });
  });
  app.get("/votes", () =>
    eventStream(async function* (lastId) {
      try {
        // Who is behind by more than is remembered misses nothing: what there is, is in the list.
        using mine = news.subscribe({ onLag: () => {} });
        for (let id = Number(lastId ?? 0); ; await mine.receive())
          for (; id < results.length; id++)
            yield { id: String(id + 1), event: "vote", data: results[id] };
      } finally {
        log("somebody looks no more");
      }
    }),
  );
  return app;
}

/** Reads a stream until it has come to that event; gives the data that came. */
async function read(response: ClientResponse, until: string): Promise<string[]> {
  const data: string[] = [];
  let id = "";
  for await (const line of response.reader.iterLines()) {
    if (line.startsWith("id: ")) id = line.slice("id: ".length);
    if (line.startsWith("data: ")) data.push(line.slice("data: ".length));
    if (line === "" && id === until) break;
  }
  return data;
}

async function demonstrate(
  server: RunningApplication,
  left: Event,
  out: { write(text: string): unknown },
): Promise<void> {
  await using session = new ClientSession({ baseUrl: `${server.url}/` });
  const vote = async (choice: string): Promise<void> => {
    await using response = await session.post("votes", { form: { for: choice }, redirects: false });
    response.raiseForStatus();
  };
  await vote("tea");
  {
    await using stream = await session.get("votes");
    await vote("coffee");
    out.write(`sees ${(await read(stream, "2")).join(" ")}\n`);
  }
  await left.wait();
  await vote("tea");
  await vote("tea");
  await using again = await session.get("votes", { headers: { "last-event-id": "2" } });
  out.write(`missed ${(await read(again, "4")).join(" ")}\n`);
}

/** @param port where to serve until Ctrl-C; left out, it asks itself and ends */
export async function main(out: { write(text: string): unknown }, port?: number): Promise<void> {
  await run(async () => {
    const left = new Event();
    const app = makePoll((line) => {
      out.write(`${line}\n`);
      left.set();
    });
    if (port !== undefined) return app.serve({ port });
    await using server = await app.start({ host: "127.0.0.1", port: 0 });
    await demonstrate(server, left, out);
  });
}

if ((import.meta as { main?: boolean }).main) await main(process.stdout);

/* Output:
 * sees {"tea":1,"coffee":0} {"tea":1,"coffee":1}
 * somebody looks no more
 * missed {"tea":2,"coffee":1} {"tea":3,"coffee":1}
 * somebody looks no more
 */
