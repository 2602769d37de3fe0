/*
 * Flags by `ambit/download`: a list of URLs goes in, results come out.
 *
 * The downloader checks what HTTP can check. Whether what came is an image, it cannot know; so it
 * saves under temporary names, and a flag gets its own name when that has been looked at. A flag is
 * tried once, as by the other engines, which it is compared with.
 */
import { closeSync, openSync, readSync, renameSync, rmSync, statSync } from "node:fs";
import { STATUS_CODES } from "node:http";
import { join } from "node:path";

import { DiskError, downloadAll, type DownloadResult } from "ambit/download";
import { ClientSession } from "ambit/http";

import { flagUrl } from "../site.ts";
import { temporarySuffix } from "../storage/fileSaver.ts";
import { StorageError, storageError } from "../storage/storageError.ts";
import { patience } from "../transfer/answer.ts";
import { expectImage, extension } from "../transfer/downloader.ts";
import type { Outcome } from "../transfer/outcome.ts";
import type { Plan } from "../transfer/plan.ts";
import { TransferError } from "../transfer/transferError.ts";

/** Downloads the plan's flags, without metadata; see {@link Engine.download}. */
export async function downloadAsList(
  plan: Plan,
  report: (outcome: Outcome) => void,
): Promise<void> {
  const left = new Map(plan.codes.map((code) => [flagUrl(plan.site, code), new Flag(plan, code)]));
  expectFolder(plan.folder);
  const session = new ClientSession({ limit: 0, timeout: patience, redirects: false });
  const items = [...left].map(([url, { temporary }]) => ({ url, output: temporary }));
  const { folder, maxRequests: concurrency } = plan;
  let refused: Flag | undefined;
  try {
    for await (const result of downloadAll(items, { folder, concurrency, retry: 1, session })) {
      const flag = left.get(result.url) as Flag;
      // The file that the disk took no more of comes before the error that ends the run.
      if (result.error?.kind === "disk") refused = flag;
      else report(flag.outcome(result));
      left.delete(result.url);
    }
  } catch (error) {
    if (!(error instanceof DiskError)) throw error;
    throw storageError(`cannot save ${refused?.path ?? folder}`, error);
  } finally {
    for (const flag of left.values()) flag.discard();
    await session.close();
  }
}

/** One flag on its way to its file. */
class Flag {
  readonly #code: string;
  readonly #folder: string;
  readonly #name: string;
  /** Its first name. The downloader writes `.part` behind it, which is swept up with the others. */
  readonly temporary: string;

  constructor(plan: Plan, code: string) {
    this.#code = code;
    this.#folder = plan.folder;
    this.#name = code.toLowerCase() + extension(flagUrl(plan.site, code));
    this.temporary = `.${this.#name}${temporarySuffix(0).replace(/\.part$/, "")}`;
  }

  get path(): string {
    return join(this.#folder, this.#name);
  }

  /** @throws {@link StorageError} when the folder takes no more files */
  outcome(result: DownloadResult): Outcome {
    const { status, bytes, ms } = result;
    const start = { code: this.#code, ms } as const;
    if (result.outcome === "failed") {
      if (status === 404 || status === 410) return { ...start, status: "not found" };
      return { ...start, status: "error", cause: causeOf(result) };
    }
    try {
      this.#accept();
      return { ...start, status: "ok", file: this.#name, bytes };
    } catch (error) {
      this.discard();
      const isOutcome =
        error instanceof TransferError || (error instanceof StorageError && !error.fatal);
      if (!isOutcome) throw error;
      return { ...start, status: "error", cause: error.message };
    }
  }

  discard(): void {
    rmSync(join(this.#folder, this.temporary), { force: true });
  }

  #accept(): void {
    const temporary = join(this.#folder, this.temporary);
    expectImage({ body: beginningOf(temporary) });
    try {
      renameSync(temporary, this.path);
    } catch (error) {
      throw storageError(`cannot save ${this.path}`, error);
    }
  }
}

function beginningOf(path: string): Uint8Array {
  const buffer = Buffer.alloc(100);
  const file = openSync(path, "r");
  try {
    return buffer.subarray(0, readSync(file, buffer));
  } finally {
    closeSync(file);
  }
}

/** The downloader would make the folder; here it is to be there, and gone is an error. */
function expectFolder(path: string): void {
  try {
    statSync(path);
  } catch (error) {
    throw storageError(`cannot save into ${path}`, error);
  }
}

/** The same words as of the other engines. */
function causeOf({ error, status }: DownloadResult): string {
  const message = error?.message ?? "";
  switch (error?.kind) {
    case "http":
    case "redirect":
      return `HTTP ${status} ${STATUS_CODES[status] ?? ""}`.trim();
    case "connect":
      return /refused/.test(message) ? "the connection was refused" : "the connection was reset";
    case "body":
      return "the answer broke off halfway";
    case "dns":
      return "there is no such host";
    case "timeout":
      return "no answer in time";
    default:
      return message;
  }
}
