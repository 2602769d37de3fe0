/*
 * Dot segments that Node.js left in a URL.
 *
 * Node.js 20 and 22 keep `/..` and `/.` behind a name that begins with a dot: `/a/.b/../c` stays as it is
 * (ada-url/ada#935, mended in Node.js 24). What goes out then, and the paths by which cookies, credentials and mocks are
 * chosen, would not be what the URL Standard says. A `/.` before such a path has them parse it the long way, which is right.
 */

/** A dot segment; with a `%2e` anywhere, nothing is left. */
const LEFT = /\/\.{1,2}(?:\/|$)/;

/** The same URL, without what Node.js left in it. @internal */
export function withoutDotSegments(url: URL): URL {
  // Asked first, for it is quick and this runs with each request.
  const { pathname } = url;
  if (pathname.includes("/.") && LEFT.test(pathname)) url.pathname = `/.${pathname}`;
  return url;
}
