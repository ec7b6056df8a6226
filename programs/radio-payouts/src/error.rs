//! Every refusal of the program, each with an error of its own.
//!
//! Codes are part of the interface: a number is never reused and never moves. Anchor adds 6000, so `Paused = 3`
//! is custom error 6003 in a transaction. New errors go to the end of their group.

use anchor_lang::prelude::*;

macro_rules! errors {
    ($($name:ident = $code:tt, $message:tt;)*) => {
        /// Why the program refused; the message says what is wrong.
        #[error_code]
        #[derive(PartialEq, Eq)]
        pub enum PayoutsError {
            $(#[doc = $message] #[msg($message)] $name = $code,)*
        }

        impl PayoutsError {
            /// All errors in order of their codes.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];
        }
    };
}

errors! {
    // Roles, clock, pause.
    NotAuthority = 0, "The signer is not the authority of this deployment";
    NotUpgradeAuthority = 1, "The signer is not the program's upgrade authority";
    NotPauseKey = 2, "The signer is neither the pause key nor the authority";
    Paused = 3, "The program is paused";
    AlreadyPaused = 4, "The program is already paused";
    NotPaused = 5, "The program is not paused";
    ArithmeticOverflow = 6, "A number left its range";
    NoOffer = 7, "The role of authority is not on offer";
    NotOfferedAddress = 8, "The role of authority was offered to another address";
    OfferExpired = 9, "The offer of the role of authority is older than 14 days";
    SameAuthority = 10, "The address is the authority already";
    ZeroAddress = 11, "The zero address cannot hold a role";

    // Initialisation.
    ZeroGenesisHash = 30, "The genesis hash is zero: the cluster is not known";
    BadCalendar = 31, "epoch_seconds must be 300 to 604800 and genesis_unix a time between 1970 and 9999";
    WrongDecimals = 32, "The mint must have 9 decimals";
    MintHasTransferFee = 33, "Mints with a transfer fee are refused";
    MintHasTransferHook = 34, "Mints with a transfer hook are refused";
    MintHasPermanentDelegate = 35, "Mints with a permanent delegate are refused";
    MintFreezesNewAccounts = 36, "Mints with a default account state are refused";
    MintExtensionUnknown = 37, "The mint has an extension that this program does not know to be harmless";
    WrongProgramData = 38, "The account is not this program's ProgramData";

    // Parameters, times, flags.
    ParamsOutOfBounds = 50, "A parameter is out of its bounds";
    TimeProductTooLarge = 51, "The product of the time multipliers exceeds 10.0";
    QualityProductTooLarge = 52, "The product of the quality multipliers exceeds 10.0";
    ConsistencyWindowTooSmall = 53, "consistency_min_epochs exceeds consistency_window_epochs";
    KbpsRangeEmpty = 54, "min_kbps_per_recipient exceeds max_kbps_per_recipient";
    NotLastParams = 55, "The account is not the last version of the parameters";
    NothingChanges = 56, "The change changes nothing";
    LiveIsForGood = 57, "A Live deployment cannot go back to Demo";
    LiveNeedsAcceptedAuthority = 58, "Live needs an authority that is the governance PDA or accepted the role in two steps";
    LiveNeedsProgramData = 59, "Live needs the program's ProgramData account";
    LiveNeedsUpgradeAuthority = 60, "Live needs an upgrade authority that is the authority, or none";
    LiveNeedsMajority = 61, "Live needs an attestation threshold above half of the active settlers";
    LiveNeedsVoting = 62, "Live needs a voting period of at least 3 days";
    LiveNeedsTimelock = 63, "Live needs a timelock of at least 2 days";
    LiveNeedsChallenge = 64, "Live needs a challenge window of at least 1 day";
    TimeOutOfBounds = 65, "A time is longer than 366 days";
    GraceTooLong = 66, "The grace period is longer than 7 days";
    ThresholdOutOfBounds = 67, "The attestation threshold must be 1 to 64";
    ThresholdAboveSettlers = 68, "The attestation threshold would exceed the active settlers";
    DisputeTooShort = 69, "Disputes must run longer than voting and timelock (in Live: plus 3 days)";
    BpsOutOfBounds = 70, "A share in basis points is above 10000";
    TooManyRegistrars = 71, "At most 4 registrars";
    DuplicateRegistrar = 72, "A registrar is named twice";

    // Registries.
    KeyNotCanonical = 100, "The key is not canonically encoded";
    KeySmallOrder = 101, "The key is a point of small order";
    CapacityOutOfBounds = 102, "max_bytes_per_epoch must be 1 to 2^46";
    TooManySfus = 103, "At most 2048 SFUs";
    TooManySettlers = 104, "At most 64 active settlers";
    NotOperator = 105, "The signer is not the operator";
    NotOperatorOrAuthority = 106, "The signer is neither operator nor authority nor pause key";
    SfuEnded = 107, "The SFU's registration has ended or ends with this epoch";
    SettlerStopped = 108, "The settler is stopped";
    TooFewSettlers = 109, "Fewer active settlers than the attestation threshold would remain";
    StopSeqMayOnlyFall = 110, "stop_seq may only become lower";
    SameKey = 111, "The new key is the old one";
    OperatorMissing = 112, "The operator is the zero address";
    SfuNotYetValid = 113, "The SFU's registration has not begun: its key cannot be replaced yet";
    StopSeqFallsTooLittle = 114, "stop_seq has fallen in this epoch already: now it must at least halve";

    // Payee bindings.
    NotRegistrar = 150, "The signer is not a registrar";
    ChangeNeedsOldPayee = 151, "Changing a binding needs the old payee's signature, or registrar and authority";
    BindingPending = 152, "An accepted change of this binding is waiting to take effect; cancel it first";
    NoBindingProposed = 153, "No change of this binding is proposed";
    NotProposedPayee = 154, "The signer is not the proposed payee";
    BindingInForce = 155, "The change has taken effect and cannot be cancelled";
    SamePayee = 156, "The payee is bound already";

    // Posting and attesting.
    SettlerNotYetValid = 200, "The settler's registration has not begun";
    EpochNotAfterHead = 201, "The epoch is not after the head of the chain of posted epochs";
    EpochSkipped = 202, "The epoch was passed over and can never be posted";
    EpochNotOver = 203, "The epoch and its grace period are not over";
    SkipTooEarly = 204, "An epoch between head and this one ended less than a day ago";
    WrongParent = 205, "The parent is not the commitment of the head";
    HeadOrphaned = 206, "A revoked epoch orphaned the head: call revoke_orphan first";
    StaleRegistryVersion = 207, "The registry has changed since this statement was computed";
    ParamsNotYetInForce = 208, "This version of the parameters is not in force in the epoch";
    ParamsSuccessorMissing = 209, "The version of the parameters after this one must be passed";
    WrongParamsSuccessor = 210, "The account is not the version of the parameters after this one";
    ParamsSuperseded = 211, "A later version of the parameters is in force in the epoch";
    DemoFlagOff = 212, "Demo epochs are posted only while radio_payouts_demo is on";
    TooManyTrees = 213, "More than 12 payout trees";
    TreesNotFull = 214, "Payout trees must be full, all but the last, and none empty";
    PayoutsOverflow = 215, "The payout sums overflow";
    PayoutsOverPool = 216, "The payouts exceed the pool";
    PoolOverRate = 217, "The pool exceeds what the accepted bytes are worth at the base rate";
    PoolOverCap = 218, "The pool exceeds the epoch cap";
    BytesWithoutBatches = 219, "A batch tree without leaves has a sum";
    WrongCommitment = 220, "The commitment is not that of the statement";
    CandidateBanned = 221, "This commitment was revoked by a fraud proof";
    AlreadySupported = 222, "The settler supports this candidate already";
    PreviousCandidateMissing = 223, "The candidate that the settler supports now must be passed";
    WrongPreviousCandidate = 224, "The account is not the candidate that the settler supports now";
    EpochNotOpen = 225, "The epoch is not open";

    // The life of a posted epoch.
    WrongTransition = 250, "The epoch's state does not allow this";
    EpochNotPosted = 251, "The epoch is not posted";
    ChallengeWindowOpen = 252, "The challenge window is still open";
    ParentMissing = 253, "The parent's account must be passed";
    NotTheParent = 254, "The account is not the parent of the epoch";
    ParentNotFinal = 255, "The parent is not final";
    EpochNotFinal = 256, "The epoch is not final";
    EpochOrphaned = 257, "The epoch stands on a revoked one";
    LaterEpochRatified = 258, "A later epoch is ratified";
    NothingRevoked = 259, "No epoch is revoked";
    NotTheHead = 260, "The epoch is not the head of the chain of posted epochs";

    // Proofs.
    WrongEpoch = 300, "The proof is for another epoch";
    NoRootPosted = 301, "The epoch has no root in force";
    IndexOutOfRange = 302, "The index is not below the number of leaves";
    WrongProofLength = 303, "The proof's length is not the depth of the tree";
    SumOverflow = 304, "A sum of two nodes overflows";
    SumMismatch = 305, "The sums do not lead to the committed total: an amount was altered";
    RootMismatch = 306, "The hashes do not lead to the committed root: index, identity or sibling was altered";
    AmountOverShareCap = 307, "The amount exceeds the largest share of the pool";

    // Stakes and votes.
    ZeroAmount = 350, "The amount is zero";
    NotEnoughTokens = 351, "The token account holds less than that";
    StakeExceeded = 352, "The stake is smaller than that";
    StakeLocked = 353, "The stake is locked until the end of a vote that it took part in";
    ProposalOpen = 354, "The stake made a proposal whose vote is not concluded: conclude or cancel it first";
    RootHasChanged = 355, "The epoch's root has another commitment";
    StakeTooRecent = 356, "The stake's last deposit is not from a slot before the proposal";
    StakeBelowThreshold = 357, "The stake is below what a proposal needs";
    StakeHasProposal = 358, "The stake has made a proposal whose vote is not concluded";
    AlreadyVoted = 359, "The stake has voted on this proposal";
    VotingEnded = 360, "Votes on this proposal are no longer taken";
    VotingRuns = 361, "The vote has not ended";
    ProposalNotVoting = 362, "The vote was concluded or cancelled already";
    ProposalNotAccepted = 363, "The proposal is not accepted";
    ProposalExecuted = 364, "The proposal has been executed";
    TimelockRuns = 365, "The timelock has not passed";
    ExecutionWindowOver = 366, "The time in which the proposal could be executed is over";
    ExecutionWindowOpen = 367, "The proposal can still be executed";
    GovernanceNotAuthority = 368, "The governance PDA is not the authority of this deployment";
    AuthorityMoved = 369, "The role of authority has changed hands since the proposal was made";
    ExecutionAccountMissing = 370, "An account that the action needs was not passed";
    NotProposer = 371, "The signer did not make the proposal";
    ProposalNotEnded = 372, "The proposal has not ended";
    NotRentPayer = 373, "The account did not pay the rent";

    // Mandates and ratification.
    MandateRangeEmpty = 450, "The mandate's last epoch is before its first";
    MandateWithoutBudget = 451, "The mandate has no budget";
    MandateDelayTooShort = 452, "A mandate's delay is at least 2 days";
    MandateIsCancelled = 453, "The mandate is cancelled";
    EpochOutsideMandate = 454, "The mandate does not cover this epoch";
    MandateDelayRunning = 455, "The epoch has not been final for as long as the mandate asks";
    MandateBudgetExceeded = 456, "The epoch's payouts exceed what is left of the mandate's budget";
    EpochContested = 457, "The epoch is contested: it needs a proposal of its own";
    EpochStandsOnContested = 458, "An epoch before it is contested and not ratified";
    DemoIsNeverPaid = 459, "A Demo epoch is never ratified or claimed";
    AlreadyRatified = 460, "The epoch is ratified already";
    VaultTooSmall = 462, "The vault holds too little beyond what is reserved";

    // Claims.
    EpochNotRatified = 465, "The epoch is not ratified";
    EpochClosed = 466, "The epoch is closed";
    ClaimWindowOver = 467, "The claim window is over";
    AlreadyClaimed = 468, "The share is claimed already";
    WrongClaimChunk = 469, "The index does not belong to this chunk";
    ClaimsOverSum = 470, "The claims would exceed the epoch's payouts";
    WrongMint = 471, "The account is of another mint than the deployment's";
    WrongTokenProgram = 472, "The account is of another token program than the deployment's";
    WrongVault = 473, "The account is not the deployment's vault";
    WrongTreasury = 474, "The account is not the deployment's treasury";
    NotAssociatedAccount = 475, "The token account is not the associated one of its owner";
    ShareNotOfOwner = 476, "The root has no such share for the owner of the token account";
    ShareNeedsBinding = 477, "A share without a payee is claimed through the binding of its DID";
    BindingMissing = 478, "A claim without a DID needs the DID's binding";
    BindingNotTaken = 479, "A share that names its payee takes no binding";
    BindingNotInForce = 480, "No binding of this DID is in force";
    NotAccountOfPayee = 481, "The token account's owner is not the payee that the DID is bound to";

    // Treasury transfers, closing.
    NothingTransferred = 485, "A transfer of nothing";
    TransferTakesReserved = 486, "Only treasury and what the vault holds beyond the reserved can be transferred";
    TransferToItself = 487, "The account that is paid is one that pays";
    ClaimWindowOpen = 488, "The claim window is still open";
    EpochNotClosed = 489, "The epoch is not closed";
    NotOfThisEpoch = 490, "The account belongs to another epoch";
    WrongRentPayer = 491, "The account is not the one that paid the rent";
    DisputeNotResolved = 492, "The dispute's bond is not released yet";

    // Disputes.
    WrongAttempt = 400, "The epoch is at another attempt";
    ChallengeWindowOver = 401, "The challenge window is over";
    AlreadyDisputed = 402, "This attempt was disputed already: there is one dispute an attempt";
    BondNotCovered = 403, "The token account holds less than the bond";
    NotDisputersTokens = 404, "The token account does not belong to the disputer";
    WrongBondMint = 405, "The mint is not that of this deployment";
    WrongBondTokenProgram = 406, "The token program is not that of this deployment";
    NotAuthorityOrArbiter = 407, "The signer is neither the authority nor the arbiter";
    DisputeEnded = 408, "The dispute has ended";
    DisputeOverdue = 409, "The dispute's time is over: it can only lapse";
    DisputeTimeLeft = 410, "The dispute's time is not over yet";
    EpochNotDisputed = 411, "The epoch is not disputed";
    DisputeStillOpen = 412, "The dispute is open and its root in force: the bond stays";
    BondNotToTreasury = 413, "The bond of a rejected dispute goes to the treasury";
    WrongBondRentPayer = 414, "The account is not the one that paid the rent";

    // Fraud proofs.
    EpochRatified = 420, "The epoch is ratified: its root can no longer be revoked";
    WrongCandidate = 421, "The account is not the candidate of this root";
    NotLeavesOfOneRoot = 422, "The two records are not of this epoch and of one root";
    SameLeaf = 423, "The two records are of one leaf";
    DidsDiffer = 424, "The two leaves are of two DIDs";
    NotRecorder = 425, "The signer did not write this record";
    NotInstructionsSysvar = 430, "The account is not the instructions sysvar";
    EvidenceMissing = 431, "No instruction stands before this one";
    NotEd25519Program = 432, "The instruction before this one is not the Ed25519 program's";
    WrongSignatureCount = 433, "The evidence must have two signatures";
    WrongEvidenceLength = 434, "The evidence must be 442 bytes long";
    EvidenceElsewhere = 435, "Every instruction index in the evidence must be 65535: this instruction";
    WrongEvidenceOffsets = 436, "The evidence is not in the one layout that is accepted";
    NotABatchMessage = 437, "A signed message is not a batch's";
    MessageOfAnotherDomain = 438, "A signed message is for another deployment";
    MessageOfAnotherKey = 439, "A signed message names another SFU than the key that signed it";
    WrongSfu = 440, "The key that signed is not this SFU's";
    SeqsDiffer = 441, "The two messages are of two sequence numbers";
    SameMessage = 442, "The two messages say the same: that is no equivocation";
    EquivocationKnown = 443, "The SFU is stopped at this sequence number or before it";
}

impl From<radio_payouts_protocol::params::ParamsError> for PayoutsError {
    fn from(error: radio_payouts_protocol::params::ParamsError) -> Self {
        use radio_payouts_protocol::params::ParamsError;
        match error {
            ParamsError::OutOfBounds(field) => {
                msg!("{} is out of bounds", field);
                Self::ParamsOutOfBounds
            }
            ParamsError::TimeProduct => Self::TimeProductTooLarge,
            ParamsError::QualityProduct => Self::QualityProductTooLarge,
            ParamsError::ConsistencyWindow => Self::ConsistencyWindowTooSmall,
            ParamsError::KbpsRange => Self::KbpsRangeEmpty,
        }
    }
}

impl From<radio_payouts_protocol::statement::StatementError> for PayoutsError {
    fn from(error: radio_payouts_protocol::statement::StatementError) -> Self {
        use radio_payouts_protocol::statement::StatementError;
        match error {
            StatementError::TooManyTrees => Self::TooManyTrees,
            StatementError::TreeCount => Self::TreesNotFull,
            StatementError::SumOverflow => Self::PayoutsOverflow,
            StatementError::PayoutsOverPool => Self::PayoutsOverPool,
            StatementError::PoolOverRate => Self::PoolOverRate,
            StatementError::PoolOverCap => Self::PoolOverCap,
            StatementError::BytesWithoutBatches => Self::BytesWithoutBatches,
        }
    }
}

impl From<radio_payouts_protocol::tree::ProofError> for PayoutsError {
    fn from(error: radio_payouts_protocol::tree::ProofError) -> Self {
        use radio_payouts_protocol::tree::ProofError;
        match error {
            ProofError::PositionOutOfRange => Self::IndexOutOfRange,
            ProofError::WrongLength => Self::WrongProofLength,
            ProofError::SumOverflow => Self::SumOverflow,
            ProofError::SumMismatch => Self::SumMismatch,
            ProofError::RootMismatch => Self::RootMismatch,
        }
    }
}

impl From<radio_payouts_protocol::key::KeyError> for PayoutsError {
    fn from(error: radio_payouts_protocol::key::KeyError) -> Self {
        use radio_payouts_protocol::key::KeyError;
        match error {
            KeyError::NotCanonical => Self::KeyNotCanonical,
            KeyError::SmallOrder => Self::KeySmallOrder,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_and_start_at_6000() {
        let codes: std::collections::BTreeSet<u32> = PayoutsError::ALL.iter().map(|error| u32::from(*error)).collect();
        assert_eq!(codes.len(), PayoutsError::ALL.len());
        assert_eq!(codes.first(), Some(&6000));
        assert_eq!(u32::from(PayoutsError::Paused), 6003);
    }
}
