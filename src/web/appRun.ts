/*
 * AppRun: an application while it runs, from its start to the last thing that it closes.
 *
 * Strategy: one task is the application, and requests have a runner of their own under it: what handlers start by
 * `createTask`, or leave behind in a `shield`, belongs to that. So a stop has an order: nobody new, requests to their
 * end, the work that they left behind to its end, background tasks cancelled, then what all of them used is closed. Past
 * the deadline requests and left work are cancelled, and waited for.
 * Like a server of `ambit/streams` it hangs under the runner of who started it: it ends with the run.
 */
import { moveOnAfter } from "../core/cancelScope.ts";
import { spawnUnder } from "../core/createTask.ts";
import { Future } from "../core/future.ts";
import { Runner } from "../core/run.ts";
import { ambientScope, type Scope } from "../core/scope.ts";
import type { Task } from "../core/task.ts";
import type { AppContext } from "./appContext.ts";
import { type BackgroundTasks, endOf } from "./backgroundTasks.ts";
import type { EnteredContexts, Lifecycle } from "./lifecycle.ts";
import type { DrainOptions } from "./drainOptions.ts";
import type { WebServer } from "./webServer.ts";

/** How long what an application without a server has begun is waited for, in milliseconds. */
const DRAIN_TIMEOUT = 15_000;

/** What runs. @internal */
export interface RunningParts {
  readonly name: string;
  readonly app: AppContext<never>;
  readonly lifecycle: Lifecycle;
  readonly background: BackgroundTasks;
  /** Makes the server, under the application's scope; null for an application that is only called. */
  makeServer(home: Scope): WebServer | null;
  /** Told when it begins to stop: nobody should send it anything new. */
  stopping(): void;
  /** Told when all of it has ended. */
  stopped(): void;
}

/** @internal */
export class AppRun {
  readonly #parts: RunningParts;
  readonly #started = new Future<void>();
  readonly #stopAsked = new Future<DrainOptions>();
  server: WebServer | null = null;
  /** The scope that requests are under, once it runs. */
  home: Scope | null = null;
  #task: Task<void> | null = null;

  constructor(parts: RunningParts) {
    this.#parts = parts;
  }

  /** Starts, and waits until it has started. */
  async start(): Promise<void> {
    const creator = ambientScope();
    const body = async (): Promise<void> => {
      const runner = new Runner({ handleSignals: false, name: this.#parts.name });
      try {
        await runner.run(() => this.#main());
      } finally {
        await runner.close();
        this.#parts.stopped();
      }
    };
    this.#task = spawnUnder(creator.runner, body, { name: this.#parts.name }, creator);
    try {
      await this.#started;
    } catch (error) {
      // Who waits for the start was cancelled, or it failed: either way nothing of it stays.
      this.#task.cancel("its start was cut short");
      await endOf(this.#task);
      throw error;
    }
  }

  /** Asks it to stop; waits until it has. */
  async stop(options: DrainOptions = {}): Promise<void> {
    if (!this.#stopAsked.done()) this.#stopAsked.setResult(options);
    await this.ended();
  }

  /** Waits until it has stopped, whoever stops it. */
  ended(): Promise<void> {
    return endOf(this.#task as Task<void>);
  }

  async #main(): Promise<void> {
    const home = ambientScope().runner;
    let contexts: EnteredContexts;
    try {
      contexts = await this.#parts.lifecycle.enter(this.#parts.app);
    } catch (error) {
      return this.#failed(error);
    }
    try {
      await this.#serve(home);
    } finally {
      await contexts.leave();
    }
  }

  async #serve(home: Scope): Promise<void> {
    const { lifecycle, app, background } = this.#parts;
    background.start(home);
    try {
      await lifecycle.starting("beforeServerStart", app);
      await this.#withRequests();
    } catch (error) {
      this.#failed(error);
    } finally {
      await background.stop();
      await lifecycle.stopping("afterServerStop", app);
    }
  }

  /** Requests have a runner of their own: its end is the end of all that they have begun. */
  async #withRequests(): Promise<void> {
    const requests = new Runner({ handleSignals: false, name: "requests" });
    try {
      await requests.run(() => this.#takeRequests());
    } finally {
      await requests.close();
    }
  }

  async #takeRequests(): Promise<void> {
    const home = ambientScope().runner;
    this.home = home;
    this.server = this.#parts.makeServer(home);
    try {
      await this.server?.listen();
      await this.#parts.lifecycle.starting("afterServerStart", this.#parts.app);
    } catch (error) {
      await this.server?.drain({ timeout: 0, lameDuck: 0 });
      throw error;
    }
    if (!this.#started.done()) this.#started.setResult(undefined);
    let options: DrainOptions = { timeout: 0, lameDuck: 0 };
    try {
      options = await this.#stopAsked;
    } finally {
      this.#parts.stopping();
      await this.#parts.lifecycle.stopping("beforeServerStop", this.#parts.app);
      await this.#drain(home, options);
    }
  }

  async #drain(home: Scope, options: DrainOptions): Promise<void> {
    const { loop } = home;
    const timeout = options.timeout ?? this.server?.settings.drainTimeout ?? DRAIN_TIMEOUT;
    const lameDuck = options.lameDuck ?? this.server?.settings.lameDuck ?? 0;
    const deadline = loop.time() + timeout + lameDuck;
    await this.server?.drain(options);
    // What requests have left behind, shielded work and tasks of their own; past the deadline the runner cancels it.
    const main = ambientScope().home;
    const left = home.tasksBelow().filter((scope) => scope !== main);
    // The waits are begun inside: only those does the deadline end.
    await moveOnAfter(Math.max(0, deadline - loop.time()), () =>
      Promise.all(left.map((scope) => endOf(scope.body as Task<unknown>))),
    );
  }

  #failed(error: unknown): void {
    if (this.#started.done()) throw error;
    this.#started.setException(error);
  }
}
