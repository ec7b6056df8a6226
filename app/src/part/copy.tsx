import { useState } from 'preact/hooks';

/** Copies a text; says so where one looks and to a screen reader. */
export function Copy({ text, what }: { text: string; what: string }) {
  const [done, set] = useState<'no' | 'yes' | 'failed'>('no');
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text);
      set('yes');
    } catch {
      set('failed');
    }
    setTimeout(() => set('no'), 2_000);
  };
  return (
    <button type="button" class="copy" aria-label={`Copy ${what}`} onClick={() => void copy()}>
      <span aria-live="polite">{done === 'yes' ? 'Copied' : done === 'failed' ? 'Not allowed' : 'Copy'}</span>
    </button>
  );
}
