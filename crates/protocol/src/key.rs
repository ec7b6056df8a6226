//! Ed25519 public keys that may be registered: canonically encoded and not of small order (sections 3 and 10).
//!
//! This check needs no curve arithmetic, so the program runs it too. Whether a canonical encoding is a point
//! of the curve is checked where curve arithmetic is to be had (`did`, signature verification).

use thiserror::Error;

/// Why a key was refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum KeyError {
    /// The y coordinate is not reduced modulo 2^255 - 19.
    #[error("the key is not canonically encoded")]
    NotCanonical,
    /// A point of order 1, 2, 4 or 8: signatures under it prove nothing.
    #[error("the key is a point of small order")]
    SmallOrder,
}

/// 2^255 - 19, little-endian.
const FIELD_ORDER: [u8; 32] = {
    let mut bytes = [0xff; 32];
    bytes[0] = 0xed;
    bytes[31] = 0x7f;
    bytes
};

/// The y coordinates of the eight points of small order (each stands for both signs of x).
const SMALL_ORDER_Y: [[u8; 32]; 5] = {
    let zero = [0; 32];
    let mut one = [0; 32];
    one[0] = 1;
    let mut minus_one = FIELD_ORDER;
    minus_one[0] = 0xec;
    [
        zero,
        one,
        minus_one,
        [
            0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5, 0xdf,
            0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05,
        ],
        [
            0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a, 0x20,
            0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a,
        ],
    ]
};

/// Refuses keys that are not canonically encoded or of small order.
///
/// # Errors
/// [`KeyError`], the first that applies.
pub fn check_key(key: &[u8; 32]) -> Result<(), KeyError> {
    let mut y = *key;
    if let Some(last) = y.last_mut() {
        *last &= 0x7f;
    }
    if !y.iter().rev().lt(FIELD_ORDER.iter().rev()) {
        return Err(KeyError::NotCanonical);
    }
    if SMALL_ORDER_Y.contains(&y) {
        return Err(KeyError::SmallOrder);
    }
    Ok(())
}

#[cfg(all(test, feature = "native"))]
mod tests {
    use super::*;

    #[test]
    fn refuses_every_point_of_small_order_under_both_signs() {
        for point in curve25519_dalek::constants::EIGHT_TORSION {
            let mut key = point.compress().to_bytes();
            assert_eq!(check_key(&key), Err(KeyError::SmallOrder));
            key[31] ^= 0x80;
            assert_eq!(check_key(&key), Err(KeyError::SmallOrder));
        }
    }

    #[test]
    fn refuses_an_unreduced_coordinate_and_accepts_the_base_point() {
        for low in 0xed..=0xffu8 {
            let mut key = FIELD_ORDER;
            key[0] = low;
            assert_eq!(check_key(&key), Err(KeyError::NotCanonical));
        }
        assert_eq!(check_key(curve25519_dalek::constants::ED25519_BASEPOINT_COMPRESSED.as_bytes()), Ok(()));
    }
}
