// `history.parquet`: who was active when, before an epoch and after it.
import { decompress } from 'fzstd';
import { parquetMetadata, parquetReadObjects } from 'hyparquet';

import { RadioPayoutsError } from './errors.js';

/** did_hash, first epoch, activity map: as the WebAssembly module takes them. */
type HistoryRecord = [didHash: string, firstEpoch: string, activity: string];

const COLUMNS = ['did_hash', 'first_epoch_before', 'activity_before'];

/** The records before the epoch. Whether they are the right ones, the parent's commitment decides. */
export async function readHistoryBefore(parquet: Uint8Array): Promise<HistoryRecord[]> {
  // A copy with a buffer of its own: `slice` of a Node.js Buffer would be a view of a larger one.
  const file = new Uint8Array(parquet).buffer;
  try {
    const metadata = parquetMetadata(file);
    // Without its meaning a column is read as the bytes that it holds: decimals would become floating-point numbers.
    for (const element of metadata.schema) {
      delete element.converted_type;
      delete element.logical_type;
    }
    const rows = await parquetReadObjects({
      file,
      metadata,
      columns: COLUMNS,
      utf8: false,
      compressors: { ZSTD: (input, length) => decompress(input, new Uint8Array(length)) },
    });
    return rows.filter((row) => row['first_epoch_before'] != null).map(toRecord);
  } catch (error) {
    throw new RadioPayoutsError('malformed', `history.parquet: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function toRecord(row: Record<string, unknown>): HistoryRecord {
  const [didHash, firstEpoch, activity] = COLUMNS.map((name) => {
    const bytes = row[name];
    if (!(bytes instanceof Uint8Array)) throw new Error(`column ${name} is not of bytes`);
    return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  }) as HistoryRecord;
  // Big-endian, and never negative.
  return [didHash, BigInt(`0x${firstEpoch}`).toString(), BigInt(`0x${activity}`).toString()];
}
