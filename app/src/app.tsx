// The shell: header, navigation, the page, footer. Pages are loaded when one goes there.

import type { ComponentChildren, ComponentType } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { address } from './api/ask';
import { DeploymentProvider } from './api/context';
import type { Deployment } from './api/types';
import { useAnswer } from './api/use-answer';
import { Failed, Loading } from './part/asked';
import { ErrorBoundary } from './part/error-boundary';
import { PageHead } from './part/page-head';
import { NOTICE } from './part/standing';
import { WalletProvider } from './part/wallet';
import { Overview } from './page/overview';
import { to, useRoute, type Route } from './route';
import { useTheme, type Theme } from './theme';
import { Refusal } from './api/ask';

const PAGES: { name: string; link: string; pages: Route['page'][] }[] = [
  { name: 'Overview', link: to.overview, pages: ['overview'] },
  { name: 'Epochs', link: to.epochs, pages: ['epochs', 'epoch'] },
  { name: 'Contributors', link: to.contributors(), pages: ['contributors', 'contributor'] },
  { name: 'Governance', link: to.governance, pages: ['governance', 'proposal'] },
  { name: 'Verify', link: to.verify, pages: ['verify'] },
  { name: 'Status', link: to.status, pages: ['status'] },
];

export function App() {
  const route = useRoute();
  const deployment = useAnswer<Deployment>(address(['deployment']), 5_000);
  return (
    <DeploymentProvider value={deployment}>
      <WalletProvider>
        <a
          class="skip"
          href="#main"
          onClick={(event) => {
            // The fragment is the route: the focus goes without it.
            event.preventDefault();
            document.getElementById('main')?.focus();
          }}
        >
          Skip to the content
        </a>
        <header class="shell-head">
          <a class="brand" href={to.overview}>
            <svg viewBox="0 0 32 32" width="28" height="28" aria-hidden="true">
              <circle cx="16" cy="16" r="4" />
              <path d="M8.5 23.5a10.6 10.6 0 0 1 0-15M23.5 8.5a10.6 10.6 0 0 1 0 15M4 28a17 17 0 0 1 0-24M28 4a17 17 0 0 1 0 24" />
            </svg>
            <span>Radio Payouts</span>
          </a>
          <nav aria-label="Pages">
            <ul>
              {PAGES.map(({ name, link, pages }) => (
                <li key={name}>
                  <a href={link} aria-current={pages.includes(route.page) ? 'page' : undefined}>
                    {name}
                  </a>
                </li>
              ))}
            </ul>
          </nav>
          <ThemeChoice />
        </header>
        <main id="main" tabIndex={-1}>
          <ErrorBoundary key={placeOf(route)}>
            <Page route={route} />
          </ErrorBoundary>
        </main>
        <footer class="shell-foot">
          <p>{NOTICE}</p>
          <p>
            All times are UTC. Amounts are exact; what is shown short is cut off, never rounded up. <a href="/api/v1/openapi.json">API</a>
            {deployment.answer !== undefined && (
              <>
                {' '}
                · slot {deployment.answer.as_of.slot}
              </>
            )}
          </p>
        </footer>
      </WalletProvider>
    </DeploymentProvider>
  );
}

/** What makes a page another one: another epoch of the same contributor does not. */
function placeOf(route: Route): string {
  return JSON.stringify(route.page === 'contributor' ? { ...route, epoch: undefined } : route);
}

function Page({ route }: { route: Route }) {
  switch (route.page) {
    case 'overview':
      return <Overview />;
    case 'epochs':
      return <Later load={() => import('./page/epochs').then((module) => module.Epochs)} properties={{}} />;
    case 'epoch':
      return <Later load={() => import('./page/epoch').then((module) => module.Epoch)} properties={{ epoch: route.epoch }} />;
    case 'contributors':
      return <Later load={() => import('./page/contributors').then((module) => module.Contributors)} properties={{ query: route.query }} />;
    case 'contributor':
      return <Later load={() => import('./page/contributor').then((module) => module.Contributor)} properties={{ did: route.did, epoch: route.epoch }} />;
    case 'governance':
      return <Later load={() => import('./page/governance').then((module) => module.Governance)} properties={{}} />;
    case 'proposal':
      return <Later load={() => import('./page/proposal').then((module) => module.Proposal)} properties={{ number: route.number }} />;
    case 'verify':
      return <Later load={() => import('./page/verify').then((module) => module.Verify)} properties={{}} />;
    case 'status':
      return <Later load={() => import('./page/status').then((module) => module.Status)} properties={{}} />;
    case 'unknown':
      return (
        <>
          <PageHead title="There is no such page" />
          <p>
            <code>{route.path}</code> leads nowhere. <a href={to.overview}>Go to the overview</a>
          </p>
        </>
      );
  }
}

/** A page whose code is loaded when it is shown. */
function Later<Properties extends object>({ load, properties }: { load: () => Promise<ComponentType<Properties>>; properties: Properties }): ComponentChildren {
  const [found, set] = useState<{ component: ComponentType<Properties> }>();
  const [failed, setFailed] = useState(false);
  useEffect(() => {
    load().then(
      (component) => set({ component }),
      () => setFailed(true),
    );
    // A page stays itself: the shell gives every route a place of its own.
  }, []);
  if (failed) return <Failed error={new Refusal(0, 'unreachable', 'its code could not be loaded')} what="page" again={() => location.reload()} />;
  if (found === undefined) return <Loading what="the page" />;
  const { component: Found } = found;
  return <Found {...properties} />;
}

const THEMES: { theme: Theme; name: string; mark: string }[] = [
  { theme: 'system', name: 'As the system', mark: '◑' },
  { theme: 'light', name: 'Light', mark: '○' },
  { theme: 'dark', name: 'Dark', mark: '●' },
];

function ThemeChoice() {
  const [theme, set] = useTheme();
  return (
    <fieldset class="theme">
      <legend class="visually-hidden">Colours</legend>
      {THEMES.map((one) => (
        <label key={one.theme} title={one.name}>
          <input type="radio" name="theme" value={one.theme} checked={theme === one.theme} onChange={() => set(one.theme)} />
          <span aria-hidden="true">{one.mark}</span>
          <span class="visually-hidden">{one.name}</span>
        </label>
      ))}
    </fieldset>
  );
}
