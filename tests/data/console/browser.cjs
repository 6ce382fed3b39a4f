// A person at the console, in headless Chromium. Reads one line of settings, then asks for phones in lines of its own
// ("ask") and goes on when a line comes back; says what it found ("found") and ends with "done" or "failed".
'use strict';

const assert = require('node:assert/strict');
const { mkdirSync, readFileSync, writeFileSync } = require('node:fs');
const { createInterface } = require('node:readline');
const { chromium } = require('playwright-core');
const { HtmlValidate } = require('html-validate');
const axe = require.resolve('axe-core');

// What the browser would look up by itself, on a machine that may have no network.
const QUIET = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];
// A microphone that beeps once a second, which nobody has to allow; calls within this machine.
const TALKING = ['--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream', '--autoplay-policy=no-user-gesture-required', '--allow-loopback-in-peer-connection'];
// What comes back of such a beep, at its loudest; silence is 0.
const LOUD = 0.02;
// A console at work on a busy machine.
const LIMIT = 20_000;

const lines = createInterface({ input: process.stdin });
const waiting = [];
lines.on('line', (line) => waiting.shift()(line));
const next = () => new Promise((resolve) => waiting.push(resolve));
const say = (event, content) => console.log(JSON.stringify({ event, ...content }));
const ask = async (what, content) => {
  const answered = next();
  say('ask', { what, ...content });
  return answered;
};

const open = async (browser, options = {}) => {
  const context = await browser.newContext({ viewport: { width: 1280, height: 860 }, timezoneId: 'Europe/Berlin', locale: 'en-GB', ...options });
  context.setDefaultTimeout(LIMIT);
  const page = await context.newPage();
  page.complaints = [];
  page.on('pageerror', (error) => page.complaints.push(error.message));
  // Among them every violation of the policy.
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') page.complaints.push(message.text());
  });
  return page;
};

const signIn = async (page, settings) => {
  await page.goto(`${settings.base}/sign-in`);
  await page.fill('#auth_id', settings.auth_id);
  await page.fill('#auth_token', settings.auth_token);
  await page.click('button.main');
  await page.waitForURL((url) => url.pathname !== '/sign-in');
};

// By keyboard alone: presses Tab until what has the focus is called that.
const tabTo = async (page, name) => {
  for (let pressed = 0; pressed < 120; pressed += 1) {
    await page.keyboard.press('Tab');
    const focused = await page.evaluate(() => {
      const element = document.activeElement;
      return element.getAttribute('aria-label') || element.labels?.[0]?.innerText || element.innerText || '';
    });
    if (focused.trim().startsWith(name)) return;
  }
  throw new Error(`Tab never came to ${name} on ${page.url()}`);
};
const press = async (page, name) => {
  await tabTo(page, name);
  await page.keyboard.press('Enter');
  await page.waitForLoadState('load');
};

