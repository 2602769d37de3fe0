/*
 * `ambit serve` with workers: this process accepts connections and keeps the workers; the program runs in them.
 */
import { constants } from "node:os";
import { run } from "../../core/run.ts";
import { type TaskGroup, taskGroup } from "../../core/taskGroup.ts";
import { signals } from "../../flow/signals.ts";
import type { Streams } from "../streams.ts";
import { UsageError } from "../usageError.ts";
import type { ServeOptions } from "./arguments.ts";
import { clusterFork, type WorkerEnv } from "./clusterFork.ts";
import { type Say, sayTo } from "./events.ts";
import { exitCodeOf } from "./exitCode.ts";
import { FolderWatch } from "./folderWatch.ts";
import { freePort } from "./freePort.ts";
import { modulePath } from "./loadApp.ts";
import { removeStaleSocket } from "./staleSocket.ts";
import { IDLE_GRACE } from "./startServing.ts";
import { StartFailure } from "./startFailure.ts";
import { Supervisor } from "./supervisor.ts";
import { hasTerminal } from "./terminal.ts";
import { watchedFolders } from "./watchedFolders.ts";

/** With `--reload`, shorter: nobody waits for old code; but what has just connected must be heard. In milliseconds. */
const RELOAD_GRACE = 200;

/**
 * Serves until a signal; returns the exit code.
 *
 * @param args as they were typed: the workers' words
 * @throws UsageError when the command line is to blame
 */
export async function serveSupervised(
  options: ServeOptions,
  args: readonly string[],
  streams: Streams,
): Promise<number> {
  const program = new Supervised(options, args, streams);
  try {
    return await run(() => program.main(), { name: "ambit serve" });
  } catch (error) {
    if (!(error instanceof StartFailure)) throw error;
    if (error.usage) throw new UsageError(error.line);
    streams.err.write(`ambit serve: ${error.line}\n`);
    if (options.debug && error.detail !== "") streams.err.write(`${error.detail}\n`);
    return 1;
  }
}

class Supervised {
  readonly #options: ServeOptions;
  readonly #say: Say;
  readonly #supervisor: Supervisor;
  readonly #watch: FolderWatch;
  readonly #terminal = hasTerminal();
  #port: number | null = null;
  #stopping = false;

  constructor(options: ServeOptions, args: readonly string[], streams: Streams) {
    this.#options = options;
    this.#say = sayTo(streams, options);
    this.#watch = new FolderWatch(process.cwd(), (text) => this.#say({ event: "note", text }));
    this.#supervisor = new Supervisor({
      ...options,
      fork: clusterFork(args, () => this.#env()),
      say: this.#say,
      waitsForChange: options.reload,
      // Who develops wants to see the new code, not the old on a connection that is still open.
      idleGrace: options.reload ? RELOAD_GRACE : IDLE_GRACE,
      onFolders: (folders) => {
        for (const path of folders) this.#watch.add({ path, everyFile: false, deep: false });
      },
    });
  }

  async main(): Promise<number> {
    const { reload, reloadDirs, target, unix, host, port } = this.#options;
    using watch = this.#watch;
    if (reload) {
      const module = modulePath(target, process.cwd());
      for (const each of watchedFolders(reloadDirs, module, process.cwd())) watch.add(each);
    }
    if (unix !== undefined) await removeStaleSocket(unix);
    else if (port === 0) this.#port = await freePort(host);
    const killAll = (): void => this.#supervisor.kill();
    process.on("exit", killAll);
    try {
      await taskGroup((group) => this.#supervise(group));
    } finally {
      process.off("exit", killAll);
    }
    this.#say({ event: "stopped" });
    return this.#supervisor.killed === 0 ? 0 : 1;
  }

  async #supervise(group: TaskGroup): Promise<void> {
    group.spawn(() => this.#obeySignals(), { name: "signals" });
    group.spawn(() => this.#announce(), { name: "announce" });
    if (this.#options.reload) group.spawn(() => this.#reload(), { name: "reload" });
    await this.#supervisor.run();
    group.cancel("all workers have ended");
  }

  async #announce(): Promise<void> {
    const { url } = await this.#supervisor.started();
    const { workers, target } = this.#options;
    this.#say({ event: "listening", url, workers, pid: process.pid, target: target.path });
  }

  async #reload(): Promise<void> {
    for (;;) {
      const [first, ...more] = await this.#watch.changes();
      const others = more.length === 0 ? "" : ` and ${more.length} more`;
      this.#supervisor.restart(`${first}${others} changed`);
    }
  }

  async #obeySignals(): Promise<void> {
    for await (const signal of signals(...handled())) {
      if (signal === "SIGTTIN" || signal === "SIGTTOU") {
        this.#supervisor.order(signal === "SIGTTIN" ? "more" : "fewer", signal);
      } else if (signal === "SIGHUP" && !this.#hungUp()) {
        this.#supervisor.restart(signal);
      } else {
        this.#stop(signal);
      }
    }
  }

  #stop(signal: NodeJS.Signals): void {
    if (this.#stopping) {
      this.#supervisor.kill();
      process.exit(exitCodeOf(signal));
    }
    this.#stopping = true;
    const { drainTimeout, lameDuck } = this.#options;
    this.#say({ event: "stopping", why: signal, timeout: drainTimeout + lameDuck });
    this.#supervisor.stop(lameDuck);
  }

  /** Whether there was a terminal, and now there is none. */
  #hungUp(): boolean {
    return this.#terminal && !hasTerminal();
  }

  #env(): WorkerEnv {
    const port = this.#port === null ? {} : { AMBIT_PORT: String(this.#port) };
    return { AMBIT_WORKERS: String(this.#options.workers), ...port };
  }
}

/** Those that there are: Windows has fewer. */
function handled(): [NodeJS.Signals, ...NodeJS.Signals[]] {
  const more = (["SIGTERM", "SIGHUP", "SIGTTIN", "SIGTTOU"] as const).filter((name) =>
    Object.hasOwn(constants.signals, name),
  );
  return ["SIGINT", ...more];
}
