/*
 * The site as `charfinder http` serves it, in this process: so a test sees what becomes of the server's tasks.
 */
import { Runner } from "ambit";
import type { RunningApplication } from "ambit/web";

import { createApplication } from "../../src/http/application.ts";
import { Visitors } from "../../src/http/visitors.ts";
import { sharedIndex } from "../search/sharedIndex.ts";

/** A site that is served. */
export class Site implements AsyncDisposable {
  readonly visitors: Visitors;
  readonly #runner: Runner;
  readonly #server: RunningApplication;

  private constructor(visitors: Visitors, runner: Runner, server: RunningApplication) {
    this.visitors = visitors;
    this.#runner = runner;
    this.#server = server;
  }

  /** @param pauseMs between the rows of a search, to be seen at it */
  static async open(pauseMs = 0): Promise<Site> {
    const index = await sharedIndex();
    const visitors = new Visitors();
    const runner = new Runner({ handleSignals: false });
    const start = () => createApplication(index, visitors, { pauseMs }).start({ port: 0 });
    return new Site(visitors, runner, await runner.run(start));
  }

  /** Without a slash at the end. */
  get url(): string {
    return this.#server.url;
  }

  /** Stops as Ctrl-C does; gives how many were told. */
  async stop(): Promise<number> {
    const told = await this.#runner.run(() => this.visitors.sendAway());
    await this.#runner.run(() => this.#server.drain({ timeout: 2000 }));
    return told;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#runner.run(() => this.#server.close());
    await this.#runner.close();
  }
}
