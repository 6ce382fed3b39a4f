// The JsSIP phone in headless Chromium, on a page that this process serves.
'use strict';

const { createHash, X509Certificate } = require('node:crypto');
const { readFileSync } = require('node:fs');
const { createServer } = require('node:http');
const { buildSync } = require('esbuild');
const { chromium } = require('playwright-core');

const PAGE = '<!doctype html><meta charset="utf-8"><title>phone</title><script src="/phone.js"></script>';
// What the browser would look up by itself, on a machine that may have no network.
const QUIET = ['--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];
// A microphone that beeps once a second, which nobody has to allow; calls within this machine.
const TALKING = [
  '--use-fake-device-for-media-stream',
  '--use-fake-ui-for-media-stream',
  '--autoplay-policy=no-user-gesture-required',
  '--allow-loopback-in-peer-connection',
];
const SCRIPT = `
  window.WebSocket = require('./traced_socket.cjs').traced(window.WebSocket, (what) => window.say(what));
  window.start = (settings) => {
    window.phone = require('./jssip_phone.cjs').start(settings, (what) => window.say(what));
  };`;

exports.start = async (settings, say) => {
  const bundled = buildSync({
    stdin: { contents: SCRIPT, resolveDir: __dirname },
    bundle: true,
    format: 'iife',
    nodePaths: [settings.modules],
    write: false,
  });
  const script = bundled.outputFiles[0].text;
  const server = createServer((request, answer) => {
    const isScript = request.url === '/phone.js';
    answer.setHeader('Content-Type', isScript ? 'text/javascript; charset=utf-8' : 'text/html; charset=utf-8');
    answer.end(isScript ? script : PAGE);
  });
  await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
  const browser = await chromium.launch({
    executablePath: settings.browser,
    args: ['--no-sandbox', '--disable-gpu', ...QUIET, ...TALKING, ...trusting(settings.authority)],
  });
  const page = await browser.newPage();
  await page.exposeFunction('say', say);
  page.on('pageerror', (error) => say({ event: 'error', error: String(error) }));
  await page.goto(`http://127.0.0.1:${server.address().port}/`);
  await page.evaluate((given) => window.start(given), settings);
  return {
    register: () => page.evaluate(() => window.phone.register()),
    call: (target) => page.evaluate((uri) => window.phone.call(uri), target),
    hangUp: () => page.evaluate(() => window.phone.hangUp()),
    quit: async () => {
      await page.evaluate(() => window.phone.quit());
      await browser.close();
      server.close();
    },
  };
};

// Chromium trusts one more key: that of the test's authority.
function trusting(authority) {
  if (!authority) return [];
  const key = new X509Certificate(readFileSync(authority)).publicKey.export({ type: 'spki', format: 'der' });
  return [`--ignore-certificate-errors-spki-list=${createHash('sha256').update(key).digest('base64')}`];
}
