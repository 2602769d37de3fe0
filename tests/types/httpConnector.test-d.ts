/**
 * What a connector and a proxy may be made of.
 */
import {
  ClientSession,
  Connector,
  type ConnectorOptions,
  type ConnectorStatistics,
  type FingerprintMismatchError,
  type Lookup,
  type ProxyInput,
} from "ambit/http";
import { lookup } from "node:dns";
import { expectTypeOf, test } from "vitest";

test("a session takes options of a connector, or a connector", () => {
  expectTypeOf<{ limit: 3; http2: true }>().toExtend<ConnectorOptions>();
  expectTypeOf(new Connector().statistics()).toEqualTypeOf<ConnectorStatistics>();
  expectTypeOf(new ClientSession().statistics()).toEqualTypeOf<ConnectorStatistics>();
  // @ts-expect-error: there are two families of addresses
  void new Connector({ family: 5 });
  // @ts-expect-error: `true` says nothing of a cache
  void new Connector({ dnsCache: true });
});

test("Node's lookup is a lookup", () => {
  expectTypeOf(lookup).toExtend<Lookup>();
});

test("a proxy is a URL, an object with one, or null", () => {
  expectTypeOf<
    "env" | URL | { url: string; auth: { username: string; password: string } } | null
  >().toExtend<ProxyInput>();
  // @ts-expect-error: an object needs its URL
  void new ClientSession({ proxy: { auth: { username: "", password: "" } } });
});

test("an error of a pin tells both fingerprints", () => {
  expectTypeOf<FingerprintMismatchError["expected"]>().toEqualTypeOf<readonly string[]>();
  expectTypeOf<FingerprintMismatchError["actual"]>().toEqualTypeOf<string>();
});
