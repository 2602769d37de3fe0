/*
 * Connections that only exist here, for tests of the pool: they open at once and answer when they are told to.
 */
import { sleep } from "ambit";
import { DatabaseConnectionError } from "../../src/sql/errors.ts";
import { Link } from "../../src/sql/link.ts";
import type { Cursor, Done, Outcome } from "../../src/sql/outcome.ts";
import type { PoolDriver } from "../../src/sql/poolDriver.ts";
import { quoted } from "../../src/sql/dialect.ts";
import type { Rendered } from "../../src/sql/statement.ts";

export class FakeLink extends Link {
  readonly peer = "nowhere";
  readonly server = {
    system: "mysql",
    address: "nowhere",
    port: undefined,
    namespace: undefined,
  } as const;
  readonly aborted = false;
  readonly outsideTransaction = true;
  readonly dialect = { placeholder: () => "?", quote: (name: string) => quoted(name, '"') };
  readonly words = { begin: () => ["BEGIN"], bulkInParts: false, deadlockEndsAll: false };
  answers: "at once" | "never" | "broken" = "at once";
  checks = 0;
  readonly #driver: FakeDriver;

  constructor(driver: FakeDriver) {
    super(1000);
    this.#driver = driver;
  }

  protected send(_statement: Rendered, done: Done<Outcome>): void {
    done(null, { rows: [], affectedRows: 0 });
  }

  openCursor(): Cursor {
    throw new Error("there are no rows");
  }

  insertMany(): Promise<number> {
    return Promise.resolve(0);
  }

  protected kill(): Promise<void> {
    return Promise.resolve();
  }

  async reset(): Promise<void> {}

  async check(): Promise<void> {
    this.checks++;
    if (this.answers === "never") await sleep(1e6);
    if (this.answers === "broken") throw new DatabaseConnectionError("it is gone");
    await sleep(1);
  }

  protected leave(): void {
    this.#driver.left(this);
    this.socketClosed();
  }

  protected cut(): void {
    this.#driver.left(this);
    queueMicrotask(() => this.socketClosed());
  }
}

export class FakeDriver implements PoolDriver<FakeLink> {
  readonly peer = "nowhere";
  /** Who has one, as the tests note. */
  readonly holders = new Set<FakeLink>();
  /** In the order of their closing. */
  readonly closed: FakeLink[] = [];
  /** So many of the next openings fail. */
  refuse = 0;
  readonly #links = new Set<FakeLink>();

  /** How many are open. */
  get count(): number {
    return this.#links.size;
  }

  open(done: Done<FakeLink>): () => void {
    const opening = setImmediate(() => {
      if (this.refuse > 0) {
        this.refuse--;
        return done(new DatabaseConnectionError("nobody is there"));
      }
      const link = new FakeLink(this);
      this.#links.add(link);
      return done(null, link);
    });
    return () => clearImmediate(opening);
  }

  left(link: FakeLink): void {
    if (this.#links.delete(link)) this.closed.push(link);
  }

  close(): void {}
}
