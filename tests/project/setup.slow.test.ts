/**
 * The set-up step, run for real in a checkout of its own: a folder with a space in its name, a copy
 * of the scripts, one dependency and two source files. npm installs from folders here, so that no
 * registry is needed. Real time: other processes are what is tested.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const ROOT = join(import.meta.dirname, "../..");

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** The tests below build on each other: each finds the checkout as the one before left it. */
let checkout: string;

beforeAll(async () => {
  checkout = join(mkdtempSync(join(tmpdir(), "ambit-setup-")), "a checkout");
  cpSync(join(ROOT, "scripts"), join(checkout, "scripts"), { recursive: true });
  write("package.json", {
    name: "ambit",
    type: "module",
    engines: { node: ">=20.18.1" },
    bin: { ambit: "dist/cli.js" },
    exports: { "./extra": "./dist/extra.js" },
    devDependencies: { rolldown: "file:bundler", typescript: "file:compiler" },
  });
  write("compiler/package.json", { name: "typescript", version: "1.0.0" });
  const tsc = JSON.stringify(join(ROOT, "node_modules/typescript/bin/tsc"));
  write("compiler/bin/tsc", `import(${tsc});`);
  const bundler = JSON.stringify(createRequire(join(ROOT, "package.json")).resolve("rolldown"));
  write("bundler/package.json", { name: "rolldown", version: "1.0.0", main: "main.mjs" });
  write("bundler/main.mjs", `export * from ${bundler};`);
  const options = {
    rootDir: "src",
    outDir: "dist",
    lib: ["es5", "dom"],
    module: "nodenext",
    rewriteRelativeImportExtensions: true,
    types: [],
    skipLibCheck: true,
  };
  write("tsconfig.base.json", { compilerOptions: options });
  write("tsconfig.build.json", { extends: "./tsconfig.base.json", include: ["src"] });
  write("src/cli.ts", '#!/usr/bin/env node\nimport { one } from "./one.ts";\nconsole.log(one);\n');
  write("src/one.ts", "export const one: number = 1;\n");
  write("src/extra.ts", "export const two: number = 2;\n");
  await npm("install", "--package-lock-only", "--offline");
}, 60_000);

afterAll(() => rmSync(dirname(checkout), { recursive: true, force: true }));

function write(file: string, content: unknown): void {
  const path = join(checkout, file);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
}

function remove(file: string): void {
  rmSync(join(checkout, file), { recursive: true });
}

function execute(command: string, args: readonly string[], env: object = {}): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: checkout,
      env: { ...cleanEnvironment(), PATH: nodeFirst(), ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let [out, err] = ["", ""];
    child.stdout.on("data", (text: Buffer) => (out += text.toString()));
    child.stderr.on("data", (text: Buffer) => (err += text.toString()));
    child.once("error", reject).once("close", (code) => resolve({ code, out, err }));
  });
}

