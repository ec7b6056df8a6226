//! Reading the program's accounts over any chain.

use radio_payouts_client::account::{self, PayoutsAccount};
use radio_payouts_client::state::{
    Config, Dispute, Epoch, Mandate, ParamsVersion, Proposal, Settler, Sfu, VoteRecord, VoterStake,
};
use radio_payouts_client::token::{TokenAccount, token_account};
use radio_payouts_client::{PROGRAM_ID, address};
use solana_pubkey::Pubkey;

use super::{Chain, ChainAccount, ChainError};

/// Most accounts of one request.
const ACCOUNTS_PER_REQUEST: usize = 100;

fn decode<T: PayoutsAccount>(address: &Pubkey, found: &ChainAccount) -> Result<T, ChainError> {
    account::read(&found.owner, &found.data).map_err(|error| ChainError::Other(format!("account {address}: {error}")))
}

/// One account of the program; `None` if there is none at that address.
///
/// # Errors
/// If the chain is away, or the account is not of that kind.
pub fn read<T: PayoutsAccount>(chain: &dyn Chain, address: &Pubkey) -> Result<Option<T>, ChainError> {
    match chain.account(address)? {
        // Lamports sent to an address that the program has not used yet are not an account of its.
        Some(found) if found.data.is_empty() => Ok(None),
        Some(found) => decode(address, &found).map(Some),
        None => Ok(None),
    }
}

/// All accounts of a kind, sorted by address.
///
/// # Errors
/// If the chain is away, or an account does not decode.
pub fn read_all<T: PayoutsAccount>(chain: &dyn Chain) -> Result<Vec<(Pubkey, T)>, ChainError> {
    let discriminator: [u8; 8] = account::discriminator::<T>()
        .try_into()
        .map_err(|_| ChainError::Other(format!("{} has no discriminator of eight bytes", T::NAME)))?;
    let found = chain.program_accounts(&PROGRAM_ID, discriminator)?;
    found.iter().map(|(address, account)| Ok((*address, decode(address, account)?))).collect()
}

/// The deployment, if the cluster has one.
///
/// # Errors
/// As [`read`].
pub fn config(chain: &dyn Chain) -> Result<Option<Config>, ChainError> {
    read(chain, &address::config_address())
}

/// The deployment.
///
/// # Errors
/// As [`read`], and if the cluster has none.
pub fn require_config(chain: &dyn Chain) -> Result<Config, ChainError> {
    config(chain)?.ok_or_else(|| {
        ChainError::Other(format!(
            "{} has no deployment of program {PROGRAM_ID}; `settler init` makes one",
            chain.describe()
        ))
    })
}

/// All versions of the parameters, from 1.
///
/// # Errors
/// As [`read`], and if one is missing.
pub fn params_versions(chain: &dyn Chain, config: &Config) -> Result<Vec<ParamsVersion>, ChainError> {
    let addresses: Vec<Pubkey> = (1..=config.params_version).map(address::params_address).collect();
    let mut versions = Vec::with_capacity(addresses.len());
    for addresses in addresses.chunks(ACCOUNTS_PER_REQUEST) {
        for (address, found) in addresses.iter().zip(chain.accounts(addresses)?) {
            let found = found
                .ok_or_else(|| ChainError::Unavailable(format!("account {address} is not there yet; try again")))?;
            versions.push(decode(address, &found)?);
        }
    }
    Ok(versions)
}

/// The version in force in `epoch`: the last one effective at or before it.
#[must_use]
pub fn params_in_force(versions: &[ParamsVersion], epoch: u64) -> Option<&ParamsVersion> {
    versions.iter().rev().find(|version| version.effective_epoch <= epoch)
}

/// The version in force now; before the calendar begins, that of epoch 0.
///
/// # Errors
/// As [`params_versions`].
pub fn params_now(chain: &dyn Chain, config: &Config) -> Result<ParamsVersion, ChainError> {
    let epoch = epoch_now(chain, config)?.unwrap_or(0);
    let versions = params_versions(chain, config)?;
    params_in_force(&versions, epoch)
        .cloned()
        .ok_or_else(|| ChainError::Other(format!("no version of the parameters is in force in epoch {epoch}")))
}

