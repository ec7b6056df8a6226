//! Parquet's hybrid of runs and bit-packed groups of eight, in which places in a dictionary are written.

/// Shortest run that is written as one: a shorter one takes no less room than its values packed.
const RUN: usize = 16;
/// Values of a packed group.
const GROUP: usize = 8;

/// Bits that a place among `count` values takes; one at least, which every reader understands.
pub(super) fn width(count: usize) -> u8 {
    let greatest = count.saturating_sub(1).max(1);
    // At most 64.
    (usize::BITS - greatest.leading_zeros()) as u8
}

/// Appends these values, each below `2^width`.
pub(super) fn encode(values: &[u32], width: u8, out: &mut Vec<u8>) {
    let mut rest = values;
    while !rest.is_empty() {
        let literals = before_next_run(rest);
        let (packed, others) = rest.split_at(literals);
        pack(packed, width, out);
        let Some(value) = others.first() else { return };
        let run = others.iter().take_while(|other| *other == value).count();
        varint((run as u64) << 1, out);
        out.extend(value.to_le_bytes().iter().take(usize::from(width).div_ceil(8)));
        rest = others.get(run..).unwrap_or_default();
    }
}

/// How many values come before the next run that is worth one: whole groups, or all that there are.
fn before_next_run(values: &[u32]) -> usize {
    let mut place = 0usize;
    for run in values.chunk_by(|one, next| one == next) {
        let to_whole = place.next_multiple_of(GROUP) - place;
        if run.len() >= to_whole + RUN {
            return place + to_whole;
        }
        place += run.len();
    }
    place
}

/// Groups of eight, the last one filled up with zeros.
fn pack(values: &[u32], width: u8, out: &mut Vec<u8>) {
    if values.is_empty() {
        return;
    }
    varint(((values.len().div_ceil(GROUP) as u64) << 1) | 1, out);
    let end = out.len() + values.len().div_ceil(GROUP) * usize::from(width);
    let (mut bits, mut filled) = (0u64, 0u32);
    for value in values {
        bits |= u64::from(*value) << filled;
        filled += u32::from(width);
        if filled >= 32 {
            out.extend_from_slice(&(bits as u32).to_le_bytes());
            bits >>= 32;
            filled -= 32;
        }
    }
    out.extend_from_slice(&bits.to_le_bytes());
    out.resize(end, 0);
}

fn varint(mut number: u64, out: &mut Vec<u8>) {
    while number >= 0x80 {
        out.push((number as u8) | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_the_format_come_out() {
        // 0 to 7 in three bits, and a hundred times 4.
        let mut out = Vec::new();
        encode(&[0, 1, 2, 3, 4, 5, 6, 7], 3, &mut out);
        assert_eq!(out, [0b11, 0b1000_1000, 0b1100_0110, 0b1111_1010]);
        out.clear();
        encode(&[4; 100], 3, &mut out);
        assert_eq!(out, [0b1100_1000, 0b1, 4]);
        assert_eq!([1, 2, 3, 256, 257, 1 << 20].map(width), [1, 1, 2, 8, 9, 20]);
    }
}
