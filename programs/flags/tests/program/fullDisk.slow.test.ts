/*
 * A disk that gets full in the middle of a download: a tmpfs of 40 kB, in a mount namespace of its
 * own, so that the mount is gone with the process. Root may do that, others may where user
 * namespaces are allowed. Where neither goes, the limit on the size of a file stands for the full
 * disk: the system call fails in the same place, with another code. Real time: processes.
 */
import { spawnSync } from "node:child_process";

import { expect, test, vi } from "vitest";

import { engineNames } from "../../src/engines/engine.ts";
import { temporaryFolder } from "../storage/temporaryFolder.ts";
import { entry, Program } from "./program.ts";

vi.setConfig({ testTimeout: 60_000 });

const mount = 'mount -t tmpfs -o size=40k none "$0"';
const limit = "ulimit -f 1";
const unshare = [
  ["unshare", "-m"],
  ["unshare", "-r", "-m"],
].find(
  ([file = "", ...args]) => spawnSync(file, [...args, "sh", "-c", mount, "/mnt"]).status === 0,
);

test.each(engineNames)(
  "the engine %s gives up in one line, nothing is half-written",
  async (name) => {
    const folder = temporaryFolder();
    const script = `${unshare ? mount : limit} && "$@"; code=$?; cd "$0" && ls -A; exit $code`;
    const download = [process.execPath, entry, "-a", "--size", "1000", "--engine", name];
    const shell = [...(unshare ?? []), "sh", "-c", script, folder];
    const program = new Program([...shell, ...download, "-o", folder]);
    const { code, out, err } = await program.ended;
    expect(code).toBe(1);
    const reason = unshare ? "no space left on the disk" : "the file is too large";
    expect(err).toMatch(new RegExp(`^flags: cannot save ${folder}/[a-z-]+\\.png: ${reason}\\n$`));
    expect(out).toMatch(/^Given up, with \d+ flags not fetched$/m);
    const [, listing = ""] = out.split(/Elapsed time: .*\n(?:The files are in .*\n)?/);
    const files = listing.split("\n").filter((line) => line !== "");
    expect(out).toContain(`${files.length} flag${files.length === 1 ? "" : "s"} downloaded\n`);
    for (const file of files) expect(file).toMatch(/^[a-z-]+\.png$/);
  },
);
