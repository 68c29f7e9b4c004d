// A round in words.

export interface ResultRow {
  readonly roundId: number;
  readonly direction: string;
  readonly loss?: number;
  readonly avgLatency?: number;
  readonly jitter?: number;
  readonly method?: string;
  readonly errorDetails?: string;
  readonly errorEvidence?: string;
}

const names: Record<string, string> = { 'to-target': 'A → B', 'from-target': 'B → A' };

export function roundLines(roundId: number, rows: readonly ResultRow[]): string[] {
  const time = new Date(roundId * 1000).toISOString().slice(11, 19);
  const method = rows.find((row) => row.method !== undefined)?.method;
  const how = method === 'punched' ? ', over the path punched through both NATs' : '';
  return [
    `Round of ${time} UTC${how}:`,
    ...rows.toSorted((a, b) => b.direction.localeCompare(a.direction)).map(directionLine),
    '',
  ];
}

function directionLine(row: ResultRow): string {
  const name = `  ${names[row.direction] ?? row.direction}  `;
  if (row.errorDetails !== undefined) return `${name}${row.errorDetails} (${row.errorEvidence})`;
  const ms = (value: number | undefined) =>
    value === undefined ? '      –' : `${value.toFixed(2).padStart(7)} ms`;
  return `${name}loss ${(row.loss ?? 0).toFixed(0).padStart(3)} %   latency ${ms(row.avgLatency)}   jitter ${ms(row.jitter)}`;
}
