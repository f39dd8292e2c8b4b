// SimpleDDP: calls the method login with each parameter that it is given.
// Arguments: the chat's WebSocket address, the parameters as a JSON array. Prints each result as a line of JSON.
'use strict';

const simpleDDP = require('simpleddp');

const [endpoint, parameters] = process.argv.slice(2);

async function main() {
  const chat = new simpleDDP({ endpoint, SocketConstructor: require('ws'), autoReconnect: false });
  await chat.connect();
  for (const parameter of JSON.parse(parameters)) {
    console.log(JSON.stringify(await chat.call('login', parameter)));
  }
  await chat.disconnect();
}

main().then(() => process.exit(0), (error) => { console.error(error); process.exit(1); });
