/**
 * The bank of examples/ on real databases, whose server is killed and started again in the middle. In real time, for that
 * is the server's.
 */
import { setTimeout as realSleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { main } from "../../examples/bank.ts";
import { describeDatabases } from "../sql/databases.ts";

describeDatabases("the bank", (database, at) => {
  test("keeps the sum through cancels and a killed server", { timeout: 60_000 }, async () => {
    let output = "";
    const work = main({ write: (text) => (output += text) }, at.server.url, 3000);
    const crash = async (): Promise<void> => {
      await realSleep(800);
      await at.server.kill();
      await at.server.restart();
    };
    await Promise.all([work, crash()]);
    const [done, cancelled, , , looks, wrong, sum, due] = [...output.matchAll(/\d+/g)].map(Number);
    expect({ wrong, sum, due }, output).toEqual({ wrong: 0, sum: 100_000, due: 100_000 });
    expect(done, output).toBeGreaterThan(0);
    expect(cancelled, output).toBeGreaterThan(0);
    expect(looks, output).toBeGreaterThan(0);
    await using pool = database.createPool(at.server);
    await expect(pool.query(database.echo(1))).resolves.toEqual([{ id: 1 }]);
  });
});
