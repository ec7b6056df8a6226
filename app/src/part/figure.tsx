// A figure: shown short, and on demand exact, with a button to copy it and a link to where it comes from.

import type { ComponentChildren } from 'preact';
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { bloom, decimal, exactBloom, grouped } from '../format/amount';
import { bytes as shortBytes, exactBytes } from '../format/bytes';
import { Copy } from './copy';

/** Where a figure comes from. */
export interface Source {
  /** Link to the API's answer or the file. */
  href?: string;
  /** Address of an account on chain. */
  account?: string;
  /** How it is computed, in words of the protocol page. */
  formula?: string;
}

interface Properties {
  /** As it is shown. */
  shown: ComponentChildren;
  /** Exactly, for people. */
  exact: string;
  /** Exactly, for copying; `exact` if absent. */
  copied?: string;
  /** What the figure is, for the name of its button. */
  label: string;
  source: Source;
  class?: string;
}

/** A figure whose exact value and source open on demand. */
export function Figure({ shown, exact, copied, label, source, class: extra }: Properties) {
  const [open, setOpen] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const panel = useRef<HTMLDivElement>(null);
  const id = useId();
  useEffect(() => {
    const element = panel.current;
    const from = button.current;
    if (!open || element === null || from === null) return;
    place(element, from);
    element.focus();
    const outside = (event: Event): void => {
      if (event.target instanceof Node && (element.contains(event.target) || from.contains(event.target))) return;
      setOpen(false);
    };
    const moved = (): void => place(element, from);
    document.addEventListener('pointerdown', outside);
    addEventListener('resize', moved);
    return () => {
      document.removeEventListener('pointerdown', outside);
      removeEventListener('resize', moved);
    };
  }, [open]);
  const close = (): void => {
    setOpen(false);
    button.current?.focus();
  };
  return (
    <span class={`figure ${extra ?? ''}`}>
      <button
        type="button"
        ref={button}
        class="figure-value"
        aria-expanded={open}
        aria-controls={open ? id : undefined}
        title={exact}
        onClick={() => setOpen(!open)}
      >
        {shown}
        <span class="visually-hidden">, {label}: exact value and source</span>
      </button>
      {open && (
        <div
          id={id}
          ref={panel}
          class="figure-panel"
          role="dialog"
          aria-label={label}
          tabIndex={-1}
          onKeyDown={(event) => {
            if (event.key === 'Escape') {
              event.stopPropagation();
              close();
            }
          }}
          onFocusOut={(event) => {
            if (event.relatedTarget instanceof Node && !panel.current?.contains(event.relatedTarget)) setOpen(false);
          }}
        >
          <p class="figure-label">{label}</p>
          <p class="figure-exact">
            <span>{exact}</span> <Copy text={copied ?? exact} what={label} />
          </p>
          {source.formula !== undefined && <p class="formula">{source.formula}</p>}
          {source.href !== undefined && (
            <p>
              Source: <a href={source.href}>{source.href}</a>
            </p>
          )}
          {source.account !== undefined && (
            <p>
              Account: <code>{source.account}</code> <Copy text={source.account} what="address of the account" />
            </p>
          )}
        </div>
      )}
    </span>
  );
}

/** Below the button, within the window. */
function place(panel: HTMLElement, button: HTMLElement): void {
  const margin = 8;
  const at = button.getBoundingClientRect();
  panel.style.left = '0px';
  panel.style.top = '0px';
  const origin = panel.getBoundingClientRect();
  const wanted = Math.min(at.left, document.documentElement.clientWidth - origin.width - margin);
  const below = at.bottom + 6;
  const fits = below + origin.height < document.documentElement.clientHeight || at.top < origin.height + margin;
  const top = fits ? below : at.top - origin.height - 6;
  panel.style.left = `${Math.max(margin, wanted) - origin.left}px`;
  panel.style.top = `${top - origin.top}px`;
}

interface Known {
  value: string | null | undefined;
  label: string;
  source: Source;
  class?: string;
}

const NONE = (
  <span class="none" title="not known yet">
    –
  </span>
);

/** An amount of base units, shown in BLOOM. */
export function Bloom({ value, label, source, places = 4, unit = true, class: extra }: Known & { places?: number; unit?: boolean }) {
  if (value === null || value === undefined) return NONE;
  const units = decimal(value);
  return (
    <Figure
      shown={
        <>
          <span class="number">{bloom(units, places)}</span>
          {unit && <span class="unit"> BLOOM</span>}
        </>
      }
      exact={`${exactBloom(units)} BLOOM = ${grouped(units)} base units`}
      copied={value}
      label={label}
      source={source}
      {...(extra === undefined ? {} : { class: extra })}
    />
  );
}

/** A number of bytes. */
export function Bytes({ value, label, source, class: extra }: Known) {
  if (value === null || value === undefined) return NONE;
  const count = decimal(value);
  const [number = '', unit = ''] = shortBytes(count).split(' ');
  return (
    <Figure
      shown={
        <>
          <span class="number">{number}</span>
          <span class="unit"> {unit}</span>
        </>
      }
      exact={exactBytes(count)}
      copied={value}
      label={label}
      source={source}
      {...(extra === undefined ? {} : { class: extra })}
    />
  );
}

/** A count. */
export function Count({ value, label, source, class: extra }: Omit<Known, 'value'> & { value: string | number | null | undefined }) {
  if (value === null || value === undefined) return NONE;
  const count = decimal(String(value));
  return (
    <Figure
      shown={<span class="number">{grouped(count)}</span>}
      exact={grouped(count)}
      copied={count.toString()}
      label={label}
      source={source}
      {...(extra === undefined ? {} : { class: extra })}
    />
  );
}
