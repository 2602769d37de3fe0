/** The command line of `ambit get`: what it means, and what is said when it means nothing. */
import { expect, test } from "vitest";
import { readGetArguments } from "../../../src/cli/get/arguments.ts";
import { getHelp } from "../../../src/cli/get/help.ts";
import { GET_OPTIONS } from "../../../src/cli/get/optionTable.ts";
import { UsageError } from "../../../src/cli/usageError.ts";

function read(...args: string[]): Exclude<ReturnType<typeof readGetArguments>, "help"> {
  const options = readGetArguments(args);
  if (options === "help") throw new Error("it is asked for help");
  return options;
}

test("URLs alone are got with the defaults", () => {
  expect(read("http://a/b", "http://a/c")).toEqual({
    urls: ["http://a/b", "http://a/c"],
    inputs: [],
    base: undefined,
    checksum: undefined,
    checksums: undefined,
    directory: ".",
    output: "{name}",
    overwrite: false,
    conditional: false,
    resume: false,
    journal: undefined,
    jobs: 16,
    perHost: 8,
    segments: 1,
    rate: Infinity,
    retries: 4,
    timeout: { total: Infinity, connect: 30_000, socketRead: 60_000 },
    failFast: false,
    workers: undefined,
    queue: "ambit-get",
    headers: [],
    user: undefined,
    netrc: false,
    cookieJar: undefined,
    proxy: "env",
    http2: false,
    ca: undefined,
    insecure: false,
    json: false,
    dryRun: false,
    words: "normal",
    progress: true,
  });
});

test("every option is read, in long and short form, in any order, with = or a space", () => {
  const all = read(
    ..."-i a.txt --input=- http://x/ --base http://h/d/ -d out -o {host}/{path} -j64".split(" "),
    ..."--per-host=4 --limit-rate 2M --retries 0 --timeout 10m --timeout-connect 500ms".split(" "),
    ..."--timeout-read 5 --segments 8 -u ada:x:y --cookie-jar c.txt --resume --http2".split(" "),
    ..."--proxy socks5://127.0.0.1:1080 -k --json --fail-fast -v --header D:e".split(" "),
    "-H",
    "A: b:c ",
  );
  expect(all).toMatchObject({
    urls: ["http://x/"],
    inputs: ["a.txt", "-"],
    directory: "out",
    output: "{host}/{path}",
    jobs: 64,
    perHost: 4,
    segments: 8,
    rate: 2 * 1024 * 1024,
    retries: 0,
    timeout: { total: 600_000, connect: 500, socketRead: 5000 },
    headers: [
      ["D", "e"],
      ["A", "b:c"],
    ],
    user: { name: "ada", password: "x:y" },
    proxy: "socks5://127.0.0.1:1080",
    words: "verbose",
    resume: true,
    http2: true,
    insecure: true,
    json: true,
    failFast: true,
  });
  expect(all.base?.href).toBe("http://h/d/");
});

test("few jobs are few per host, too; no proxy can be asked for; after -- all is a URL", () => {
  expect(read("x", "-j", "3").perHost).toBe(3);
  expect(read("x", "--proxy", "none").proxy).toBeNull();
  expect(read("--", "-d").urls).toEqual(["-d"]);
});

