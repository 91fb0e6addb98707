// The console in a real browser, against a running server. See README.md beside this file.
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const consoleDir = new URL('../../console/', import.meta.url);
const { chromium } = createRequire(new URL('package.json', consoleDir))('playwright-core');
const env = process.env;
const kWaitMs = 30_000;
const talkMs = Number(env.TROUPE_TALK_MS ?? 60_000);

let fake;
let url = env.TROUPE_URL;
if (env.TROUPE_FAKE === '1') {
  fake = spawn(process.execPath, [fileURLToPath(new URL('dev/fake-server.mjs', consoleDir))], { env: { ...env, PORT: '0' }, stdio: ['ignore', 'pipe', 'inherit'] });
  url = await new Promise((done, fail) => {
    fake.stdout.on('data', (d) => { const m = /ready (\S+)/.exec(String(d)); if (m) done(m[1]); });
    fake.on('exit', () => fail(new Error('the fake server did not start')));
  });
}
if (!url) {
  console.error('console_test: set TROUPE_URL to the address of a running server (or TROUPE_FAKE=1)');
  process.exit(2);
}
url = url.replace(/\/$/, '');
const shots = env.TROUPE_SHOTS;
if (shots) mkdirSync(shots, { recursive: true });

// The browser's way to the server leads through here, so that a test can cut it.
const target = new URL(url);
const pairs = new Set();
let cut = false;
const line = createServer((near) => {
  if (cut) return near.destroy();
  const far = connect(Number(target.port || 80), target.hostname);
  const pair = { near, far };
  pairs.add(pair);
  const end = () => { near.destroy(); far.destroy(); pairs.delete(pair); };
  for (const [a, b] of [[near, far], [far, near]]) a.on('error', end).on('close', end).pipe(b);
});
await new Promise((done) => line.listen(0, '127.0.0.1', done));
const setCut = (to) => {
  cut = to;
  if (cut) for (const { near, far } of pairs) { near.destroy(); far.destroy(); }
};

const profile = mkdtempSync(join(tmpdir(), 'troupe-browser-'));
const context = await chromium.launchPersistentContext(profile, {
  executablePath: env.CHROMIUM ?? '/usr/bin/chromium', headless: true, viewport: { width: 1280, height: 800 },
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync',
    `--host-resolver-rules=MAP ${target.host} 127.0.0.1:${line.address().port}`],
});
context.setDefaultTimeout(kWaitMs);
const page = context.pages()[0] ?? (await context.newPage());

const problems = [];
const outside = [];
let expectErrors = false;
page.on('pageerror', (e) => problems.push(`exception: ${e.message}`));
page.on('console', (m) => { if (m.type() === 'error' && !expectErrors) problems.push(`console: ${m.text()}`); });
page.on('request', (r) => { if (!r.url().startsWith(url) && !/^(data|blob|about):/.test(r.url())) outside.push(r.url()); });

const picture = async (name) => { if (shots) await page.screenshot({ path: join(shots, `${name}.png`) }); };
const api = async (method, body) => {
  const response = await fetch(`${url}/api/${method}`, { method: 'POST', headers: { 'Content-Type': 'application/json', 'X-Troupe-Role': 'designer' }, body: JSON.stringify(body ?? {}) });
  if (!response.ok) throw new Error(`${method}: ${response.status} ${await response.text()}`);
  return response.json();
};
const until = (expression, argument) => page.waitForFunction(expression, argument);

let failed = 0;
async function check(name, body) {
  if (failed > 0) return; // each check stands on the ones before
  try {
    await body();
    console.log(`ok   ${name}`);
  } catch (e) {
    ++failed;
    console.log(`FAIL ${name}\n     ${String(e.message ?? e).split('\n').slice(0, 6).join('\n     ')}`);
    await picture('failed').catch(() => undefined);
  }
}
const same = (got, wanted, what) => { if (got !== wanted) throw new Error(`${what}: wanted ${JSON.stringify(wanted)}, got ${JSON.stringify(got)}`); };
const holds = (truth, what) => { if (!truth) throw new Error(what); };

const world = await api('world/Get');
const { npcs } = await api('npc/List');
const npc = npcs.find((n) => n.id === env.TROUPE_NPC) ?? npcs[0];

await check('the page shows the world', async () => {
  await page.goto(`${url}/`);
  await page.waitForSelector('.page.ready .ground .land');
  same(await page.textContent('h1'), world.title || world.name, 'heading');
  same(await page.locator('.ground .place').count(), world.places.length, 'places on the map');
});

await check('everybody is on the map and in the list', async () => {
  await until((n) => document.querySelectorAll('.token[data-npc]').length === n, npcs.length);
  same(await page.locator('[data-person]').count(), npcs.length, 'people in the list');
  await until((id) => document.querySelector(`[data-npc="${id}"]`)?.style.transform.startsWith('translate('), npc.id);
});

await check('the socket is live', () => page.waitForSelector('.link.live'));

await check('time, calendar and weather', async () => {
  const t = await api('time/Get');
  holds(/^\d\d:\d\d$/.test(await page.textContent('.clock .hour')), 'no clock');
  holds((await page.textContent('.clock .date')).includes(t.month), `the date does not name ${t.month}`);
  const { regions } = await api('weather/List');
  same(await page.locator('.skies li').count(), Math.min(4, regions.length), 'regions');
});

await check('the pace of time', async () => {
  await page.click('.segments button >> text="600×"');
  await page.waitForSelector('.segments button[aria-pressed="true"] >> text="600×"');
  same((await api('time/Get')).scale, 600, 'scale');
  const before = await page.textContent('.clock .hour');
  await until((text) => document.querySelector('.clock .hour').textContent !== text, before);
  await page.click('[aria-label="Pause"]');
  await page.waitForSelector('[aria-label^="Time stands still"]');
  same((await api('time/Get')).paused, true, 'paused');
  await page.click('.segments button >> text="60×"');
  await page.waitForSelector('.segments button[aria-pressed="true"] >> text="60×"');
  same((await api('time/Get')).paused, false, 'paused');
});

