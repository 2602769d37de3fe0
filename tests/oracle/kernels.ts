/*
 * Kernels to judge: copies of `src`, compiled to plain modules in a folder of their own, with a mutant's change or none.
 *
 * Each copy is loaded as modules of its own, with its own AsyncLocalStorage, so that many kernels live in one process.
 */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { stripTypes } from "../../scripts/stripTypes.mjs";
import type { Kernel } from "./ambit.ts";
import { type Mutant, mutate } from "./mutants.ts";

export class Kernels {
  readonly #source: string;
  readonly #folder: string;
  #count = 0;

  /** Copies go to `folder`, which is emptied first. */
  constructor(root: string, folder: string) {
    this.#source = join(root, "src");
    this.#folder = folder;
    rmSync(folder, { recursive: true, force: true });
  }

  /** @throws Error when the mutant's text is not in the source */
  async load(mutant?: Mutant): Promise<Kernel> {
    const to = join(this.#folder, `kernel-${this.#count++}`);
    let applied = mutant === undefined;
    await stripTypes(this.#source, to, (file, source) => {
      if (file !== mutant?.file) return source;
      applied = true;
      return mutate(mutant, source);
    });
    if (!applied) throw new Error(`The mutant '${mutant?.name}' changes no file`);
    const module = (file: string): Promise<unknown> => import(pathToFileURL(join(to, file)).href);
    return {
      api: (await module("index.js")) as Kernel["api"],
      virtual: (await module("testing/virtualLoop.js")) as Kernel["virtual"],
    };
  }
}