/// The epoch that runs now by the cluster's clock; `None` before the calendar begins.
///
/// # Errors
/// If the chain is away.
pub fn epoch_now(chain: &dyn Chain, config: &Config) -> Result<Option<u64>, ChainError> {
    let calendar = config.calendar().map_err(|error| ChainError::Other(error.to_string()))?;
    Ok(calendar.epoch_at_unix(chain.clock()?.unix_timestamp))
}

/// An epoch; `None` if nothing was ever posted for it.
///
/// # Errors
/// As [`read`].
pub fn epoch(chain: &dyn Chain, epoch: u64) -> Result<Option<Epoch>, ChainError> {
    read(chain, &address::epoch_address(epoch))
}

/// All epochs that were ever posted, in order.
///
/// # Errors
/// As [`read_all`].
pub fn epochs(chain: &dyn Chain) -> Result<Vec<Epoch>, ChainError> {
    let mut epochs: Vec<Epoch> = read_all(chain)?.into_iter().map(|(_, epoch)| epoch).collect();
    epochs.sort_by_key(|epoch| epoch.epoch);
    Ok(epochs)
}

/// The dispute of an epoch's attempt, if there was one.
///
/// # Errors
/// As [`read`].
pub fn dispute(chain: &dyn Chain, epoch: u64, attempt: u32) -> Result<Option<Dispute>, ChainError> {
    read(chain, &address::dispute_address(epoch, attempt))
}

/// All disputes that were not closed, by epoch and attempt.
///
/// # Errors
/// As [`read_all`].
pub fn disputes(chain: &dyn Chain) -> Result<Vec<Dispute>, ChainError> {
    let mut disputes: Vec<Dispute> = read_all(chain)?.into_iter().map(|(_, dispute)| dispute).collect();
    disputes.sort_by_key(|dispute| (dispute.epoch, dispute.attempt));
    Ok(disputes)
}

/// All SFUs ever registered, by key.
///
/// # Errors
/// As [`read_all`].
pub fn sfus(chain: &dyn Chain) -> Result<Vec<Sfu>, ChainError> {
    let mut sfus: Vec<Sfu> = read_all(chain)?.into_iter().map(|(_, sfu)| sfu).collect();
    sfus.sort_by_key(|sfu| sfu.key);
    Ok(sfus)
}

/// All settlers ever registered, by key.
///
/// # Errors
/// As [`read_all`].
pub fn settlers(chain: &dyn Chain) -> Result<Vec<Settler>, ChainError> {
    let mut settlers: Vec<Settler> = read_all(chain)?.into_iter().map(|(_, settler)| settler).collect();
    settlers.sort_by_key(|settler| settler.key);
    Ok(settlers)
}

/// A proposal; `None` if there was none, or it was closed.
///
/// # Errors
/// As [`read`].
pub fn proposal(chain: &dyn Chain, number: u64) -> Result<Option<Proposal>, ChainError> {
    read(chain, &address::proposal_address(number))
}

/// All proposals that were not closed, in order.
///
/// # Errors
/// As [`read_all`].
pub fn proposals(chain: &dyn Chain) -> Result<Vec<Proposal>, ChainError> {
    let mut proposals: Vec<Proposal> = read_all(chain)?.into_iter().map(|(_, proposal)| proposal).collect();
    proposals.sort_by_key(|proposal| proposal.number);
    Ok(proposals)
}

/// The stake of an owner, if there is one.
///
/// # Errors
/// As [`read`].
pub fn stake(chain: &dyn Chain, owner: &Pubkey) -> Result<Option<VoterStake>, ChainError> {
    read(chain, &address::stake_address(owner))
}

/// How an owner's stake voted on a proposal; `None` if it did not, or the record was closed.
///
/// # Errors
/// As [`read`].
pub fn vote(chain: &dyn Chain, proposal: u64, owner: &Pubkey) -> Result<Option<VoteRecord>, ChainError> {
    read(chain, &address::vote_address(proposal, owner))
}

