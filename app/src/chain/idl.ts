// Instructions and accounts by the program's IDL: discriminators, order of accounts, layout of arguments. Nothing of a layout is
// written down a second time.

import document from '../../../programs/radio-payouts/idl/radio_payouts.json';
import { BorshReader, BorshWriter } from './borsh';
import { bytesOf } from './address';
import { base58 } from '../format/base58';

type Type =
  | string
  | { option: Type }
  | { vec: Type }
  | { array: [Type, number] }
  | { defined: { name: string } };

interface Field {
  name: string;
  type: Type;
}

interface Definition {
  name: string;
  type:
    | { kind: 'struct'; fields?: Field[] }
    | { kind: 'enum'; variants: { name: string; fields?: (Field | Type)[] }[] };
}

interface AccountMeta {
  name: string;
  writable?: boolean;
  signer?: boolean;
  optional?: boolean;
  address?: string;
}

interface Idl {
  address: string;
  instructions: { name: string; discriminator: number[]; accounts: AccountMeta[]; args: Field[] }[];
  accounts: { name: string; discriminator: number[] }[];
  types: Definition[];
  errors: { code: number; name: string; msg?: string }[];
}

const IDL = document as unknown as Idl;

/** A value as this codec takes and gives it: u64 and wider as bigint, addresses in base58, `[u8; n]` and bytes as bytes, an enum as `{ name: fields }`. */
export type Value = bigint | number | boolean | string | null | Uint8Array | Value[] | { [name: string]: Value };

/** The program that the IDL is of. */
export const IDL_PROGRAM = IDL.address;

function definition(name: string): Definition {
  const found = IDL.types.find((type) => type.name === name);
  if (found === undefined) throw new Error(`the IDL has no type ${name}`);
  return found;
}

function isField(field: Field | Type): field is Field {
  return typeof field === 'object' && 'name' in field && 'type' in field;
}

function write(writer: BorshWriter, type: Type, value: Value | undefined): void {
  if (typeof type === 'string') {
    if (type === 'pubkey') writer.bytes(bytesOf(value as string));
    else if (type === 'bool') writer.integer(value === true ? 1n : 0n, 1);
    else if (type === 'bytes') {
      writer.integer(BigInt((value as Uint8Array).length), 4);
      writer.bytes(value as Uint8Array);
    } else writer.integer(BigInt(value as bigint | number), width(type), type.startsWith('i'));
  } else if ('option' in type) {
    writer.integer(value === null || value === undefined ? 0n : 1n, 1);
    if (value !== null && value !== undefined) write(writer, type.option, value);
  } else if ('vec' in type) {
    const items = value as Value[];
    writer.integer(BigInt(items.length), 4);
    for (const item of items) write(writer, type.vec, item);
  } else if ('array' in type) {
    const [of, length] = type.array;
    const items = value as Uint8Array | Value[];
    if (items.length !== length) throw new RangeError(`${items.length} items where ${length} are needed`);
    if (items instanceof Uint8Array && of === 'u8') writer.bytes(items);
    else for (const item of items) write(writer, of, item);
  } else {
    writeDefined(writer, definition(type.defined.name), value as { [name: string]: Value });
  }
}

function writeDefined(writer: BorshWriter, { name, type }: Definition, value: { [name: string]: Value } | string): void {
  if (type.kind === 'struct') {
    const given = value as { [name: string]: Value };
    for (const field of type.fields ?? []) {
      if (!(field.name in given)) throw new RangeError(`${name}.${field.name} is missing`);
      write(writer, field.type, given[field.name]);
    }
    return;
  }
  const chosen = typeof value === 'string' ? value : Object.keys(value)[0];
  const index = type.variants.findIndex((variant) => variant.name === chosen);
  if (index < 0) throw new RangeError(`${name} has no variant ${chosen ?? ''}`);
  writer.integer(BigInt(index), 1);
  const fields = type.variants[index]?.fields ?? [];
  const inner = typeof value === 'string' ? {} : (value[chosen ?? ''] as { [name: string]: Value });
  fields.forEach((field, at) => (isField(field) ? write(writer, field.type, inner[field.name]) : write(writer, field, inner[at.toString()])));
}

