/*
 * The options of `ambit get` that say who asks the servers, and how.
 */
import type { GetOption } from "./getOption.ts";

/** In the order of the help. */
export const NETWORK_OPTIONS: readonly GetOption[] = [
  {
    group: "workers",
    name: "workers",
    value: "URL",
    help: [
      "workers on other machines, `ambit worker --get DIR`,",
      "download; they take their files from this Redis",
    ],
  },
  {
    group: "workers",
    name: "queue",
    value: "NAME",
    help: ["the queue that they take (default ambit-get)"],
  },
  {
    group: "http",
    name: "header",
    short: "H",
    value: "HEADER",
    repeated: true,
    help: ["a header of each request, `Name: value`"],
  },
  {
    group: "http",
    name: "user",
    short: "u",
    value: "NAME:PASS",
    help: ["Basic authorization, for the servers of the list"],
  },
  {
    group: "http",
    name: "netrc",
    help: ["names and passwords from ~/.netrc"],
  },
  {
    group: "http",
    name: "cookie-jar",
    value: "FILE",
    help: ["read cookies from it, and write them back at the end"],
  },
  {
    group: "http",
    name: "proxy",
    value: "URL",
    help: [
      "http:, https: or socks5: URL; `env` for HTTP_PROXY",
      "and its like, `none` for none (default env)",
    ],
  },
  {
    group: "http",
    name: "http2",
    help: ["HTTP/2 where the server speaks it"],
  },
  {
    group: "http",
    name: "ca",
    value: "FILE",
    help: ["certificates (PEM) to trust besides the usual ones"],
  },
  {
    group: "http",
    name: "insecure",
    short: "k",
    help: ["trust any certificate: for tests"],
  },
];
