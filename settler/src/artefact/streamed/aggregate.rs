//! First pass: everything that rests on receipts. What is left needs no engine, no rows and no batches.

use std::sync::mpsc::sync_channel;

use radio_payouts_engine::EngineError;
use radio_payouts_protocol::cells::Track;
use radio_payouts_protocol::forest::MerkleSumTree;
use radio_payouts_protocol::seal::SfuSeal;
use radio_payouts_protocol::settlement::{AcceptedBatch, Setting};
use radio_payouts_protocol::tree::{Kind, TreeRoot, batch_leaf};
use serde::{Deserialize, Serialize};

use super::weights::{self, AllWeighed, Weighing};
use super::{Digests, RUNS_AHEAD, Streams, Writing, file, hand_on};
use crate::artefact::digest::Digesting;
use crate::artefact::files::FileKind;
use crate::artefact::manifest::RootJson;
use crate::artefact::source::BatchSource;
use crate::artefact::{batches, envelopes, tables};

/// What the first pass came to, with the digests of everything that it wrote.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Aggregated {
    /// What everybody's cells came to, `cells.parquet`, `history.parquet` and the spill.
    pub weighed: AllWeighed,
    /// What is committed of the batch tree.
    pub batches: RootJson,
    /// The other files, as a manifest lists them.
    pub files: Digests,
    /// Those of them that are packed, by the same names: their bytes on disk.
    pub packed: Digests,
}

impl Aggregated {
    /// All files so far, as a manifest lists them.
    #[must_use]
    pub fn listed(&self) -> Digests {
        let all = self.files.iter().chain(&self.weighed.files);
        all.map(|(name, digest)| (name.clone(), digest.clone())).collect()
    }

    /// All files so far as they lie on disk, by their paths below the staging folder.
    #[must_use]
    pub fn kept(&self) -> Digests {
        let kept = |(name, digest)| match self.packed.get(&name) {
            Some(packed) => (format!("{name}{}", envelopes::PACKED), packed.clone()),
            None => (name, digest),
        };
        self.listed().into_iter().map(kept).collect()
    }
}

/// The first pass: writes every file but those of shares and the manifest, and everybody's weight. `batches` yields the envelopes.
///
/// # Errors
/// If the engine's result is refused, a batch is not there or a file cannot be written; what was written then counts for nothing.
pub fn aggregate(streams: &Streams<'_>, batches: &dyn BatchSource) -> anyhow::Result<Aggregated> {
    streams.terms.with_setting(|setting| aggregate_with(setting, streams, batches))?
}

fn aggregate_with(
    setting: &Setting<'_>,
    streams: &Streams<'_>,
    source: &dyn BatchSource,
) -> anyhow::Result<Aggregated> {
    let Streams { terms, judged, engine, writing, .. } = *streams;
    let weighing = Weighing { terms, tracks: judged.tracks(), writing };
    let (runs, weighed) = sync_channel(RUNS_AHEAD);
    std::thread::scope(|scope| {
        let engine = scope.spawn(move || {
            let mut each = |run| hand_on(&runs, run).map_err(|closed| EngineError::Engine(closed.to_string()));
            judged.contributors(engine, &terms.params, &mut each)
        });
        let weights = scope.spawn(|| weights::weigh(setting, &weighing, weighed));
        let sealed = sealed_files(streams, source);
        let weighed = weights.join().map_err(|_| anyhow::anyhow!("weighing panicked"))?;
        let engine = engine.join().map_err(|_| anyhow::anyhow!("the engine panicked"))?;
        let (files, packed) = sealed?;
        // The first cause: who hands on to somebody that failed fails too.
        let weighed = match weighed {
            Err(error) if error.is::<super::Closed>() => {
                return Err(engine.map_or_else(anyhow::Error::from, |()| error));
            }
            Err(error) => return Err(error),
            Ok(weighed) => engine.map(|()| weighed)?,
        };
        Ok(Aggregated { weighed, batches: (&batch_root(setting, &judged.batches)?).into(), files, packed })
    })
}

/// Envelopes, verdicts, rejected receipts and tracks; of envelopes that are packed also the bytes on disk.
fn sealed_files(streams: &Streams<'_>, source: &dyn BatchSource) -> anyhow::Result<(Digests, Digests)> {
    let Streams { judged, with_envelopes, writing, .. } = *streams;
    let (mut files, mut packed) = (Digests::new(), Digests::new());
    let seals: Vec<_> = judged.seals.iter().filter(|seal| with_envelopes && !seal.judged.is_empty()).collect();
    for (done, seal) in (1u64..).zip(&seals) {
        let name = batches::file_name(&seal.key);
        let written = envelopes::write(writing.staging, &name, seal, source, envelopes::PACK_FROM)?;
        packed.extend(written.packed.map(|digest| (name.clone(), digest)));
        files.insert(name, written.plain);
        (writing.heard)("SFUs' envelopes copied", done, Some(seals.len() as u64));
    }
    files.extend(judged_files(&judged.seals, &judged.batches, judged.tracks(), source, &writing)?);
    Ok((files, packed))
}

/// Verdicts, rejected receipts and tracks.
pub(in crate::artefact) fn judged_files(
    seals: &[SfuSeal],
    accepted: &[AcceptedBatch],
    measured: &[Track],
    source: &dyn BatchSource,
    writing: &Writing<'_>,
) -> anyhow::Result<Digests> {
    let mut files = Digests::new();
    let mut put = |kind: FileKind, fill: &mut dyn FnMut(&mut Digesting<&mut std::fs::File>) -> anyhow::Result<()>| {
        let digest = file(&writing.staging.join(kind.name()), |writer| fill(writer))?;
        files.insert(kind.name().to_owned(), digest);
        anyhow::Ok(())
    };
    put(FileKind::Verdicts, &mut |writer| batches::write_verdicts(seals, accepted, writer))?;
    put(FileKind::Receipts, &mut |writer| tables::receipts(accepted, source, writer))?;
    put(FileKind::Tracks, &mut |writer| tables::tracks(measured, writer))?;
    Ok(files)
}

/// What is committed of the batch tree.
pub(in crate::artefact) fn batch_root(setting: &Setting<'_>, batches: &[AcceptedBatch]) -> anyhow::Result<TreeRoot> {
    let leaves = (0u32..).zip(batches).map(|(index, AcceptedBatch { header, receipts })| {
        let (domain, bytes) = (setting.domain, receipts.accepted_bytes);
        batch_leaf(domain, setting.epoch, index, &header.sfu_key, header.seq, &header.hash, bytes)
    });
    Ok(MerkleSumTree::build(Kind::Batches, setting.domain, leaves.collect())?.root())
}