/// All mandates ever made, by number.
///
/// # Errors
/// As [`read_all`].
pub fn mandates(chain: &dyn Chain) -> Result<Vec<Mandate>, ChainError> {
    let mut mandates: Vec<Mandate> = read_all(chain)?.into_iter().map(|(_, mandate)| mandate).collect();
    mandates.sort_by_key(|mandate| mandate.number);
    Ok(mandates)
}

/// Several accounts of the program, in the order asked for; `None` where there is none.
///
/// # Errors
/// As [`read`].
pub fn read_each<T: PayoutsAccount>(chain: &dyn Chain, addresses: &[Pubkey]) -> Result<Vec<Option<T>>, ChainError> {
    let mut all = Vec::with_capacity(addresses.len());
    for addresses in addresses.chunks(ACCOUNTS_PER_REQUEST) {
        for (address, found) in addresses.iter().zip(chain.accounts(addresses)?) {
            let found = found.filter(|found| !found.data.is_empty());
            all.push(found.map(|found| decode(address, &found)).transpose()?);
        }
    }
    Ok(all)
}

/// Several token accounts, in the order asked for; `None` where there is none.
///
/// # Errors
/// If the chain is away.
pub fn token_accounts(chain: &dyn Chain, addresses: &[Pubkey]) -> Result<Vec<Option<TokenAccount>>, ChainError> {
    let mut all = Vec::with_capacity(addresses.len());
    for addresses in addresses.chunks(ACCOUNTS_PER_REQUEST) {
        let found = chain.accounts(addresses)?;
        all.extend(found.into_iter().map(|found| found.and_then(|found| token_account(&found.owner, &found.data))));
    }
    Ok(all)
}

/// Base units in the vault and in the treasury.
///
/// # Errors
/// If the chain is away, or one of them is no token account.
pub fn funds(chain: &dyn Chain, config: &Config) -> Result<(u64, u64), ChainError> {
    let mut found = token_accounts(chain, &[config.vault, config.treasury])?.into_iter().flatten();
    match (found.next(), found.next()) {
        (Some(vault), Some(treasury)) => Ok((vault.amount, treasury.amount)),
        _ => Err(ChainError::Other(format!("vault {} or treasury {} is not there", config.vault, config.treasury))),
    }
}

/// An address lookup table as transactions take it; `None` if there is none at that address.
///
/// # Errors
/// If the chain is away, or the account is not a table.
pub fn lookup_table(
    chain: &dyn Chain,
    address: &Pubkey,
) -> Result<Option<solana_message::AddressLookupTableAccount>, ChainError> {
    use solana_address_lookup_table_interface::state::AddressLookupTable;
    let Some(found) = chain.account(address)?.filter(|found| !found.data.is_empty()) else { return Ok(None) };
    if found.owner != solana_sdk_ids::address_lookup_table::ID {
        return Err(ChainError::Other(format!("account {address} is no lookup table")));
    }
    let table = AddressLookupTable::deserialize(&found.data)
        .map_err(|error| ChainError::Other(format!("lookup table {address}: {error}")))?;
    Ok(Some(solana_message::AddressLookupTableAccount { key: *address, addresses: table.addresses.to_vec() }))
}

/// Who may upgrade the program (`None`: nobody any more), or that it is not deployed.
///
/// # Errors
/// If the chain is away, or the program is not an upgradeable one.
pub fn upgrade_authority(chain: &dyn Chain) -> Result<Option<Option<Pubkey>>, ChainError> {
    let Some(found) = chain.account(&address::program_data_address())? else { return Ok(None) };
    // ProgramData: kind u32 = 3, slot u64, then an optional address.
    let odd = || ChainError::Other(format!("program {PROGRAM_ID} is not an upgradeable one"));
    let (kind, rest) = found.data.split_first_chunk::<4>().ok_or_else(odd)?;
    let rest = rest.get(8..).ok_or_else(odd)?;
    match (u32::from_le_bytes(*kind), rest.split_first()) {
        (3, Some((0, _))) => Ok(Some(None)),
        (3, Some((1, rest))) => {
            let authority: &[u8; 32] = rest.first_chunk().ok_or_else(odd)?;
            Ok(Some(Some(Pubkey::new_from_array(*authority))))
        }
        _ => Err(odd()),
    }
}
