/**
 * Sessions, in cookies and in a store: what is kept, when, for how long, and what does not pass.
 */
import { inspect } from "node:util";
import { getRunningLoop, sleep } from "ambit";
import { runVirtual } from "ambit/testing";
import {
  Forbidden,
  MemorySessionStore,
  type Session,
  type SessionState,
  type SessionStore,
  sessions,
  type StoreSessionOptions,
} from "ambit/web";
import { describe, expect, test } from "vitest";
import { type Passage, through, type ThroughInit } from "./through.ts";

const keys = "a secret of at least thirty-two bytes";
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

type Data = { n: number; deep?: { list: string[] } };
type Use = (session: Session<Data>) => unknown;
type Options = Omit<Partial<StoreSessionOptions<Data>>, "initial">;

const initial = (): Data => ({ n: 0 });
const countUp: Use = (session) => ++session.data.n;
const look: Use = (session) => session.data.n;

/** A browser that keeps one cookie. */
class Visitor {
  cookie: string | null = null;
  /** What was set in all. */
  readonly set: string[] = [];
  readonly #middleware;

  constructor(options: Options | { keys: string | string[]; encrypt?: boolean }) {
    const all = { initial, ...options };
    this.#middleware =
      "store" in all ? sessions(all as StoreSessionOptions<Data>) : sessions({ keys, ...all });
  }

  async visit(use: Use, init: ThroughInit = {}): Promise<Passage> {
    const headers = this.cookie === null ? {} : { cookie: `session=${this.cookie}` };
    const passage = await through(this.#middleware, { headers, ...init }, async (request) => {
      const { session } = request.state as SessionState<Data>;
      return String(await use(session));
    });
    for (const line of passage.headers("set-cookie")) {
      this.set.push(line);
      const value = /^session=([^;]*)/.exec(line)?.[1] ?? "";
      this.cookie = value === "" ? null : value;
    }
    return passage;
  }

  async text(use: Use): Promise<string> {
    return (await this.visit(use)).text;
  }
}

const kinds: [string, () => Visitor, (options: Options) => Visitor][] = [
  ["a signed cookie", () => new Visitor({}), (options) => new Visitor(options)],
  [
    "a sealed cookie",
    () => new Visitor({ keys, encrypt: true }),
    (options) => new Visitor({ encrypt: true, keys, ...options }),
  ],
  [
    "a store",
    () => new Visitor({ store: new MemorySessionStore() }),
    (options) => new Visitor({ store: new MemorySessionStore(), ...options }),
  ],
];

