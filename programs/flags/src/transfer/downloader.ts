/*
 * Downloads one flag: fetch it, fetch the country's facts if the plan wants them, save. The one
 * piece of work that all engines share; an engine brings its way to fetch and to save.
 *
 * Whatever goes wrong with one flag is its outcome. Two things are not, and are thrown: being
 * cancelled, and an output folder that takes no more files.
 */
import { STATUS_CODES } from "node:http";

import { factsUrl, flagUrl } from "../site.ts";
import { fileNameOf } from "../storage/fileName.ts";
import type { NewFile } from "../storage/fileSaver.ts";
import { StorageError } from "../storage/storageError.ts";
import type { Answer, Get } from "./answer.ts";
import type { Outcome } from "./outcome.ts";
import type { Plan } from "./plan.ts";
import { TransferError } from "./transferError.ts";

/** Saves files together; waits only if it has to, so that saving at once costs no turn. */
export type Save = (files: readonly NewFile[]) => Promise<void> | void;

/** Downloads flags under one plan. */
export class Downloader {
  readonly #plan: Pick<Plan, "site" | "meta">;
  readonly #get: Get;
  readonly #save: Save;

  constructor(plan: Pick<Plan, "site" | "meta">, get: Get, save: Save) {
    this.#plan = plan;
    this.#get = get;
    this.#save = save;
  }

  async download(code: string): Promise<Outcome> {
    const start = performance.now();
    const ended = (rest: Pick<Outcome, "status" | "file" | "bytes" | "cause">): Outcome => {
      const { status, ...details } = rest;
      return { code, status, ms: Math.round(performance.now() - start), ...details };
    };
    try {
      const files = await this.#fetch(code);
      const [flag] = files;
      if (!flag) return ended({ status: "not found" });
      const saving = this.#save(files);
      if (saving) await saving;
      return ended({ status: "ok", file: flag.name, bytes: flag.content.length });
    } catch (error) {
      const isOutcome =
        error instanceof TransferError || (error instanceof StorageError && !error.fatal);
      if (!isOutcome) throw error;
      return ended({ status: "error", cause: error.message });
    }
  }

  /** The files to save, the flag first; none if the server does not have one of them. */
  async #fetch(code: string): Promise<NewFile[]> {
    const { site, meta } = this.#plan;
    const url = flagUrl(site, code);
    const flag = await this.#get(url);
    if (isMissing(flag)) return [];
    expectImage(flag);
    if (!meta) return [{ name: code.toLowerCase() + extension(url), content: flag.body }];

    const facts = await this.#get(factsUrl(site, code));
    if (isMissing(facts)) return [];
    const name = this.#countryName(code, facts);
    return [
      { name: name + extension(url), content: flag.body },
      { name: `${name}.json`, content: facts.body },
    ];
  }

  /** Only a site that is known to have no name twice gets by without the code. */
  #countryName(code: string, facts: Answer): string {
    const name = fileNameOf(readName(facts));
    if (name === undefined) return code.toLowerCase();
    return this.#plan.site.hasDistinctNames ? name : `${name}_${code}`;
  }
}

function isMissing({ status }: Answer): boolean {
  if (status === 404 || status === 410) return true;
  if (status === 200) return false;
  throw new TransferError(`HTTP ${status} ${STATUS_CODES[status] ?? ""}`.trim());
}

/**
 * Some servers answer everything with a page. What a body begins with is surer than its type.
 *
 * @param body its first 100 bytes will do
 * @throws {@link TransferError} when it is empty, or a page
 */
export function expectImage({ body }: Pick<Answer, "body">): void {
  if (body.length === 0) throw new TransferError("the answer is empty");
  const start = new TextDecoder("latin1").decode(body.subarray(0, 100));
  if (/^\s*<(!doctype html|html)\b/i.test(start)) {
    throw new TransferError("the answer is a web page, not an image");
  }
}

function readName({ body }: Answer): string {
  const facts: unknown = parseJson(body);
  const named =
    typeof facts === "object" && facts !== null ? (facts as Record<string, unknown>) : {};
  const name = named["name"] ?? named["country"];
  if (typeof name === "string") return name;
  throw new TransferError("the metadata has no name in it");
}

function parseJson(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(body));
  } catch (error) {
    throw new TransferError("the metadata is no JSON", { cause: error });
  }
}

/** The extension of a flag's file: that of the URL's path, if it looks like one. */
export function extension(url: string): string {
  return /\.[a-z\d]{1,5}$/i.exec(new URL(url).pathname)?.[0].toLowerCase() ?? ".png";
}
