/*
 * Opening one socket: name lookup, TCP, the proxy's handshake, TLS, the pinned certificate.
 *
 * Strategy: a chain of callbacks with one clock over all of it; every step has its own words for what
 * can go wrong. It has nothing to do with a task: whoever waits for the socket waits elsewhere, and
 * gives up by `destroy`, which closes what there is at once and makes the rest silent.
 * Happy eyeballs is Node's own (`autoSelectFamily`), over all addresses that the lookup gave.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { connect, type LookupFunction, type NetConnectOpts, type Socket } from "node:net";
import type { TimerHandle } from "../core/clock.ts";
import { getRunningLoop } from "../core/scope.ts";
import type { ConnectorSettings } from "./connectorOptions.ts";
import type { DnsCache } from "./dnsCache.ts";
import { type Handshake, shakeHands } from "./handshake.ts";
import {
  dialFailed,
  lookupFailed,
  openingTimedOut,
  proxyFailed,
  tlsFailed,
  unixFailed,
} from "./openingFailure.ts";
import type { OpeningError } from "./openingError.ts";
import { LendingSocket } from "./lendingSocket.ts";
import type { ProxyTarget } from "./proxyTarget.ts";
import { tunnel } from "./proxyTunnel.ts";
import type { Route } from "./route.ts";
import { socks } from "./socks.ts";
import type { TlsSessions } from "./tlsSessions.ts";
import { startTls } from "./tlsSocket.ts";
import type { TraceSink } from "./tracing.ts";

/** What all connections of one connector share. @internal */
export interface OpeningTools {
  readonly settings: ConnectorSettings;
  readonly dns: DnsCache;
  readonly sessions: TlsSessions;
}

/** How one is to be opened. @internal */
export interface OpeningPlan {
  readonly route: Route;
  /** Goes through a proxy by a tunnel, though the proxy could pass requests on. */
  readonly tunnelled: boolean;
  /** What to offer to speak inside TLS, the preferred first. */
  readonly protocols: readonly string[];
  /** Milliseconds for all of it. */
  readonly patience: number;
  readonly trace: TraceSink | null;
  /** Undici's HTTP/1.1 will be spoken over the bare socket. */
  readonly bare: boolean;
}

/** Gets the socket, or why there is none. @internal */
export type OpeningListener = (error: OpeningError | null, socket: Socket | null) => void;

/** A socket outlives the task that opens it, so it is opened in no task's async context. */
const outsideTasks = AsyncLocalStorage.snapshot();

const KEEP_ALIVE_PROBE = 60_000;

/** @internal */
export class SocketOpening {
  readonly #tools: OpeningTools;
  readonly #plan: OpeningPlan;
  readonly #settled: OpeningListener;
  readonly #timer: TimerHandle | null;
  /** From the one that is connected to the innermost layer of TLS. */
  readonly #sockets: Socket[] = [];
  #stopListening: (() => void) | null = null;
  #done = false;

  /** `settled` is called once, later; unless it is destroyed before. */
  constructor(tools: OpeningTools, plan: OpeningPlan, settled: OpeningListener) {
    this.#tools = tools;
    this.#plan = plan;
    this.#settled = settled;
    const loop = getRunningLoop();
    this.#timer =
      plan.patience === Infinity
        ? null
        : loop.schedule<SocketOpening>(loop.time() + plan.patience, expire, this);
    outsideTasks(() => this.#dial());
  }

  /** The time is up. @internal */
  expire(): void {
    this.#fail(openingTimedOut(this.#plan.patience));
  }

  /** Gives up; settles when what was opened is closed. */
  async destroy(): Promise<void> {
    this.#stop();
    const [first] = this.#sockets;
    const closed =
      first === undefined || first.closed
        ? null
        : new Promise((resolve) => first.once("close", resolve));
    this.#closeSockets();
    await closed;
  }

  /**
   * The outermost takes those below with it. (Node crashes when one below is destroyed in a callback
   * of the TLS above it.)
   */
  #closeSockets(): void {
    this.#sockets.at(-1)?.destroy();
  }

