// A person with a browser: real Chromium, in the lab's core, on the page of a real collector. Whatever the page does wrong
// beside what a test looks at is kept and told at the end.

import assert from 'node:assert/strict';
import { accessSync, constants, existsSync, mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { AxeResults, RunOptions } from 'axe-core';
import { type BrowserContext, type Browser as Chromium, chromium, type Page } from 'playwright-core';

/** Each wait ends when what is waited for is there; only a fault reaches this. */
export const pageLimitMs = 30_000;

const pageFile = fileURLToPath(new URL('../../../web/dist/index.html', import.meta.url));
const screenshotFolder = process.env.PINHOLE_SCREENSHOTS;
const schemes = ['light', 'dark'] as const;

/** The sentence about what is missing for these tests; null where all is there, or where missing it is a failure. */
export function browserMissing(): string | null {
  if (process.env.CI === 'true') return null;
  if (!existsSync(pageFile)) return 'The page is not built: run  npm run setup';
  if (chromiumPath() === null) return 'Chromium is missing: as root, run  apt-get install chromium';
  return null;
}

function chromiumPath(): string | null {
  const folders = [...(process.env.PATH ?? '').split(path.delimiter), '/usr/bin'];
  const files = ['chromium', 'chromium-browser', 'google-chrome'].flatMap((name) =>
    folders.map((folder) => path.join(folder, name)),
  );
  return [process.env.PINHOLE_CHROMIUM ?? '', ...files].find(isExecutable) ?? null;
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return file !== '';
  } catch {
    return false;
  }
}

/** Nothing that Chromium would ask of others by itself, and no sandbox: it is root in the lab. */
const chromiumArguments = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-dev-shm-usage',
];

/** How Chromium begins what it says of every such page. */
const expected = [
  // What the network refuses, a test may have asked for; the answers are looked at by themselves.
  'Failed to load resource',
];

export class Browser {
  readonly #chromium: Chromium;
  readonly #origin: string;
  readonly #visitors: Visitor[] = [];

  private constructor(launched: Chromium, origin: string) {
    this.#chromium = launched;
    this.#origin = origin;
  }

  /** Runs `use` with a browser, and fails where the page did what it never may. */
  static async use(origin: string, use: (browser: Browser) => Promise<void>): Promise<void> {
    const executablePath = chromiumPath();
    assert.ok(executablePath !== null, 'Chromium is not installed');
    const launched = await chromium.launch({ executablePath, args: chromiumArguments });
    const browser = new Browser(launched, origin);
    try {
      await use(browser);
      for (const visitor of browser.#visitors) visitor.assertFaultless();
    } finally {
      await launched.close();
    }
  }

  /** A person of whom the page knows nothing yet. */
  async visitor(width = 1440, height = 900): Promise<Visitor> {
    const context = await this.#chromium.newContext({
      baseURL: this.#origin,
      viewport: { width, height },
      reducedMotion: 'reduce',
      timezoneId: 'Etc/UTC',
      locale: 'en-GB',
    });
    context.setDefaultTimeout(pageLimitMs);
    const visitor = new Visitor(await context.newPage(), this.#origin);
    this.#visitors.push(visitor);
    return visitor;
  }
}

export class Visitor {
  readonly page: Page;
  readonly context: BrowserContext;
  readonly #faults: string[] = [];

  constructor(page: Page, origin: string) {
    this.page = page;
    this.context = page.context();
    this.context.on('request', (request) => {
      const { protocol, origin: asked } = new URL(request.url());
      if (asked !== origin && !['data:', 'blob:'].includes(protocol))
        this.#faults.push(`it asked another origin: ${request.url()}`);
    });
    this.context.on('response', (response) => {
      if (response.status() >= 500) this.#faults.push(`${response.status()} of ${response.url()}`);
      if (response.request().resourceType() === 'document') this.#holdPolicy(response.headers());
    });
    this.context.on('weberror', (error) => this.#faults.push(String(error.error().stack)));
    this.context.on('console', (message) => {
      if (message.type() === 'error' && !expected.some((beginning) => message.text().startsWith(beginning)))
        this.#faults.push(`on its console: ${message.text()}`);
    });
  }

  #holdPolicy(headers: Record<string, string>): void {
    const policy = headers['content-security-policy'] ?? '';
    if (!/default-src 'self'/.test(policy) || /unsafe|\*|https?:/.test(policy))
      this.#faults.push(`its content security policy is "${policy}"`);
  }

  /** No request elsewhere, no error on the console, none of the server, the policy in force, and axe content. */
  assertFaultless(): void {
    assert.deepEqual(this.#faults, [], this.#faults.join('\n'));
  }

  async signIn(name: string, password: string): Promise<void> {
    await this.page.goto('/');
    await this.page.getByLabel('Name').fill(name);
    await this.page.getByLabel('Password').fill(password);
    await this.page.getByRole('button', { name: 'Sign in' }).click();
    await this.page.waitForURL(({ pathname }) => pathname !== '/sign-in');
  }

  /** Holds the screen to axe's rules, light and dark, and keeps pictures where PINHOLE_SCREENSHOTS names a folder. */
  async look(name: string): Promise<void> {
    for (const colorScheme of schemes) {
      await this.page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      await this.page.evaluate(settled);
      if (screenshotFolder !== undefined) {
        mkdirSync(screenshotFolder, { recursive: true });
        await this.page.screenshot({ path: path.join(screenshotFolder, `${name}-${colorScheme}.png`) });
      }
      for (const violation of await this.#violations(colorScheme === 'light' ? {} : onlyColours))
        this.#faults.push(`${name}, ${colorScheme}: ${violation}`);
    }
  }

  /** Each rule that axe finds broken, with where. */
  async #violations(options: RunOptions): Promise<string[]> {
    // Evaluated from outside the page: its policy lets no such script in.
    const isThere = await this.page.evaluate('typeof axe === "object"');
    if (isThere !== true) await this.page.evaluate(axeSource);
    const asked = JSON.stringify({ resultTypes: ['violations'], ...options });
    const { violations } = (await this.page.evaluate(`axe.run(document, ${asked})`)) as AxeResults;
    return violations.map(({ id, help, nodes }) => {
      const places = nodes.map(({ target, failureSummary }) => `\n  ${target.join(' ')} ${failureSummary}`);
      return `${id}: ${help}${places.join('')}`;
    });
  }
}

/** All that differs between light and dark. */
const onlyColours: RunOptions = { runOnly: ['color-contrast'] };

/** What is on its way from one colour to another has none that could be held to anything. One that is paused never ends. */
const settled = `Promise.race([
  new Promise((resolve) => setTimeout(resolve, 2000)),
  Promise.all(document.getAnimations().map(({ finished }) => finished.catch(() => {}))),
])`;

const { source: axeSource } = createRequire(import.meta.url)('axe-core') as { source: string };
