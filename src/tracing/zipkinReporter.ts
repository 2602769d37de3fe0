/*
 * ZipkinReporter: to Zipkin, and to what speaks its v2 API, such as `ambit trace`.
 */
import { BatchReporter } from "./batchReporter.ts";
import type { BatchReporterOptions } from "./batchReporterOptions.ts";
import { zipkinWriter } from "./zipkin.ts";

/**
 * Sends spans to Zipkin as v2 JSON; by default to `http://127.0.0.1:9411/api/v2/spans`.
 *
 * It never holds the program up, and never fails it: what is too much, or cannot be sent, is dropped and counted.
 *
 * @example
 * ```ts
 * import { createTask } from "ambit";
 * import { Application } from "ambit/web";
 * import { span, startTracing, ZipkinReporter } from "ambit/tracing";
 *
 * const zipkin = new Application();
 * zipkin.post("/api/v2/spans", async (request) => {
 *   await request.json();
 *   return { status: 202 };
 * });
 * await using server = await zipkin.start({ port: 0 });
 * const reporter = new ZipkinReporter({ url: `${server.url}/api/v2/spans` });
 * const tracing = startTracing({ serviceName: "shop", reporters: [reporter], web: false });
 * await createTask(() => span("open", async () => {}));
 * await tracing.close();
 * reporter.statistics().sent; // => 1
 * ```
 */
export class ZipkinReporter extends BatchReporter {
  /**
   * @throws RangeError when a size is no whole number of at least 1, or a time not above 0
   * @throws TypeError when an option is of the wrong type
   */
  constructor(options: BatchReporterOptions = {}) {
    super(options, "http://127.0.0.1:9411/api/v2/spans", zipkinWriter);
  }
}
