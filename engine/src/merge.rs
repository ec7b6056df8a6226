//! Keys become places: tracks by name, and runs of contributors with their cells, as the protocol crate has them.

use std::collections::{BTreeMap, HashMap};
use std::iter::Peekable;

use radio_payouts_protocol::batch::Role;
use radio_payouts_protocol::cells::{Cell, Cells, Contributor, Overflow, Track};
use radio_payouts_protocol::hash::Hash;

use crate::EngineError;
use crate::check::{CellResult, Piece, TrackResult};

/// Contributors of a run; the last may be more.
const RUN: usize = 8_192;

/// Some contributors after another, with their cells: in the order of [`Cells`], where `Cell::contributor` counts from the first of the run.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Run {
    /// The contributors, by `did_hash`.
    pub contributors: Vec<Contributor>,
    /// Their cells, by (contributor, track, role, hour).
    pub cells: Vec<Cell>,
}

/// Hears runs in order.
pub type EachRun<'a> = &'a mut (dyn FnMut(Run) -> Result<(), EngineError> + Send);

/// Tracks of two sources that have none in common, by (SFU key, track id).
#[derive(Debug, Default)]
pub struct Tracks {
    /// The tracks.
    pub tracks: Vec<Track>,
    /// Place of a track by its key.
    by_key: HashMap<Hash, u32>,
    /// Places of the tracks of the other source.
    others: Vec<u32>,
}

impl Tracks {
    /// Those that an engine measured, with their names, and those of `others`.
    ///
    /// # Errors
    /// [`EngineError::Refused`] if a name is missing; [`EngineError::Overflow`].
    pub fn of(
        measured: &BTreeMap<Hash, TrackResult>,
        mut names: BTreeMap<Hash, ([u8; 32], String)>,
        others: &[Track],
    ) -> Result<Self, EngineError> {
        let mut all: Vec<(Track, Result<Hash, usize>)> = Vec::with_capacity(measured.len() + others.len());
        for (key, result) in measured {
            let (sfu_key, track_id) = names.remove(key).ok_or_else(|| EngineError::refused("a track has no name"))?;
            let TrackResult { counted, recipient_ms, listener_ms, metadata_fields } = *result;
            let bytes = u64::try_from(counted.bytes).map_err(|_| Overflow)?;
            all.push((Track { sfu_key, track_id, bytes, recipient_ms, listener_ms, metadata_fields }, Ok(*key)));
        }
        all.extend(others.iter().enumerate().map(|(place, track)| (track.clone(), Err(place))));
        all.sort_unstable_by(|(a, _), (b, _)| (&a.sfu_key, &a.track_id).cmp(&(&b.sfu_key, &b.track_id)));
        let mut done = Self { others: vec![0; others.len()], ..Self::default() };
        for (place, (track, from)) in (0u32..).zip(all) {
            match from {
                Ok(key) => {
                    done.by_key.insert(key, place);
                }
                Err(old) => {
                    if let Some(new) = done.others.get_mut(old) {
                        *new = place;
                    }
                }
            }
            done.tracks.push(track);
        }
        Ok(done)
    }
}

/// Makes runs of the cells that an engine adds up and of those that the pure path added up, `others`.
pub struct Merge<'a> {
    tracks: &'a Tracks,
    dids: Peekable<std::vec::IntoIter<(Hash, String)>>,
    others: Peekable<Others<'a>>,
    /// Whose cells are coming.
    current: Option<Contributor>,
    cells: Vec<Cell>,
    run: Run,
    each: EachRun<'a>,
}

impl<'a> Merge<'a> {
    /// Begins.
    pub fn new(tracks: &'a Tracks, others: &'a Cells, each: EachRun<'a>) -> Self {
        Self {
            tracks,
            dids: Vec::new().into_iter().peekable(),
            others: Others { contributors: others.contributors.iter(), cells: &others.cells, number: 0 }.peekable(),
            current: None,
            cells: Vec::new(),
            run: Run::default(),
            each,
        }
    }

    /// Takes what [`crate::check::cells`] hands over.
    ///
    /// # Errors
    /// [`EngineError`], also of `each`.
    pub fn take(&mut self, piece: Piece) -> Result<(), EngineError> {
        match piece {
            Piece::Dids(dids) => self.dids = dids.into_iter().peekable(),
            Piece::Cells(cells) => cells.iter().try_for_each(|cell| self.add(cell))?,
        }
        Ok(())
    }

