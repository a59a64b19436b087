// A person at the browser that a login starts: stands between the two, passes on what they say, and fills in the
// sign-in form. Without a window there is nobody to do so.
//
//   node person.cjs '{"browser":"/usr/bin/chromium","flags":[],"user":"...","password":"..."}' ARGUMENTS-OF-THE-BROWSER
'use strict';
const { spawn } = require('node:child_process');
const { createReadStream, createWriteStream } = require('node:fs');

const settings = JSON.parse(process.argv[2]);
const args = process.argv.slice(3);
const stdio = ['ignore', 'ignore', 'inherit', 'pipe', 'pipe'];
const browser = spawn(settings.browser, [...args, ...settings.flags], { stdio });
const [, , , toBrowser, fromBrowser] = browser.stdio;
const fromLogin = createReadStream('', { fd: 3 });
const toLogin = createWriteStream('', { fd: 4 });
for (const pipe of [toBrowser, fromBrowser, fromLogin, toLogin]) pipe.on('error', () => {});

fromLogin.pipe(toBrowser);
browser.on('exit', (code) => process.exit(code ?? 1));

const pages = new Set();
let rest = Buffer.alloc(0);
fromBrowser.on('data', (data) => {
  toLogin.write(data);
  rest = Buffer.concat([rest, data]);
  for (let end = rest.indexOf(0); end >= 0; end = rest.indexOf(0)) {
    const message = JSON.parse(rest.subarray(0, end));
    rest = rest.subarray(end + 1);
    if (message.method === 'Target.attachedToTarget') pages.add(message.params.sessionId);
    if (message.method === 'Target.detachedFromTarget') pages.delete(message.params.sessionId);
  }
});

const typing = `(() => {
  const [user, password] = ['#username', '#password'].map((field) => document.querySelector(field));
  if (document.readyState !== 'complete' || !user || !password || user.form.typed) return;
  user.form.typed = true;
  user.value = ${JSON.stringify(settings.user)};
  password.value = ${JSON.stringify(settings.password)};
  user.form.querySelector('[type=submit], button').click();
})()`;
// Numbers that the login does not use: it passes the answers over.
let id = 1_000_000_000;
if (!args.includes('--headless')) {
  setInterval(() => {
    for (const sessionId of pages) {
      const message = { id: id++, sessionId, method: 'Runtime.evaluate', params: { expression: typing } };
      toBrowser.write(`${JSON.stringify(message)}\0`);
    }
  }, 200).unref();
}
