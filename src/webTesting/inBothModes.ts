/*
 * inBothModes: one test, run in memory and over a socket.
 */
import {
  type AnyApplication,
  type TestClient,
  testClient,
  type TestClientOptions,
  type ClientMode,
} from "./testClient.ts";

/** The ways that a test client knows, for `describe.each`. */
export const CLIENT_MODES: readonly ClientMode[] = ["memory", "socket"];

/**
 * Runs a test with a client in memory, then with one over a socket, each for an application of its own.
 *
 * **Cancellation:** the client that is there is closed, and its application stopped.
 *
 * @param makeApp makes the application; called twice
 * @throws what the test throws, with the way that it failed in put before its message
 *
 * @example
 * ```ts
 * import { Application } from "ambit/web";
 * import { inBothModes } from "ambit/web/testing";
 *
 * const seen: string[] = [];
 * const makeApp = () => new Application().get("/", () => "hello");
 * await inBothModes(makeApp, async (client) => {
 *   seen.push(`${client.mode}: ${await (await client.get("/")).text()}`);
 * });
 * seen; // => ["memory: hello", "socket: hello"]
 * ```
 */
export async function inBothModes(
  makeApp: () => AnyApplication,
  test: (client: TestClient) => unknown,
  options: Omit<TestClientOptions, "mode"> = {},
): Promise<void> {
  for (const mode of CLIENT_MODES) {
    try {
      await using client = await testClient(makeApp(), { ...options, mode });
      await test(client);
    } catch (error) {
      if (error instanceof Error && Object.isExtensible(error))
        error.message = `with a client in mode ${mode}: ${error.message}`;
      throw error;
    }
  }
}
