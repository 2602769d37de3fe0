/*
 * AppContext: what a request and a middleware may ask of the application, without knowing its class.
 */
import type { Task, TaskBody } from "../core/task.ts";
import type { ProxyTrust } from "./proxyTrust.ts";

/** How a background task is made. */
export interface BackgroundOptions {
  /** For `getTask`, `cancelTask` and pictures of the tree; one at a time may bear it. Default: `Task-N`. */
  readonly name?: string;
}

/** The application, as a request sees it. */
export interface AppContext<State = object> {
  /** What the application was made with: pools, settings, caches. */
  readonly state: State;
  /** Whether error pages show what went wrong. */
  readonly debug: boolean;
  /** Whether it is about to stop, so that nobody should send it anything new. */
  readonly stopping: boolean;
  /** The proxies that are believed, from the option `trustProxy`; null for none. */
  readonly proxies: ProxyTrust | null;
  /**
   * The path of a named route.
   * @throws Error when there is no such route, or a parameter is missing
   */
  urlFor(name: string, params?: Readonly<Record<string, unknown>>): string;
  /** Starts a task that belongs to the application, not to the request: it goes on when that is answered. */
  addTask<T>(body: TaskBody<T>, options?: BackgroundOptions): Task<T>;
  /** Tells who listens for that signal, and waits for them. */
  dispatch(signal: string, context?: Readonly<Record<string, unknown>>): Promise<void>;
}
