// Names for the generated types of docs/openapi.json.

import type { components } from './schema';

type Schemas = components['schemas'];

export type AsOf = Schemas['AsOf'];
export type Standing = Schemas['Standing'];
export type Deployment = Schemas['DeploymentView'];
export type Epoch = Schemas['EpochView'];
export type EpochShare = Schemas['EpochShare'];
export type Estimate = Schemas['EstimateView'];
export type Explanation = Schemas['Explanation'];
export type Cell = Schemas['CellLine'];
export type Contributor = Schemas['ContributorView'];
export type History = Schemas['HistoryView'];
export type File = Schemas['FileView'];
export type Network = Schemas['NetworkView'];
export type Point = Schemas['Point'];
export type Parameters = Schemas['ParametersView'];
export type Version = Schemas['VersionView'];
export type Payout = Schemas['Payout'];
export type Proof = Schemas['ProofBundle'];
export type Receipt = Schemas['ReceiptLine'];
export type Refused = Schemas['RefusedView'];
export type Rejected = Schemas['RejectedView'];
export type Statement = Schemas['StatementJson'];
export type Track = Schemas['TrackView'];
export type Timeline = Schemas['TimelineView'];
export type Governance = Schemas['GovernanceView'];
export type Mandate = Schemas['MandateView'];
export type Proposal = Schemas['ProposalView'];
export type Sfu = Schemas['SfuView'];
export type Settler = Schemas['SettlerView'];
export type Status = Schemas['StatusView'];
export type ContributorPoint = Schemas['ContributorPoint'];
export type Projection = Schemas['ProjectionView'];

/** An answer of the API: how sure it is, as of when, and the data. */
export interface Answer<T> {
  standing: Standing;
  as_of: AsOf;
  data: T;
}

/** One page of a list. */
export interface Page<T> {
  items: T[];
  next: string | null;
}
