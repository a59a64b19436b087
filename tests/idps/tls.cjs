// TLS before an identity provider that speaks plain http.
//
//   node tls.cjs '{"port":8443,"to":8080,"key":"FILE","certificate":"FILE"}'
'use strict';
const { readFileSync } = require('node:fs');
const { connect } = require('node:net');
const { createServer } = require('node:tls');

const settings = JSON.parse(process.argv[2]);
const identity = { key: readFileSync(settings.key), cert: readFileSync(settings.certificate) };

const server = createServer(identity, (outside) => {
  const inside = connect(settings.to, '127.0.0.1');
  // Browsers drop connections as they please: one side's end or error is the other's end, and no news.
  for (const [one, other] of [[outside, inside], [inside, outside]]) {
    one.pipe(other);
    one.on('error', () => other.destroy());
  }
});
server.on('tlsClientError', () => {});
server.listen(settings.port, '127.0.0.1');