    /// Hands over what is left.
    ///
    /// # Errors
    /// As [`Merge::take`].
    pub fn finish(mut self) -> Result<(), EngineError> {
        self.end_current()?;
        while let Some((someone, cells)) = self.others.next() {
            self.push_other(someone, cells)?;
        }
        self.hand_over()
    }

    fn add(&mut self, cell: &CellResult) -> Result<(), EngineError> {
        if self.current.as_ref().is_none_or(|current| current.did_hash != cell.did_hash) {
            self.end_current()?;
            while self.dids.next_if(|(hash, _)| *hash < cell.did_hash).is_some() {}
            let named = self.dids.next_if(|(hash, _)| *hash == cell.did_hash);
            let (did_hash, did) = named.ok_or_else(|| EngineError::refused("the DID of a hash is not there"))?;
            self.current = Some(Contributor { did, did_hash, bytes: 0 });
        }
        let track = self.tracks.by_key.get(&cell.track).copied();
        let track = track.ok_or_else(|| EngineError::refused("a cell of no track"))?;
        let role = Role::ALL.get(usize::from(cell.role)).copied();
        let role = role.ok_or_else(|| EngineError::refused("a cell of no role"))?;
        self.cells.push(Cell { contributor: 0, track, role, hour: cell.hour, bytes: cell.bytes });
        Ok(())
    }

    /// Everybody before the current one, and then that one, with what others say of the same DID.
    fn end_current(&mut self) -> Result<(), EngineError> {
        let Some(current) = self.current.take() else { return Ok(()) };
        while let Some((someone, cells)) = self.others.next_if(|(someone, _)| someone.did_hash < current.did_hash) {
            self.push_other(someone, cells)?;
        }
        let mut cells = std::mem::take(&mut self.cells);
        if let Some((_, more)) = self.others.next_if(|(someone, _)| someone.did_hash == current.did_hash) {
            self.translate(more, &mut cells)?;
        }
        self.push(current, &mut cells)?;
        cells.clear();
        self.cells = cells;
        Ok(())
    }

    fn push_other(&mut self, someone: &Contributor, cells: &[Cell]) -> Result<(), EngineError> {
        let mut own = Vec::with_capacity(cells.len());
        self.translate(cells, &mut own)?;
        self.push(someone.clone(), &mut own)
    }

    fn translate(&self, cells: &[Cell], to: &mut Vec<Cell>) -> Result<(), EngineError> {
        for cell in cells {
            let track = self.tracks.others.get(cell.track as usize).copied().ok_or(Overflow)?;
            to.push(Cell { track, ..*cell });
        }
        Ok(())
    }

    fn push(&mut self, mut contributor: Contributor, cells: &mut [Cell]) -> Result<(), EngineError> {
        if self.run.contributors.len() == RUN {
            self.hand_over()?;
        }
        let number = u32::try_from(self.run.contributors.len()).map_err(|_| Overflow)?;
        cells.sort_unstable_by_key(|cell| (cell.track, cell.role as u8, cell.hour));
        contributor.bytes = 0;
        for cell in cells {
            contributor.bytes = contributor.bytes.checked_add(cell.bytes).ok_or(Overflow)?;
            self.run.cells.push(Cell { contributor: number, ..*cell });
        }
        self.run.contributors.push(contributor);
        Ok(())
    }

    fn hand_over(&mut self) -> Result<(), EngineError> {
        if self.run.contributors.is_empty() { Ok(()) } else { (self.each)(std::mem::take(&mut self.run)) }
    }
}

/// Contributors of cells in memory, each with its own.
struct Others<'a> {
    contributors: std::slice::Iter<'a, Contributor>,
    cells: &'a [Cell],
    number: u32,
}

impl<'a> Iterator for Others<'a> {
    type Item = (&'a Contributor, &'a [Cell]);

    fn next(&mut self) -> Option<Self::Item> {
        let contributor = self.contributors.next()?;
        let count = self.cells.partition_point(|cell| cell.contributor <= self.number);
        let (own, rest) = self.cells.split_at(count);
        self.cells = rest;
        self.number = self.number.saturating_add(1);
        Some((contributor, own))
    }
}
