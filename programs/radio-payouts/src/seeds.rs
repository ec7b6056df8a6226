//! Seeds of every program-derived address (section 10). Integers are little-endian.

/// `["config"]`
pub const CONFIG: &[u8] = b"config";
/// `["params", version u32]`
pub const PARAMS: &[u8] = b"params";
/// `["sfu", key]`
pub const SFU: &[u8] = b"sfu";
/// `["settler", key]`
pub const SETTLER: &[u8] = b"settler";
/// `["payee", did_hash]`
pub const PAYEE: &[u8] = b"payee";
/// `["epoch", epoch u64]`
pub const EPOCH: &[u8] = b"epoch";
/// `["candidate", epoch u64, commitment]`
pub const CANDIDATE: &[u8] = b"candidate";
/// `["claims", epoch u64, chunk u32]`
pub const CLAIMS: &[u8] = b"claims";
/// `["dispute", epoch u64, attempt u32]`
pub const DISPUTE: &[u8] = b"dispute";
/// `["bond", epoch u64, attempt u32]`: the token account in which a dispute's bond lies
pub const BOND: &[u8] = b"bond";
/// `["share", epoch u64, commitment, index u32, recorder]`: a leaf recorded by `prove_leaf`
pub const SHARE_RECORD: &[u8] = b"share";
/// `["governance"]`: the PDA that can hold the role of authority
pub const GOVERNANCE: &[u8] = b"governance";
/// `["proposal", number u64]`
pub const PROPOSAL: &[u8] = b"proposal";
/// `["voter", owner]`
pub const VOTER: &[u8] = b"voter";
/// `["stake", owner]`: the token account of a voter's stake
pub const STAKE: &[u8] = b"stake";
/// `["vote", proposal u64, owner]`
pub const VOTE: &[u8] = b"vote";
/// `["mandate", number u64]`
pub const MANDATE: &[u8] = b"mandate";
/// `["vault"]`: the token account from which shares are paid
pub const VAULT: &[u8] = b"vault";
/// `["treasury"]`: the token account that takes forfeited bonds
pub const TREASURY: &[u8] = b"treasury";
