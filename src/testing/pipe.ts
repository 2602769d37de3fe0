/*
 * Pipe: one direction of a connection in memory.
 *
 * Strategy: what is sent is under way for as long as its route says, then waits until the receiver takes it; both count
 * against the capacity, as in the buffers of a socket, so a receiver that does not read holds the sender back. Whatever
 * the order in which arrivals come to their turn, each of them brings the *next* piece: a connection keeps its order
 * under every schedule.
 */
import type { TimerHandle } from "../core/clock.ts";
import type { Loop } from "../core/loop.ts";

/** How what is sent travels. @internal */
export interface Route {
  /** When something that is sent now arrives, on the loop's clock. */
  arrival(bytes: number, now: number): number;
  /** Whether nothing gets through at present. */
  readonly isCut: boolean;
  /** How long nothing may get through before the sender gives up, in milliseconds. */
  readonly patience: number;
  /** Hears what is sent. */
  note?(what: string): void;
}

/** Who takes what arrives. @internal */
export interface PipeEnd {
  /** Whether it takes what arrives now. */
  readonly accepts: boolean;
  receive(data: Uint8Array): void;
  receiveEof(): void;
  receiveReset(error: Error): void;
}

/** Null is the end of the direction. */
type Piece = Uint8Array | null;

/** @internal */
export class Pipe {
  /** Called when there is room again. */
  onRoom: () => void = () => {};
  /** Called when nothing got through for too long. */
  onGivenUp: () => void = () => {};
  readonly #loop: Loop;
  readonly #route: Route;
  readonly #capacity: number;
  #end: PipeEnd | null = null;
  #underWay: Piece[] = [];
  #arrived: Piece[] = [];
  /** A reset overtakes what was not taken yet. */
  #reset: Error | null = null;
  #bytes = 0;
  #latest = 0;
  /** How many arrivals came while the route was cut. */
  #owed = 0;
  #patience: TimerHandle | null = null;
  #isLeft = false;

  constructor(loop: Loop, route: Route, capacity: number) {
    this.#loop = loop;
    this.#route = route;
    this.#capacity = capacity;
  }

  /** How many bytes may be sent. */
  get room(): number {
    return this.#capacity - this.#bytes;
  }

  /** How many bytes the receiver has not taken. */
  get unread(): number {
    return this.#bytes;
  }

  /** Says who takes what arrives; what came before waits for it. */
  attach(end: PipeEnd): void {
    this.#end = end;
    this.goOn();
  }

  send(data: Uint8Array): void {
    this.#bytes += data.length;
    this.#route.note?.(`sends ${data.length} bytes`);
    this.#dispatch(data, data.length);
  }

  sendEof(): void {
    this.#route.note?.("ends");
    this.#dispatch(null, 0);
  }

  /** Ends the connection: what is under way is lost. */
  sendReset(error: Error): void {
    if (this.#reset !== null) return;
    this.#reset = error;
    this.#route.note?.("resets");
    this.#schedule(0);
  }

  /** The receiver reads again. */
  goOn(): void {
    this.#loop.enqueue({ run: () => this.#deliver() });
  }

  /** The route is whole again: what was held up sets out anew. */
  healed(): void {
    this.#patience?.cancel();
    this.#patience = null;
    for (let owed = this.#owed; owed > 0; owed--) this.#schedule(0);
    this.#owed = 0;
  }

  /** The sender has gone: what is under way still arrives, when the route allows it. */
  leave(): void {
    this.onRoom = this.onGivenUp = () => {};
    this.#isLeft = true;
    this.#patience?.cancel();
  }

  /** Nothing arrives any more. */
  close(): void {
    this.#patience?.cancel();
    this.#underWay = this.#arrived = [];
    this.#bytes = 0;
  }

  #dispatch(piece: Piece, bytes: number): void {
    if (this.#reset !== null) return;
    this.#underWay.push(piece);
    this.#schedule(bytes);
  }

  #schedule(bytes: number): void {
    const now = this.#loop.time();
    this.#latest = Math.max(this.#latest, this.#route.arrival(bytes, now));
    if (this.#latest <= now) this.#loop.enqueue({ run: () => this.#arrive() });
    else this.#loop.schedule(this.#latest, arrive, () => this.#arrive());
  }

  #arrive(): void {
    if (this.#route.isCut) return this.#holdUp();
    if (this.#reset !== null) return this.#arriveReset(this.#reset);
    const piece = this.#underWay.shift();
    if (piece === undefined) return;
    this.#arrived.push(piece);
    this.#deliver();
  }

  #arriveReset(error: Error): void {
    this.close();
    this.#end?.receiveReset(error);
  }

  #holdUp(): void {
    this.#owed++;
    const { patience } = this.#route;
    if (patience === Infinity || this.#isLeft) return;
    this.#patience ??= this.#loop.schedule(this.#loop.time() + patience, arrive, () =>
      this.onGivenUp(),
    );
  }

  #deliver(): void {
    const end = this.#end;
    if (end === null) return;
    const before = this.#bytes;
    while (this.#arrived.length > 0 && end.accepts) {
      const piece = this.#arrived.shift() as Piece;
      if (piece === null) {
        end.receiveEof();
        continue;
      }
      this.#bytes -= piece.length;
      end.receive(piece);
    }
    if (this.#bytes < before) this.onRoom();
  }
}

function arrive(run: () => void): void {
  run();
}
