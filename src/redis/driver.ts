/*
 * What the driver's connections and clusters have in common, and how one is ended.
 */
import type { Cluster, Redis as DriverRedis } from "ioredis";
import { protect } from "../core/shield.ts";
import type { Wait } from "../core/suspension.ts";
import { uninterruptible } from "../core/uninterruptible.ts";

/** @internal */
export type Driver = DriverRedis | Cluster;

/** Ends it at once; settles when it has ended. @internal */
export function endDriver(driver: Driver): Promise<void> {
  if (driver.status === "end") return Promise.resolve();
  return protect(() =>
    uninterruptible<void>((wait) => end(wait, driver), undefined, "redis close"),
  );
}

function end(wait: Wait<void>, driver: Driver): void {
  const { status } = driver;
  const done = (): void => void wait.resolve();
  driver.once("end", done);
  driver.disconnect();
  if (driver.isCluster) return;
  const { stream } = driver as DriverRedis;
  stream?.destroy();
  if (status !== "reconnecting") return;
  // Between two attempts the last stream is closed already: the driver would wait for its end, and tell nothing.
  stream?.emit("close");
  done();
}
