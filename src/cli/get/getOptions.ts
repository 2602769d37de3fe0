/*
 * What `ambit get` is to do, as its command line says it.
 */

/** What was asked for; every value is checked. */
export interface GetOptions {
  readonly urls: readonly string[];
  /** Files with lists; `-` is standard input. */
  readonly inputs: readonly string[];
  readonly base: URL | undefined;
  readonly checksum: string | undefined;
  readonly checksums: string | undefined;
  readonly directory: string;
  readonly output: string;
  readonly overwrite: boolean;
  readonly conditional: boolean;
  readonly resume: boolean;
  readonly journal: string | undefined;
  readonly jobs: number;
  readonly perHost: number;
  readonly segments: number;
  /** Bytes a second; Infinity for no limit. */
  readonly rate: number;
  readonly retries: number;
  /** Milliseconds. */
  readonly timeout: {
    readonly total: number;
    readonly connect: number;
    readonly socketRead: number;
  };
  readonly failFast: boolean;
  /** The Redis whose workers download; undefined: this process does. */
  readonly workers: string | undefined;
  readonly queue: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly user: { readonly name: string; readonly password: string } | undefined;
  readonly netrc: boolean;
  readonly cookieJar: string | undefined;
  readonly proxy: string | null;
  readonly http2: boolean;
  readonly ca: string | undefined;
  readonly insecure: boolean;
  readonly json: boolean;
  readonly dryRun: boolean;
  readonly words: "quiet" | "normal" | "verbose";
  readonly progress: boolean;
}
