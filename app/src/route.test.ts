import { describe, expect, it } from 'vitest';
import { parse, to } from './route';

describe('routes', () => {
  it('leads nowhere for what is no route', () => {
    for (const path of ['#/nowhere', '#/epochs/x', '#/epochs/01', '#/epochs/-1', '#/epochs/1/2', '#/governance/a', '#/verify/x', '#/%E0%A4%A']) {
      expect(parse(path).page, path).toBe('unknown');
    }
  });

  it('reads what it writes', () => {
    const did = 'did:web:artist62.example%3A8443:a';
    expect(parse(to.contributor(did, '42'))).toEqual({ page: 'contributor', did, epoch: '42' });
    expect(parse(to.contributor(did))).toEqual({ page: 'contributor', did, epoch: undefined });
    expect(parse(to.contributors('did:key:z6 &?'))).toEqual({ page: 'contributors', query: 'did:key:z6 &?' });
    expect(parse(to.epoch('18446744073709551615'))).toEqual({ page: 'epoch', epoch: '18446744073709551615' });
    expect(parse(to.epoch('latest'))).toEqual({ page: 'epoch', epoch: 'latest' });
    expect(parse(to.proposal('7'))).toEqual({ page: 'proposal', number: '7' });
    for (const [link, page] of [[to.overview, 'overview'], ['', 'overview'], [to.epochs, 'epochs'], [to.governance, 'governance'], [to.verify, 'verify'], [to.status, 'status']] as const) {
      expect(parse(link)).toEqual({ page });
    }
  });
});
