// "Verify in this browser": the proof, and the whole epoch again, against what the chain says to this browser.

import { useEffect } from 'preact/hooks';
import { API } from '../../api/ask';
import { useDeployment } from '../../api/context';
import { Hash } from '../../part/identity';
import { RpcAddress, useRpcAddress } from '../../part/rpc-address';
import { Fact, Facts, Section } from '../../part/section';
import { Result } from '../../verify/result';
import { useVerifier } from '../../verify/use-verifier';

export function VerifyHere({ did, epoch }: { did: string; epoch: string }) {
  const deployment = useDeployment().answer?.data;
  const suggested = deployment?.rpc_url;
  const [rpcUrl, setRpcUrl] = useRpcAddress(suggested);
  const verifier = useVerifier();
  const { clear } = verifier;
  useEffect(() => clear(), [did, epoch, clear]);
  return (
    <Section title="Verify in this browser" class="verify">
      <p>
        Checks the proof of this share, fetches the signed batches of epoch {epoch}, computes the whole epoch again in this browser, and compares it with the root
        that the chain holds and with every line of the <code>payouts.csv</code> that is served here.
      </p>
      <RpcAddress id="verify-rpc" url={rpcUrl} set={setRpcUrl} suggested={suggested} />
      {deployment !== undefined && (
        <Facts>
          <Fact name="Program">
            <Hash value={deployment.program} what="address of the program" length={48} />
          </Fact>
          <Fact name="Genesis hash">
            <Hash value={deployment.genesis_hash} what="genesis hash of the cluster" length={48} />
          </Fact>
        </Facts>
      )}
      <p>
        <button
          type="button"
          class="primary"
          disabled={verifier.busy || deployment === undefined}
          onClick={() => {
            if (deployment === undefined) return;
            const chain = rpcUrl === '' ? undefined : { rpcUrl, programId: deployment.program, genesisHash: deployment.genesis_hash };
            verifier.start({ kind: 'served', api: new URL(API, location.href).href, epoch, did, chain });
          }}
        >
          Verify in this browser
        </button>
      </p>
      <Result verifier={verifier} />
    </Section>
  );
}
