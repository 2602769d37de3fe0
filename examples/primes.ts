/*
 * A service that counts primes on threads, and answers others meanwhile.
 *
 * A count takes seconds of a processor; it runs on a thread, so the loop is free. A client that leaves cancels its request's
 * task, that cancels the call, and the count sees it and ends: no processor works for nobody.
 *
 * `npm run example primes` asks it a few things and ends; `main(out, 8000)` serves until Ctrl-C:
 * `curl localhost:8000/count/20000000` in one window, `curl localhost:8000/health` in another.
 */
import { run, sleep } from "ambit";
import { ThreadPoolExecutor } from "ambit/futures";
import { Application } from "ambit/web";

type Output = { write(text: string): unknown };

const LARGE = 2_000_000_000;

/** The application, with the pool that it counts on. */
export function makeApp(pool: ThreadPoolExecutor): Application {
  const primes = pool.module<typeof import("./primesWorker.mjs")>(
    new URL("primesWorker.mjs", import.meta.url),
  );
  const app = new Application();
  app.get("/health", () => `running: ${pool.statistics().running}\n`);
  app.get("/count/:below", async ({ params }) => {
    const found = await primes.countPrimes(Number(params.below));
    return `${found} primes below ${params.below}\n`;
  });
  app.get("/from/:first", async ({ params }) => {
    const some: number[] = [];
    for await (const prime of primes.primesFrom.stream(Number(params.first)))
      if (some.push(prime) === 5) break;
    return `${some.join(" ")}\n`;
  });
  return app;
}

async function demonstrate(out: Output): Promise<void> {
  await using pool = new ThreadPoolExecutor({ maxWorkers: 2 });
  await using server = await makeApp(pool).start({ port: 0 });
  const ask = async (path: string, signal: AbortSignal | null = null): Promise<string> => {
    const headers = { connection: "close" };
    return await (await fetch(`${server.url}${path}`, { headers, signal })).text();
  };
  out.write(await ask("/count/100000"));
  out.write(await ask("/from/1000000"));
  const client = new AbortController();
  const impatient = ask(`/count/${LARGE}`, client.signal).then(null, () => "the client left\n");
  while ((await ask("/health")) !== "running: 1\n") await sleep(1);
  out.write("another is answered meanwhile\n");
  client.abort();
  out.write(await impatient);
  while ((await ask("/health")) !== "running: 0\n") await sleep(1);
  out.write("and nobody counts for it any more\n");
}

/** @param port where to serve until Ctrl-C; left out, it is asked a few things, over sockets */
export async function main(out: Output, port?: number): Promise<void> {
  await run(async () => {
    if (port === undefined) return await demonstrate(out);
    await using pool = new ThreadPoolExecutor();
    await makeApp(pool).serve({ port });
  });
}

if ((import.meta as { main?: boolean }).main) await main(process.stdout);

/* Output:
 * 9592 primes below 100000
 * 1000003 1000033 1000037 1000039 1000081
 * another is answered meanwhile
 * the client left
 * and nobody counts for it any more
 */