/** Without what the npm that started these tests hands down. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^npm_(?!config_cache)/.test(name)),
  );
}

function nodeFirst(): string {
  return [dirname(process.execPath), process.env["PATH"]].join(delimiter);
}

function npm(...args: string[]): Promise<Ended> {
  return execute("npm", args);
}

function setUp(env?: object): Promise<Ended> {
  return execute(process.execPath, ["scripts/setup.mjs"], env);
}

describe("the set-up step", { timeout: 60_000 }, () => {
  test("installs and builds a fresh clone, and says so on stderr only", async () => {
    expect(await setUp()).toEqual({
      code: 0,
      out: "",
      err:
        "ambit: installing packages (nothing is installed yet) …\n" +
        "ambit: building (nothing is built yet) …\n",
    });
    expect(existsSync(join(checkout, "dist/extra.js"))).toBe(true);
  });

  test("joins the modules of an entry into one file", async () => {
    expect(existsSync(join(checkout, "src/one.ts"))).toBe(true);
    expect(existsSync(join(checkout, "dist/one.js"))).toBe(false);
  });

  test("makes the commands executable", async () => {
    const { code, err, out } = await execute(join(checkout, "dist/cli.js"), []);
    expect({ code, err, out }).toEqual({ code: 0, err: "", out: "1\n" });
  });

  test("does nothing and says nothing when nothing changed, in less than a second", async () => {
    const times: number[] = [];
    for (let attempt = 0; attempt < 3; attempt++) {
      const started = performance.now();
      expect(await setUp()).toEqual({ code: 0, out: "", err: "" });
      times.push(performance.now() - started);
    }
    expect(Math.min(...times)).toBeLessThan(1000);
  });

  test("is not disturbed by what does not matter: another script, other modification times", async () => {
    const manifest = JSON.parse(readFileSync(join(checkout, "package.json"), "utf8")) as object;
    write("src/extra.ts", "export const two: number = 2;\n");
    const installed = await setUp();
    write("package.json", { ...manifest, scripts: { more: "true" } });
    const { err } = await setUp();
    expect(installed.err).toBe("");
    expect(err).not.toContain("installing");
  });

  test("builds again when a source changed, and removes what no source makes any more", async () => {
    appendFileSync(join(checkout, "src/cli.ts"), "export const three: number = 3;\n");
    remove("src/extra.ts");
    const manifest = JSON.parse(readFileSync(join(checkout, "package.json"), "utf8")) as object;
    write("package.json", { ...manifest, exports: {} });
    expect((await setUp()).err).toBe("ambit: building (sources changed) …\n");
    expect(readFileSync(join(checkout, "dist/cli.js"), "utf8")).toContain("three");
    expect(existsSync(join(checkout, "dist/extra.js"))).toBe(false);
  });

  test("builds again when built files are gone", async () => {
    remove("dist");
    expect((await setUp()).err).toBe("ambit: building (dist/cli.js is missing) …\n");
  });

  test("does not build what does not compile: it shows the errors and ends with code 1, each time", async () => {
    write("src/wrong.ts", 'export const one: number = "one";\n');
    for (let attempt = 0; attempt < 2; attempt++) {
      const { code, err } = await setUp();
      expect(code).toBe(1);
      expect(err).toContain("src/wrong.ts(1,14): error TS2322");
      expect(err).toMatch(/Building ambit failed: the compiler's errors are above\.\n$/);
    }
    remove("src/wrong.ts");
  });

  test("two runs at once do the work once, and both end well", async () => {
    remove("node_modules");
    const both = await Promise.all([setUp(), setUp()]);
    expect(both.map(({ code }) => code)).toEqual([0, 0]);
    const said = both.map(({ err }) => err).join("");
    expect(said.match(/installing packages/g)).toHaveLength(1);
    expect(said.match(/building/g)).toHaveLength(1);
    expect(said).toContain("ambit: waiting for another set-up of this checkout …\n");
  });

  test("ends at once when it is told to, leaves no lock, and is taken up by the next run", async () => {
    remove("node_modules");
    const child = spawn(process.execPath, ["scripts/setup.mjs"], { cwd: checkout });
    child.stderr.once("data", () => child.kill("SIGTERM"));
    const [code] = (await once(child, "close")) as [number | null];
    expect(code).toBe(143);
    expect(existsSync(join(checkout, ".setup.lock"))).toBe(false);
    expect(await setUp()).toMatchObject({ code: 0, out: "" });
  });

  test("takes over from a run that was killed", async () => {
    const gone = await execute(process.execPath, ["-p", "process.pid"]);
    write(".setup.lock", gone.out.trim());
    remove("dist");
    expect(await setUp()).toMatchObject({ code: 0 });
    expect(existsSync(join(checkout, ".setup.lock"))).toBe(false);
  });

  test("works with a home that cannot be written, and keeps npm's cache in the checkout then", async () => {
    remove("node_modules");
    writeFileSync(join(checkout, "file"), "");
    const home = join(checkout, "file", "home");
    const { code, err } = await setUp({ HOME: home, npm_config_cache: join(home, ".npm") });
    expect(err).toContain("installing packages");
    expect(code).toBe(0);
    expect(existsSync(join(checkout, ".npm-home"))).toBe(true);
  });

  test("tells what to do when package.json and the lock file disagree", async () => {
    const manifest = JSON.parse(readFileSync(join(checkout, "package.json"), "utf8")) as object;
    write("more/package.json", { name: "more", version: "1.0.0" });
    write("package.json", { ...manifest, dependencies: { more: "file:more" } });
    const { code, out, err } = await setUp();
    expect({ code, out }).toEqual({ code: 1, out: "" });
    expect(err).toContain("ambit: installing packages (dependencies of package.json changed) …\n");
    expect(err).toContain("package.json and package-lock.json disagree: run `npm install` in ");
  });
});

test("a Node.js that is too old gets one line that says which is needed", async () => {
  write(
    "old.cjs",
    'Object.defineProperty(process, "versions", { value: { node: "20.18.0" } });' +
      'Object.defineProperty(process, "version", { value: "v20.18.0" });',
  );
  const args = ["-r", "./old.cjs", "-r", "./scripts/nodeVersion.cjs", "-e", "console.log(1)"];
  expect(await execute(process.execPath, args)).toEqual({
    code: 1,
    out: "",
    err: "Ambit needs Node.js 20.18.1 or newer; this is v20.18.0.\n",
  });
});

test("every script of package.json asks for the version first", () => {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as {
    scripts: Record<string, string>;
  };
  const ours = Object.values(scripts).filter((script) => script.includes("scripts/"));
  expect(ours.length).toBeGreaterThan(5);
  for (const script of ours) expect(script).toMatch(/^node -r \.\/scripts\/nodeVersion\.cjs /);
});
