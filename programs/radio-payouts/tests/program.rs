//! The program's bytecode in the SVM: refusals first, each by its own error, then success, then exact balances.
//!
//! Build it first: `cargo xtask build-program`. `RADIO_PAYOUTS_PROGRAM` names another file.

mod program {
    mod authority;
    mod binding;
    mod books;
    mod chain;
    mod claim;
    mod claim_compute_units;
    mod close;
    mod compute_units;
    mod config;
    mod dispute;
    mod dispute_moot;
    mod dispute_world;
    mod duplicate_share;
    mod equivocation;
    mod equivocation_properties;
    mod executions;
    mod finality;
    mod governance_authority;
    mod initialize;
    mod layout;
    mod live_by_vote;
    mod mandate;
    mod money;
    mod money_votes;
    mod params;
    mod pause;
    mod post;
    mod proof;
    mod proof_properties;
    mod proposals;
    mod ratify;
    mod realms;
    mod settler;
    mod sfu;
    mod spl_governance;
    mod stake;
    mod support;
    mod treasury;
    mod vectors;
    mod vote_compute_units;
    mod voters;
    mod votes;
    mod world;
}
