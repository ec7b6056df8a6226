// An SFU with the SDK: it measures a window every tick, signs what it measured, and posts it.

import { strict as assert } from 'node:assert';
import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { batchHash, didOfKey, signBatch } from '@mycelia/radio-payouts';

/** Shortest window of section 4.2, in milliseconds. */
const SHORTEST_MS = 1_000;
/** Contributors that have a key of their own. */
const KEYS = 11;
/** One whose DID has no payee of its own. */
const BOUND = 'did:mycelia:zora';

const TRACKS = [
  { trackId: 'aurora', metadata: { title: 'Aurora', artist: 'Zora', album: 'Lichen', genre: 'ambient', license: 'CC-BY-4.0', durationMs: 214_000 } },
  { trackId: 'basalt', metadata: { title: 'Basalt', artist: 'Kite' } },
  { trackId: 'cinder', metadata: undefined },
];

/** A did:key of a fresh key. */
function freshDid() {
  const { x } = generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' });
  return didOfKey(new Uint8Array(Buffer.from(x, 'base64url')));
}

export class Sfu {
  #base;
  #domain;
  #secretKey;
  #seq = 0;
  #prev = '0'.repeat(64);
  /** Bytes of everything that was held, by epoch. */
  #bytes = new Map();

  constructor({ base, keyFile, domain }) {
    this.#base = base;
    this.#domain = domain;
    this.#secretKey = new Uint8Array(JSON.parse(readFileSync(keyFile, 'utf8')));
    this.did = didOfKey(this.#secretKey.slice(32));
    this.contributors = [...Array.from({ length: KEYS }, freshDid), BOUND];
  }

  /** Accepted bytes that were posted of an epoch. */
  bytesOf(epoch) {
    return this.#bytes.get(epoch) ?? 0;
  }

  /** The window `(from, to]` as a signed line, and its bytes. */
  #measure(from, to) {
    assert.ok(to - from >= SHORTEST_MS, `a window of ${to - from} ms is too short`);
    const seq = this.#seq + 1;
    const receipts = TRACKS.map(({ trackId }, place) => ({
      roomId: `room-${place}`,
      trackId,
      timestamp: to - place,
      recipients: 8 + place,
      contributors: this.contributors
        .filter((_, index) => (index + place) % TRACKS.length !== 0)
        .map((did, index) => ({ did, bytesOut: 90_000 + 7_919 * ((index + 3 * place + seq) % 13), role: index === 0 ? 'uploader' : 'seeder' })),
    }));
    const tracks = TRACKS.map(({ trackId, metadata }, place) => ({
      trackId,
      uploader: this.contributors[place],
      rights: place === 1 ? 'CC' : 'Original',
      ...(metadata === undefined ? {} : { metadata }),
    }));
    const batch = { v: 1, sfu: this.did, seq, prev: this.#prev, from, to, tracks, receipts };
    const bytes = receipts.flatMap(({ contributors }) => contributors).reduce((sum, { bytesOut }) => sum + bytesOut, 0);
    return { batch, bytes, line: signBatch(batch, this.#secretKey, this.#domain) };
  }

  /** What the service answers to a line. */
  async #send(line) {
    const response = await fetch(new URL('/v1/batches', this.#base), {
      method: 'POST',
      headers: { 'content-type': 'application/x-ndjson' },
      body: `${line}\n`,
    });
    assert.equal(response.status, 200, `POST /v1/batches: ${response.status}`);
    const { answers } = await response.json();
    assert.equal(answers.length, 1);
    return answers[0];
  }

  /** Posts the next window; returns when it is acknowledged, with the moment. */
  async post(epoch, from, to) {
    const { batch, bytes, line } = this.#measure(from, to);
    const hash = batchHash(batch);
    // As section 4.2 asks of an SFU: number and hash are kept before anything is sent.
    [this.#seq, this.#prev] = [batch.seq, hash];
    const answer = await this.#send(line);
    const heldAt = performance.now();
    assert.equal(answer.answer, 'held', JSON.stringify(answer));
    assert.equal(answer.batch_hash, hash);
    assert.ok(answer.acknowledgement, 'what is held is acknowledged');
    this.#bytes.set(epoch, this.bytesOf(epoch) + bytes);
    return { heldAt, bytes };
  }

  /** Posts what would be the next window with one byte of its line flipped; returns the answer. */
  async postFlipped(from, to) {
    const { line } = this.#measure(from, to);
    const bytes = Buffer.from(line);
    // The last digit of a number of bytes: still canonical, and not what was signed.
    const at = line.indexOf('"bytesOut":') + '"bytesOut":'.length + 4;
    bytes[at] ^= 1;
    return this.#send(bytes.toString());
  }
}
