// Status: the service, the chain, the SFUs and settlers.

import { address } from '../api/ask';
import { useDeployment } from '../api/context';
import type { Deployment, Status as View } from '../api/types';
import { useAnswer } from '../api/use-answer';
import { duration, utc } from '../format/time';
import { Answered } from '../part/asked';
import { Bloom, Count } from '../part/figure';
import { Hash, SourceLink } from '../part/identity';
import { PageHead } from '../part/page-head';
import { Fact, Facts, Section, When } from '../part/section';
import { Settlers, Sfus } from './status/registry';

declare const __APP_VERSION__: string;

export function Status() {
  const url = address(['status']);
  const status = useAnswer<View>(url, 5_000);
  const deployment = useDeployment();
  return (
    <>
      <PageHead title="Status" />
      <div class="columns">
        <Section title="Service" aside={<SourceLink href={url}>Source</SourceLink>}>
          <Answered asked={status} what="the status" polled>
            {(data) => <Service status={data} />}
          </Answered>
        </Section>
        <Section title="Chain as read here" aside={<SourceLink href={url}>Source</SourceLink>}>
          <Answered asked={status} what="the chain" polled>
            {(data) => <Chain status={data} url={url} />}
          </Answered>
        </Section>
      </div>
      <Section title="Deployment" aside={<SourceLink href={deployment.url}>Source</SourceLink>}>
        <Answered asked={deployment} what="the deployment" polled>
          {(data) => <DeploymentFacts deployment={data} url={deployment.url} />}
        </Answered>
      </Section>
      <Sfus />
      <Settlers />
    </>
  );
}

function Service({ status }: { status: View }) {
  return (
    <Facts>
      <Fact name="State">
        {status.ready ? <span class="good">✓ ready</span> : <span class="bad">✗ not ready: {status.not_ready.join('; ')}</span>}
      </Fact>
      <Fact name="Settler">version {status.version}</Fact>
      <Fact name="Dashboard">version {__APP_VERSION__}</Fact>
      <Fact name="Started">
        <When unix={status.started_unix} text={utc} />
      </Fact>
      <Fact name="Settles by itself">{status.settling ? 'yes' : 'no'}</Fact>
      <Fact name="Estimates">
        {!status.estimate.allowed ? 'off: the demo flag is not set' : status.estimate.epoch === null ? 'none now' : `epoch ${status.estimate.epoch}, ${status.estimate.seconds_ago ?? 0} s ago`}
      </Fact>
      <Fact name="Sealed epochs">
        {status.catalogue.sealed_epochs}
        {status.catalogue.last_epoch !== null && `, the last one ${status.catalogue.last_epoch}`}
      </Fact>
      <Fact name="Signs acknowledgements as">
        <Hash value={status.receiver} what="DID of the receiver" />
      </Fact>
    </Facts>
  );
}

function Chain({ status, url }: { status: View; url: string }) {
  const { chain } = status;
  return (
    <Facts>
      <Fact name="Read from">
        <code>{chain.describe}</code>
      </Fact>
      <Fact name="Slot">
        <Count value={chain.slot} label="Slot read last" source={{ href: url }} />
      </Fact>
      <Fact name="Its clock">
        <When unix={chain.unix_timestamp} text={utc} />
      </Fact>
      <Fact name="Read">{chain.read_seconds_ago === null ? 'never' : `${chain.read_seconds_ago} s ago`}</Fact>
      <Fact name="Running epoch">{chain.running_epoch ?? 'none'}</Fact>
      <Fact name="Last posted">{chain.head_epoch ?? 'none'}</Fact>
      <Fact name="Ended and not posted">
        {chain.lag_epochs === null ? <span class="none">–</span> : <span class={chain.lag_epochs === '0' ? 'good' : 'bad'}>{chain.lag_epochs} epochs</span>}
      </Fact>
    </Facts>
  );
}

function DeploymentFacts({ deployment, url }: { deployment: Deployment; url: string }) {
  return (
    <div class="columns">
      <Facts>
        <Fact name="Cluster">{deployment.cluster.replace(deployment.genesis_hash, '').trim()}</Fact>
        <Fact name="Genesis hash">
          <Hash value={deployment.genesis_hash} what="genesis hash" />
        </Fact>
        <Fact name="Program">
          <Hash value={deployment.program} what="address of the program" />
        </Fact>
        <Fact name="Config">
          <Hash value={deployment.config} what="address of the Config account" />
        </Fact>
        <Fact name="Domain">
          <Hash value={deployment.domain} what="domain" />
        </Fact>
        <Fact name="Mint">
          <Hash value={deployment.mint} what="BLOOM mint" />
        </Fact>
        <Fact name="RPC for browsers">{deployment.rpc_url === null ? <span class="none">none is named</span> : <code>{deployment.rpc_url}</code>}</Fact>
      </Facts>
      <Facts>
        <Fact name="Epoch 0 starts">
          <When unix={deployment.genesis_unix} text={utc} />
        </Fact>
        <Fact name="Epochs">{duration(deployment.epoch_seconds)} long</Fact>
        <Fact name="Mode">{deployment.live ? 'Live' : 'Demo'}{deployment.paused && ', paused'}</Fact>
        <Fact name="Demo flag on chain">{deployment.radio_payouts_demo ? 'on' : 'off'}</Fact>
        <Fact name="Settlers">
          {deployment.attestation_threshold} of {deployment.active_settlers} must agree
        </Fact>
        <Fact name="Vault">
          <Bloom value={deployment.vault_base_units} label="What the vault holds" source={{ href: url, account: deployment.vault }} />
        </Fact>
        <Fact name="Of it promised">
          <Bloom value={deployment.reserved_base_units} label="What of the vault is promised to ratified shares" source={{ href: url, account: deployment.config }} />
        </Fact>
        <Fact name="Treasury">
          <Bloom value={deployment.treasury_base_units} label="What the treasury holds" source={{ href: url, account: deployment.treasury }} />
        </Fact>
      </Facts>
    </div>
  );
}
