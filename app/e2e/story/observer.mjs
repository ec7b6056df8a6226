// Watches what the browser does: errors, whom it asks, and what it asks the RPC node.

import { strict as assert } from 'node:assert';

/** Answers other than success that belong to the story: nothing is sealed or estimated yet when it begins. */
const EXPECTED = [
  [503, /^\/api\/v1\/estimate(\/events)?$/],
  [404, /^\/api\/v1\/epochs\/latest(\/.*)?$/],
  [404, /^\/api\/v1\/projection$/],
];

export class Observer {
  #faults = [];
  #hosts = new Map();
  #accounts = [];
  #allowed;

  /** `allowed` are the hosts that a page may ask. */
  constructor(allowed) {
    this.#allowed = new Set(allowed.map((url) => new URL(url).host));
  }

  /** Lets pages ask one more host. */
  allow(url) {
    this.#allowed.add(new URL(url).host);
  }

  /** Watches every page of a context, and its workers. */
  watch(context) {
    context.on('weberror', (error) => this.#faults.push(`error on a page: ${error.error().stack ?? error.error().message}`));
    context.on('console', (message) => {
      // What the service refused is judged by its answer below, not by the browser's line about it.
      if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) this.#faults.push(`console: ${message.text()}`);
    });
    context.on('request', (request) => this.#asked(request));
    context.on('response', (response) => {
      const { pathname } = new URL(response.url());
      const [status, isExpected] = [response.status(), EXPECTED.some(([status, path]) => status === response.status() && path.test(pathname))];
      if (status >= 400 && !isExpected) this.#faults.push(`${status} for ${response.url()}`);
    });
  }

  #asked(request) {
    const url = new URL(request.url());
    if (url.protocol === 'data:' || url.protocol === 'blob:') return;
    this.#hosts.set(url.host, (this.#hosts.get(url.host) ?? 0) + 1);
    if (!this.#allowed.has(url.host)) this.#faults.push(`a page asked ${request.url()}`);
    if (request.method() !== 'POST') return;
    const { method, params } = JSON.parse(request.postData() ?? '{}');
    if (method === 'getAccountInfo') this.#accounts.push({ host: url.host, address: params[0] });
  }

  /** How often a host was asked for an account. */
  accountsAsked(url, address) {
    const { host } = new URL(url);
    return this.#accounts.filter((asked) => asked.host === host && asked.address === address).length;
  }

  /** Number of requests by host. */
  get hosts() {
    return Object.fromEntries(this.#hosts);
  }

  /** Throws if anything was amiss so far. */
  check() {
    assert.deepEqual(this.#faults, [], `amiss in the browser:\n${this.#faults.join('\n')}`);
  }
}
