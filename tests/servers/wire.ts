/**
 * A wire to a server on this machine that can be cut, and that can swallow what is sent on it, as a network does that is gone without
 * a word: nothing arrives, and nobody hears that a connection has ended.
 */
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

export class Wire implements AsyncDisposable {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  /** Of these nothing passes, ever. */
  readonly #lost = new WeakSet<Socket>();
  #state: "whole" | "cut" | "swallowing" = "whole";
  /** How many connections were begun. */
  begun = 0;

  private constructor(target: number) {
    this.#server = createServer((near) => this.#join(near, target));
  }

  /** Lays one to a port, which is taken away when the block is left. */
  static async to(target: number): Promise<Wire> {
    const wire = new Wire(target);
    wire.#server.listen(0, "127.0.0.1");
    await once(wire.#server, "listening");
    return wire;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  #join(near: Socket, target: number): void {
    if (this.#state === "cut") return void near.destroy();
    this.begun++;
    const far = connect(target, "127.0.0.1");
    this.#carry(near, far);
    this.#carry(far, near);
    if (this.#state === "swallowing") this.hold();
  }

  #carry(from: Socket, to: Socket): void {
    this.#sockets.add(from);
    from.on("error", () => {});
    from.on("data", (chunk) => void (this.#lost.has(from) || to.write(chunk)));
    from.on("close", () => {
      this.#sockets.delete(from);
      if (!this.#lost.has(from)) to.destroy();
    });
  }

  /** Ends all connections; new ones are refused until it is mended. */
  cut(): void {
    this.#state = "cut";
    this.#endAll();
  }

  #endAll(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  /** New connections are whole from now on. */
  mend(): void {
    this.#state = "whole";
  }

  /** On the connections that there are nothing passes any more. */
  hold(): void {
    for (const socket of this.#sockets) this.#lost.add(socket);
  }

  /** From now on nothing passes, on new connections neither. */
  swallow(): void {
    this.#state = "swallowing";
    this.hold();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#endAll();
    const closed = once(this.#server, "close");
    this.#server.close();
    await closed;
  }
}