describe.each(kinds)("in %s", (_, make, makeWith) => {
  test("what is kept is there with the next request", () =>
    runVirtual(async () => {
      const visitor = make();
      expect(await visitor.text(countUp)).toBe("1");
      expect(await visitor.text(countUp)).toBe("2");
      expect(await visitor.text((session) => session.isNew)).toBe("false");
      expect(await make().text(look)).toBe("0");
    }));

  test("a visitor for whom nothing is kept gets no cookie", () =>
    runVirtual(async () => {
      const visitor = make();
      const { header } = await visitor.visit(() => "no session needed");
      expect([header("set-cookie"), header("vary"), header("cache-control")]).toEqual([
        null,
        null,
        null,
      ]);
      const looked = await visitor.visit(look);
      expect([looked.header("set-cookie"), looked.header("vary")]).toEqual([null, "Cookie"]);
      expect(looked.header("cache-control")).toBe("private, no-cache");
    }));

  test("a handler that takes long leaves no cookie either", () =>
    runVirtual(async () => {
      const visitor = make();
      await visitor.visit(() => sleep(5 * HOUR));
      expect(visitor.set).toEqual([]);
    }));

  test("is only saved when it changed, however deep inside", () =>
    runVirtual(async () => {
      const visitor = make();
      await visitor.visit((session) => void (session.data.deep = { list: ["a"] }));
      await visitor.visit((session) => session.data.deep?.list[0]);
      expect(visitor.set).toHaveLength(1);
      await visitor.visit((session) => session.data.deep?.list.push("b"));
      expect(visitor.set).toHaveLength(2);
      expect(await visitor.text((session) => session.data.deep?.list)).toBe("a,b");
      await visitor.visit((session) => void (session.data = { n: 5 }));
      expect(await visitor.text(look)).toBe("5");
    }));

  test("the cookie is safe, and ends with the session", () =>
    runVirtual(async () => {
      const visitor = make();
      await visitor.visit(countUp, { peer: { secure: true } });
      expect(visitor.set[0]).toMatch(
        /^session=[^;]+; Path=\/; Max-Age=86400; HttpOnly; Secure; SameSite=Lax$/,
      );
      const brief = makeWith({ persistent: false, cookie: { path: "/app", sameSite: "strict" } });
      await brief.visit(countUp);
      expect(brief.set[0]).toMatch(/^session=[^;]+; Path=\/app; HttpOnly; SameSite=Strict$/);
    }));

  test("ends when it was not used for `idleTimeout`, however the cookie is kept", () =>
    runVirtual(async () => {
      const visitor = make();
      await visitor.visit(countUp);
      await sleep(DAY - 1);
      expect(await visitor.text(look)).toBe("1");
      await sleep(DAY);
      expect(await visitor.text(look)).toBe("0");
    }));

  test("use makes it last longer, without a write each time", () =>
    runVirtual(async () => {
      const visitor = make();
      await visitor.visit(countUp);
      for (let hour = 1; hour <= 48; hour++) {
        await sleep(HOUR);
        expect(await visitor.text(look)).toBe("1");
      }
      // At each third hour: a tenth of the time and more has gone.
      expect(visitor.set).toHaveLength(17);
    }));

  test("ends after `lifetime`, however much it is used", () =>
    runVirtual(async () => {
      const visitor = makeWith({ lifetime: 2 * DAY });
      await visitor.visit(countUp);
      for (let hour = 1; hour < 48; hour++) {
        await sleep(HOUR);
        expect(await visitor.text(look)).toBe("1");
      }
      expect(visitor.set.at(-1)).toMatch(/Max-Age=(3600|7200|10800);/);
      await sleep(HOUR);
      expect(await visitor.text(look)).toBe("0");
    }));

  test("`regenerate` gives it another id and keeps what it holds", () =>
    runVirtual(async () => {
      const visitor = make();
      const first = await visitor.text((session) => [countUp(session), session.id]);
      const second = await visitor.text((session) => {
        session.regenerate();
        return [session.data.n, session.id];
      });
      expect(second).not.toBe(first);
      expect(await visitor.text((session) => [session.data.n, session.id])).toBe(second);
    }));

  test("`destroy` ends it and takes the cookie away", () =>
    runVirtual(async () => {
      const visitor = make();
      await visitor.visit(countUp);
      await visitor.visit((session) => session.destroy());
      expect(visitor.set.at(-1)).toMatch(/^session=; Path=\/; Max-Age=0;/);
      expect(visitor.cookie).toBe(null);
      expect(await visitor.text(look)).toBe("0");
    }));

  test("a new one that is destroyed at once leaves nothing", () =>
    runVirtual(async () => {
      const visitor = make();
      await visitor.visit((session) => [countUp(session), session.destroy()]);
      expect(visitor.set).toEqual([]);
    }));

  test("an error that is an answer keeps it, any other does not", () =>
    runVirtual(async () => {
      const visitor = make();
      const failing =
        (error: Error): Use =>
        (session) => {
          session.data.n++;
          throw error;
        };
      expect((await visitor.visit(failing(new Forbidden()))).status).toBe(403);
      expect(await visitor.text(look)).toBe("1");
      expect((await visitor.visit(failing(new Error("bug")))).status).toBe(500);
      expect(await visitor.text(look)).toBe("1");
    }));

  test.each(["", "x", "x.y", "a".repeat(43), `x.${"a".repeat(43)}`, "%00", "__proto__"])(
    "the cookie %j stands for no session, and its value is never taken for an id",
    (cookie) =>
      runVirtual(async () => {
        const visitor = make();
        visitor.cookie = cookie;
        const seen = await visitor.text((session) => [session.isNew, countUp(session), session.id]);
        expect(seen).toMatch(/^true,1,[\w-]{32}$/);
        expect(seen).not.toContain(`,${cookie},`);
        expect(visitor.cookie).not.toBe(cookie);
      }),
  );

  test("prints neither id nor data", () =>
    runVirtual(async () => {
      expect(await make().text((session) => inspect(session))).toBe("Session { new }");
    }));
});

describe("in a cookie", () => {
  test("what was changed on the way stands for no session", () =>
    runVirtual(async () => {
      const visitor = new Visitor({});
      await visitor.visit(countUp);
      const [payload = "", signature = ""] = (visitor.cookie as string).split(".");
      const data = Buffer.from(payload, "base64url").toString().replace('{"n":1}', '{"n":9}');
      expect(data).toContain('"n":9');
      visitor.cookie = `${Buffer.from(data).toString("base64url")}.${signature}`;
      expect(await visitor.text(look)).toBe("0");
    }));

  test("signed, the visitor can read it; sealed, not", () =>
    runVirtual(async () => {
      const [signed, sealed] = [new Visitor({}), new Visitor({ keys, encrypt: true })];
      for (const visitor of [signed, sealed]) await visitor.visit(countUp);
      const read = (text: string | null): string => Buffer.from(text ?? "", "base64url").toString();
      expect(read(signed.cookie)).toContain('{"n":1}');
      expect(read(sealed.cookie)).not.toContain('"n"');
    }));

  test("outlives a change of keys", () =>
    runVirtual(async () => {
      const before = new Visitor({});
      await before.visit(countUp);
      const after = new Visitor({ keys: ["another secret of thirty-two bytes and more", keys] });
      after.cookie = before.cookie;
      expect(await after.text(countUp)).toBe("2");
      const without = new Visitor({ keys: ["another secret of thirty-two bytes and more"] });
      without.cookie = before.cookie;
      expect(await without.text(look)).toBe("0");
      without.cookie = after.cookie;
      expect(await without.text(look)).toBe("2");
    }));

  test("more than a cookie can hold is an error that says so", () =>
    runVirtual(async () => {
      const { thrown } = await new Visitor({}).visit(
        (session) => void (session.data.deep = { list: ["x".repeat(4000)] }),
      );
      expect(thrown).toMatchObject({
        name: "RangeError",
        message: expect.stringContaining("Expected `cookie session` to be at most 4096 bytes"),
      });
    }));
});

