/*
 * Application: routes, and what surrounds them while they are served.
 *
 * Strategy: an application only collects until it is started or called; then it's compiled, and again when something was
 * added since. It is the seam between its parts, and does no work of its own.
 */
import { expectFunction } from "../core/arguments.ts";
import { InvalidStateError } from "../core/errors.ts";
import { INSPECT } from "../core/inspection.ts";
import { ambientScope, getRunningLoop, type Scope } from "../core/scope.ts";
import type { Task, TaskBody } from "../core/task.ts";
import type { AnswerListener, AnswerRecord } from "./answerRecord.ts";
import type { AppContext, BackgroundOptions } from "./appContext.ts";
import { AppRun } from "./appRun.ts";
import { AppSignals, type SignalContext, type SignalHandler } from "./appSignals.ts";
import { BackgroundTasks } from "./backgroundTasks.ts";
import { Dispatcher, type Starter } from "./dispatcher.ts";
import type { Exchange } from "./exchange.ts";
import type { Middleware } from "./handler.ts";
import { type HealthOptions, live, readiness } from "./health.ts";
import { Lifecycle } from "./lifecycle.ts";
import { longRepliesUnder } from "./longReplies.ts";
import { answerInMemory } from "./memoryAnswer.ts";
import { ProxyTrust, type TrustProxy } from "./proxyTrust.ts";
import { type RouteDefaults, routeDefaults } from "./routeDefaults.ts";
import { Routes } from "./routes.ts";
import { RunningApplication } from "./runningApplication.ts";
import { type ServerOptions, serverSettings } from "./serverOptions.ts";
import { serveUntilSignal } from "./serve.ts";
import { WebServer } from "./webServer.ts";

/** How an application treats what its routes say nothing of. */
export interface ApplicationOptions extends Partial<RouteDefaults> {
  /** For pictures of the task tree. Default `application`. */
  readonly name?: string;
  /** Whether error pages show what went wrong. Default: with `NODE_ENV=development`. */
  readonly debug?: boolean;
  /** Whether `/a/` is another path than `/a`. Default false. */
  readonly strictSlashes?: boolean;
  /** Which proxies are believed what they say of clients. Default false: none. */
  readonly trustProxy?: TrustProxy;
}

/**
 * A web application.
 *
 * `App` is what it was made with, `State` what its middlewares add to `request.state`.
 *
 * @example
 * ```ts
 * import { Application } from "ambit/web";
 *
 * const app = new Application({ greeting: "Hello" });
 * app.get("/hello/:name", ({ app, params }) => `${app.state.greeting}, ${params.name}`);
 * const response = await app.fetch(new Request("http://localhost/hello/Ada"));
 * await response.text(); // => "Hello, Ada"
 * ```
 */
