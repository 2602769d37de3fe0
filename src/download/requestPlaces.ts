/*
 * How many requests a run has going on, where a file may take several.
 *
 * The rule: in all no more than the larger of `concurrency` and `segments`, to one host no more than
 * the larger of `perHost` and `segments`. So one big file has all its segments, and many of them have
 * no more connections than many small ones. (With one segment the schedule counts as much.)
 * Strategy: a request first gets a place at its host, then one in all, so that a slow host keeps
 * nobody else waiting; first come, first served. Whoever waits has sent nothing yet, so no timeout
 * of the client's runs.
 */
import { Semaphore } from "../sync/semaphore.ts";

/** The places of one host, and how many hold or wait for one. */
interface Host {
  readonly semaphore: Semaphore;
  users: number;
}

/** A request's place, until it is left. @internal */
export interface Place {
  /** Gives it back; again, does nothing. */
  leave(): void;
}

/** @internal */
export class RequestPlaces {
  readonly #all: Semaphore;
  readonly #perHost: number;
  readonly #hosts = new Map<string, Host>();

  constructor(total: number, perHost: number) {
    this.#all = new Semaphore(total);
    this.#perHost = perHost;
  }

  static of(limits: {
    readonly concurrency: number;
    readonly perHost: number;
    readonly segments: number;
  }): RequestPlaces {
    const { concurrency, perHost, segments } = limits;
    return new RequestPlaces(Math.max(concurrency, segments), Math.max(perHost, segments));
  }

  /** Waits for a place for a request to that origin. */
  async enter(origin: string): Promise<Place> {
    const host = this.#hostOf(origin);
    host.users++;
    try {
      await host.semaphore.acquire();
      try {
        await this.#all.acquire();
      } catch (error) {
        host.semaphore.release();
        throw error;
      }
    } catch (error) {
      this.#forget(origin, host);
      throw error;
    }
    return this.#place(origin, host);
  }

  #place(origin: string, host: Host): Place {
    let isOpen = true;
    const leave = (): void => {
      if (!isOpen) return;
      isOpen = false;
      this.#all.release();
      host.semaphore.release();
      this.#forget(origin, host);
    };
    return { leave };
  }

  #hostOf(origin: string): Host {
    let host = this.#hosts.get(origin);
    if (host === undefined) {
      host = { semaphore: new Semaphore(this.#perHost), users: 0 };
      this.#hosts.set(origin, host);
    }
    return host;
  }

  #forget(origin: string, host: Host): void {
    if (--host.users === 0) this.#hosts.delete(origin);
  }
}
