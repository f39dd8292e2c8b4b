// Rocket.Chat's own client: logs in with a password's digest, then with the token, then logs out.
// Arguments: the chat's address, a user name, the digest. Prints what each login gave as a line of JSON.
'use strict';

globalThis.WebSocket = require('ws');
const { DDPSDK } = require('@rocket.chat/ddp-client');

const [url, username, digest] = process.argv.slice(2);

async function main() {
  const sdk = await DDPSDK.createAndConnect(url, { retryCount: 0, retryTime: 0 });
  const tell = () => {
    const { id, token, tokenExpires } = sdk.account.user;
    console.log(JSON.stringify({ id, token, expires: tokenExpires.getTime() / 1000 }));
  };
  await sdk.account.loginWithPassword(username, digest);
  tell();
  await sdk.account.loginWithToken(sdk.account.user.token);
  tell();
  await sdk.account.logout();
  sdk.connection.close();
}

main().then(() => process.exit(0), (error) => { console.error(error); process.exit(1); });
