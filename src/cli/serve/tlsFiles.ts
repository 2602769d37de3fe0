/*
 * The files of `--tls-cert` and `--tls-key`, read and checked before anything starts.
 *
 * They are read by each worker when it starts: a restart of the workers takes what was renewed.
 */
import { readFileSync } from "node:fs";
import { UsageError } from "../usageError.ts";
import type { ServeOptions } from "./arguments.ts";
import type { StartOptions } from "./servedApp.ts";

/** @throws {@link UsageError} for a file that can't be read, is none of PEM, or a key of another certificate */
export async function readTlsFiles(
  files: NonNullable<ServeOptions["tls"]>,
): Promise<NonNullable<StartOptions["tls"]>> {
  // Only now: what else of the command line shares a file with this one is to load without it.
  const { checkTlsKeys } = await import("../../web/tlsKeys.ts");
  const cert = contentOf("--tls-cert", files.cert);
  const keys = { cert, key: contentOf("--tls-key", files.key) };
  try {
    checkTlsKeys(keys);
  } catch (error) {
    const options = `--tls-cert ${files.cert} --tls-key ${files.key}`;
    if (error instanceof TypeError)
      throw new UsageError(`${options}: the key is not that of the certificate`);
    const { message } = error as Error;
    throw new UsageError(`${options}: not a certificate and its key in PEM: ${message}`);
  }
  return keys;
}

function contentOf(option: string, path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why = code === "ENOENT" ? "there is no such file" : (error as Error).message;
    throw new UsageError(`${option} ${path}: ${why}`);
  }
}
