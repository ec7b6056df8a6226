// Little-endian integers and bytes, one after the other.

/** Writes what Borsh would. */
export class BorshWriter {
  readonly #bytes: number[] = [];

  /** An integer of `width` bytes. Throws if it does not fit. */
  integer(value: bigint, width: number, signed = false): void {
    const bits = BigInt(width * 8);
    const [least, beyond] = signed ? [-(1n << (bits - 1n)), 1n << (bits - 1n)] : [0n, 1n << bits];
    if (value < least || value >= beyond) throw new RangeError(`${value} does not fit ${width} bytes`);
    let rest = BigInt.asUintN(width * 8, value);
    for (let at = 0; at < width; at += 1) {
      this.#bytes.push(Number(rest & 0xffn));
      rest >>= 8n;
    }
  }

  bytes(bytes: Uint8Array): void {
    for (const byte of bytes) this.#bytes.push(byte);
  }

  finish(): Uint8Array {
    return Uint8Array.from(this.#bytes);
  }
}

/** Reads what Borsh wrote. Throws at the end of the data. */
export class BorshReader {
  #at = 0;

  constructor(private readonly data: Uint8Array) {}

  integer(width: number, signed = false): bigint {
    const bytes = this.bytes(width);
    let value = 0n;
    for (let at = width - 1; at >= 0; at -= 1) value = (value << 8n) | BigInt(bytes[at] ?? 0);
    return signed ? BigInt.asIntN(width * 8, value) : value;
  }

  bytes(length: number): Uint8Array {
    if (this.#at + length > this.data.length) throw new RangeError('the data ends too early');
    const bytes = this.data.slice(this.#at, this.#at + length);
    this.#at += length;
    return bytes;
  }
}
