/*
 * One request, and all that it sets going, as one trace: a web handler, a transaction in MariaDB or MySQL, a thread, and a
 * worker in a process of its own that takes the call from Redis.
 *
 * No function here passes a trace on, or knows of one but for the spans of its own. Look at it with `npx ambit trace`, then:
 * npm run example tracedRequest mysql://user@localhost/test redis://localhost
 * It makes a table of its own, `ambit_orders`, and removes it.
 */
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { run } from "ambit";
import { DistributedExecutor } from "ambit/distributed";
import { toThread } from "ambit/futures";
import { ClientSession } from "ambit/http";
import { createPool, type Pool, sql } from "ambit/mysql";
import { createSubprocessExec, PIPE } from "ambit/subprocess";
import { currentSpanContext, startTracing, withoutTracing, ZipkinReporter } from "ambit/tracing";
import { Application, HttpError } from "ambit/web";
import { sendReceipt } from "./receiptTasks.mjs";
import { renderReceipt } from "./receiptWorker.mjs";

interface Output {
  write(text: string): unknown;
}

interface Order {
  readonly id: number;
  readonly cents: number;
}

const viewer = "http://127.0.0.1:9411/api/v2/spans";

/** The order, marked as paid: all or nothing. */
function pay(pool: Pool, id: number): Promise<Order> {
  return pool.transaction(async (transaction) => {
    const order = await transaction.queryOne(
      sql<Order>`select id, cents from ambit_orders where id = ${id} for update`,
    );
    if (order === null) throw new HttpError(404, `there is no order ${id}`);
    await transaction.execute(sql`update ambit_orders set paid = 1 where id = ${id}`);
    return order;
  });
}

function shop(pool: Pool, executor: DistributedExecutor): Application {
  const app = new Application();
  app.post("/orders/:id/receipt", async ({ params }) => {
    const order = await pay(pool, Number(params["id"]));
    const receipt = await toThread(renderReceipt, order);
    const sent = await executor.submit(sendReceipt, "ada@example.com", receipt);
    return { sent, trace: currentSpanContext()?.traceId };
  });
  return app;
}

/** A worker in a process of its own, as there may be many on other machines. */
async function startWorker(redis: string, zipkin: string): Promise<AsyncDisposable> {
  const tasks = fileURLToPath(new URL("receiptTasks.mjs", import.meta.url));
  const ambit = join(
    dirname(createRequire(import.meta.url).resolve("ambit/package.json")),
    "dist/cli/main.js",
  );
  const options = ["--redis", redis, "--queue", "receipts", "--concurrency", "1"];
  const tracing = ["--zipkin", zipkin, "--service", "mailer"];
  const worker = await createSubprocessExec(
    process.execPath,
    [ambit, "worker", tasks, ...options, ...tracing],
    { stdout: PIPE },
  );
  await worker.stdout.readline();
  return worker;
}

/** Asks the shop as a browser would, which knows of no trace. */
function ask(url: string): Promise<{ trace: string }> {
  return withoutTracing(async () => {
    await using session = new ClientSession();
    const response = await session.post(url);
    return await response.json<{ trace: string }>();
  });
}

async function prepare(pool: Pool): Promise<void> {
  await pool.execute(sql`drop table if exists ambit_orders`);
  await pool.execute(sql`create table ambit_orders (id int primary key, cents int, paid int)`);
  await pool.insertMany("ambit_orders", [
    { id: 6, cents: 1250, paid: 0 },
    { id: 7, cents: 4200, paid: 0 },
  ]);
}

export async function main(
  out: Output,
  mysql?: string,
  redis?: string,
  zipkin: string = viewer,
): Promise<void> {
  if (mysql === undefined || redis === undefined) {
    out.write(
      "tracedRequest: no servers are given: npm run example tracedRequest mysql://… redis://…\n",
    );
    return;
  }
  await run(async () => {
    await using pool = createPool({ url: mysql, integers: "number" });
    await prepare(pool);
    await using _ = await startWorker(redis, zipkin);
    await using executor = new DistributedExecutor({ redis, queue: "receipts" });
    const reporters = [new ZipkinReporter({ url: zipkin })];
    await using tracing = startTracing({ serviceName: "shop", reporters });
    await using server = await shop(pool, executor).start({ port: 0 });
    // The first one finds no thread, and no connection.
    for (const id of [6, 7]) {
      const { trace } = await ask(`${server.url}/orders/${id}/receipt`);
      out.write(`order ${id}: ${new URL(`/#${trace}`, zipkin).href}\n`);
    }
    await tracing.close();
    await pool.execute(sql`drop table ambit_orders`);
  });
}

/* Output, when no servers are given:
tracedRequest: no servers are given: npm run example tracedRequest mysql://… redis://…
*/