// Sign in, create, copy, register, be refused, rotate, disable, look into the audit log, sign out: no mouse.
const firstScenario = async (browser, settings) => {
  const page = await open(browser, { permissions: ['clipboard-read', 'clipboard-write'] });
  await page.goto(`${settings.base}/`);
  await page.keyboard.type(settings.auth_id);
  await page.keyboard.press('Tab');
  await page.keyboard.type(settings.auth_token);
  await page.keyboard.press('Enter');
  await page.waitForSelector('h1:text("Overview")');

  await press(page, 'create a credential');
  await page.waitForSelector('h1:text("New credential")');
  await page.keyboard.type('front_desk');
  await press(page, 'Create');
  await page.waitForSelector('h1:text("front_desk is ready")');
  const shown = await page.textContent('code#password');
  await press(page, 'Copy password');
  await page.waitForSelector('button:text("Copied")');
  const password = await page.evaluate(() => navigator.clipboard.readText());
  assert.equal(password, shown);
  assert.ok(password.length >= 20);

  await press(page, 'Watch it register');
  await page.waitForSelector('[data-live-state]:text("Live")');
  await page.evaluate(() => { window.notReloaded = true; });
  await page.waitForSelector('.status-line .state.wait:text("offline")');
  await ask('register', { username: 'front_desk', password: 'Wrong!Horse77', content: false });
  let since = Date.now();
  await page.waitForSelector('.attempt.refused .sentence:text("used a password that is not")');
  say('found', { sentence_after_ms: Date.now() - since });
  await ask('register', { username: 'front_desk', password, content: true });
  since = Date.now();
  await page.waitForSelector('.status-line .state.good:text("online")');
  say('found', { online_after_ms: Date.now() - since });
  await page.waitForSelector('.attempt.ok');
  assert.ok(await page.evaluate(() => window.notReloaded), 'the page was reloaded');
  // A row opens to the messages, by keyboard too, and shows no digest.
  await page.focus('.attempt.refused summary');
  await page.keyboard.press('Enter');
  const ladder = await page.textContent('.attempt.refused .ladder');
  assert.match(ladder, /REGISTER sip:.*401 Unauthorized.*response="•+"/s);

  await press(page, 'New password');
  await page.waitForSelector('h1:text("New password for front_desk")');
  await press(page, 'Rotate');
  await page.waitForSelector('h1:text("front_desk has a new password")');
  const second = await page.textContent('code#password');
  assert.notEqual(second, password);
  await press(page, 'Watch phones change over');
  await page.waitForSelector('.notice:has-text("1 still uses the old one")');
  await page.waitForSelector('[data-live-state]:text("Live")');
  await ask('register', { username: 'front_desk', password: second, content: true });
  await page.waitForSelector('.notice:has-text("1 phone uses the new one")');

  await press(page, 'Disable');
  await page.waitForSelector('h1:text("Disable front_desk?")');
  await press(page, 'Disable');
  await page.waitForSelector('.state.off:text("disabled")');
  await ask('register', { username: 'front_desk', password: second, content: false });
  await page.waitForSelector('.attempt.refused .sentence:has-text("disabled")');

  await press(page, 'Audit log');
  await page.waitForSelector('h1:text("Audit log")');
  const log = await page.textContent('table');
  for (const wanted of ['credential created', 'credential rotated', 'credential updated']) assert.ok(log.includes(wanted), `${wanted} in ${log}`);
  await press(page, 'Sign out');
  await page.waitForSelector('h1:text("Sign in")');
  await page.goBack();
  await page.waitForSelector('h1:text("Sign in")');
  assert.deepEqual(page.complaints, []);
  await page.context().close();
};

// A device of the credential of before: added, registered, given another password, revoked; no mouse either.
const devicesByKeyboard = async (browser, settings) => {
  const page = await open(browser);
  await signIn(page, settings);
  await page.goto(`${settings.base}/console/${settings.auth_id}/credentials?q=front_desk`);
  await press(page, 'front_desk');
  await page.waitForSelector('h1:text-is("front_desk")');
  await press(page, 'Enable');
  await page.waitForSelector('.notice:has-text("Enabled")');
  await press(page, 'Devices and links');
  await page.waitForSelector('h1:text("Devices of front_desk")');
  await tabTo(page, 'What you call it');
  await page.keyboard.type('Ann’s mobile');
  await page.keyboard.press('Enter');
  await page.waitForSelector('h1:text("Ann’s mobile is ready")');
  const first = await page.textContent('code#password');
  await ask('register', { username: 'front_desk', password: first, content: true });
  await press(page, 'All its devices');
  await page.waitForSelector('td .state.good:text("online")');
  await press(page, 'New password');
  await page.waitForSelector('h1:text("A new password for Ann’s mobile?")');
  await press(page, 'New password');
  await page.waitForSelector('h1:text("Ann’s mobile has a new password")');
  const second = await page.textContent('code#password');
  await ask('register', { username: 'front_desk', password: first, content: false });
  await ask('register', { username: 'front_desk', password: second, content: true });
  await press(page, 'All its devices');
  await page.waitForSelector('h1:text("Devices of front_desk")');
  await press(page, 'Revoke');
  await page.waitForSelector('h1:text("Revoke Ann’s mobile?")');
  await press(page, 'Revoke Ann’s mobile');
  await page.waitForSelector('.notice:has-text("No node accepts its password any more")');
  await ask('register', { username: 'front_desk', password: second, content: false });
  assert.deepEqual(page.complaints, []);
  await page.context().close();
};

