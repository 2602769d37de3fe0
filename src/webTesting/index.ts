/*
 * `ambit/web/testing`: a client for the tests of an application, in memory or over a socket.
 */
export { CLIENT_MODES, inBothModes } from "./inBothModes.ts";
export {
  type AnyApplication,
  type ClientMode,
  TestClient,
  testClient,
  type TestClientOptions,
} from "./testClient.ts";