await check('a click on the map walks', async () => {
  const box = await page.locator('.stage').boundingBox();
  const where = () => page.evaluate(() => document.querySelector('.token.me').style.transform);
  const before = await where();
  await page.mouse.click(box.x + box.width * 0.62, box.y + box.height * 0.24);
  await until((text) => document.querySelector('.token.me').style.transform !== text, before);
});

await check('talk streams', async () => {
  await page.click(`[data-person="${npc.id}"]`);
  await page.waitForSelector('.talk textarea');
  same(await page.textContent('.person-head h2'), npc.name, 'name');
  const old = await page.locator('.line.them').count();
  await page.fill('.talk textarea', 'Who are you?');
  await page.press('.talk textarea', 'Enter');
  await page.waitForFunction((n) => {
    const lines = document.querySelectorAll('.line.them');
    const last = lines[lines.length - 1];
    return lines.length > n && last && !last.classList.contains('pending');
  }, old, { timeout: talkMs });
  const last = page.locator('.line.them').last();
  same(await last.locator('.error').count(), 0, 'errors in the answer');
  holds((await last.locator('p').first().textContent()).length > 3, 'no answer');
  holds(await last.locator('.meta .tier').count() === 1, 'the answer does not say its tier');
  await picture('talk');
});

await check('why: the chain of causes of the answer', async () => {
  await page.locator('.line.them').last().locator('.link-button').click();
  await page.waitForSelector('.why[open] .chain li');
  holds(await page.locator('.chain li').count() >= 1, 'no chain');
  await picture('why');
  await page.keyboard.press('Escape');
  await page.waitForSelector('.why:not([open])', { state: 'attached' });
});

await check('what they remember of the player is the player\'s to end', async () => {
  await page.click('#tab-mind');
  await page.waitForSelector('.remembered .seen');
  holds((await page.textContent('.remembered')).includes('Who are you?'), 'the talk is not remembered');
  await picture('remembered');
  await page.locator('.remembered .seen .link-button').first().click();
  await until(() => !document.querySelector('.remembered')?.textContent.includes('Who are you?'));
  await page.click('#tab-talk');
});

await check('what was said stands in the feed', async () => {
  await page.waitForSelector('.feed li.topic-talk');
  await page.fill('.feed input', 'Who are you?');
  await page.waitForSelector('.feed li.topic-talk');
  await page.fill('.feed input', 'no such thing ever happened');
  await page.waitForSelector('.feed .none');
  await page.fill('.feed input', '');
});

await check('a mind', async () => {
  await page.click('#tab-mind');
  await until((sections) => document.querySelectorAll('.mind h3').length === sections, 6);
  await picture('mind');
  await page.keyboard.press('Escape');
  await page.waitForSelector('.people');
});

await check('the keyboard reaches everything', async () => {
  await page.focus('.stage');
  const box = await page.getAttribute('.ground', 'viewBox');
  await page.keyboard.press('+');
  await until((text) => document.querySelector('.ground').getAttribute('viewBox') !== text, box);
  await page.keyboard.press('0');
  await until((text) => document.querySelector('.ground').getAttribute('viewBox') === text, box);
  await page.keyboard.press('Tab');
  holds(await page.evaluate(() => document.activeElement?.matches('.token')), 'Tab does not reach a person');
  const unnamed = await page.evaluate(() => [...document.querySelectorAll('button, input, textarea')]
    .filter((e) => !(e.getAttribute('aria-label') || e.textContent.trim() || e.labels?.length)).map((e) => e.outerHTML.slice(0, 80)));
  same(unnamed.join('\n'), '', 'controls without a name');
});

await check('a lost connection is said and mended', async () => {
  expectErrors = true;
  holds(pairs.size > 0, 'the browser did not come through the test\'s line');
  setCut(true);
  await page.waitForSelector('.banner');
  await page.waitForSelector('.link.lost');
  await picture('offline');
  await api('time/SetScale', { scale: 77 }); // something to catch up with
  setCut(false);
  // The page may have mended it by itself already: then there is no button, and that is as good.
  await page.evaluate(() => document.querySelector('.banner button')?.click());
  await page.waitForSelector('.link.live');
  await page.waitForSelector('.banner', { state: 'detached' });
  await page.waitForSelector('.feed li >> text="Time runs 77 times as fast as yours"');
  await api('time/SetScale', { scale: 60 });
  expectErrors = false;
});

if (shots) {
  await check('pictures', async () => {
    const at = async (clock, name, size) => {
      await api('time/Advance', { to_clock: clock });
      await page.setViewportSize(size ?? { width: 1280, height: 800 });
      const hour = clock.slice(0, 2);
      await until((h) => document.querySelector('.clock .hour').textContent.startsWith(h), hour);
      await page.evaluate(() => new Promise((done) => { let n = 0; const f = () => (++n > 60 ? done() : requestAnimationFrame(f)); f(); }));
      await picture(name);
    };
    await at('10:00', 'day');
    await at('18:30', 'dusk');
    await at('21:30', 'night');
    await at('08:00', 'phone', { width: 390, height: 844 });
    holds(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'the phone page is wider than the phone');
  });
}

await check('no errors, and nothing from elsewhere', async () => {
  same(problems.join('\n'), '', 'errors');
  same(outside.join('\n'), '', 'requests to other hosts');
});

await context.close();
rmSync(profile, { recursive: true, force: true });
fake?.kill();
line.close();
process.exit(failed > 0 ? 1 : 0);