// Register from the page itself: nothing that was typed goes to the HTTP side.
const tryIt = async (browser, settings) => {
  const page = await open(browser);
  await signIn(page, settings);
  const told = [];
  page.on('request', (request) => told.push(`${request.url()} ${request.postData() || ''} ${JSON.stringify(request.headers())}`));
  await page.goto(`${settings.base}/console/${settings.auth_id}/try-it`);
  await page.selectOption('#server', { label: settings.websocket });
  await page.fill('#username', settings.phone.username);
  await page.fill('#password', 'Wrong!Horse77');
  await page.click('#register');
  await page.waitForSelector('#said .state.off:text("refused")');
  await page.fill('#password', settings.phone.password);
  await page.keyboard.press('Enter');
  await page.waitForSelector('#said .state.good:text("online")');
  const messages = await page.textContent('#messages');
  assert.match(messages, /REGISTER sip:/);
  assert.match(messages, /SIP\/2\.0 200 OK/);
  assert.doesNotMatch(messages, /response="[0-9a-f]/);
  await shoot(page, settings, 'try-it-online');
  await page.click('#leave');
  await page.waitForSelector('#said .state.wait:text("offline")');
  const secrets = [settings.phone.password, 'Wrong!Horse77'];
  assert.ok(told.length > 0 && !told.some((text) => secrets.some((secret) => text.includes(secret) || text.includes(encodeURIComponent(secret)))), 'a password went to the HTTP side');
  await page.context().close();
};

// Call the echo from the page: what the microphone beeps comes out of the page's own audio element again.
const echo = async (browser, settings) => {
  const page = await open(browser);
  await signIn(page, settings);
  await page.goto(`${settings.base}/console/${settings.auth_id}/try-it`);
  await page.selectOption('#server', { label: settings.websocket });
  await page.fill('#username', settings.phone.username);
  await page.fill('#password', settings.phone.password);
  await page.click('#register');
  await page.waitForSelector('#said .state.good:text("online")');
  await page.click('button:text("Call echo@")');
  await page.waitForSelector('#said .state.good:text("talking")');
  const heard = await page.evaluate(async (loud) => {
    const audio = document.getElementById('heard');
    const context = new AudioContext();
    const analyser = context.createAnalyser();
    context.createMediaStreamSource(audio.srcObject).connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    // Beeps that come one after another: loud, silent, loud again.
    let [loudest, beeps, wasLoud] = [0, 0, false];
    for (let asked = 0; asked < 600 && beeps < 3; asked += 1) {
      await new Promise((later) => setTimeout(later, 25));
      analyser.getFloatTimeDomainData(samples);
      const peak = samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);
      loudest = Math.max(loudest, peak);
      if (peak > loud && !wasLoud) beeps += 1;
      wasLoud = peak > loud;
    }
    return { loudest, beeps };
  }, LOUD);
  say('found', heard);
  assert.ok(heard.beeps >= 3, `heard ${JSON.stringify(heard)}`);
  await shoot(page, settings, 'try-it-talking');
  await page.click('button:text("Hang up")');
  await page.waitForSelector('#said .state.wait:text("call over")');
  await page.click('#leave');
  await page.waitForSelector('#said .state.wait:text("offline")');
  assert.deepEqual(page.complaints, []);
  await page.context().close();
};

const shoot = async (page, settings, name) => {
  if (!settings.pictures) return;
  const png = await page.screenshot({ fullPage: true });
  // The browser makes them small, too.
  const blank = await page.context().browser().newPage();
  const webp = await blank.evaluate(async (octets) => {
    const picture = await createImageBitmap(await (await fetch(`data:image/png;base64,${octets}`)).blob());
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [picture.width, picture.height];
    canvas.getContext('2d').drawImage(picture, 0, 0);
    return canvas.toDataURL('image/webp', 0.5).split(',')[1];
  }, png.toString('base64'));
  writeFileSync(`${settings.pictures}/${name}.webp`, Buffer.from(webp, 'base64'));
  await blank.close();
};

