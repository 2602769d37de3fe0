/*
 * `ambit/streams`: connections as a reader and a writer, servers, datagrams.
 */
export {
  ConcurrentReadError,
  ConnectionResetError,
  IncompleteReadError,
  LimitOverrunError,
} from "./errors.ts";
export { StreamReader, type Separator, type StreamReaderOptions } from "./reader.ts";
export { StreamProtocol } from "./streamProtocol.ts";
export { type TlsOptions } from "./tlsOptions.ts";
export {
  type Address,
  type IpAddress,
  type Protocol,
  type TlsInfo,
  type TlsUpgrade,
  type Transport,
  type TransportInfo,
  type WriteBufferLimits,
} from "./transport.ts";
export { StreamWriter, type StartTlsOptions } from "./writer.ts";
export { WriteLimits } from "./writeLimits.ts";
