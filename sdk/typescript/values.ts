import { RadioPayoutsError } from './errors.js';

/** Bytes in lower-case hexadecimal. */
export type Hex = string;
/** Thirty-two bytes in base58. */
export type Address = string;
/** An unsigned integer below 2^64 as a decimal string. */
export type Decimal = string;
/** What is accepted for an unsigned integer below 2^64: a decimal string, a bigint, or a number up to 2^53 - 1. */
export type Integer = Decimal | bigint | number;

const LARGEST = 2n ** 64n - 1n;

/** The integer, if it is one below 2^64. `name` says in the refusal which it was. */
export function toBigInt(name: string, value: Integer): bigint {
  const isInteger =
    typeof value === 'bigint' ||
    (typeof value === 'number' && Number.isSafeInteger(value)) ||
    (typeof value === 'string' && /^(0|[1-9][0-9]{0,19})$/.test(value));
  const integer = isInteger ? BigInt(value) : -1n;
  if (integer < 0n || integer > LARGEST) {
    throw new RadioPayoutsError('invalid_argument', `${name}: ${String(value)} is no unsigned integer below 2^64`);
  }
  return integer;
}

/** JSON of a value given as an object, or the JSON itself. A bigint becomes a decimal string. */
export function toJson(name: string, value: unknown): string {
  if (typeof value === 'string') return value;
  let json: string | undefined;
  try {
    json = JSON.stringify(value, (_, inner: unknown) => (typeof inner === 'bigint' ? inner.toString() : inner));
  } catch (error) {
    throw new RadioPayoutsError('invalid_argument', `${name}: ${String(error)}`);
  }
  if (json === undefined) throw new RadioPayoutsError('invalid_argument', `${name}: nothing was given`);
  return json;
}

/** The bytes of a text, or the bytes themselves. */
export function toBytes(value: string | Uint8Array): Uint8Array {
  return typeof value === 'string' ? new TextEncoder().encode(value) : value;
}

/** Base units as BLOOM with all nine decimals: `formatBloom('1500000000')` is `'1.500000000'`. */
export function formatBloom(baseUnits: Integer): string {
  const digits = toBigInt('baseUnits', baseUnits).toString().padStart(10, '0');
  return `${digits.slice(0, -9)}.${digits.slice(-9)}`;
}