function read(reader: BorshReader, type: Type): Value {
  if (typeof type === 'string') {
    if (type === 'pubkey') return base58(reader.bytes(32));
    if (type === 'bool') return reader.integer(1) !== 0n;
    if (type === 'bytes') return reader.bytes(Number(reader.integer(4)));
    const value = reader.integer(width(type), type.startsWith('i'));
    return width(type) < 8 ? Number(value) : value;
  }
  if ('option' in type) return reader.integer(1) === 0n ? null : read(reader, type.option);
  if ('vec' in type) return Array.from({ length: Number(reader.integer(4)) }, () => read(reader, type.vec));
  if ('array' in type) {
    const [of, length] = type.array;
    return of === 'u8' ? reader.bytes(length) : Array.from({ length }, () => read(reader, of));
  }
  const { name, type: defined } = definition(type.defined.name);
  if (defined.kind === 'struct') {
    return Object.fromEntries((defined.fields ?? []).map((field) => [field.name, read(reader, field.type)]));
  }
  const variant = defined.variants[Number(reader.integer(1))];
  if (variant === undefined) throw new RangeError(`${name} has no such variant`);
  const fields = (variant.fields ?? []).map((field, at): [string, Value] =>
    isField(field) ? [field.name, read(reader, field.type)] : [at.toString(), read(reader, field)],
  );
  return { [variant.name]: Object.fromEntries(fields) };
}

function width(type: string): number {
  const match = /^[ui](8|16|32|64|128)$/.exec(type);
  if (match?.[1] === undefined) throw new Error(`the IDL’s type ${type} is not known here`);
  return Number(match[1]) / 8;
}

/** The data of an instruction: discriminator and arguments. */
export function instructionData(name: string, args: { [name: string]: Value }): Uint8Array {
  const instruction = IDL.instructions.find((one) => one.name === name);
  if (instruction === undefined) throw new Error(`the IDL has no instruction ${name}`);
  const writer = new BorshWriter();
  writer.bytes(Uint8Array.from(instruction.discriminator));
  for (const field of instruction.args) write(writer, field.type, args[field.name]);
  return writer.finish();
}

/** An account of an instruction. */
export interface NamedAccount {
  address: string;
  writable: boolean;
  signer: boolean;
}

/** The accounts of an instruction in their order. One that is optional and not given is the program itself, as Anchor has it. */
export function instructionAccounts(name: string, program: string, given: Record<string, string>): NamedAccount[] {
  const instruction = IDL.instructions.find((one) => one.name === name);
  if (instruction === undefined) throw new Error(`the IDL has no instruction ${name}`);
  return instruction.accounts.map((account) => {
    const address = given[account.name] ?? account.address;
    if (address === undefined) {
      if (account.optional === true) return { address: program, writable: false, signer: false };
      throw new Error(`${name}: account ${account.name} is missing`);
    }
    return { address, writable: account.writable === true, signer: account.signer === true };
  });
}

/** Reads an account of the program. Throws if it is of another kind. */
export function readAccount(name: string, data: Uint8Array): { [name: string]: Value } {
  const kind = IDL.accounts.find((account) => account.name === name);
  if (kind === undefined) throw new Error(`the IDL has no account ${name}`);
  if (!kind.discriminator.every((byte, at) => data[at] === byte)) throw new RangeError(`the account is not a ${name}`);
  const reader = new BorshReader(data.subarray(kind.discriminator.length));
  return read(reader, { defined: { name } }) as { [name: string]: Value };
}

/** The program's own words for a custom error that a node names; the text itself if it is none. */
export function explainError(text: string): string {
  const code = /custom program error: 0x([0-9a-f]+)/i.exec(text)?.[1] ?? /"Custom":\s*(\d+)/.exec(text)?.[1];
  if (code === undefined) return text;
  const number = text.includes('0x') ? Number.parseInt(code, 16) : Number(code);
  const error = IDL.errors.find((one) => one.code === number);
  return error === undefined ? text : `${error.msg ?? error.name} (${error.name})`;
}
