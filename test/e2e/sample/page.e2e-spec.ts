import type { INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { TopicService } from 'nestjs-momento';
import { describe, expect, it, vi } from 'vitest';
import { AppModule } from '../../../sample/app.module.js';
import { stoppedClock } from '../../local/momento.fixture.js';
import { useBrowser } from './browser.fixture.js';
import { useSample } from './sample.fixture.js';

/** So that Momento holds messages until a test lets them go, however slow the machine is. */
const clock = stoppedClock();
const sample = useSample(clock.now);
const browser = useBrowser();
const patient = { timeout: 20_000, interval: 20 };
const screenshots = 'test-output/sample';

const startApp = (port?: number) => sample.start(Test.createTestingModule({ imports: [AppModule] }), port);

async function portOf(app: INestApplication): Promise<number> {
  return Number(new URL(await app.getUrl()).port);
}

const numbered = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => `message <b>${from + index}</b>`);

async function publish(app: INestApplication, texts: readonly string[]): Promise<void> {
  await app.get(TopicService).publishMany(
    'news',
    texts.map((text) => ({ text })),
  );
}

const state = () => browser.page.locator('#state').getAttribute('data-state');
const shown = (kind = 'message') => browser.page.locator(`#messages .${kind} span`).allTextContents();
const expectState = (wanted: string) => vi.waitFor(async () => expect(await state()).toBe(wanted), patient);
const expectShown = (texts: readonly string[]) =>
  vi.waitFor(async () => expect(await shown()).toEqual(texts), patient);

describe('the page', () => {
  it('shows each message once and in order, whatever is restarted meanwhile', async () => {
    const first = await startApp();
    const port = await portOf(first);
    await browser.page.goto(`${await first.getUrl()}/events/page?topic=news`);
    await expectState('live');
    await vi.waitFor(() => expect(sample.momento.stats().subscriptions).toBe(1), patient);
    await publish(first, numbered(1, 10));
    await expectShown(numbered(1, 10));

    await first.close();
    await expectState('reconnecting');
    const second = await startApp(port);
    // The page is not there yet: what it gets, it gets for the id that it comes back with.
    await publish(second, numbered(11, 20));
    await expectShown(numbered(1, 20));
    await expectState('live');

    await sample.momento.faults.down();
    await sample.momento.faults.up();
    // The first calls may still meet the connection that broke.
    await vi.waitFor(
      async () => expect((await fetch(`${await second.getUrl()}/health`)).status).toBe(200),
      patient,
    );
    await publish(second, numbered(21, 30));
    await expectShown(numbered(1, 30));
    expect(await shown('notice')).toEqual([]);
    expect(browser.faults).toEqual([]);
    await browser.page.screenshot({ path: `${screenshots}/messages.png`, fullPage: true });
  }, 60_000);

  it('says what it missed when Momento holds it no more', async () => {
    const first = await startApp();
    const port = await portOf(first);
    await browser.page.goto(`${await first.getUrl()}/events/page`);
    await expectState('live');
    await vi.waitFor(() => expect(sample.momento.stats().subscriptions).toBe(1), patient);
    await publish(first, numbered(1, 1));
    await expectShown(numbered(1, 1));

    await first.close();
    await expectState('reconnecting');
    const second = await startApp(port);
    await publish(second, numbered(2, 4));
    clock.advance(10_000);
    await publish(second, numbered(5, 5));
    await expectShown([...numbered(1, 1), ...numbered(5, 5)]);
    expect(await shown('notice')).toEqual(['3 messages were missed: they are not held any more.']);
    await browser.page.screenshot({ path: `${screenshots}/missed.png`, fullPage: true });
  }, 60_000);

  it('publishes what is written into it, as text, and says when it cannot', async () => {
    const app = await startApp();
    await browser.page.goto(
      `${await app.getUrl()}/events/page?topic=${encodeURIComponent('a/b & <i>c</i>')}`,
    );
    await expectState('live');
    expect(await browser.page.locator('h1').textContent()).toBe('Topic a/b & <i>c</i>');
    await vi.waitFor(() => expect(sample.momento.stats().subscriptions).toBe(1), patient);
    const attack = '<img src=x onerror="document.title=1">';
    await browser.page.fill('#text', attack);
    await browser.page.click('button');
    await expectShown([attack]);
    expect(await browser.page.locator('#messages img').count()).toBe(0);
    expect(await browser.page.title()).toBe('Events');
    expect(await browser.page.inputValue('#text')).toBe('');

    await app.close();
    await browser.page.fill('#text', 'too late');
    await browser.page.click('button');
    await vi.waitFor(async () => {
      expect(await browser.page.locator('#failure').textContent()).toContain('Not published.');
    }, patient);
    expect(await browser.page.inputValue('#text')).toBe('too late');
    expect(browser.faults).toEqual([]);
  }, 60_000);
});