export class Application<App extends object = object, State extends object = object>
  extends Routes<App, State>
  implements AppContext<App>
{
  readonly state: App;
  readonly name: string;
  readonly debug: boolean;
  readonly proxies: ProxyTrust | null;
  readonly #defaults: RouteDefaults;
  readonly #background = new BackgroundTasks();
  readonly #signals = new AppSignals();
  readonly #listeners: AnswerListener[] = [];
  #dispatcher: Dispatcher | null = null;
  #compiled = -1;
  #run: AppRun | null = null;
  #stopping = false;

  constructor(state?: App, options: ApplicationOptions = {}) {
    super(options.strictSlashes === undefined ? {} : { strictSlashes: options.strictSlashes });
    this.state = state ?? ({} as App);
    this.name = options.name ?? "application";
    this.debug = options.debug ?? process.env["NODE_ENV"] === "development";
    this.proxies = ProxyTrust.from(options.trustProxy ?? false);
    this.#defaults = routeDefaults(options);
  }

  /** Whether it is about to stop, so that nobody should send it anything new. */
  get stopping(): boolean {
    return this.#stopping;
  }

  /**
   * Puts a middleware around every route. The first is the outermost.
   * @returns the same application, whose handlers know what the middleware adds
   */
  override use<Added extends object>(
    middleware: Middleware<Added, State, App>,
  ): Application<App, State & Added> {
    this.surround(middleware);
    return this as unknown as Application<App, State & Added>;
  }

  /** Tells whether it's alive (`/healthz`) and ready for work (`/readyz`). */
  health(options: HealthOptions = {}): this {
    this.get(options.live ?? "/healthz", { hidden: true }, live);
    return this.get(options.ready ?? "/readyz", { hidden: true }, readiness(options));
  }

  /** Hears of each exchange that is over. */
  onAnswer(listener: AnswerListener): this {
    expectFunction("listener", listener);
    this.#listeners.push(listener);
    return this;
  }

  urlFor(name: string, params: Readonly<Record<string, unknown>> = {}): string {
    return this.#compile().router.urlFor(name, params);
  }

  /**
   * Starts a task that belongs to the application: it goes on when a request is over, and is cancelled and awaited when
   * the application stops, before what it uses is closed. For a task of every run see {@link Application.background}.
   *
   * @throws {@link InvalidStateError} when a task of that name is running, or the application is not
   */
  addTask<T>(body: TaskBody<T>, options: BackgroundOptions = {}): Task<T> {
    return this.#background.add(body, options);
  }

  /** Has a task run from each start to each stop. */
  background(body: TaskBody<unknown>, options: BackgroundOptions = {}): this {
    return this.beforeServerStart(() => void this.addTask(body, options));
  }

  /** How many WebSockets are open. */
  get webSocketCount(): number {
    const home = this.#run?.home ?? null;
    return home === null ? 0 : longRepliesUnder(home).count("webSocket");
  }

  /** How many requests that came over sockets are under way. */
  get requestCount(): number {
    return this.#run?.server?.running ?? 0;
  }

  /** How many connections are open. */
  get connectionCount(): number {
    return this.#run?.server?.connections ?? 0;
  }

  /** The background tasks that have not ended. */
  tasks(): Task<unknown>[] {
    return this.#background.list();
  }

  /** The background task of that name, if it has not ended. */
  getTask(name: string): Task<unknown> | undefined {
    return this.#background.get(name);
  }

  /** Cancels the background task of that name; false when there is none. */
  cancelTask(name: string): boolean {
    return this.#background.get(name)?.cancel() ?? false;
  }

  /** Has a function called at each dispatch of that signal: `user.signup`; `*` stands for any one word. */
  signal(name: string, handler: SignalHandler): this {
    this.#signals.on(name, handler);
    return this;
  }

  /** Tells who listens for that signal, side by side, and waits for them; the first failure is thrown. */
  dispatch(signal: string, context: SignalContext = {}): Promise<void> {
    return this.#signals.dispatch(signal, context);
  }

  /**
   * Waits for the next dispatch of that signal; gives what was told with it.
   *
   * **Cancellation:** the wait ends.
   */
  event(signal: string): Promise<SignalContext> {
    return this.#signals.next(signal);
  }

  /**
   * Starts the application and has it listen; gives it when it does.
   *
   * It hangs under the run that it was started in, and ends with it.
   *
   * **Cancellation:** what was begun is undone.
   *
   * @throws what a listener or a cleanup context throws; Node's error when it can't listen (`EADDRINUSE`)
   * @throws {@link InvalidStateError} when it runs already
   */
  start(options: ServerOptions = {}): Promise<RunningApplication> {
    const settings = serverSettings(options);
    return this.#start((home) => new WebServer(this.#requestHost(), settings, home));
  }

  /** Starts the application without listening, to be called by `fetch`. As {@link Application.start} otherwise. */
  startup(): Promise<RunningApplication> {
    return this.#start(() => null);
  }

  /**
   * Starts, and serves until SIGTERM or SIGINT comes, or until it's stopped otherwise; then drains. A second signal ends
   * the process at once, with 130 or 143.
   *
   * **Cancellation:** requests are cancelled and waited for, what was opened is closed, then the cancel passes on.
   *
   * @throws as {@link Application.start}
   */
  async serve(options: ServerOptions = {}): Promise<void> {
    await serveUntilSignal(await this.start(options));
  }

  /**
   * Answers a WHATWG `Request` without a socket: for tests, and for servers that call `fetch`.
   *
   * Aborting the request's signal, or cancelling the body of the answer, is the client leaving.
   *
   * @throws {@link ClientDisconnected} when the client has left before the head of the answer was there
   * @throws {@link InvalidStateError} when the application has listeners or contexts, and was not started
   */
  fetch = (request: Request): Promise<Response> => {
    if (this.#run === null && this.lifecycles().some((each) => !each.empty))
      throw new InvalidStateError(
        "fetch of an application that has listeners or cleanup contexts: call `await app.startup()` first",
      );
    return answerInMemory(this.#compile(), request, this.home);
  };

  /** Answers a request that comes in another way, such as a test client's. @internal */
  accept(exchange: Exchange, starter: Starter): void {
    this.#compile().accept(exchange, starter);
  }

  /** What requests are under. @internal */
  get home(): Scope {
    return this.#run?.home ?? ambientScope().runner;
  }

  async #start(makeServer: (home: Scope) => WebServer | null): Promise<RunningApplication> {
    if (this.#run !== null)
      throw new InvalidStateError(`start of ${this[INSPECT]()}: it runs already`);
    this.#compile();
    const lifecycle = new Lifecycle();
    for (const each of this.lifecycles()) lifecycle.addAll(each);
    this.#stopping = false;
    const run = new AppRun({
      name: this.name,
      app: this as unknown as AppContext<never>,
      lifecycle,
      background: this.#background,
      makeServer,
      stopping: () => void (this.#stopping = true),
      stopped: () => void (this.#run = null),
    });
    this.#run = run;
    await run.start();
    return new RunningApplication(run);
  }

  #requestHost(): ConstructorParameters<typeof WebServer>[0] {
    return {
      upgrades: this.#compile().upgrades,
      accept: (exchange, connection, headerCount) =>
        this.#compile().accept(exchange, connection, headerCount),
    };
  }

  #compile(): Dispatcher {
    if (this.#dispatcher !== null && this.#compiled === this.revision) return this.#dispatcher;
    this.#compiled = this.revision;
    const around = {
      middlewares: this.middlewares,
      exceptions: this.exceptions,
      defaults: this.#defaults,
    };
    return (this.#dispatcher = new Dispatcher(
      this as unknown as AppContext<never>,
      this,
      this.entries(),
      around,
    ));
  }

  /** @internal */
  get records(): boolean {
    return this.#listeners.length > 0;
  }

  /** @internal */
  answered(record: AnswerRecord): void {
    for (const listener of this.#listeners) {
      try {
        listener(record);
      } catch (exception) {
        const message = "a listener of answers failed";
        getRunningLoop().callExceptionHandler({ message, exception });
      }
    }
  }

  /** @internal */
  [INSPECT](): string {
    const state = this.#run === null ? "" : this.stopping ? " stopping" : " running";
    return `<Application '${this.name}'${state} routes=${this.entries().length}>`;
  }
}
