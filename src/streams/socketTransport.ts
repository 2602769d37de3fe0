/*
 * SocketTransport: a NodeTransport over a socket, which can be encrypted while it is open.
 *
 * An upgrade lets go of the raw socket, hands the bytes that came too early back to it, and puts a TLS socket of Node's
 * on top of it, which a new transport carries on with. (Bytes in plain text that a peer sent ahead of the handshake thus
 * meet the TLS layer, which refuses them; they can never pass for encrypted ones.)
 */
import type { Socket } from "node:net";
import { isCancelled } from "../core/errors.ts";
import { ConnectionResetError } from "./errors.ts";
import { shakeHands } from "./handshake.ts";
import { NodeTransport } from "./nodeTransport.ts";
import { SocketInfo } from "./socketInfo.ts";
import type { Protocol, TlsUpgrade, Transport, TransportInfo } from "./transport.ts";

export class SocketTransport extends NodeTransport {
  readonly #socket: Socket;
  /** The host that was connected to: the name that its certificate must bear. */
  readonly #host: string | undefined;
  #upgrading = false;

  /** @internal */
  constructor(socket: Socket, protocol: Protocol, info: TransportInfo, host?: string) {
    super(socket, protocol, info);
    this.#socket = socket;
    this.#host = host;
  }

  /** See {@link Transport}. */
  async startTls(upgrade: TlsUpgrade): Promise<Transport> {
    const { protocol } = this;
    const socket = this.#socket;
    this.detach();
    this.#upgrading = true;
    if (upgrade.early.length > 0) socket.unshift(upgrade.early);
    try {
      return await shakeHands(socket, upgrade, this.#host, (secure) => {
        const transport = new SocketTransport(secure, protocol, new SocketInfo(secure), this.#host);
        transport.setWriteBufferLimits(this.getWriteBufferLimits());
        return transport;
      });
    } catch (error) {
      socket.destroy();
      protocol.connectionLost(
        isCancelled(error) ? new ConnectionResetError("startTls was cancelled") : (error as Error),
      );
      throw error;
    } finally {
      this.#upgrading = false;
    }
  }

  /** During an upgrade there is nothing to send first: the handshake fails, and the connection is over. */
  override close(): void {
    if (this.#upgrading) this.#socket.destroy();
    else super.close();
  }

  override abort(error?: Error): void {
    if (this.#upgrading) this.#socket.destroy();
    else super.abort(error);
  }

  override isClosing(): boolean {
    return this.#upgrading ? this.#socket.destroyed : super.isClosing();
  }
}
