// OTLP over HTTP, binary protobuf, by OpenTelemetry's own exporter.

import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-proto';
import type { ResourceMetrics } from '@opentelemetry/sdk-metrics';

/**
 * `refused`: the receiver cannot take this data, now or later (400, as OTLP has it). `failed`: it may take it another
 * time, or with other settings.
 */
export type Exported =
  | { readonly outcome: 'sent' }
  | { readonly outcome: 'refused' | 'failed'; readonly reason: string };

/** OTLP's default; within it the exporter tries again by itself where the receiver is busy or away for a moment. */
const timeoutMs = 10_000;

export interface Exporter {
  export(metrics: ResourceMetrics): Promise<Exported>;
}

export function createExporter(url: string, headers: Readonly<Record<string, string>>): Exporter {
  const exporter = new OTLPMetricExporter({ url, headers: { ...headers }, timeoutMillis: timeoutMs });
  return {
    export: (metrics) =>
      new Promise((resolve) => {
        exporter.export(metrics, ({ error }) =>
          resolve(error === undefined ? { outcome: 'sent' } : faultOf(error)),
        );
      }),
  };
}

const badRequest = 400;

/** The exporter's error has the status, where there was an answer that it does not repeat. */
function faultOf(error: Error): Exported {
  const status = 'code' in error && typeof error.code === 'number' ? error.code : null;
  const reason = (status === null ? error.message : `answered with status ${status}`).slice(0, 300);
  return { outcome: status === badRequest ? 'refused' : 'failed', reason };
}
