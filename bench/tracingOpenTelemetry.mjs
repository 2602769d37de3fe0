// OpenTelemetry's SDK as the rival of `tracing.mjs`: its instrumentation of node:http makes a span for each request, its
// batches go to Zipkin by its own exporter. All as it is by default, but for a queue that holds a whole round.
import { createRequire } from "node:module";
import { ExportResultCode } from "@opentelemetry/core";
import { ZipkinExporter } from "@opentelemetry/exporter-zipkin";
import { HttpInstrumentation } from "@opentelemetry/instrumentation-http";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { BatchSpanProcessor, NodeTracerProvider } from "@opentelemetry/sdk-trace-node";

/** @typedef {import("@opentelemetry/sdk-trace-node").SpanExporter} SpanExporter */

/** Counts what was sent. @implements {SpanExporter} */
class Counted {
  sent = 0;
  #exporter;

  /** @param {ZipkinExporter} exporter */
  constructor(exporter) {
    this.#exporter = exporter;
  }

  /** @type {ZipkinExporter["export"]} */
  export(spans, done) {
    this.#exporter.export(spans, (result) => {
      if (result.code === ExportResultCode.SUCCESS) this.sent += spans.length;
      done(result);
    });
  }

  shutdown() {
    return this.#exporter.shutdown();
  }
}

/** Counts what was made, too. */
class CountedProcessor extends BatchSpanProcessor {
  made = 0;

  /** @override @type {BatchSpanProcessor["onEnd"]} */
  onEnd(span) {
    this.made++;
    super.onEnd(span);
  }
}

/**
 * Traces this process from now on.
 * @param {string} url @param {number} queueSize
 * @returns {{ flush(): Promise<void>, statistics(): { dropped: number } }}
 */
export function startOpenTelemetry(url, queueSize) {
  const exporter = new Counted(new ZipkinExporter({ url }));
  const processor = new CountedProcessor(exporter, { maxQueueSize: queueSize });
  const resource = resourceFromAttributes({ "service.name": "bench" });
  new NodeTracerProvider({ resource, spanProcessors: [processor] }).register();
  new HttpInstrumentation().enable();
  // It takes its place when somebody requires the module.
  createRequire(import.meta.url)("node:http");
  return {
    flush: () => processor.forceFlush(),
    statistics: () => ({ dropped: processor.made - exporter.sent }),
  };
}
