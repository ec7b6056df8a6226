// Verify: a proof bundle or folders of sealed epochs, in this browser; no network is needed once the page is open.

import { useState } from 'preact/hooks';
import { useDeployment } from '../api/context';
import { FileDrop } from '../part/file-drop';
import { PageHead } from '../part/page-head';
import { RpcAddress, useRpcAddress } from '../part/rpc-address';
import { Section } from '../part/section';
import type { LocalFile } from '../verify/messages';
import { Result } from '../verify/result';
import { useVerifier } from '../verify/use-verifier';

export function Verify() {
  const suggested = useDeployment().answer?.data.rpc_url;
  const [rpcUrl, setRpcUrl] = useRpcAddress(suggested);
  const [online, setOnline] = useState(false);
  const [commitment, setCommitment] = useState('');
  const [what, setWhat] = useState<string>();
  const verifier = useVerifier(true);
  const given = /^[0-9a-f]{64}$/.test(commitment) ? commitment : undefined;
  const take = async (files: LocalFile[]): Promise<void> => {
    if (files.length === 0) return;
    const chain = online && rpcUrl !== '' ? { rpcUrl } : undefined;
    const [first] = files;
    if (files.length === 1 && first !== undefined && !first.path.endsWith('manifest.json')) {
      setWhat(first.path);
      verifier.start({ kind: 'proof', text: await first.file.text(), chain, commitment: given });
    } else {
      setWhat(`${files.length} files`);
      verifier.start({ kind: 'folders', files, chain, commitment: given });
    }
  };
  return (
    <>
      <PageHead title="Verify">
        <p class="page-sub" role="status">
          {verifier.ready ? 'Ready: works without a network from here on.' : 'Loading the verifier …'}
        </p>
      </PageHead>
      <Section title="What is to be verified">
        <p>
          A proof bundle, as <code>settler prove</code> writes it, or the folder of a sealed epoch (several epochs are compared with one another too). Everything is
          computed in this browser, and nothing is sent anywhere.
        </p>
        <div class="columns">
          <FileDrop id="proof-file" label="Proof bundle: drop it here, or choose it" accept=".json,application/json" onFiles={(files) => void take(files)} />
          <FileDrop id="epoch-folder" label="Folder of an epoch: drop it here, or choose it" folder onFiles={(files) => void take(files)} />
        </div>
      </Section>
      <Section title="What it is compared with">
        <p>
          Files can only agree with themselves. Give what you know of the chain: the commitment, or an RPC node at which this browser reads it. Give it before you drop
          the files.
        </p>
        <div class="field">
          <label for="commitment">Commitment on chain, 64 hexadecimal digits</label>
          <input
            id="commitment"
            type="text"
            autoComplete="off"
            spellcheck={false}
            maxLength={64}
            value={commitment}
            aria-invalid={commitment !== '' && given === undefined}
            aria-describedby="commitment-hint"
            onInput={(event) => setCommitment(event.currentTarget.value.trim().toLowerCase())}
          />
          <small id="commitment-hint">{commitment !== '' && given === undefined ? `That has ${commitment.length} of 64 digits.` : 'Optional; for one epoch.'}</small>
        </div>
        <label class="radio">
          <input type="checkbox" checked={online} onChange={(event) => setOnline(event.currentTarget.checked)} /> Read the root from the chain (needs a network)
        </label>
        {online && <RpcAddress id="files-rpc" url={rpcUrl} set={setRpcUrl} suggested={suggested} />}
      </Section>
      <Section title={what === undefined ? 'Result' : `Result for ${what}`}>
        {verifier.outcome === undefined && verifier.checks.length === 0 && !verifier.busy && <p class="empty">Nothing was given yet.</p>}
        <Result verifier={verifier} />
      </Section>
    </>
  );
}
