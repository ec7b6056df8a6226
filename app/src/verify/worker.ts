// Verifies beside the page, so that the page stays usable while an epoch is recomputed.

import { demoParams } from '@mycelia/radio-payouts';
import { bundle } from './bundle';
import { Checklist } from './checklist';
import { folders } from './folders';
import type { Job, Outcome, Report } from './messages';
import { served } from './served';

const scope = self as unknown as DedicatedWorkerGlobalScope;
const tell = (report: Report): void => scope.postMessage(report);

async function verify(job: Job, checks: Checklist): Promise<Outcome> {
  switch (job.kind) {
    case 'served':
      return served(job, checks, tell);
    case 'folders':
      return folders(job, checks, tell);
    case 'proof':
      return bundle(job, checks);
    case 'prepare':
      // Compiles the module.
      demoParams();
      return { passed: true, against: 'itself', message: 'ready' };
  }
}

scope.addEventListener('message', (event: MessageEvent<Job>) => {
  const checks = new Checklist(tell);
  verify(event.data, checks).then(
    (outcome) => tell({ kind: 'done', outcome }),
    (error: unknown) => {
      const message = error instanceof Error ? error.message : String(error);
      tell({ kind: 'done', outcome: { passed: false, against: 'itself', message } });
    },
  );
});
