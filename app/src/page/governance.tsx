// Governance: the parameters now, next and before; proposals; who decides and how.

import { PageHead } from '../part/page-head';
import { Mandates } from './governance/mandates';
import { Parameters } from './governance/parameters';
import { Proposals } from './governance/proposals';
import { Rules } from './governance/rules';

export function Governance() {
  return (
    <>
      <PageHead title="Governance" />
      <Proposals />
      <Parameters />
      <Rules />
      <Mandates />
    </>
  );
}