test.each([
  [[], "expected URLs, or a list of them with `-i FILE`"],
  [["x", "--jobs", "0"], "--jobs must be a whole number from 1 to 1000, not `0`"],
  [["x", "-j", "many"], "--jobs must be a whole number from 1 to 1000, not `many`"],
  [["x", "-j", "-4"], "--jobs must be a whole number from 1 to 1000, not `-4`"],
  [["x", "--segments", "17"], "--segments must be a whole number from 1 to 16, not `17`"],
  [["x", "--retries", "1.5"], "--retries must be a whole number from 0 to 100, not `1.5`"],
  [["x", "-j", "2", "--per-host", "3"], "--per-host 3 is more than --jobs 2 allow in all"],
  [
    ["x", "--limit-rate", "fast"],
    "--limit-rate must be a number of bytes such as 100000, 500k or 2M, not `fast`",
  ],
  [
    ["x", "--limit-rate", "0"],
    "--limit-rate must be a number of bytes such as 100000, 500k or 2M, not `0`",
  ],
  [
    ["x", "--timeout", "5d"],
    "--timeout must be a time such as 30, 30s, 500ms, 10m or 1h, not `5d`",
  ],
  [
    ["x", "--timeout-read", "0"],
    "--timeout-read must be a time such as 30, 30s, 500ms, 10m or 1h, not `0`",
  ],
  [["x", "--jbos", "3"], "there is no option `--jbos`; did you mean `--jobs`?"],
  [["x", "--perhost", "3"], "there is no option `--perhost`; did you mean `--per-host`?"],
  [["x", "--verb"], "there is no option `--verb`; did you mean `--verbose`?"],
  [["x", "--continue"], "there is no option `--continue`"],
  [["x", "-Z"], "there is no option `-Z`"],
  [["x", "--json=yes"], "--json takes no value, and got `yes`"],
  [["x", "-d"], "-d needs a value: DIR"],
  [["x", "-d", ""], "--directory must not be empty"],
  [["x", "-d", "a", "-d", "b"], "-d is given twice; once is enough"],
  [
    ["x", "-d", "--json"],
    "-d needs a value, and `--json` looks like an option; write --directory=--json if it is meant",
  ],
  [
    ["x", "--base", "ftp://h/"],
    "--base must be a URL that begins with http:// or https://, not `ftp://h/`",
  ],
  [["x", "--base", "h"], "--base must be a URL that begins with http:// or https://, not `h`"],
  [
    ["x", "--proxy", "ftp://ada:secret@h"],
    "--proxy must be a URL that begins with http:// or https:// or socks5:// or socks5h://, not `ftp://***@h`",
  ],
  [
    ["x", "-H", "Authorization Bearer"],
    "--header must be `Name: value`, not `Authorization Bearer`",
  ],
  [["x", "-H", "X y: secret"], "--header must be `Name: value`, not `X y: ...`"],
  [["x", "-H", "A: \u0001"], "--header `A` has a character in it that no header can have"],
  [["x", "-u", "secret"], "--user must be NAME:PASS"],
  [
    ["x", "--checksum", "sha256=12"],
    "--checksum must be a checksum such as sha256=9f86d0... (64 hex digits), not `sha256=12`",
  ],
  [
    ["x", "y", "--checksum", "a".repeat(64)],
    "--checksum is for one URL; --checksums FILE is for many",
  ],
  [["-i", "-", "-i", "-"], "standard input can be read once: give one `-i -`"],
  [["x", "-q", "-v"], "--quiet and --verbose cannot both be"],
  [["x", "--overwrite", "--conditional"], "--overwrite and --conditional cannot both be"],
])("%j is refused in one line that names the value", (args, message) => {
  expect(() => readGetArguments(args)).toThrow(new UsageError(message));
  expect(message).not.toContain("\n");
});

test.each([
  ["d".repeat(32), `md5=${"d".repeat(32)}`],
  [`SHA-256=${"A".repeat(64)}`, `sha256=${"a".repeat(64)}`],
  [`sha1:${"b".repeat(40)}`, `sha1=${"b".repeat(40)}`],
  ["c".repeat(128), `sha512=${"c".repeat(128)}`],
])("the checksum %s is %s", (text, sum) => {
  expect(read("x", "--checksum", text).checksum).toBe(sum);
});

test.each([
  ["100", 100],
  ["500k", 512_000],
  ["1.5m", 1_572_864],
  ["2M", 2_097_152],
  ["1GiB", 1_073_741_824],
])("the rate %s is %i bytes a second", (text, bytes) => {
  expect(read("x", "--limit-rate", text).rate).toBe(bytes);
});

test("the help has every option, fits into 80 columns, and comes before anything is found wrong", () => {
  for (const { name } of GET_OPTIONS) expect(getHelp()).toMatch(new RegExp(`--${name}\\b`));
  for (const line of getHelp().split("\n")) expect(line.length, line).toBeLessThanOrEqual(80);
  expect(readGetArguments(["--help", "--jobs", "many"])).toBe("help");
});