  #stop(): void {
    this.#done = true;
    this.#timer?.cancel();
    this.#stopListening?.();
  }

  #fail(error: OpeningError): void {
    if (this.#done) return;
    this.#stop();
    this.#closeSockets();
    this.#settled(error, null);
  }

  /** Has the socket closed with the others; what becomes of it later is its user's to see. */
  #own(socket: Socket): void {
    this.#sockets.push(socket);
    socket.on("error", () => undefined);
  }

  #dial(): void {
    const { settings } = this.#tools;
    const { route } = this.#plan;
    const { proxy } = route;
    const { socketPath } = settings;
    const target = socketPath === null ? this.#address(proxy ?? route) : { path: socketPath };
    const socket = this.#plan.bare ? new LendingSocket().connect(target) : connect(target);
    this.#own(socket);
    socket.setNoDelay(true).setKeepAlive(true, KEEP_ALIVE_PROBE);
    const failed = (error: Error): void => this.#fail(this.#dialFailure(error));
    socket.once("error", failed).once("connect", () => {
      socket.off("error", failed);
      if (this.#done) return;
      if (proxy === null || settings.socketPath !== null) this.#reached(socket);
      else if (proxy.kind === "https") this.#secureProxy(socket, proxy);
      else this.#askProxy(socket, proxy);
    });
  }

  #address({ hostname, port }: { hostname: string; port: number }): NetConnectOpts {
    const { family, localAddress, happyEyeballs } = this.#tools.settings;
    return {
      host: hostname,
      port,
      family,
      lookup: this.#lookup,
      autoSelectFamily: happyEyeballs !== null,
      ...(happyEyeballs === null ? null : { autoSelectFamilyAttemptTimeout: happyEyeballs }),
      ...(localAddress === null ? null : { localAddress }),
    };
  }

  readonly #lookup: LookupFunction = (host, options, callback) => {
    const { family } = this.#tools.settings;
    const { trace } = this.#plan;
    this.#stopListening = this.#tools.dns.resolve(host, trace, (error, addresses) => {
      this.#stopListening = null;
      if (error !== null) return this.#fail(this.#lookupFailure(host, error));
      const fitting = family === 0 ? addresses : addresses.filter((one) => one.family === family);
      const [first] = fitting;
      if (first === undefined) {
        const none = new Error(`no IPv${family} address for ${host}`);
        this.#fail(this.#lookupFailure(host, Object.assign(none, { code: "ENOTFOUND" })));
      } else if (options.all === true) callback(null, [...fitting]);
      else callback(null, first.address, first.family);
    });
  };

  #lookupFailure(host: string, error: NodeJS.ErrnoException): OpeningError {
    const { proxy } = this.#plan.route;
    return proxy === null ? lookupFailed(host, error) : proxyFailed(proxy, error);
  }

  #dialFailure(error: NodeJS.ErrnoException): OpeningError {
    const { socketPath } = this.#tools.settings;
    if (socketPath !== null) return unixFailed(socketPath, error);
    const { proxy } = this.#plan.route;
    return proxy === null ? dialFailed(error) : proxyFailed(proxy, error);
  }

  #secureProxy(socket: Socket, proxy: ProxyTarget): void {
    const { hostname, port } = proxy;
    const { settings, sessions } = this.#tools;
    // Pin and server name are the server's; the proxy is judged by its own certificate.
    const rejectUnauthorized = settings.tls.proxyRejectUnauthorized;
    const tls = { ...settings.tls, rejectUnauthorized, servername: null, pins: null };
    const peer = { hostname, port, protocols: ["http/1.1"], settings: tls, sessions };
    const secure = startTls(socket, peer, (error) => {
      if (this.#done) return;
      if (error === null) this.#askProxy(secure, proxy);
      else this.#fail(proxyFailed(proxy, error));
    });
    this.#own(secure);
  }

  #askProxy(socket: Socket, proxy: ProxyTarget): void {
    const { route, tunnelled } = this.#plan;
    if (route.forwarded && !tunnelled) return this.#succeed(socket);
    const failed = (error: Error): void => this.#fail(proxyFailed(proxy, error));
    socket.once("error", failed);
    const begin = (): Handshake =>
      proxy.kind === "socks5"
        ? socks(socket, proxy, route.hostname, route.port)
        : tunnel(socket, route.authority, proxy.headers);
    shakeHands(socket, begin, (error) => {
      if (this.#done) return;
      socket.off("error", failed);
      if (error === null) this.#reached(socket);
      else failed(error);
    });
  }

  /** A way to the server is there. */
  #reached(socket: Socket): void {
    const { route, protocols } = this.#plan;
    if (!route.secure) return this.#succeed(socket);
    const { hostname, port } = route;
    const { settings, sessions } = this.#tools;
    const peer = { hostname, port, protocols, settings: settings.tls, sessions };
    const secure = startTls(socket, peer, (error) => {
      if (this.#done) return;
      if (error === null) this.#succeed(secure);
      else this.#fail(tlsFailed(hostname, error));
    });
    this.#own(secure);
  }

  #succeed(socket: Socket): void {
    this.#stop();
    this.#settled(null, socket);
  }
}

function expire(opening: SocketOpening): void {
  opening.expire();
}
