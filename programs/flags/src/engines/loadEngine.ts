/*
 * From the name of an engine to the engine. Only the chosen one is loaded, since two of them bring a
 * whole HTTP client, and the others do without.
 */
import type { Engine, EngineName } from "./engine.ts";
import { EngineError } from "./engineError.ts";

/**
 * Loads the engine of that name.
 *
 * @param redis where Redis is, for the engine that needs one
 * @throws {@link EngineError} when a package that it needs is not installed
 */
export async function loadEngine(name: EngineName, redis = defaultRedis): Promise<Engine> {
  switch (name) {
    case "sequential":
      return (await import("./sequential.ts")).sequential;
    case "threads":
      return (await import("./threads.ts")).threads;
    case "async":
      return (await import("./async.ts")).asyncTasks;
    case "async-executor":
      return (await import("./asyncExecutor.ts")).asyncExecutor;
    case "distributed":
      return loadDistributed(redis);
  }
}

const defaultRedis = "redis://localhost:6379";

async function loadDistributed(redis: string): Promise<Engine> {
  try {
    return (await import("./distributed.ts")).distributed(redis);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code !== "ERR_MODULE_NOT_FOUND" || !/'(bullmq|ioredis)'/.test(message)) throw error;
    throw new EngineError("--engine distributed needs two packages: npm install bullmq ioredis");
  }
}
