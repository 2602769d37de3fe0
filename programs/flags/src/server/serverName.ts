/*
 * The servers that flags can be asked of. LOCAL, DELAY and ERROR are embedded: they are started
 * for the run, on a free port of this machine. REMOTE is any other, named by `--base-url`.
 *
 * The defaults of `--max-req` live here too: an embedded server can take what we like, a foreign
 * one deserves manners.
 */
/** The names of the servers, as `--server` takes them. */
export const serverNames = ["LOCAL", "DELAY", "ERROR", "REMOTE"] as const;

export type ServerName = (typeof serverNames)[number];

/** An embedded server's name. */
export type EmbeddedServerName = Exclude<ServerName, "REMOTE">;

/** How many requests are in flight at most when `--max-req` is not given. */
export const defaultMaxRequests: Readonly<Record<ServerName, number>> = {
  LOCAL: 30,
  DELAY: 30,
  ERROR: 30,
  REMOTE: 5,
};

/** The largest value that `--max-req` takes. */
export const mostMaxRequests = 1000;
