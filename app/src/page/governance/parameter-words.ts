// The parameters of section 9 for people: what each says, and how its value is read.

import { bloom, decimal, grouped } from '../../format/amount';
import { exactBytes } from '../../format/bytes';
import { bpsPercent, factor } from '../../format/multiplier';
import { duration } from '../../format/time';

interface Words {
  says: string;
  read: (value: string) => string;
}

const number = (value: string): string => grouped(decimal(value));
const times = (value: string): string => factor(Number(value));
const part = (value: string): string => bpsPercent(Number(value));
const amount = (value: string): string => `${bloom(decimal(value), 9)} BLOOM`;

function hours(value: string): string {
  const mask = Number(value);
  const set = Array.from({ length: 24 }, (_, hour) => hour).filter((hour) => (mask >> hour) % 2 === 1);
  return set.length === 0 ? 'none' : `hours ${set.join(', ')} UTC`;
}

const PARAMETERS: Record<string, Words> = {
  rate: { says: 'Price of a byte, in femto-BLOOM (10⁻¹⁵ BLOOM)', read: number },
  epoch_cap: { says: 'Most of one epoch’s pool', read: amount },
  max_share_bps: { says: 'Most of a pool that one contributor gets', read: part },
  min_payout: { says: 'Smallest amount that becomes a leaf', read: amount },
  consistency_bps: { says: 'Factor: active in enough recent epochs', read: times },
  peak_bps: { says: 'Factor: delivered in a peak hour', read: times },
  long_term_bps: { says: 'Factor: known for long', read: times },
  high_quality_bps: { says: 'Factor: track of high measured bit rate', read: times },
  metadata_rich_bps: { says: 'Factor: track with rich metadata', read: times },
  popular_bps: { says: 'Factor: track much listened to', read: times },
  role_uploader_bps: { says: 'Price of an uploader’s byte', read: part },
  role_seeder_bps: { says: 'Price of a seeder’s byte', read: part },
  role_relay_bps: { says: 'Price of a relay’s byte', read: part },
  role_storage_bps: { says: 'Price of a store’s byte', read: part },
  consistency_window_epochs: { says: 'Epochs looked at for consistency', read: number },
  consistency_min_epochs: { says: 'Of them, epochs that one must be active in', read: number },
  long_term_epochs: { says: 'Epochs after which one is known for long', read: number },
  active_min_bytes: { says: 'Bytes that make one active in an epoch', read: (value) => exactBytes(decimal(value)) },
  peak_hours_utc: { says: 'Peak hours', read: hours },
  high_quality_min_kbps: { says: 'Bit rate from which a track is of high quality', read: (value) => `${number(value)} kbit/s` },
  metadata_min_fields: { says: 'Fields of metadata, of eight, that make a track rich', read: number },
  popular_min_listener_ms: { says: 'Listening time from which a track is popular', read: (value) => duration(Number(decimal(value) / 1000n)) },
  max_kbps_per_recipient: { says: 'Most that a recipient can have received', read: (value) => `${number(value)} kbit/s` },
  min_kbps_per_recipient: { says: 'Bit rate that listening time is counted at', read: (value) => `${number(value)} kbit/s` },
  pay_licensed: { says: 'Whether Licensed tracks are paid', read: (value) => (value === 'true' || value === '1' ? 'yes' : 'no') },
};

/** What a parameter says. */
export function says(name: string): string {
  return PARAMETERS[name]?.says ?? name;
}

/** A value of a parameter as it is read. */
export function readValue(name: string, value: unknown): string {
  const text = String(value);
  return PARAMETERS[name]?.read(text) ?? text;
}
