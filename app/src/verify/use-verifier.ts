import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import type { Check, Job, Outcome, Report } from './messages';

/** What a verification has come to. */
export interface Verification {
  busy: boolean;
  checks: Check[];
  progress: Extract<Report, { kind: 'progress' }> | undefined;
  outcome: Outcome | undefined;
}

export interface Verifier extends Verification {
  /** Whether everything needed is loaded, so that no network is needed any more. */
  ready: boolean;
  start: (job: Job) => void;
  stop: () => void;
  clear: () => void;
}

const NOTHING: Verification = { busy: false, checks: [], progress: undefined, outcome: undefined };

/** A worker of one's own; with `prepare` it is loaded at once. */
export function useVerifier(prepare = false): Verifier {
  const [state, set] = useState<Verification>(NOTHING);
  const [ready, setReady] = useState(false);
  const worker = useRef<Worker | undefined>(undefined);

  const make = useCallback((): Worker => {
    const made = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module', name: 'verify' });
    made.addEventListener('error', (event) => {
      const message = `the verifier could not be run: ${event.message || 'it was not loaded'}`;
      set((before) => ({ ...before, busy: false, outcome: { passed: false, against: 'itself', message } }));
    });
    worker.current = made;
    return made;
  }, []);

  useEffect(() => {
    if (prepare) {
      const made = make();
      made.addEventListener('message', ({ data }: MessageEvent<Report>) => data.kind === 'done' && setReady(data.outcome.passed), { once: true });
      made.postMessage({ kind: 'prepare' } satisfies Job);
    }
    return () => worker.current?.terminate();
  }, [make, prepare]);

  const start = useCallback(
    (job: Job) => {
      const used = worker.current ?? make();
      set({ ...NOTHING, busy: true });
      used.onmessage = ({ data }: MessageEvent<Report>) => {
        set((before) => {
          switch (data.kind) {
            case 'check': {
              const known = before.checks.some((check) => check.id === data.check.id);
              const checks = known ? before.checks.map((check) => (check.id === data.check.id ? data.check : check)) : [...before.checks, data.check];
              return { ...before, checks };
            }
            case 'progress':
              return { ...before, progress: data };
            case 'done':
              return { ...before, busy: false, progress: undefined, outcome: data.outcome };
          }
        });
      };
      used.postMessage(job);
    },
    [make],
  );

  const stop = useCallback(() => {
    worker.current?.terminate();
    worker.current = undefined;
    set((before) => ({ ...before, busy: false, progress: undefined, outcome: { passed: false, against: 'itself', message: 'stopped' } }));
  }, []);
  const clear = useCallback(() => set(NOTHING), []);
  return { ...state, ready, start, stop, clear };
}
