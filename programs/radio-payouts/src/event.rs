//! One event for every state change, past tense, with the old and the new value; and the results of proofs.

use anchor_lang::prelude::*;

use crate::state::{
    AuthorityOffer, ConfigTimes, EpochStatement, EpochStatus, GovernanceSettings, Head, Mode, ParamsValues, Pause,
    PendingPayee, Support,
};

macro_rules! events {
    ($($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $kind:ty,)* })*) => {
        $(
            $(#[$doc])*
            #[event]
            #[derive(Clone, PartialEq, Eq, Debug)]
            pub struct $name { $($(#[$field_doc])* pub $field: $kind,)* }
        )*
    };
}

events! {
    /// The deployment was initialised.
    DeploymentInitialized {
        /// `SHA-256("radio-payouts/v1" || genesis_hash || program_id)`.
        domain: [u8; 32],
        /// The bootstrap authority.
        authority: Pubkey,
        /// The pause key.
        pause_key: Pubkey,
        /// The mint.
        mint: Pubkey,
        /// Start of epoch 0.
        genesis_unix: i64,
        /// Length of an epoch.
        epoch_seconds: u32,
    }
    /// A version of the parameters was made.
    ParamsVersionCreated {
        /// Its number.
        number: u32,
        /// First epoch in which it is in force.
        effective_epoch: u64,
        /// Mode of the version before.
        old_mode: Mode,
        /// Mode of this version.
        new_mode: Mode,
        /// Values of the version before.
        old: ParamsValues,
        /// Values of this version.
        new: ParamsValues,
    }
    /// Times, thresholds, bonds or votes changed.
    ConfigTimesChanged {
        /// Before.
        old: ConfigTimes,
        /// After.
        new: ConfigTimes,
        /// Before.
        old_governance: GovernanceSettings,
        /// After.
        new_governance: GovernanceSettings,
    }
    /// The flag `radio_payouts_demo` was switched.
    DemoFlagChanged {
        /// Before.
        old: bool,
        /// After.
        new: bool,
    }
    /// The pause key changed.
    PauseKeyChanged {
        /// Before.
        old: Pubkey,
        /// After.
        new: Pubkey,
    }
    /// The registrars changed.
    RegistrarsChanged {
        /// Before.
        old: Vec<Pubkey>,
        /// After.
        new: Vec<Pubkey>,
    }
    /// The role of authority was offered, or an offer withdrawn.
    AuthorityOffered {
        /// The holder.
        authority: Pubkey,
        /// The offer before.
        old: Option<AuthorityOffer>,
        /// The offer now.
        new: Option<AuthorityOffer>,
    }
    /// The role of authority passed on.
    AuthorityChanged {
        /// Before.
        old: Pubkey,
        /// After.
        new: Pubkey,
        /// How often it has passed on.
        nonce: u64,
    }
    /// A pause began or ended.
    PauseChanged {
        /// Before.
        old: Pause,
        /// After.
        new: Pause,
        /// Who signed.
        by: Pubkey,
    }
    /// An SFU was registered.
    SfuRegistered {
        /// Its key.
        key: [u8; 32],
        /// Its operator.
        operator: Pubkey,
        /// Whether it counts in Demo epochs only.
        demo: bool,
        /// First epoch in which it is valid.
        valid_from: u64,
        /// Its capacity.
        max_bytes_per_epoch: u64,
        /// Version of the registry after it.
        registry_version: u64,
    }
    /// An SFU was stopped.
    SfuStopped {
        /// Its key.
        key: [u8; 32],
        /// End of validity before.
        old_valid_until: u64,
        /// End of validity after.
        new_valid_until: u64,
        /// `stop_seq` before.
        old_stop_seq: u64,
        /// `stop_seq` after.
        new_stop_seq: u64,
        /// Version of the registry after it.
        registry_version: u64,
    }
    /// An SFU's key was replaced.
    SfuKeyReplaced {
        /// Before.
        old: [u8; 32],
        /// After.
        new: [u8; 32],
        /// First epoch of the new key.
        valid_from: u64,
        /// Version of the registry after it.
        registry_version: u64,
    }
    /// A settler was registered.
    SettlerRegistered {
        /// Its key.
        key: Pubkey,
        /// Its operator.
        operator: Pubkey,
        /// First epoch in which it may post.
        valid_from: u64,
        /// Active settlers after it.
        active_settlers: u8,
        /// Version of the registry after it.
        registry_version: u64,
    }
    /// A settler was stopped.
    SettlerStopped {
        /// Its key.
        key: Pubkey,
        /// Who signed.
        by: Pubkey,
        /// Active settlers after it.
        active_settlers: u8,
        /// Version of the registry after it.
        registry_version: u64,
    }
    /// A settler's key was replaced.
    SettlerKeyReplaced {
        /// Before.
        old: Pubkey,
        /// After.
        new: Pubkey,
        /// Version of the registry after it.
        registry_version: u64,
    }
    /// A payee was proposed for a DID.
    BindingProposed {
        /// SHA-256 of the DID.
        did_hash: [u8; 32],
        /// The payee in force.
        old: Option<Pubkey>,
        /// The payee proposed.
        new: Pubkey,
        /// Who proposed it.
        proposer: Pubkey,
    }
    /// A proposed payee accepted; its delay runs.
    BindingAccepted {
        /// SHA-256 of the DID.
        did_hash: [u8; 32],
        /// The payee in force until then.
        old: Option<Pubkey>,
        /// The payee after the delay.
        new: Pubkey,
        /// The delay.
        delay_seconds: u32,
    }
    /// A change of a binding was cancelled.
    BindingCancelled {
        /// SHA-256 of the DID.
        did_hash: [u8; 32],
        /// What was cancelled.
        cancelled: PendingPayee,
        /// Who signed.
        by: Pubkey,
    }
    /// A settler supports a candidate.
    CandidateSupported {
        /// The epoch.
        epoch: u64,
        /// Its attempt.
        attempt: u32,
        /// The commitment.
        commitment: [u8; 32],
        /// The settler.
        settler: Pubkey,
        /// What it supported before.
        moved_from: Option<Support>,
        /// Supporters now.
        support: u8,
        /// Supporters needed.
        threshold: u8,
    }
    /// A candidate became an epoch's root.
    RootPosted {
        /// The epoch.
        epoch: u64,
        /// Its attempt.
        attempt: u32,
        /// The commitment.
        commitment: [u8; 32],
        /// The head before: the parent.
        old_head: Option<Head>,
        /// Mode of the epoch.
        mode: Mode,
        /// The statement.
        statement: EpochStatement,
        /// Greatest epoch passed over.
        skipped_through: Option<u64>,
    }
    /// An epoch's state changed.
    EpochStatusChanged {
        /// The epoch.
        epoch: u64,
        /// Its attempt after the change.
        attempt: u32,
        /// The commitment concerned.
        commitment: [u8; 32],
        /// Before.
        old: EpochStatus,
        /// After.
        new: EpochStatus,
    }
    /// The head of the chain fell back.
    HeadRetreated {
        /// Before.
        old: Option<Head>,
        /// After.
        new: Option<Head>,
        /// The revoked epoch whose descendants are still to be reopened.
        orphaned_from: Option<u64>,
    }
    /// A share was proven.
    ShareVerified {
        /// The epoch.
        epoch: u64,
        /// Global index.
        index: u32,
        /// SHA-256 of the DID.
        did_hash: [u8; 32],
        /// The payee.
        payee: Pubkey,
        /// Base units.
        amount: u64,
        /// Commitment of the root.
        commitment: [u8; 32],
        /// Where the epoch stands; provisional before `Ratified`.
        status: EpochStatus,
    }
    /// A batch was proven.
    BatchVerified {
        /// The epoch.
        epoch: u64,
        /// Index in the tree.
        index: u32,
        /// The SFU's key.
        sfu_key: [u8; 32],
        /// Its sequence number.
        seq: u64,
        /// Hash of its canonical bytes.
        batch_hash: [u8; 32],
        /// Accepted bytes.
        accepted_bytes: u64,
        /// Commitment of the root.
        commitment: [u8; 32],
        /// Where the epoch stands.
        status: EpochStatus,
    }
}
