/*
 * `ambit/streams`: connections as a reader and a writer, servers, datagrams.
 */
export { createDatagramEndpoint, type DatagramOptions } from "./createDatagramEndpoint.ts";
export {
  DatagramEndpoint,
  type Datagram,
  type DatagramStatistics,
  type Destination,
  type HostAndPort,
} from "./datagramEndpoint.ts";
export {
  ConcurrentReadError,
  ConnectionResetError,
  EndpointClosedError,
  IncompleteReadError,
  LimitOverrunError,
} from "./errors.ts";
export {
  openConnection,
  openUnixConnection,
  type ConnectOptions,
  type TcpConnectOptions,
} from "./connect.ts";
export { Connection, connectionOver } from "./connection.ts";
export { type Accept, type Listener } from "./listener.ts";
export {
  readerFrom,
  toReadable,
  toReadableStream,
  toWritable,
  toWritableStream,
  writerTo,
} from "./nodeStreams.ts";
export { NodeTransport } from "./nodeTransport.ts";
export { Server, type ServingOptions } from "./server.ts";
export { type ConnectionHandler } from "./serving.ts";
export {
  startServer,
  startUnixServer,
  type ServerOptions,
  type TcpServerOptions,
} from "./startServer.ts";
export { StreamReader, type StreamReaderOptions } from "./reader.ts";
export { type Separator } from "./separators.ts";
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
