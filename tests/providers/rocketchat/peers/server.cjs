// A DDP server with the method login, which gives back what it was sent and a token. Prints its port.
'use strict';

const http = require('http');

let server;
const createServer = http.createServer;
http.createServer = (...options) => (server = createServer(...options));
const DDPServer = require('ddp-server');

const login = (parameter) => ({
  id: 'u',
  token: Buffer.from(JSON.stringify(parameter)).toString('base64url'),
  tokenExpires: { $date: 1480377601000 },
});

new DDPServer({ methods: { login, logout: () => null } });
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
