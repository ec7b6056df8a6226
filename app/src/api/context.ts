// What every page needs to know of the service: the deployment, asked once and refreshed.

import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { Asked } from './use-answer';
import type { Deployment } from './types';

const Context = createContext<Asked<Deployment> | undefined>(undefined);

export const DeploymentProvider = Context.Provider;

/** The deployment as last answered. */
export function useDeployment(): Asked<Deployment> {
  const asked = useContext(Context);
  if (asked === undefined) throw new Error('a page is shown outside of the dashboard');
  return asked;
}
