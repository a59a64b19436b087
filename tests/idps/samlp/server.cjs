// An identity provider built on Auth0's samlp, for the tests: whoever opens its sign-in link is signed in at once.
//
//   node server.cjs '{"port":8080,"base":"http://localhost:8080","acs":"...","audience":"...","user":"...","fullName":"...","key":"FILE","certificate":"FILE","reader":"FILE"}'
//
//   GET /sso?sign=FORM[&RelayState=...]   posts an unsolicited response to the ACS; FORM is assertion, response, both,
//                                         none, or encrypted: the assertion, and the response around it signed
//   GET /metadata                         its SAML metadata
//
// It serves plain http on 127.0.0.1; for https, ../tls.cjs stands before it.
'use strict';
const { createPublicKey } = require('node:crypto');
const { readFileSync } = require('node:fs');
const { createServer } = require('node:http');
const samlp = require('samlp');

const settings = JSON.parse(process.argv[2]);
const key = readFileSync(settings.key);
const cert = readFileSync(settings.certificate);
const reader = readFileSync(settings.reader);
const issuer = 'https://idp.example/samlp';

const metadata = samlp.metadata({ issuer, cert, redirectEndpointPath: '/sso', postEndpointPath: '/sso' });

/** The middleware that signs the parts named by `sign`. */
function signIn(sign) {
  return samlp.auth({
    issuer,
    cert,
    key,
    audience: settings.audience,
    destination: settings.acs,
    recipient: settings.acs,
    signAssertion: sign === 'assertion' || sign === 'both',
    signResponse: sign === 'response' || sign === 'both' || sign === 'encrypted',
    ...(sign === 'encrypted' && {
      encryptionCert: reader,
      encryptionPublicKey: createPublicKey(reader).export({ type: 'spki', format: 'pem' }),
    }),
    signatureAlgorithm: 'rsa-sha256',
    digestAlgorithm: 'sha256',
    lifetimeInSeconds: 300,
    authnContextClassRef: 'urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport',
    getPostURL: (_audience, _request, _httpRequest, callback) => callback(null, settings.acs),
    getUserFromRequest: () => ({
      id: settings.user,
      displayName: settings.fullName,
      name: { givenName: settings.fullName.split(' ')[0], familyName: settings.fullName.split(' ')[1] },
      emails: [{ value: settings.user }],
    }),
  });
}

const server = createServer((request, response) => {
  const url = new URL(request.url, settings.base);
  // What samlp takes from Express, and no more.
  request.query = Object.fromEntries(url.searchParams);
  request.originalUrl = request.url;
  request.protocol = url.protocol.slice(0, -1);
  request.headers.host = url.host;
  response.set = (name, value) => response.setHeader(name, value);
  response.send = (body) => response.end(String(body));

  const failed = (error) => {
    response.statusCode = 500;
    response.end(String(error));
  };
  if (request.method === 'GET' && url.pathname === '/sso') signIn(request.query.sign)(request, response, failed);
  else if (request.method === 'GET' && url.pathname === '/metadata') metadata(request, response);
  else {
    response.statusCode = 404;
    response.end();
  }
});
server.listen(settings.port, '127.0.0.1');
