/**
 * What the command line of `ambit worker` says of tracing.
 */
import { expect, test } from "vitest";
import { readWorkerArguments } from "../../../src/cli/worker/arguments.ts";

function read(args: readonly string[], env: Record<string, string> = {}): unknown {
  const options = readWorkerArguments([...args, "tasks.js"], env);
  return options === "help" ? options : [options.zipkin, options.service];
}

const URL = "http://127.0.0.1:9411/api/v2/spans";

test("spans go nowhere unless an option or OpenTelemetry's variable says where", () => {
  expect(read([])).toEqual([undefined, "ambit-worker"]);
  expect(read(["--zipkin", URL, "--service", "resizer"])).toEqual([URL, "resizer"]);
  const env = { OTEL_EXPORTER_ZIPKIN_ENDPOINT: URL, OTEL_SERVICE_NAME: "resizer" };
  expect(read([], env)).toEqual([URL, "resizer"]);
  expect(read(["--service", "other"], env)).toEqual([URL, "other"]);
  expect(read([], { OTEL_EXPORTER_ZIPKIN_ENDPOINT: "", OTEL_SERVICE_NAME: "" })).toEqual([
    undefined,
    "ambit-worker",
  ]);
});

test("what is no URL of HTTP is refused", () => {
  for (const text of ["zipkin", "redis://localhost"])
    expect(() => read(["--zipkin", text])).toThrow("--zipkin must be a URL such as");
});
