/*
 * What becomes of a request, whoever ends it: a client that leaves, a deadline, a server that stops.
 *
 * Each is a cancel of the request's task: its `finally` blocks run, and what it has begun ends with it. What must not be
 * cut short is shielded, and a stop waits for it; what outlives a request is the application's.
 */
import { createTask, Event, run, shield, sleep } from "ambit";
import { Application, type RunningApplication } from "ambit/web";

function makeApp(say: (line: string) => void, began: Event): Application {
  const app = new Application({}, { timeout: 60_000 });
  app.cleanupContext(async function* () {
    say("database opened");
    yield;
    say("database closed");
  });
  app.get("/report", async () => {
    try {
      began.set();
      return await sleep(60_000, "a report");
    } finally {
      say("report stopped");
    }
  });
  app.get("/slow", { timeout: 20 }, () => sleep(60_000, "too late"));
  app.post("/order", async ({ app }) => {
    app.addTask(async () => say("mail sent"), { name: "mail" });
    await shield(async () => {
      began.set();
      await sleep(30);
      say("order saved");
    });
    return "thank you";
  });
  return app;
}

/** Asks, and leaves as soon as the handler has begun. */
async function leaveEarly(app: Application, request: Request, began: Event): Promise<void> {
  began.clear();
  const client = createTask(() => app.fetch(request));
  await began.wait();
  client.cancel("the reader has gone");
  await sleep(5);
}

async function demonstrate(
  app: Application,
  running: RunningApplication,
  say: (line: string) => void,
  began: Event,
): Promise<void> {
  await leaveEarly(app, new Request("http://localhost/report"), began);
  const late = await app.fetch(new Request("http://localhost/slow"));
  say(`the deadline: ${late.status}`);
  await leaveEarly(app, new Request("http://localhost/order", { method: "POST" }), began);
  await running.drain();
  say("stopped");
}

export async function main(out: { write(text: string): unknown }): Promise<void> {
  await run(async () => {
    const say = (line: string): void => void out.write(`${line}\n`);
    const began = new Event();
    const app = makeApp(say, began);
    await using running = await app.startup();
    await demonstrate(app, running, say, began);
  });
}

if ((import.meta as { main?: boolean }).main) await main(process.stdout);

/* Output:
 * database opened
 * report stopped
 * the deadline: 503
 * mail sent
 * order saved
 * database closed
 * stopped
 */
