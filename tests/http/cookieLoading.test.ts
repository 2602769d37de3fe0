/*
 * When tough-cookie is loaded, and that its types are no matter to users. In a process of its own,
 * over real sockets; the program imports the build.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { runProgram } from "../core/childProgram.ts";
import { Origin } from "./origin.ts";

test("tough-cookie is loaded by the first set-cookie, not by a jar, nor by cookies of the caller's", async () => {
  await using origin = await Origin.start(({ url }, answer) => {
    if (url === "/set") answer.setHeader("set-cookie", "a=1");
    answer.end();
  });
  const { code, out, err } = await runProgram(`
    import { createRequire } from "node:module";
    import { ClientSession, CookieJar } from "ambit/http";
    const { cache } = createRequire(import.meta.url);
    const loaded = () => Object.keys(cache).some((file) => /tough-cookie/.test(file));
    const cookieJar = new CookieJar({ unsafe: true });
    const session = new ClientSession({ cookieJar, cookies: { b: "2" } });
    for (const path of ["/", "/", "/set"]) {
      await (await session.get(${JSON.stringify(origin.url)} + path)).bytes();
      console.log(path, loaded(), cookieJar.size);
    }
    await session.close();
  `);
  expect([err, code]).toEqual(["", 0]);
  expect(out).toBe("/ false 1\n/ false 1\n/set true 2\n");
});

test("nobody who imports the types needs those of tough-cookie", () => {
  const folder = join(import.meta.dirname, "../../dist/http");
  const types = readdirSync(folder).filter((file) => file.endsWith(".d.ts"));
  expect(types.length).toBeGreaterThan(10);
  const named = types.filter((file) =>
    readFileSync(join(folder, file), "utf8").includes("tough-cookie"),
  );
  expect(named).toEqual([]);
});
