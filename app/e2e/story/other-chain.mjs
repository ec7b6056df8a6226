// An RPC node that lies: it hands everything on, but the Epoch account that it answers holds another statement, with the
// commitment that fits it.

import { createServer } from 'node:http';
import { commitmentOf, decodeEpochAccount } from '@mycelia/radio-payouts';

/** Replaces every occurrence of `from` in `bytes`. */
function replace(bytes, from, to) {
  for (let at = bytes.indexOf(from); at >= 0; at = bytes.indexOf(from, at + to.length)) to.copy(bytes, at);
}

/** The account with one bit of `inputs_hash` changed, and with the commitment of that statement. */
function altered(bytes) {
  const { statement, commitment, domain } = decodeEpochAccount(new Uint8Array(bytes));
  const inputs = Buffer.from(statement.inputs_hash, 'hex');
  const other = Buffer.from(inputs);
  other[0] ^= 1;
  const changed = commitmentOf({ ...statement, inputs_hash: other.toString('hex') }, domain);
  replace(bytes, inputs, other);
  replace(bytes, Buffer.from(commitment, 'hex'), Buffer.from(changed, 'hex'));
  return bytes;
}

function alteredAnswer(text) {
  const answer = JSON.parse(text);
  const value = answer.result?.value;
  if (!Array.isArray(value?.data)) return text;
  value.data[0] = altered(Buffer.from(value.data[0], 'base64')).toString('base64');
  return JSON.stringify(answer);
}

/** Starts it before the node at `rpc`; its address, and how to end it. */
export async function startOtherChain(rpc) {
  const server = createServer((request, response) => {
    const pieces = [];
    request.on('data', (piece) => pieces.push(piece));
    request.on('end', async () => {
      const open = { 'access-control-allow-origin': '*', 'access-control-allow-headers': 'content-type', 'access-control-allow-methods': 'POST' };
      if (request.method === 'OPTIONS') {
        response.writeHead(204, open).end();
        return;
      }
      try {
        const answer = await fetch(rpc, { method: 'POST', headers: { 'content-type': 'application/json' }, body: Buffer.concat(pieces) });
        response.writeHead(answer.status, { ...open, 'content-type': 'application/json' }).end(alteredAnswer(await answer.text()));
      } catch (error) {
        response.writeHead(502, open).end(String(error));
      }
    });
  });
  await new Promise((ready) => server.listen(0, '127.0.0.1', ready));
  return { url: `http://127.0.0.1:${server.address().port}`, stop: () => server.close() };
}
