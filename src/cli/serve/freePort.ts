/*
 * A port that is free, for workers that come and go: asked for one each, the system would give each another.
 */
import { type AddressInfo, createServer } from "node:net";
import { suspend } from "../../core/suspend.ts";
import { UsageError } from "../usageError.ts";

/**
 * A port of that host on which nobody listens at this moment.
 *
 * **Cancellation:** the wait ends.
 *
 * @throws {@link UsageError} when this machine does not have that address
 */
export function freePort(host: string): Promise<number> {
  return suspend<number>(
    (wait) => {
      const server = createServer();
      server.once("error", (error) =>
        wait.reject(new UsageError(`--host ${host}: ${error.message}`)),
      );
      server.listen({ host, port: 0 }, () => {
        const { port } = server.address() as AddressInfo;
        server.close(() => wait.resolve(port));
      });
      return () => void server.close();
    },
    undefined,
    "freePort",
  );
}
