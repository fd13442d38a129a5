import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import { findProgram } from '../../support/find-program.js';

const names = ['chromium', 'chromium-browser', 'google-chrome'];
const noBrowser = `There is no ${names.join(', ')} in PATH: the page is not tried in a browser. On Debian: apt-get install chromium`;

export interface BrowserPage {
  readonly page: Page;
  /** What the page threw, and what its security policy refused. */
  readonly faults: readonly string[];
}

/** A headless browser for the tests of a file, with a new page for each; without one they are skipped, and it is said why. */
export function useBrowser(): BrowserPage {
  const executablePath = findProgram(names);
  const faults: string[] = [];
  let browser: Browser | undefined;
  let page: Page | undefined;

  beforeAll(async () => {
    if (executablePath === undefined) {
      process.stderr.write(`${noBrowser}\n`);
      return;
    }
    const { chromium } = await import('playwright-core');
    // Chromium's own sandbox does not start as root, and the page is ours.
    browser = await chromium.launch({ executablePath, chromiumSandbox: false });
  }, 60_000);
  beforeEach(async ({ skip }) => {
    skip(browser === undefined, noBrowser);
    faults.length = 0;
    page = await browser?.newPage();
    page?.on('pageerror', (error) => faults.push(String(error)));
    page?.on('console', (message) => {
      if (message.text().includes('Content Security Policy')) faults.push(message.text());
    });
  });
  afterEach(async () => {
    await page?.close();
    page = undefined;
  });
  afterAll(() => browser?.close());

  return {
    get page() {
      if (page === undefined) throw new Error('A page is there while a test runs.');
      return page;
    },
    faults,
  };
}
