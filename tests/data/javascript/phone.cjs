// A JavaScript phone run by a test: `node phone.cjs KIND` with its settings as one line of JSON on standard input, then
// one command a line: `register`, `quit`, and in Chromium `call URI` and `hang up`. What happens is printed as one line of
// JSON each: {"event": …}, and every SIP message as {"sent": …} or {"received": …}.
'use strict';

const readline = require('node:readline');

const say = (what) => process.stdout.write(`${JSON.stringify(what)}\n`);

const kinds = {
  jssip: () => require('./jssip_phone.cjs'),
  sipjs: () => require('./sipjs_phone.cjs'),
  chromium: () => require('./chromium_phone.cjs'),
};

async function main() {
  const lines = readline.createInterface({ input: process.stdin })[Symbol.asyncIterator]();
  const settings = JSON.parse((await lines.next()).value);
  if (process.argv[2] !== 'chromium') {
    global.WebSocket = require('./traced_socket.cjs').traced(require('ws').WebSocket, say);
  }
  const phone = await kinds[process.argv[2]]().start(settings, say);
  for await (const command of lines) {
    if (command === 'register') await phone.register();
    if (command.startsWith('call ')) await phone.call(command.slice(5));
    if (command === 'hang up') await phone.hangUp();
    if (command === 'quit') break;
  }
  await phone.quit();
  say({ event: 'ended' });
  process.exit(0);
}

main().catch((error) => {
  say({ event: 'error', error: String(error && error.stack) });
  process.exit(1);
});
