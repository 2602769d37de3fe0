/*
 * OtlpReporter: to an OpenTelemetry collector, and to what speaks OTLP over HTTP.
 */
import { BatchReporter } from "./batchReporter.ts";
import type { BatchReporterOptions } from "./batchReporterOptions.ts";
import { otlpWriter } from "./otlp.ts";

/**
 * Sends spans by OTLP/HTTP as JSON; by default to `http://127.0.0.1:4318/v1/traces`.
 *
 * It never holds the program up, and never fails it: what is too much, or cannot be sent, is dropped and counted.
 *
 * @example
 * ```ts
 * import { OtlpReporter } from "ambit/tracing";
 *
 * const reporter = new OtlpReporter({ headers: { "x-api-key": "secret" }, queueSize: 1000 });
 * reporter.statistics().queued; // => 0
 * ```
 */
export class OtlpReporter extends BatchReporter {
  /** @throws as {@link ZipkinReporter} */
  constructor(options: BatchReporterOptions = {}) {
    super(options, "http://127.0.0.1:4318/v1/traces", otlpWriter);
  }
}