// Every page: valid HTML, no finding of axe in either theme, small, nothing said on the browser's console.
// What finds nothing anywhere must find what is wrong.
const checkTheCheck = async (browser) => {
  const page = await open(browser);
  await page.setContent('<html><body><img src="x"><input></body></html>');
  const found = (await check(page)).map((one) => one.split(':')[0]);
  for (const wanted of ['image-alt', 'label', 'html-has-lang']) assert.ok(found.includes(wanted), `${wanted} in ${found}`);
  await page.context().close();
};

const everyPage = async (browser, settings, [who, paths]) => {
  await checkTheCheck(browser);
  const html = new HtmlValidate({ extends: ['html-validate:standard'] });
  const sizes = {};
  for (const look of [{ colorScheme: 'light' }, { colorScheme: 'dark' }, { colorScheme: 'light', viewport: { width: 390, height: 844 } }]) {
    const page = await open(browser, { ...look, bypassCSP: false });
    await signIn(page, who);
    page.complaints.length = 0;
    for (const [name, path] of paths) {
      const answered = await page.goto(settings.base + path);
      assert.equal(answered.status(), 200, path);
      await page.waitForTimeout(150);
      const at = look.viewport ? '390' : look.colorScheme;
      await shoot(page, settings, `${name}-${at}`);
      const findings = await check(page);
      assert.deepEqual(findings, [], `${path} (${at})`);
      if (look.viewport) {
        const width = await page.evaluate(() => document.documentElement.scrollWidth);
        assert.ok(width <= 390, `${path} is ${width} pixels wide on a phone`);
      } else if (look.colorScheme === 'light') {
        const report = await html.validateString(await answered.text());
        const said = report.results.flatMap((result) => result.messages.map((message) => `${message.ruleId} ${message.line}: ${message.message}`));
        assert.deepEqual(said, [], path);
        sizes[name] = (await answered.body()).length;
      }
    }
    assert.deepEqual(page.complaints, []);
    await page.context().close();
  }
  const largest = Object.entries(sizes).sort((one, other) => other[1] - one[1])[0];
  say('found', { largest_page: largest[0], octets: largest[1] });
  assert.ok(largest[1] < 100_000, `${largest}`);
};

// What a form is answered with: pages that show something once have no address of their own.
const postedPages = async (browser, settings) => {
  const html = new HtmlValidate({ extends: ['html-validate:standard'] });
  for (const look of [{ colorScheme: 'light' }, { colorScheme: 'dark' }, { colorScheme: 'light', viewport: { width: 390, height: 844 } }]) {
    const page = await open(browser, look);
    await signIn(page, settings);
    const at = look.viewport ? '390' : look.colorScheme;
    const base = `${settings.base}/console/${settings.auth_id}`;
    const devices = `${settings.base}${settings.credential}/devices`;
    const send = async (name, address, fill) => {
      await page.goto(address);
      const [answered] = await Promise.all([page.waitForResponse((answer) => answer.request().method() === 'POST'), fill()]);
      await page.waitForLoadState('load');
      const body = await page.evaluate(() => document.documentElement.outerHTML);
      await shoot(page, settings, `${name}-${at}`);
      assert.deepEqual(await check(page), [], `${name} (${at})`);
      if (look.viewport) {
        const width = await page.evaluate(() => document.documentElement.scrollWidth);
        assert.ok(width <= 390, `${name} is ${width} pixels wide on a phone`);
      }
      const report = await html.validateString(`<!DOCTYPE html>\n${body}`);
      const said = report.results.flatMap((result) => result.messages.map((message) => `${message.ruleId} ${message.line}: ${message.message}`));
      assert.deepEqual(said, [], name);
      return answered.status();
    };
    const label = { light: 'Clara’s mobile', dark: 'Dirk’s mobile', 390: 'Emma’s mobile' }[at];
    assert.equal(await send('device-created', devices, async () => {
      await page.fill('#label', label);
      await page.click('text="Add device"');
    }), 201);
    assert.equal(await send('device-refused', devices, async () => {
      await page.click('text="Add a desk phone, which fetches its configuration by itself"');
      await page.fill('#desk-label', label);
      await page.fill('#mac', '80:5e:c0');
      await page.click('text="Add desk phone"');
    }), 422);
    assert.equal(await send('link-made', devices, async () => {
      await page.fill('#link-label', label);
      await page.click('text="Make link"');
    }), 201);
    assert.equal(await send('desk-phones-added', `${base}/desk-phones`, async () => {
      await page.setInputFiles('#file', { name: 'phones.csv', mimeType: 'text/csv', buffer: Buffer.from('username,mac,format,label\nnobody,80:5e:c0:12:ab:ce,snom,Lobby\n') });
      await page.waitForFunction(() => document.getElementById('rows').value.includes('nobody'));
      await page.click('text="Add desk phones"');
    }), 422);
    // 422 is said on the browser's console, too.
    assert.deepEqual(page.complaints.filter((text) => !text.includes('422')), []);
    await page.context().close();
  }
};

