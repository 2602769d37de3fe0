/*
 * From the name of an engine to the engine. Only the chosen one is loaded, since two of them bring a
 * whole HTTP client, and the others do without.
 */
import type { Engine, EngineName } from "./engine.ts";

/** Loads the engine of that name. */
export async function loadEngine(name: EngineName): Promise<Engine> {
  switch (name) {
    case "sequential":
      return (await import("./sequential.ts")).sequential;
    case "threads":
      return (await import("./threads.ts")).threads;
    case "async":
      return (await import("./async.ts")).asyncTasks;
    case "async-executor":
      return (await import("./asyncExecutor.ts")).asyncExecutor;
  }
}