describe("in a store", () => {
  test("the store never sees an id", () =>
    runVirtual(async () => {
      const seen: string[] = [];
      const store: SessionStore = {
        load: (key) => (seen.push(key), null),
        save: (key) => void seen.push(key),
        remove: (key) => void seen.push(key),
      };
      const visitor = new Visitor({ store });
      await visitor.visit(countUp);
      const id = visitor.cookie as string;
      await visitor.visit(look);
      expect(seen).toHaveLength(2);
      expect(seen).not.toContain(id);
    }));

  test("an id that was replaced is worth nothing any more: what an attacker planted", () =>
    runVirtual(async () => {
      const store = new MemorySessionStore();
      const attacker = new Visitor({ store });
      await attacker.visit(countUp);
      const victim = new Visitor({ store });
      victim.cookie = attacker.cookie;
      await victim.visit((session) => {
        session.regenerate();
        session.data.n = 100;
      });
      expect(victim.cookie).not.toBe(attacker.cookie);
      expect(await victim.text(look)).toBe("100");
      expect(await attacker.text(look)).toBe("0");
      expect(store.size).toBe(1);
    }));

  test("who logs out stays out, though another request of his was under way", () =>
    runVirtual(async () => {
      const store = new MemorySessionStore();
      const visitor = new Visitor({ store });
      await visitor.visit(countUp);
      const other = new Visitor({ store });
      other.cookie = visitor.cookie;
      const { header } = await visitor.visit(async (session) => {
        session.data.n = 7;
        await other.visit((its) => its.destroy());
      });
      expect(header("set-cookie")).toMatch(/^session=; .*Max-Age=0/);
      expect(store.size).toBe(0);
    }));

  test("a store that fails is an error of the request", () =>
    runVirtual(async () => {
      const store: SessionStore = {
        load: () => Promise.reject(new Error("no store")),
        save: () => Promise.reject(new Error("no store")),
        remove: () => undefined,
      };
      const visitor = new Visitor({ store });
      expect((await visitor.visit(countUp)).status).toBe(500);
      visitor.cookie = "x";
      expect((await visitor.visit(look)).thrown).toMatchObject({ message: "no store" });
    }));
});

describe("MemorySessionStore", () => {
  test("forgets what has expired, without a timer", () =>
    runVirtual(async () => {
      const store = new MemorySessionStore();
      for (let n = 0; n < 100; n++) store.save(`old ${n}`, "x", 1000);
      expect(store.load("old 1")).toBe("x");
      await sleep(1000);
      expect(store.load("old 1")).toBe(null);
      for (let n = 0; n < 100; n++) store.save(`new ${n}`, "x", 1000);
      expect(store.size).toBeLessThanOrEqual(110);
      for (let n = 0; n < 20; n++) store.save("new 0", "x", 1000);
      expect(store.size).toBe(100);
    }));

  test("has a limit: the one that was not used for the longest goes", () =>
    runVirtual(async () => {
      const store = new MemorySessionStore({ limit: 3 });
      for (const key of ["a", "b", "c"]) store.save(key, key, HOUR);
      store.load("a");
      store.save("d", "d", HOUR);
      expect(["a", "b", "c", "d"].map((key) => store.load(key))).toEqual(["a", null, "c", "d"]);
      store.remove("a");
      expect([store.load("a"), store.size]).toEqual([null, 2]);
    }));

  test.each([0, 1.5, "x"])("a limit of %j is refused", (limit) => {
    expect(() => new MemorySessionStore({ limit: limit as number })).toThrow("`options.limit`");
  });
});

test.each([
  [undefined, "Expected `options` to be an object with `keys` or a `store`"],
  [{ keys: "short" }, "Expected `keys` to be a secret of at least 32 bytes"],
  [{}, "Expected `keys` to be a secret key"],
  [{ keys, idleTimeout: 0 }, "Expected `options.idleTimeout`"],
  [{ keys, lifetime: NaN }, "Expected `options.lifetime`"],
  [{ keys, lifetime: "1d" }, "Expected `options.lifetime` to be a number of milliseconds"],
])("sessions(%j) is refused", (options, message) => {
  expect(() => sessions(options as never)).toThrow(message);
});

test("time is the loop's time of day", () =>
  runVirtual(async () => {
    const visitor = new Visitor({});
    const now = getRunningLoop().wallTime();
    expect(await visitor.text((session) => session.created)).toBe(String(now));
  }));