const check = async (page) => {
  // In a world of its own, which the policy of the page allows.
  const source = readFileSync(axe, 'utf8');
  const client = await page.context().newCDPSession(page);
  const { frameTree } = await client.send('Page.getFrameTree');
  const { executionContextId } = await client.send('Page.createIsolatedWorld', { frameId: frameTree.frame.id });
  const run = async (expression) => {
    const { result, exceptionDetails } = await client.send('Runtime.evaluate', { expression, contextId: executionContextId, awaitPromise: true, returnByValue: true });
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description || exceptionDetails.text);
    return result.value;
  };
  await run(source);
  const found = await run("axe.run(document).then((found) => found.violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.html).slice(0, 3).join(' ')}`))");
  await client.detach();
  return found;
};

const withoutScript = async (browser, settings) => {
  const page = await open(browser, { javaScriptEnabled: false });
  await signIn(page, settings);
  await page.goto(`${settings.base}/console/${settings.auth_id}/credentials/new`);
  await page.fill('#username', 'no_script');
  await page.click('button.main');
  assert.match(await page.textContent('h1'), /no_script is ready/);
  await page.goto(`${settings.base}/console/${settings.auth_id}/credentials?q=NO_SCR`);
  await page.click('a:text("no_script")');
  // A device, a link, and the end of both, with nothing but forms.
  await page.click('a:text("Devices and links")');
  await page.fill('#label', 'typed');
  await page.click('button:text("Add device")');
  assert.match(await page.textContent('h1'), /typed is ready/);
  await page.click('a:text("All its devices")');
  await page.fill('#link-label', 'sent');
  await page.click('button:text("Make link")');
  assert.match(await page.textContent('#link'), /^http:.*provision/);
  assert.ok(await page.isVisible('svg.code'));
  await page.click('a:text("Devices and links")');
  await page.click('button:has-text("Take back")');
  await page.waitForSelector('.notice:has-text("Taken back")');
  await page.click('a:has-text("Revoke")');
  await page.click('button.danger');
  await page.waitForSelector('.notice:has-text("Revoked")');
  await page.click('a:text("no_script")');
  await page.click('a:text("Delete")');
  await page.click('button.danger');
  await page.waitForSelector('.notice:text("Deleted.")');
  await page.context().close();
};

const main = async (settings) => {
  if (settings.pictures) mkdirSync(settings.pictures, { recursive: true });
  const browser = await chromium.launch({ executablePath: settings.browser, args: [...QUIET, ...(settings.talks ? TALKING : [])] });
  try {
    for (const part of settings.parts) {
      if (part === 'first') await firstScenario(browser, settings);
      if (part === 'devices') await devicesByKeyboard(browser, settings);
      if (part === 'without-script') await withoutScript(browser, settings);
      if (part === 'try-it') await tryIt(browser, settings);
      if (part === 'echo') await echo(browser, settings);
      if (part === 'pages') await everyPage(browser, settings, [settings, settings.pages]);
      if (part === 'posted') await postedPages(browser, settings);
      if (part === 'operator') await everyPage(browser, settings, [{ ...settings, auth_id: '', auth_token: settings.operator_token }, settings.operator_pages]);
      say('found', { part });
    }
  } finally {
    await browser.close();
  }
};

next().then((line) => main(JSON.parse(line))).then(
  () => { say('done', {}); process.exit(0); },
  (error) => { say('failed', { error: String(error && error.stack ? error.stack : error) }); process.exit(1); },
);
