// How long the page takes to lay out and draw a path of about 700 nodes and 2,000 links, and a timeline of 10,000 points in
// both directions with bands, in Chromium. Beside the path's drawing: the same picture out of a string, which is the least
// that the browser needs.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { chromium } from 'playwright-core';
import { build } from 'vite';
import './layout.ts';

const types: Record<string, string> = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css' };

const folder = mkdtempSync(join(tmpdir(), 'pinhole-bench-'));
await build({
  configFile: join(import.meta.dirname, '../vite.config.ts'),
  root: join(import.meta.dirname, 'drawing'),
  logLevel: 'warn',
  build: { outDir: folder, emptyOutDir: true },
});
const server = createServer((request, response) => {
  const name = request.url === '/' ? 'index.html' : (request.url ?? '').slice(1);
  try {
    response.setHeader('content-type', types[extname(name)] ?? 'application/octet-stream');
    response.end(readFileSync(join(folder, name)));
  } catch {
    response.writeHead(404).end();
  }
}).listen(0, '127.0.0.1');
await new Promise((resolve) => server.once('listening', resolve));
const address = server.address();
const port = typeof address === 'object' && address !== null ? address.port : 0;

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: [
    '--headless',
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
  ],
});
try {
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  await page.goto(`http://127.0.0.1:${port}/`);
  const path = await page.evaluate<Record<string, number>>('drawPath()');
  const { nodes, links, drawnNodes, drawnLinks, layoutMs, drawMs, markupMs, emptyMs } = path as {
    [name: string]: number;
  } & Record<
    'nodes' | 'links' | 'drawnNodes' | 'drawnLinks' | 'layoutMs' | 'drawMs' | 'markupMs' | 'emptyMs',
    number
  >;
  console.log(
    `\nIn Chromium: ${nodes} nodes, ${links} links; drawn ${drawnNodes} nodes, ${drawnLinks} links`,
  );
  console.log(
    `layout              ${layoutMs.toFixed(1)} ms, with the next picture, which alone takes ${emptyMs.toFixed(1)} ms`,
  );
  console.log(`drawn and painted   ${drawMs.toFixed(1)} ms`);
  console.log(
    `out of a string     ${markupMs.toFixed(1)} ms, React takes ${(drawMs / markupMs).toFixed(1)} times as long`,
  );
  const timeline = await page.evaluate<{ points: number; drawMs: number }>('drawTimeline()');
  console.log(
    `\nTimeline of ${timeline.points} points, both directions, with bands: ${timeline.drawMs.toFixed(1)} ms`,
  );
} finally {
  await browser.close();
  server.close();
  rmSync(folder, { recursive: true });
}
