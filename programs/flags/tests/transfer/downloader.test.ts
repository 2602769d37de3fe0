import { expect, test } from "vitest";

import { siteAt } from "../../src/site.ts";
import type { NewFile } from "../../src/storage/fileSaver.ts";
import { StorageError } from "../../src/storage/storageError.ts";
import type { Answer } from "../../src/transfer/answer.ts";
import { Downloader } from "../../src/transfer/downloader.ts";
import { TransferError } from "../../src/transfer/transferError.ts";

const site = siteAt("http://flags.example", 250, true);
const image: Answer = { status: 200, body: Buffer.from("flag") };
const facts = (text: string): Answer => ({
  status: 200,
  body: Buffer.from(text),
});
const answer = (status: number): Answer => ({ status, body: Buffer.from("-") });

/** A downloader whose server knows these paths; what it saves is in `saved`. */
function downloaderOf(answers: Record<string, Answer | Error>, more = { meta: false, site }) {
  const saved: NewFile[] = [];
  const asked: string[] = [];
  const get = async (url: string) => {
    asked.push(new URL(url).pathname);
    const found = answers[new URL(url).pathname] ?? answer(404);
    if (found instanceof Error) throw found;
    return found;
  };
  const save = (files: readonly NewFile[]) => void saved.push(...files);
  return { downloader: new Downloader(more, get, save), saved, asked };
}

test("a flag is saved under its code", async () => {
  const { downloader, saved } = downloaderOf({ "/br/br.png": image });
  expect(await downloader.download("BR")).toEqual({
    code: "BR",
    status: "ok",
    ms: expect.any(Number),
    file: "br.png",
    bytes: 4,
  });
  expect(saved).toEqual([{ name: "br.png", content: image.body }]);
});

test("with metadata, two requests one after the other, and files that go by the country", async () => {
  const { downloader, saved, asked } = downloaderOf(
    { "/br/br.png": image, "/br/metadata.json": facts('{"name":"Brazil"}') },
    { meta: true, site },
  );
  expect(await downloader.download("BR")).toMatchObject({ status: "ok", file: "Brazil.png" });
  expect(asked).toEqual(["/br/br.png", "/br/metadata.json"]);
  expect(saved.map(({ name }) => name)).toEqual(["Brazil.png", "Brazil.json"]);
});

test("names of a site that may have one twice get the code as well", async () => {
  const { downloader } = downloaderOf(
    { "/br/br.png": image, "/br/metadata.json": facts('{"country":"../Brazil"}') },
    { meta: true, site: siteAt("http://flags.example", 250, false) },
  );
  expect(await downloader.download("BR")).toMatchObject({ file: "Brazil_BR.png" });
});

test("a flag, or its metadata, that the server does not have is not found; nothing is saved", async () => {
  const { downloader, saved } = downloaderOf({ "/br/br.png": image }, { meta: true, site });
  expect(await downloader.download("BR")).toMatchObject({ status: "not found" });
  expect(await downloader.download("QZ")).toMatchObject({ status: "not found" });
  expect(saved).toEqual([]);
});

test.each([
  [answer(503), "HTTP 503 Service Unavailable"],
  [answer(301), "HTTP 301 Moved Permanently"],
  [facts("\n<!DOCTYPE html><title>Log in</title>"), "the answer is a web page, not an image"],
  [facts("<html lang=en>"), "the answer is a web page, not an image"],
  [{ ...image, body: Buffer.alloc(0) }, "the answer is empty"],
  [new TransferError("the connection was reset"), "the connection was reset"],
])("a useless answer is an error with its cause (%#)", async (useless, cause) => {
  const { downloader, saved } = downloaderOf({ "/br/br.png": useless });
  expect(await downloader.download("BR")).toMatchObject({ status: "error", cause });
  expect(saved).toEqual([]);
});

test.each([
  ["{", "the metadata is no JSON"],
  ["[]", "the metadata has no name in it"],
  ["null", "the metadata has no name in it"],
])("metadata that is %j is an error", async (text, cause) => {
  const answers = { "/br/br.png": image, "/br/metadata.json": facts(text) };
  const { downloader, saved } = downloaderOf(answers, { meta: true, site });
  expect(await downloader.download("BR")).toMatchObject({ status: "error", cause });
  expect(saved).toEqual([]);
});

test("the extension is that of the URL", async () => {
  const get = async () => image;
  const saved: string[] = [];
  const template = siteAt("http://flags.example/{cc}.SVG?x=.gif", 250, false);
  const downloader = new Downloader({ meta: false, site: template }, get, (files) => {
    saved.push(...files.map(({ name }) => name));
  });
  await downloader.download("BR");
  expect(saved).toEqual(["br.svg"]);
});

test("a trouble of one file is its outcome, a trouble of the folder ends the download", async () => {
  const get = async () => image;
  const saving = (fatal: boolean) => () => {
    throw new StorageError("cannot save", { fatal });
  };
  const plan = { meta: false, site };
  expect(await new Downloader(plan, get, saving(false)).download("BR")).toMatchObject({
    status: "error",
    cause: "cannot save",
  });
  await expect(new Downloader(plan, get, saving(true)).download("BR")).rejects.toThrow(
    StorageError,
  );
});

test("what nobody foresaw is not taken for an outcome", async () => {
  const { downloader } = downloaderOf({ "/br/br.png": new TypeError("a bug") });
  await expect(downloader.download("BR")).rejects.toThrow("a bug");
});
