/*
 * Which proxy a request goes through: one for all, what the environment says, or none.
 *
 * The environment is read once, when the rules are made. Of two spellings of a variable the lower
 * case one wins, and an empty one means no proxy (CPython's getproxies_environment).
 * `HTTP_PROXY` in capitals is not believed where `REQUEST_METHOD` is set: under CGI it is what a
 * client sent as the header `Proxy` (CVE-2016-5385).
 */
import { NoProxy } from "./noProxy.ts";
import { type ProxyInput, type ProxyTarget, proxyTarget } from "./proxyTarget.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** @internal */
export interface ProxyRules {
  /** The proxy for a URL, or null to go there directly. */
  for(url: URL): ProxyTarget | null;
}

/** No proxy for anybody. @internal */
export const NO_PROXIES: ProxyRules = { for: () => null };

/** Checks the option of that name; `"env"` reads the environment. @internal */
export function proxyRules(name: string, input: ProxyInput | undefined): ProxyRules {
  if (input === undefined || input === null) return NO_PROXIES;
  if (input === "env") return rulesOfEnvironment(process.env);
  const target = proxyTarget(name, input);
  return { for: () => target };
}

/** What the environment says. @internal */
export function rulesOfEnvironment(environment: Environment): ProxyRules {
  const all = proxyFrom(environment, "all_proxy");
  const proxies: Readonly<Record<string, ProxyTarget | null>> = {
    "http:": proxyFrom(environment, "http_proxy") ?? all,
    "https:": proxyFrom(environment, "https_proxy") ?? all,
  };
  if (Object.values(proxies).every((proxy) => proxy === null)) return NO_PROXIES;
  const direct = new NoProxy(read(environment, "no_proxy")?.value ?? "");
  return {
    for(url) {
      const proxy = proxies[url.protocol.replace(/^ws/, "http")] ?? null;
      return proxy === null || direct.covers(hostOf(url), portOf(url)) ? null : proxy;
    },
  };
}

function proxyFrom(environment: Environment, variable: string): ProxyTarget | null {
  const found = read(environment, variable);
  if (found === null || found.value === "") return null;
  return proxyTarget(found.name, found.value);
}

function read(environment: Environment, variable: string): { name: string; value: string } | null {
  const names = [variable, variable.toUpperCase()];
  if (variable === "http_proxy" && environment["REQUEST_METHOD"] !== undefined) names.pop();
  for (const name of names) {
    const value = environment[name];
    if (value !== undefined) return { name, value: value.trim() };
  }
  return null;
}

function hostOf(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, "");
}

function portOf(url: URL): number {
  if (url.port !== "") return Number(url.port);
  return url.protocol === "https:" || url.protocol === "wss:" ? 443 : 80;
}
